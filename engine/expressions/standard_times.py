"""Functions of dates, times and durations, under the names of the DMN standard."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from engine import clock
from engine.expressions.faults import ExpressionRefused
from engine.expressions.functions import function
from engine.expressions.times import Duration, parse_date, parse_duration, parse_moment, parse_time


@function("now", example="now()")
def now() -> datetime:
    """This moment in the city's time."""
    return clock.local(clock.now()).replace(microsecond=0)


@function("today", example="today()")
def today() -> date:
    """The day it is in the city."""
    return clock.today()


@function("date", named="from | year, month, day", example="date(2026, 8, 3)")
def to_date(value: Any, month: Any = None, day: Any = None) -> date | None:
    """A day, from a text, a date and time, or its three numbers; null when there is no such day."""
    if month is not None or day is not None:
        return date(value, month, day)
    if type(value) is str:
        return parse_date(value)
    return value.date() if type(value) is datetime else value if type(value) is date else None


@function("time", named="from | hour, minute, second, offset", example='time(9, 30, 0, duration("PT8H"))')
def to_time(value: Any, minute: Any = None, second: Any = None, offset: Any = None) -> time | None:
    """A time of day, from a text, a date and time, or its numbers, with or without offset."""
    if minute is not None or second is not None:
        if offset is not None and (type(offset) is not Duration or offset.months):
            return None
        whole, rest = divmod(second, 1)
        fraction = round(rest * 1_000_000)
        return time(value, minute, int(whole), fraction, None if offset is None else timezone(offset.delta))
    if type(value) is str:
        return parse_time(value)
    if type(value) is date:
        return time(tzinfo=timezone(timedelta(0)))
    return value.timetz() if type(value) is datetime else value if type(value) is time else None


@function(
    "date and time",
    named="from | date, time",
    example='date and time(date("2026-08-03"), time("09:00:00"))',
)
def to_moment(value: Any, at: Any = None) -> datetime | None:
    """A day and a time, from a text, a day alone (its first moment), or both parts."""
    if at is not None:
        day = value.date() if type(value) is datetime else value
        return datetime.combine(day, at)
    if type(value) is date:
        return datetime.combine(value, time())
    return parse_moment(value) if type(value) is str else value if type(value) is datetime else None


@function("duration", named="from", example='duration("PT24H")')
def to_duration(value: Any) -> Duration | None:
    """A span of time, from its ISO text."""
    if type(value) is not str:
        return value if type(value) is Duration else None
    try:
        return parse_duration(value)
    except ExpressionRefused:  # a text that is no duration is null
        return None


@function(
    "years and months duration",
    named="from, to",
    example='years and months duration(date("2024-01-15"), date("2026-03-14"))',
)
def years_and_months(start: Any, end: Any) -> Duration | None:
    """Whole months from the one day to the other."""
    if type(start) not in (date, datetime) or type(end) not in (date, datetime):
        return None
    if (end.year, end.month, end.day) < (start.year, start.month, start.day):
        backwards = years_and_months(end, start)
        return None if backwards is None else backwards.negated()
    return Duration((end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _is_day(value: Any) -> bool:
    return type(value) in (date, datetime)


@function("day of week", named="date", example='day of week(date("2026-08-03"))')
def day_of_week(day: Any) -> str | None:
    """The English name of the day."""
    return _DAYS[day.weekday()] if _is_day(day) else None


@function("day of year", named="date", example='day of year(date("2026-02-01"))')
def day_of_year(day: Any) -> int | None:
    """Its number in the year, from 1."""
    return day.timetuple().tm_yday if _is_day(day) else None


@function("week of year", named="date", example='week of year(date("2026-01-01"))')
def week_of_year(day: Any) -> int | None:
    """The week by ISO 8601."""
    return day.isocalendar().week if _is_day(day) else None


@function("month of year", named="date", example='month of year(date("2026-08-03"))')
def month_of_year(day: Any) -> str | None:
    """The English name of the month."""
    return _MONTHS[day.month - 1] if _is_day(day) else None


@function("last day of month", named="date", example='last day of month(date("2024-02-10"))')
def last_day_of_month(day: Any) -> date | None:
    """The last day of the month."""
    return date(day.year, day.month, monthrange(day.year, day.month)[1]) if _is_day(day) else None
