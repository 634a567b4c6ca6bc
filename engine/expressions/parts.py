"""What stands behind a dot: keys of contexts, and the named parts of dates, durations and ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.expressions.scope import Scope
from engine.expressions.times import Duration
from engine.expressions.values import Range


def part_of(scope: Scope, value: Any, name: str) -> Any:
    """A key of a context, a part of a date, duration or range, or that of each item of a list; else null."""
    if isinstance(value, Mapping):
        return value.get(name)
    if type(value) in (list, tuple):
        scope.step(len(value))
        return [part_of(scope, each, name) for each in value]
    part = _PARTS.get(type(value), {}).get(name)
    return None if part is None else part(value)


def _offset(value: Any) -> Duration | None:
    offset = value.utcoffset()
    return None if offset is None else Duration(0, offset)


def _zone(value: Any) -> str | None:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def _rest(unit: Callable[[timedelta], int]) -> Callable[[Duration], int | None]:
    """A part of the exact rest, with the sign of the duration; null when it consists of months."""

    def read(value: Duration) -> int | None:
        if value.months and not value.delta:
            return None
        return unit(value.delta) if value.delta >= timedelta(0) else -unit(-value.delta)

    return read


def _months(unit: Callable[[int], int]) -> Callable[[Duration], int | None]:
    def read(value: Duration) -> int | None:
        if value.delta and not value.months:
            return None
        return unit(value.months) if value.months >= 0 else -unit(-value.months)

    return read


Part = Callable[[Any], Any]
_DAY: dict[str, Part] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_CLOCK: dict[str, Part] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": lambda value: value.second,
    "time offset": _offset,
    "timezone": _zone,
}
_PARTS: dict[type, dict[str, Part]] = {
    date: _DAY,
    time: _CLOCK,
    datetime: _DAY | _CLOCK,
    Duration: {
        "years": _months(lambda months: months // 12),
        "months": _months(lambda months: months % 12),
        "days": _rest(lambda delta: delta.days),
        "hours": _rest(lambda delta: delta.seconds // 3600),
        "minutes": _rest(lambda delta: delta.seconds // 60 % 60),
        "seconds": _rest(lambda delta: delta.seconds % 60),
    },
    Range: {
        "start": lambda value: value.low,
        "end": lambda value: value.high,
        "start included": lambda value: value.low_closed,
        "end included": lambda value: value.high_closed,
    },
}
