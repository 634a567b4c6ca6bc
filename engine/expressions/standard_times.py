"""Functions of dates, times and durations, under the names of the DMN standard."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from engine import clock
from engine.expressions.faults import ExpressionRefused
from engine.expressions.functions import function
from engine.expressions.times import Duration, parse_date, parse_duration, parse_moment, parse_time


@function("now")
def now() -> datetime:
    """This moment in the city's time."""
    return clock.local(clock.now()).replace(microsecond=0)


@function("today")
def today() -> date:
    return clock.today()


@function("date")
def to_date(value: Any, month: Any = None, day: Any = None) -> date | None:
    if month is not None or day is not None:
        return date(value, month, day)
    if type(value) is str:
        return parse_date(value)
    return value.date() if type(value) is datetime else value if type(value) is date else None


@function("time")
def to_time(value: Any, minute: Any = None, second: Any = None) -> time | None:
    if minute is not None or second is not None:
        return time(value, minute, int(second))
    if type(value) is str:
        return parse_time(value)
    return value.timetz() if type(value) is datetime else value if type(value) is time else None


@function("date and time")
def to_moment(value: Any, at: Any = None) -> datetime | None:
    if at is not None:
        day = value.date() if type(value) is datetime else value
        return datetime.combine(day, at)
    if type(value) is date:
        return datetime.combine(value, time())
    return parse_moment(value) if type(value) is str else value if type(value) is datetime else None


@function("duration")
def to_duration(value: Any) -> Duration | None:
    if type(value) is not str:
        return value if type(value) is Duration else None
    try:
        return parse_duration(value)
    except ExpressionRefused:  # a text that is no duration is null
        return None


@function("years and months duration")
def years_and_months(start: Any, end: Any) -> Duration | None:
    """Whole months from the one day to the other."""
    if type(start) not in (date, datetime) or type(end) not in (date, datetime):
        return None
    if (end.year, end.month, end.day) < (start.year, start.month, start.day):
        backwards = years_and_months(end, start)
        return None if backwards is None else backwards.negated()
    return Duration((end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@function("day of week")
def day_of_week(day: Any) -> str | None:
    return _DAYS[day.weekday()] if type(day) in (date, datetime) else None


@function("day of year")
def day_of_year(day: Any) -> int | None:
    return day.timetuple().tm_yday if type(day) in (date, datetime) else None


@function("week of year")
def week_of_year(day: Any) -> int | None:
    return day.isocalendar().week if type(day) in (date, datetime) else None
