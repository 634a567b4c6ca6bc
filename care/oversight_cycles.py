"""When oversight begins: looked at every night, so that a night that was left out delays and never loses one.

On the first working day of a month the month before is frozen and dispatched in every township, district and the
city; on the fifth of a quarter the last one is ranked; from 5 January the last year is evaluated. Begun twice it is
begun once.

Public: due, look, begin. Source: draft 四(6); processes P24, P25, P26, 4.9.
"""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import indicators, organisation, policy_calendar
from care.indicators import Month
from care.organisation import Unit
from care.oversight import Report
from care.visits import times
from engine import clock, db, definitions, jobs, run, work
from engine.work import Item

KIND = "oversee"
PROCESSES = {"dispatch": "monthly_dispatch", "bulletin": "quarterly_bulletin", "evaluation": "annual_evaluation"}
BEGINS_AT = time(8, 0)
BULLETIN_WORKING_DAY = 5
EVALUATION_DAY = (1, 5)  # 5 January
_BATCH = 20


def due(day: date) -> dict[str, date]:
    """By kind the first day of the newest period that has to be under way by a day; older ones were due before."""
    month = Month.of(day)
    closed = month.before if day >= _working_day(month.first, 1) else month.before.before
    quarter = month.quarter[0].before.quarter[0]
    if day < _working_day(month.quarter[0].first, BULLETIN_WORKING_DAY):
        quarter = quarter.before.quarter[0]
    year = day.year - 1 if (day.month, day.day) >= EVALUATION_DAY else day.year - 2
    return {"dispatch": closed.first, "bulletin": quarter.first, "evaluation": date(year, 1, 1)}


def _working_day(first: date, number: int) -> date:
    """The nth working day from a day on, that day included."""
    day, seen = first, 0
    while True:
        seen += policy_calendar.is_working_day(day)
        if seen == number:
            return day
        day += timedelta(days=1)


def look(session: Session, day: date) -> None:
    """Write down what is due today and was not begun, for 8 o'clock. Only periods that began after registration."""
    for kind, period in due(day).items():
        key = f"{KIND}:{kind}:{period}"
        if not _is_begun(session, kind, period) and _has_lived(session, period):
            detail = {"kind": kind, "period": period.isoformat()}
            at = times.moment(day, BEGINS_AT)
            work.add(session, KIND, lane=work.BULK, due_at=at, key=key, unit_path="", detail=detail)


def _is_begun(session: Session, kind: str, period: date) -> bool:
    asked = select(Report.id).where(Report.kind == kind, Report.period == period)
    return session.scalar(asked.limit(1)) is not None


def _has_lived(session: Session, period: date) -> bool:
    """Whether the city had begun by then: a new installation owes nothing for the time before it."""
    first = session.scalar(select(func.min(Unit.from_on)).where(Unit.level == "city"))
    return first is not None and first <= Month(period).last


@jobs.does_outside(KIND)
def oversee(item: Item) -> None:
    """Freeze the month and begin the instances, some in each transaction; what was begun is not begun twice."""
    begin(str(item.detail["kind"]), date.fromisoformat(item.detail["period"]))
    with jobs.transaction() as session:
        work.done(session, item)


def begin(kind: str, period: date) -> int:
    """Start the process of each unit concerned; how many. Months that are over are frozen first."""
    process_id = PROCESSES[kind]
    with db.reading() as session:
        if process_id not in {each.process_id for each in definitions.every(session)}:
            return 0
        units = [(unit.path, unit.level) for unit in _units(session, kind)]
    for month in Report(kind=kind, period=period).months:
        with jobs.transaction() as session:
            if month.ends_at <= clock.now():
                indicators.freeze(session, month)
    for first in range(0, len(units), _BATCH):
        with jobs.transaction() as session:
            for path, level in units[first : first + _BATCH]:
                data = {"unit_path": path, "level": level, "period": period.isoformat()}
                run.start(session, process_id, data, key=f"{path}:{period}")
    return len(units)


def _units(session: Session, kind: str) -> list[Unit]:
    city = organisation.city(session)
    if kind != "dispatch":
        return [city]
    below = [organisation.below(session, city.path, level) for level in ("township", "district")]
    return [each for units in below for each in units] + [city]
