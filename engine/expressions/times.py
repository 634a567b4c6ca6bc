"""Dates, times and durations of the expression language, and their ISO 8601 texts both ways.

Dates, times and date-times are Python's own. A duration is ours, because a calendar month has no fixed length.
A date-time without an offset means the city's time; it keeps its form when written back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine import clock
from engine.expressions.faults import ExpressionFault, ExpressionRefused

LONGEST_YEARS = 200

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"(?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?P<zone>Z|[+-]\d{2}:\d{2}|@[A-Za-z_]+(?:/[A-Za-z_+-]+)*)?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(?P<times>\d{0,6})/(?:(?P<start>[^/]+)/)?(?P<interval>P[^/]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time: whole calendar months and an exact rest. Most durations have only one of the two."""

    months: int = 0
    delta: timedelta = timedelta(0)

    def as_timedelta(self) -> timedelta:
        """The exact length; raises ExpressionFault when calendar months are part of it."""
        if self.months:
            raise ExpressionFault("含有日历月的时长没有固定长度", "a duration with calendar months has no fixed length")
        return self.delta

    def after(self, start: date | datetime) -> Any:
        """`start` moved on by this duration; the 31st becomes the last day of a shorter month."""
        moved = _add_months(start, self.months) if self.months else start
        if isinstance(moved, datetime):
            return moved + self.delta
        return (datetime.combine(moved, time()) + self.delta).date()

    def negated(self) -> Duration:
        return Duration(-self.months, -self.delta)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeated timer: how often (None: without end), how far apart, and from when (None: from now)."""

    times: int | None
    interval: Duration
    start: datetime | None = None


def _add_months(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def parse_duration(text: str) -> Duration:
    """An ISO duration such as `PT24H`, `P3D`, `P1M`; raises ExpressionRefused."""
    found = _DURATION.fullmatch(text.strip())
    parts = {} if found is None else {key: value for key, value in found.groupdict().items() if key != "sign" and value}
    if found is None or not parts or text.rstrip().endswith("T"):
        raise ExpressionRefused(text, 0, "不是 ISO 时长，例如 PT24H 或 P3D", "not an ISO duration such as PT24H or P3D")
    months = int(parts.get("years", 0)) * 12 + int(parts.get("months", 0))
    whole = {key: int(parts.get(key, 0)) for key in ("weeks", "days", "hours", "minutes")}
    seconds, _, fraction = str(parts.get("seconds", "0")).partition(".")
    delta = timedelta(seconds=int(seconds), microseconds=int((fraction or "0").ljust(6, "0")), **whole)
    if months > LONGEST_YEARS * 12 or delta > timedelta(days=LONGEST_YEARS * 366):
        raise ExpressionRefused(text, 0, f"时长超过 {LONGEST_YEARS} 年", f"longer than {LONGEST_YEARS} years")
    result = Duration(months, delta)
    return result.negated() if found["sign"] else result


def parse_cycle(text: str) -> Cycle:
    """An ISO repetition such as `R3/PT1H` or `R/PT24H`; raises ExpressionRefused (also for an interval of nothing)."""
    found = _CYCLE.fullmatch(text.strip())
    if found is None:
        raise ExpressionRefused(text, 0, "不是 ISO 循环，例如 R3/PT1H", "not an ISO repetition such as R3/PT1H")
    interval = parse_duration(found["interval"])
    if interval.months < 0 or interval.delta < timedelta(0) or interval == Duration():
        raise ExpressionRefused(text, 0, "循环的间隔必须大于零", "the interval of a repetition must be above zero")
    start = parse_moment(found["start"]) if found["start"] else None
    if found["start"] and start is None:
        raise ExpressionRefused(text, 0, "循环的开始时间无法识别", "the start of the repetition is no date and time")
    return Cycle(int(found["times"]) if found["times"] else None, interval, None if start is None else aware(start))


def parse_date(text: str) -> date | None:
    """`2026-08-03`, else None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """`09:00:00`, with or without seconds and offset, else None."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        return time.fromisoformat(found["clock"]).replace(tzinfo=_zone(found["zone"]))
    except (ValueError, KeyError, OSError):
        return None


def parse_moment(text: str) -> datetime | None:
    """`2026-08-03T09:00:00+08:00`, with or without offset, or a day alone (its first moment), else None."""
    day_text, separator, time_text = text.partition("T")
    day = parse_date(day_text)
    if day is None:
        return None
    if not separator:
        return datetime.combine(day, time())
    if time_text.startswith("24:00:00"):
        return None
    at = parse_time(time_text)
    return None if at is None else datetime.combine(day, at)


def _zone(text: str | None) -> Any:
    if not text:
        return None
    if text == "Z":
        return UTC
    if text.startswith("@"):
        return ZoneInfo(text[1:])
    return datetime.fromisoformat("2026-01-01T00:00:00" + text).tzinfo


def parse_temporal(text: str) -> date | time | datetime | Duration | None:
    """Whatever kind of date, time, date-time or duration the text is, else None."""
    if text.lstrip("-").startswith("P"):
        try:
            return parse_duration(text)
        except ExpressionRefused:
            return None
    return parse_date(text) or parse_time(text) or (parse_moment(text) if "T" in text else None)


def aware(moment: datetime) -> datetime:
    """The same moment with an offset: without one it is the city's time."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=clock.zone())


def as_moment(value: Any, base: datetime) -> datetime:
    """The aware moment that a value means: a date-time, a day (its first moment), a duration after `base`, or a text
    of one of these. Calendar months are counted in the city's zone. Raises ExpressionFault for anything else.
    """
    if isinstance(value, str):
        value = parse_temporal(value)
    try:
        if isinstance(value, Duration):
            moved: datetime = value.after(clock.local(base) if value.months else base)
            return moved
        if isinstance(value, timedelta):
            return base + value
        if isinstance(value, datetime):
            return aware(value)
        if isinstance(value, date):
            return aware(datetime.combine(value, time()))
    except (OverflowError, ValueError):
        raise ExpressionFault("时间超出日历范围", "the moment lies outside the calendar") from None
    raise ExpressionFault("这里需要时间或时长", "a date and time or a duration is needed here")


def iso(value: date | time | datetime | Duration) -> str:
    """The ISO text of a date, time, date-time or duration."""
    if isinstance(value, Duration):
        return _iso_duration(value)
    text = value.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _iso_duration(value: Duration) -> str:
    negative = value.months < 0 or value.delta < timedelta(0)
    months, delta = abs(value.months), abs(value.delta)
    years, months = divmod(months, 12)
    hours, rest = divmod(delta.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    second_text = f"{seconds}.{delta.microseconds:06d}".rstrip("0").rstrip(".") if delta.microseconds else str(seconds)
    days = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (delta.days, "D")) if n)
    clock_part = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{second_text}S" * (second_text != "0")
    if not days and not clock_part:
        return "PT0S"
    return ("-" if negative else "") + "P" + days + ("T" + clock_part if clock_part else "")
