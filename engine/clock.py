"""The only place that knows what time it is.

All "now" in the product comes from here, so that tests, demonstrations and simulations can move time.
`now()` is real time plus an offset; the offset starts at zero and is moved with `move_by` (jobs keeps the offset of
a demonstration in the database and sets it at start).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.settings import settings

_offset = timedelta(0)
_frozen: datetime | None = None


def now() -> datetime:
    """This moment, aware, UTC."""
    if _frozen is not None:
        return _frozen + _offset
    return datetime.now(UTC) + _offset


def wall() -> datetime:
    """Real time, however far the clock has been moved: only for what the outside stamps by its own clock."""
    return _frozen if _frozen is not None else datetime.now(UTC)


def zone() -> ZoneInfo:
    """The city's time zone."""
    return settings().zone


def local(moment: datetime) -> datetime:
    """A moment as people in the city read it."""
    return moment.astimezone(zone())


def today() -> date:
    """The day it is in the city."""
    return local(now()).date()


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
