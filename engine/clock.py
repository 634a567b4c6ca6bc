"""The only place that knows what time it is.

All "now" in the product comes from here, so that tests, demonstrations and simulations can move time.
`now()` is real time plus an offset; the offset starts at zero and is moved with `move_by` (jobs keeps the offset of
a demonstration in the database and sets it at start).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.settings import settings

_offset = timedelta(0)
_frozen: datetime | None = None
_as_of: ContextVar[datetime | None] = ContextVar("as_of", default=None)


def now() -> datetime:
    """This moment, aware, UTC."""
    if (then := _as_of.get()) is not None:
        return then
    if _frozen is not None:
        return _frozen + _offset
    return datetime.now(UTC) + _offset


def wall() -> datetime:
    """Real time, however far the clock has been moved: only for what the outside stamps by its own clock."""
    return _frozen if _frozen is not None else datetime.now(UTC)


def steady() -> datetime:
    """Real time for leases: a clock that is set meanwhile (by hand, by NTP) takes hold only when a minute has passed.

    Until then it goes on as before, so that nobody's lease ends early or lasts an hour because a clock jumped.
    """
    if _frozen is not None:
        return _frozen
    wall_now, ticks = datetime.now(UTC), time.monotonic()
    return _steadied.follow(wall_now, ticks)


class _Steadied:
    """Where the machine's clock stood by its own ticks, and since when (seconds) it has stood elsewhere."""

    JUMP, HOLD = timedelta(seconds=2), 60.0

    def __init__(self) -> None:
        self._start: datetime | None = None
        self._jumped: float | None = None

    def follow(self, wall_now: datetime, ticks: float) -> datetime:
        """The time to believe when the clock shows `wall_now` after `ticks` seconds."""
        run = timedelta(seconds=ticks)
        start = self._start or wall_now - run
        if abs(wall_now - run - start) > self.JUMP:
            self._jumped = self._jumped or ticks
            if ticks - self._jumped < self.HOLD:
                return start + run
        self._start, self._jumped = wall_now - run, None
        return wall_now


_steadied = _Steadied()


def zone() -> ZoneInfo:
    """The city's time zone."""
    return settings().zone


def local(moment: datetime) -> datetime:
    """A moment as people in the city read it."""
    return moment.astimezone(zone())


def today() -> date:
    """The day it is in the city."""
    return local(now()).date()


def days_ago(days: float) -> datetime:
    """The moment so many days before now."""
    return now() - timedelta(days=days)


def offset() -> timedelta:
    """How far the clock has been moved."""
    return _offset


def set_offset(value: timedelta) -> None:
    """Move the clock of this process to real time plus `value`."""
    global _offset
    _offset = value


def move_by(step: timedelta) -> None:
    """Move the clock of this process on by `step`."""
    set_offset(_offset + step)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Time stands still at `moment` (aware) within the block, and moves only by `move_by`."""
    global _frozen, _offset
    if moment.tzinfo is None:
        raise ValueError("a frozen moment needs a time zone")
    before = (_frozen, _offset)
    _frozen, _offset = moment.astimezone(UTC), timedelta(0)
    try:
        yield
    finally:
        _frozen, _offset = before


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Within the block this thread reckons as if it were `moment`: to work out again what was worked out then."""
    token = _as_of.set(moment)
    try:
        yield
    finally:
        _as_of.reset(token)
