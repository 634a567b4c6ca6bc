"""Visit periods (week, two weeks, month, quarter) and the even rhythm inside them.

Periods are calendar periods of the city: weeks run Monday to Sunday, two weeks are pairs counted from Monday
2026-06-29, the first Monday after the plan was issued. Source: policy 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine import clock
from engine.expressions import function, parse_date, parse_moment

PERIODS = ("week", "two_weeks", "month", "quarter")
PERIOD_TITLES = {
    "week": ("每周", "Every week"),
    "two_weeks": ("每两周", "Every two weeks"),
    "month": ("每月", "Every month"),
    "quarter": ("每季度", "Every quarter"),
}
FIRST_PAIR = date(2026, 6, 29)
LARGEST_GAP_DAYS = {"week": 10, "two_weeks": 21, "month": 45, "quarter": 135}
REMINDER_DAYS_BEFORE = {"week": 2, "two_weeks": 3, "month": 7, "quarter": 7}
LEAST_DAYS_OF_FIRST_PERIOD = 2


@dataclass(frozen=True, slots=True)
class Period:
    """A visit period; both days are included."""

    kind: str
    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def reminder_on(self) -> date:
        """The day on which the visitor is reminded. Source: processes P07."""
        return self.ends_on - timedelta(days=REMINDER_DAYS_BEFORE[self.kind])


def period_of(kind: str, day: date) -> Period:
    """The period of that kind in which a day lies; raises KeyError for an unknown kind."""
    if kind in ("week", "two_weeks"):
        length = 7 if kind == "week" else 14
        start = day - timedelta(days=(day - FIRST_PAIR).days % length)
        return Period(kind, start, start + timedelta(days=length - 1))
    months = {"month": 1, "quarter": 3}[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    index = first.year * 12 + first.month - 1 + months
    return Period(kind, first, date(index // 12, index % 12 + 1, 1) - timedelta(days=1))


def following(period: Period) -> Period:
    """The period after this one."""
    return period_of(period.kind, period.ends_on + timedelta(days=1))


def first_period(kind: str, tiered_on: date) -> Period:
    """The first period of a newly registered elder: that of the day the tier was set, unless fewer than 2 days remain.

    Source: policy 3.5.
    """
    period = period_of(kind, tiered_on)
    remaining = (period.ends_on - tiered_on).days + 1
    return period if remaining >= LEAST_DAYS_OF_FIRST_PERIOD else following(period)


def even_day(period: Period, turn: int, of: int, last_visit_on: date | None = None) -> date:
    """Day proposed for visit `turn` (from 1) of `of` in a period, so that visits keep an even rhythm.

    With a last visit: one interval after it, kept inside the turn's share of the period; without: the middle of the
    share. Source: policy 3.5.
    """
    share = period.days / of
    first = period.starts_on + timedelta(days=int((turn - 1) * share))
    last = period.starts_on + timedelta(days=int(turn * share) - 1)
    if last_visit_on is None:
        return first + (last - first) // 2
    return min(max(last_visit_on + timedelta(days=round(share)), first), last)


def _day(value: Any) -> date | None:
    if isinstance(value, str):
        value = parse_date(value) or parse_moment(value)
    if isinstance(value, datetime):
        return clock.local(value).date() if value.tzinfo else value.date()
    return value if isinstance(value, date) else None


def _period(kind: str, value: Any) -> Period | None:
    day = _day(value)
    return None if day is None or kind not in PERIODS else period_of(kind, day)


@function("period_start", "string", example='period_start("month", date("2026-08-12"))')
def period_start(kind: str, day: Any) -> date | None:
    """In diagrams: first day of the visit period in which a day lies."""
    period = _period(kind, day)
    return None if period is None else period.starts_on


@function("period_end", "string", example='period_end("quarter", date("2026-08-12"))')
def period_end(kind: str, day: Any) -> date | None:
    """In diagrams: last day of the visit period in which a day lies."""
    period = _period(kind, day)
    return None if period is None else period.ends_on


@function("visit_day", "string", "", "number", "number", example='visit_day("month", date("2026-08-12"), 1, 2)')
def visit_day(kind: str, day: Any, turn: int = 1, of: int = 1, last_visit: Any = None) -> date | None:
    """In diagrams: the day proposed for a visit of the period in which a day lies."""
    period = _period(kind, day)
    if period is None or not 1 <= turn <= of <= period.days:
        return None
    return even_day(period, int(turn), int(of), _day(last_visit))
