"""Points at which tests end or stop the process, as a power cut or a stalled machine would.

Nothing outside this program can arm one: no setting, no variable; a test's own process calls `arm`. Unarmed, a point
is one comparison.
"""

from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "incoming.written",  # an event stands in the transaction of the door
    "commit.before",
    "commit.after",  # committed; no bell has rung
    "work.claimed",  # leases are committed, nothing is begun
    "step.loaded",
    "step.moved",  # tokens have moved in memory only
    "step.state_written",
    "step.tasks_written",
    "step.waits_written",
    "step.effects_written",
    "step.history_written",
    "message.fanned_out",
    "timers.queued",
    "submission.written",
    "work.struck_off",
    "failure.written",
    "deliver.before",
    "deliver.sent",  # outside, and not marked
    "deliver.marked",
    "answer.taken",
    "confirm.before",  # an event of a device is stored, the device knows nothing
    "confirm.after",  # the device knows; the broker has no acknowledgement
)

_armed: str | None = None
_left = 0
_act: Callable[[], None] | None = None


def arm(point: str, times: int, act: Callable[[], None]) -> None:
    """Call `act` when `point` is reached for the `times`-th time. Only tests do this."""
    global _armed, _left, _act
    if point not in POINTS:
        raise ValueError(f"no such point: {point}")
    _armed, _left, _act = point, times, act


def reach(point: str) -> None:
    """The program is at this point."""
    if _armed is not None and point == _armed:
        _hit()


def _hit() -> None:
    global _left
    _left -= 1
    if _left == 0 and _act is not None:
        _act()
