"""Moments of the city's days for visits: periods begin at midnight, visits are due at 18:00, people hear at 08:00."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from care.visit_periods import Period
from engine import clock

DUE = time(18, 0)
MORNING = time(8, 0)


def moment(day: date, hour: time) -> datetime:
    """A time of a day in the city, aware."""
    return datetime.combine(day, hour, tzinfo=clock.zone())


def begins_at(period: Period) -> datetime:
    return moment(period.starts_on, time(0, 0))


def ends_at(period: Period) -> datetime:
    """23:59:59 of the last day."""
    return moment(period.ends_on + timedelta(days=1), time(0, 0)) - timedelta(seconds=1)


def reminder_at(period: Period) -> datetime:
    """2, 3 or 7 days before the end, in the morning. Source: processes P07."""
    return moment(period.reminder_on, MORNING)
