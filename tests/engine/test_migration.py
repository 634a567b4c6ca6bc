"""Instances move to another version of their diagram, or are refused with the reason; and back again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine import audit, clock, db, definitions, history, instances, jobs, migration, run, tasks, timers
from engine.errors import NotPossible
from engine.operations import OperationFailed
from engine.spiff import Bundle, Live, OpenTask, Versions, Wait
from tests.engine.drawing import Drawing, members
from tests.engine.played import Play, RecordingHost
from tests.engine.random_diagrams import RandomDiagram
from tests.engine.steps import TASK, complete, deploy, open_tasks, start
from tests.engine.test_spiff_random import BEGIN


def first() -> Drawing:
    """a, then (b1 beside b2), then a subprocess with s, then c; an hour after b1 came up, r."""
    drawing = Drawing("p").user("a", **TASK).user("b1", **TASK).user("b2", **TASK).user("c", **TASK)
    drawing.user("r", **TASK).gateway("and", "f", "j").boundary("hour", "b1", False, after="PT1H")
    with drawing.subprocess("s"):
        drawing.user("in", **TASK).path("start_s", "in", "end_s")
    drawing.path("start", "a", "f", "b1", "j", "s", "c", "end").path("f", "b2", "j")
    return drawing.path("hour", "r", "end_r")


def begun(*done: str) -> UUID:
    deploy(first())
    instance_id = start()
    for each in done:
        complete(each, instance_id=instance_id)
    return instance_id


def deployed(drawing: Drawing, *others: Drawing) -> int:
    """The definition id of a new version."""
    deploy(drawing, *others)
    with db.reading() as session:
        return definitions.current(session, "p").id


def codes(instance_id: UUID, definition_id: int) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(m.code, m.element) for m in migration.preview(session, instance_id, definition_id).misfits]


def moved(instance_id: UUID, definition_id: int, by: int = 9) -> None:
    with jobs.transaction() as session:
        migration.move(session, instance_id, definition_id, by, "new rules")


def version(instance_id: UUID) -> int:
    with db.reading() as session:
        return instances.get(session, instance_id).version


def sound() -> list[audit.Broken]:
    return audit.run()


def with_more_behind() -> Drawing:
    """The first, with a task d between the subprocess and c, and another reminder of c."""
    drawing = Drawing("p").user("a", **TASK).user("b1", **TASK).user("b2", **TASK).user("c", **TASK).user("d", **TASK)
    drawing.user("r", **TASK).gateway("and", "f", "j").boundary("hour", "b1", False, after="PT9H")
    drawing.boundary("late", "c", False, after="PT1H")
    with drawing.subprocess("s"):
        drawing.user("in", **TASK).path("start_s", "in", "end_s")
    drawing.path("start", "a", "f", "b1", "j", "s", "d", "c", "end").path("f", "b2", "j")
    return drawing.path("hour", "r", "end_r").path("late", "end_late")


def test_what_comes_next_is_the_new_version_what_runs_stays(database, monday):
    instance_id = begun("a")
    before = open_tasks(instance_id)
    with jobs.transaction() as session:
        tasks.claim(session, before["b1"].id, 4)
        due = [each.due_at for each in timers.of(session, instance_id)]
    clock.move_by(timedelta(minutes=30))

    moved(instance_id, deployed(with_more_behind()))

    after = open_tasks(instance_id)
    with db.reading() as session:
        assert [each.due_at for each in timers.of(session, instance_id)] == due
    assert {name: row.id for name, row in after.items()} == {name: row.id for name, row in before.items()}
    assert (after["b1"].claimed_by, after["b1"].due_at) == (4, before["b1"].due_at)
    assert (version(instance_id), sound()) == (2, [])
    for each in ("b1", "b2", "in"):
        complete(each, by=4, instance_id=instance_id)
    assert list(open_tasks(instance_id)) == ["d"]
    complete("d", instance_id=instance_id)
    with db.reading() as session:
        assert [each.element for each in timers.of(session, instance_id)] == ["late"]
    complete("c", instance_id=instance_id)
    assert sound() == []


def test_a_running_timer_fires_at_its_old_time_in_the_new_version(database, monday):
    instance_id = begun("a")
    moved(instance_id, deployed(with_more_behind()))

    clock.move_by(timedelta(hours=1, minutes=1))
    jobs.sweep()
    jobs.drain()

    assert "r" in open_tasks(instance_id)


def test_within_a_subprocess_an_instance_moves_too(database, monday):
    instance_id = begun("a", "b1", "b2")
    moved(instance_id, deployed(with_more_behind()))

    complete("in", instance_id=instance_id)

    assert list(open_tasks(instance_id)) == ["d"]
    assert sound() == []


Change = Callable[[Drawing], Drawing]


def rebuilt(without: str = "", before_b1: bool = False, extra: Change | None = None, b1: str = "user") -> Drawing:
    drawing = Drawing("p")
    for each in sorted({"a", "b2", "c"} - {without}):
        drawing.user(each, **TASK)
    if b1 == "user":
        drawing.user("b1", **TASK)
    elif b1 == "members":
        drawing.user("b1", members(cardinality="2"), **TASK)
    elif b1 == "receive":
        drawing.catch("b1", message="m")
    drawing.gateway("and", "f", "j")
    if b1 != "receive":
        drawing.user("r", **TASK).boundary("hour", "b1", False, after="PT1H").path("hour", "r", "end_r")
    with drawing.subprocess("s"):
        drawing.user("in", **TASK).path("start_s", "in", "end_s")
    row = [each for each in ("start", "a", "f", "b1", "j", "s", "c", "end") if each != without]
    if before_b1:
        drawing.user("n", **TASK)
        row.insert(row.index("b1"), "n")
    drawing.path(*row).path("f", "b2", "j")
    return extra(drawing) if extra else drawing


def test_reasons_are_named_with_their_element(database, monday):
    at_b = begun("a")
    cases = {
        ("inserted", "n"): rebuilt(before_b1=True),
        ("kind", "b1"): rebuilt(b1="receive"),
        ("repeats", "b1"): rebuilt(b1="members"),
        ("events", "b1"): rebuilt(
            extra=lambda drawing: drawing.boundary("new", "b1", after="PT2H").path("new", "end_new")
        ),
        ("events", "b2"): rebuilt(
            extra=lambda drawing: drawing.boundary("new", "b2", False, after="PT2H").path("new", "end_new")
        ),
    }
    found = {reason: codes(at_b, deployed(drawing)) for reason, drawing in cases.items()}

    assert all(reason in listed for reason, listed in found.items()), found


def test_an_element_that_is_gone_or_went_into_a_subprocess_holds_its_instances_back(database, monday):
    instance_id = begun("a", "b1", "b2", "in")
    gone = deployed(rebuilt(without="c"))
    inside = Drawing("p").user("a", **TASK).user("b1", **TASK).user("b2", **TASK).gateway("and", "f", "j")
    with inside.subprocess("s"):
        inside.user("c", **TASK).path("start_s", "c", "end_s")
    inside.path("start", "a", "f", "b1", "j", "s", "end").path("f", "b2", "j")

    assert codes(instance_id, gone) == [("gone", "c")]
    assert codes(instance_id, deployed(inside)) == [("another_level", "c")]
    with pytest.raises(NotPossible), jobs.transaction() as session:
        migration.move(session, instance_id, gone, 9)
    assert version(instance_id) == 1


def test_a_join_with_other_ways_in_holds_back_only_those_that_wait_there(database, monday):
    waiting, before = begun("a", "b2"), start()
    wider = rebuilt(extra=lambda drawing: drawing.user("b3", **TASK).path("f", "b3", "j"))
    definition_id = deployed(wider)

    assert ("join", "j") in codes(waiting, definition_id)
    assert codes(before, definition_id) == []


def test_a_task_that_was_removed_from_the_past_does_not_matter(database, monday):
    instance_id = begun("a", "b1", "b2")
    shorter = Drawing("p").user("c", **TASK)
    with shorter.subprocess("s"):
        shorter.user("in", **TASK).path("start_s", "in", "end_s")
    shorter.path("start", "s", "c", "end")

    moved(instance_id, deployed(shorter))

    complete("in", instance_id=instance_id)
    assert list(open_tasks(instance_id)) == ["c"]
    assert sound() == []


def test_a_new_alternative_in_the_past_is_no_task_left_out(database, monday):
    instance_id = begun("a", "b1", "b2", "in")
    drawing = Drawing("p").user("a", **TASK).user("new", **TASK).user("c", **TASK).gateway("xor", "x", "y")
    drawing.path("start", "a", "x").path("x", "new", "y", when="a.ok = null").path("x", "y", default=True)
    drawing.path("y", "c", "end")

    assert codes(instance_id, deployed(drawing)) == []


def test_the_preview_counts_by_reason_and_the_scope_is_kept(database, monday):
    begun("a")
    for _ in range(2):
        complete("a", instance_id=start())
    start()
    definition_id = deployed(rebuilt(before_b1=True))

    with db.reading() as session:
        found = migration.preview_all(session, definition_id)
        nothing = migration.preview_all(session, definition_id, ["/9/"])
        part = migration.preview_all(session, definition_id, limit=3)
        rest = migration.preview_all(session, definition_id, limit=3, after=part.last)

    assert (found.possible, [(each.code, number) for each, number in found.reasons]) == (1, [("inserted", 3)])
    assert (nothing.possible, nothing.reasons) == (0, ())
    assert (found.last, rest.last) == (None, None)
    assert (part.possible + part.refused, rest.possible + rest.refused) == (3, 1)
    assert part.possible + rest.possible == 1


def test_a_move_is_undone_until_the_instance_goes_on(database, monday):
    instance_id = begun("a")
    with db.reading() as session:
        before = instances.read(session, instance_id)[1]
    moved(instance_id, deployed(with_more_behind()))

    with jobs.transaction() as session:
        assert migration.can_undo(session, instance_id)
        assert migration.undo(session, instance_id, 9, "too early") == 1

    with db.reading() as session:
        assert instances.read(session, instance_id)[1] == before
        told = [(row.what, row.note, row.ids) for row in history.of_instance(session, instance_id)][-2:]
    assert told == [
        ("version_moved", "new rules", {"before": 1, "after": 2}),
        ("version_undone", "too early", {"before": 2, "after": 1}),
    ]
    assert sound() == []


def test_what_went_on_or_was_moved_long_ago_stays_moved(database, monday):
    instance_id = begun("a")
    other = start()
    definition_id = deployed(with_more_behind())
    moved(instance_id, definition_id)
    moved(other, definition_id)
    complete("b1", instance_id=instance_id)

    with pytest.raises(NotPossible, match="went on"), jobs.transaction() as session:
        migration.undo(session, instance_id, 9)
    clock.move_by(timedelta(days=migration.UNDO_DAYS, minutes=1))
    with pytest.raises(NotPossible, match="kept for"), jobs.transaction() as session:
        migration.undo(session, other, 9)
    with jobs.transaction() as session:
        assert migration.forget(session) == 2


def test_a_suspended_instance_moves_and_stays_suspended(database, monday):
    instance_id = begun("a")
    with jobs.transaction() as session:
        run.suspend(session, instance_id, "new version comes")

    moved(instance_id, deployed(with_more_behind()))

    with db.reading() as session:
        assert instances.get(session, instance_id).state == instances.SUSPENDED
    assert (version(instance_id), sound()) == (2, [])


def test_what_is_over_or_of_another_process_is_refused(database, monday):
    instance_id = begun()
    later = deployed(with_more_behind())
    other = Drawing("q").user("x", **TASK).path("start", "x", "end")
    deploy(other)
    with db.reading() as session:
        wrong = definitions.current(session, "q").id

    with pytest.raises(NotPossible, match="another process"), db.reading() as session:
        migration.preview(session, instance_id, wrong)
    with jobs.transaction() as session:
        run.cancel(session, instance_id, "over")
    with pytest.raises(NotPossible, match="is over"), jobs.transaction() as session:
        migration.move(session, instance_id, later)


class Steady(RecordingHost):
    """Answers alike in whatever order branches come to it."""

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None:
        if name == "refuse":
            raise OperationFailed("no")
        return {"done": element_id}

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        return {"by": element_id}


class ChangingWalk:
    """The same instance twice: one stays with its version, the other goes to the next at every step and back again."""

    def __init__(self, seed: int) -> None:
        drawings = RandomDiagram(seed).drawings
        data = {"x": 1, "list": ["a", "b", "c"]}
        self.random = random.Random(seed)
        self.stays, self.goes = (Play(*drawings, data=data, host=Steady()) for _ in range(2))
        longer = {f"{each.process_id}.bpmn": with_gateways(each.xml()) for each in drawings}
        self.bundles = [self.goes.bundle, Bundle.compile(longer)]
        self.changes = 0

    def go(self, steps: int = 60) -> None:
        for number in range(steps):
            assert self.seen(self.stays) == self.seen(self.goes)
            if self.stays.ended:
                return
            self.change()
            self.step(number)

    def change(self) -> None:
        play = self.goes
        old, new = self.bundles
        versions, blob = Versions(play.process_id, old, new), play.live.dump()
        assert versions.misfits(blob) == ()
        play.bundle, self.bundles = new, [new, old]
        play.live = Live.taken_over(versions, blob, play.host)
        self.changes += 1

    def step(self, number: int) -> None:
        moves = [("complete", at) for at in range(len(self.open(self.stays)))]
        waits = [(at, wait) for at, wait in enumerate(self.waits(self.stays)) if wait.kind != "timer"]
        apart = [(at, wait) for at, wait in waits if self.is_told_apart(wait)]
        moves += [(wait.kind, at) for at, wait in apart or waits]
        due = sorted({each.due_at for each in self.stays.live.waits if each.due_at is not None})
        moves += [("timer", at) for at in range(len(due))]
        kind, at = self.random.choice(moves)
        answer = {"n": self.random.randint(0, 2), "yes": number < 30 and self.random.random() < 0.4}
        if kind == "timer":
            clock.move_by(due[at] - clock.now())
        for play in (self.stays, self.goes):
            if kind == "timer":
                play.live.fire_due_timers()
            elif kind == "complete":
                task = self.open(play)[at]
                play.live.complete(task.id, {task.element_id: answer})
            elif kind == "signal":
                assert play.live.signal(str(self.waits(play)[at].name))
            elif kind == "message":
                wait = self.waits(play)[at]
                assert play.live.deliver(wait.task_id, answer, wait.number)
            else:
                assert play.live.finish(self.waits(play)[at].task_id, answer)
            play._after()

    def is_told_apart(self, wait: Wait) -> bool:
        """Whether the same one can be picked in both: rounds that overlap wait twice at one element."""
        same = [each for each in self.stays.live.waits if (each.kind, each.element_id) == (wait.kind, wait.element_id)]
        return len(same) == 1

    def open(self, play: Play) -> list[OpenTask]:
        return sorted(play.live.open_tasks, key=lambda each: (each.element_id, each.member or 0, repr(sorted_(each))))

    def waits(self, play: Play) -> list[Wait]:
        return sorted(play.live.waits, key=lambda each: (each.kind, each.element_id, each.number, str(each.due_at)))

    def seen(self, play: Play) -> tuple[Any, ...]:
        tasks = [(each.element_id, each.member, each.data) for each in self.open(play)]
        waits = [(each.kind, each.element_id, each.number, each.due_at, each.key) for each in self.waits(play)]
        return tasks, waits, play.data, play.ended


def sorted_(each: OpenTask) -> list[tuple[str, Any]]:
    return sorted(each.data.items())


def with_gateways(xml: bytes) -> bytes:
    """The diagram with a gateway on the way into every task: other ways everywhere, the same elements."""
    text = xml.decode()
    tasks = set(re.findall(r'<bpmn:(?:userTask|serviceTask|businessRuleTask|subProcess|callActivity) id="(\w+)"', text))

    def through(flow: re.Match[str]) -> str:
        head, target, rest = flow[1], flow[2], flow[3]
        if target not in tasks:
            return flow[0]
        name = "via_" + re.findall(r'id="(\w+)"', head)[0]
        gateway = f'<bpmn:exclusiveGateway id="{name}"/>'
        onward = f'<bpmn:sequenceFlow id="from_{name}" sourceRef="{name}" targetRef="{target}"/>'
        return f'{head}targetRef="{name}"{rest}{gateway}{onward}'

    flow = r'(<bpmn:sequenceFlow [^>]*?)targetRef="(\w+)"(>.*?</bpmn:sequenceFlow>|/>)'
    return re.sub(flow, through, text, flags=re.DOTALL).encode()


@pytest.mark.parametrize("tens", range(6))
def test_an_instance_that_changes_its_version_at_every_step_goes_the_same_way(tens):
    changes = 0
    for seed in range(tens * 10, tens * 10 + 10):
        with clock.frozen(BEGIN):
            walking = ChangingWalk(seed)
            walking.go()
            changes += walking.changes

    assert changes > 50
