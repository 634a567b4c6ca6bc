"""Timers on the movable clock.

A timer never fires by itself: the workflow's `fire_due_timers` takes the earliest that is due, one after another.
What it remembers: `due`, the moment as UTC ISO text; when its expression calls functions also `since`, the moment it
was worked out at, so that it can be worked out again when a calendar has changed; of a repeated timer also `cycle` =
[moment it counts from, number of this tick, how many are left (None: endless)] and `rule` = [months, seconds] between
two ticks. Each tick is counted from the first moment, so months do not drift.

A worker that comes late replays the missed ticks one by one, but at most the last LATE_TICKS of an endless cycle: after
a long standstill nobody needs hundreds of reminders of the same thing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine import clock
from engine.expressions import Cycle, Duration, Expression, ExpressionFault, ExpressionRefused, as_moment, parse_cycle
from engine.spiff.data import value_of
from engine.spiff.definitions import Definition
from engine.spiff.errors import ElementFailed
from engine.spiff.interface import id_of

LATE_TICKS = 20
ALIKE = timedelta(seconds=1)
"""Times that lie closer are the same: within a step the clock goes on."""


def due_at(state: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(state["due"])


class Timer(Definition):
    """A moment, a duration from now, or a cycle of moments; which one the value of the expression says."""

    kind, waits = "timer", True

    def __init__(self, element_id: str, when: Expression) -> None:
        super().__init__(element_id)
        self.when = when

    def arm(self, task: Any, state: dict[str, Any]) -> None:
        """Remember when it is due; raises ElementFailed when the expression gives no time."""
        if "due" in state:
            return
        now = task.workflow.top_workflow.now
        value = value_of(task, self.when, self.element_id)
        try:
            self._remember(value, now, state)
        except (ExpressionFault, ExpressionRefused) as fault:
            raise ElementFailed(self.element_id, id_of(task), str(fault)) from fault

    def _remember(self, value: Any, now: datetime, state: dict[str, Any]) -> None:
        if isinstance(value, str) and value[:1] == "R":
            value = parse_cycle(value)
        if isinstance(value, Cycle):
            base, number = (now, 1) if value.start is None else (value.start, 0)
            state["rule"] = [value.interval.months, value.interval.delta.total_seconds()]
            state["cycle"] = [_text(base), number, None if value.times is None else value.times - 1]
            state["due"] = _text(_after(base, value.interval, number))
        else:
            state["due"] = _text(as_moment(value, now))
            if self.when.functions:
                state["since"] = _text(now)

    def worked_out_again(self, task: Any, state: dict[str, Any]) -> datetime:
        """When it is due by what its functions say today, counted from the moment that it was worked out at."""
        since = datetime.fromisoformat(state["since"])
        with clock.as_of(since):
            value = value_of(task, self.when, self.element_id)
        try:
            return as_moment(value, since)
        except (ExpressionFault, ExpressionRefused) as fault:
            raise ElementFailed(self.element_id, id_of(task), str(fault)) from fault

    def following(self, state: dict[str, Any]) -> dict[str, Any] | None:
        if "cycle" not in state:
            return None
        base, number, left = state["cycle"]
        if left == 0:
            return None
        beginning, interval = datetime.fromisoformat(base), _interval(state["rule"])
        number += 1
        if left is None:
            number += _left_out(beginning, interval, number)
        return {
            "rule": state["rule"],
            "cycle": [base, number, None if left is None else left - 1],
            "due": _text(_after(beginning, interval, number)),
        }


def _left_out(base: datetime, interval: Duration, number: int) -> int:
    """How many ticks from this one on an endless cycle leaves out because it is far too late."""
    shortest = interval.delta.total_seconds() + interval.months * 28 * 86400
    late = (clock.now() - _after(base, interval, number)).total_seconds()
    if late < shortest * LATE_TICKS:
        return 0
    longest = interval.delta.total_seconds() + interval.months * 31 * 86400
    return max(0, int(late / longest) - LATE_TICKS)


def _interval(rule: list[Any]) -> Duration:
    return Duration(rule[0], timedelta(seconds=rule[1]))


def _after(start: datetime, interval: Duration, times: int) -> datetime:
    whole = Duration(interval.months * times, interval.delta * times)
    return as_moment(whole, start)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
