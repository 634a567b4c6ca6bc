"""Random diagrams: saved, pruned and restored after every step, an instance goes the way it goes whole in memory.

More than the suite's share: `python -m tests.engine.test_spiff_random 1000 5000` walks seeds 1000 to 4999.
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from engine import clock
from engine.operations import OperationFailed
from tests.engine.played import Play, RecordingHost
from tests.engine.random_diagrams import RandomDiagram

STEPS = 60
BEGIN = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)


class CountingHost(RecordingHost):
    """Operations that answer with a running number; every third `refuse` refuses."""

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None:
        self.calls.append((name, parameters))
        if name == "refuse" and len(self.calls) % 3 == 0:
            raise OperationFailed("no")
        return {"n": len(self.calls), "known": sorted(data)}

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        return {"n": len(self.calls), "known": len(data)}


class Walk:
    """The same instance twice: `whole` stays in memory, `saved` is dumped and restored after every call."""

    def __init__(self, seed: int) -> None:
        self.diagram = RandomDiagram(seed)
        self.random = random.Random(seed)
        start = {"x": 1, "list": ["a", "b", "c"]}
        self.whole = Play(*self.diagram.drawings, data=start, host=CountingHost(), saving=False)
        self.saved = Play(*self.diagram.drawings, data=start, host=CountingHost())
        self.both = (self.whole, self.saved)

    def go(self) -> None:
        """Walk to the end or for STEPS steps, comparing after each."""
        self.compare()
        for number in range(STEPS):
            if self.whole.ended:
                return
            self.step(number)
            self.compare()

    def step(self, number: int) -> None:
        choices = [("complete", at) for at in range(len(self.whole.live.open_tasks))]
        waits = self.whole.live.waits
        choices += [(each.kind, at) for at, each in enumerate(waits) if each.kind in ("message", "job")]
        choices += [("signal", at) for at, each in enumerate(waits) if each.kind == "signal"]
        due = sorted({each.due_at for each in waits if each.due_at is not None})
        choices += [("timer", at) for at in range(len(due))]
        assert choices, "stuck: nothing to do and not ended"
        kind, at = self.random.choice(choices)
        answer = {"n": self.random.randint(0, 2), "yes": number < STEPS // 2 and self.random.random() < 0.4}
        if kind == "timer":
            clock.move_by(due[at] - clock.now())  # type: ignore[operator]
            assert len({play.fire() for play in self.both}) == 1
        elif kind == "signal":
            for play in self.both:
                assert play.live.signal(str(waits[at].name))
                play._after()
        elif kind == "complete":
            for play in self.both:
                task = play.live.open_tasks[at]
                play.live.complete(task.id, {task.element_id: answer})
                play._after()
        else:
            fails = waits[at].element_id in self.diagram.failing and self.random.random() < 0.4
            for play in self.both:
                self._answer(play, kind, at, answer, fails)

    def _answer(self, play: Play, kind: str, at: int, answer: dict[str, Any], fails: bool) -> None:
        wait = play.live.waits[at]
        if kind == "message":
            assert play.live.deliver(wait.task_id, answer, wait.number)
        elif fails:
            assert play.live.fail(wait.task_id, "down")
        else:
            assert play.live.finish(wait.task_id, answer)
        play._after()

    def compare(self) -> None:
        whole, saved = (self._picture(play) for play in self.both)
        for name, value in whole.items():
            assert value == saved[name], name

    def _picture(self, play: Play) -> dict[str, Any]:
        live = play.live
        return {
            "history": play.history,
            "open": [(each.element_id, each.member, each.data) for each in live.open_tasks],
            "waits": [
                (each.kind, each.element_id, each.number, each.due_at, each.key, each.attached_to)
                for each in live.waits
            ],
            "thrown": play.thrown,
            "signalled": play.signalled,
            "calls": play.host.calls,
            "data": live.data,
            "ended": live.ended,
        }


def walk(seed: int) -> bool:
    """Whether the walk came to its end; raises when the two differ."""
    with clock.frozen(BEGIN):
        walking = Walk(seed)
        walking.go()
        return walking.whole.ended


@pytest.mark.parametrize("tens", range(15))
def test_a_pruned_and_restored_instance_goes_the_same_way(tens):
    for seed in range(tens * 10, tens * 10 + 10):
        walk(seed)


def _walk_many(first: int, last: int) -> None:
    ended, faults = 0, []
    for seed in range(first, last):
        try:
            ended += walk(seed)
        except Exception as fault:
            faults.append(f"{seed}: {type(fault).__name__}: {str(fault)[:200]}")
    print(f"{last - first} diagrams, {ended} ended, {len(faults)} faults", *faults[:20], sep="\n")


if __name__ == "__main__":
    _walk_many(int(sys.argv[1]), int(sys.argv[2]))
