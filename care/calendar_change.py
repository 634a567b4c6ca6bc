"""The calendar of a year is confirmed or changed, and every time that counts its days is worked out again.

`confirm` enters the yearly notice and writes down one piece of work; workers find the instances with open tasks or
timers that count working days and move each in a transaction of its own (`run.recalculate`). Every process of the
program keeps the calendar in memory: it is read again as soon as a newer change is in the table (`keep_fresh`).
Source: calendar 7.
"""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from care import policy_calendar
from care.errors import CareError
from care.policy_calendar import CalendarDay, Day
from engine import db, jobs, recalculations, run
from engine.jobs import sweeps
from engine.work import Item

FUNCTIONS = frozenset(("working_days", "is working day"))
"""What diagrams ask the calendar by."""
KINDS = {"holiday": False, "休": False, "swapped": True, "班": True}
LOOK_SECONDS = 10.0
_seen: UUID | None = None
_looked_at = 0.0
logger = logging.getLogger(__name__)


class NoticeUnreadable(CareError):
    """通知文件无法识别，每行应为：日期,holiday 或 swapped,名称（a line of the notice cannot be read）"""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"{self.__doc__}：{line} {what}")


class YearNotKnown(CareError):
    """这一年的放假安排还没有公布数据，请用 --notice 给出通知（this year is an estimate: give the notice）"""


@dataclass(frozen=True)
class Confirmed:
    """What became of a year: the days whose kind changed, and the progress of what is worked out again."""

    year: int
    changed: tuple[date, ...]
    recalculation: UUID


def read_notice(lines: Iterable[str], year: int) -> list[Day]:
    """The days of the yearly notice: CSV lines of date, `holiday` (休) or `swapped` (班), and the festival's name."""
    found = []
    for number, row in enumerate(csv.reader(lines), start=1):
        cells = [each.strip() for each in row]
        if not any(cells) or cells[0] == "date":
            continue
        try:
            day = date.fromisoformat(cells[0])
            works = KINDS[cells[1]]
        except (ValueError, KeyError, IndexError):
            raise NoticeUnreadable(number, ",".join(row)) from None
        if day.year != year:
            raise NoticeUnreadable(number, ",".join(row))
        name = cells[2] if len(cells) > 2 else ""
        found.append(Day(day, works, "swapped" if works else "holiday", name[:40], "notice", True))
    return found


def confirm(session: Session, year: int, notice: Sequence[Day] | None, by: int | None = None) -> Confirmed:
    """Make a year's calendar final: by its notice, or (None) as the table has it; raises YearNotKnown for an estimate.

    Confirmed again with another notice it is changed; times are worked out again each time.
    """
    policy_calendar.fill(session, year)
    before = _working(session, year)
    if notice is not None:
        policy_calendar.decree(session, notice, year)
    elif session.scalars(_days(year).where(CalendarDay.source == "estimate").limit(1)).first():
        raise YearNotKnown(str(YearNotKnown.__doc__))
    else:
        ends = CalendarDay.date.between(date(year, 1, 1), date(year, 12, 31))
        session.execute(update(CalendarDay).where(ends).values(confirmed=True))
        session.flush()
        policy_calendar.refresh(session)
    after = _working(session, year)
    changed = tuple(sorted(day for day in after if after[day] != before.get(day)))
    return Confirmed(year, changed, run.recalculate_all(session, f"calendar {year}", FUNCTIONS, by))


def keep_fresh(session: Session) -> bool:
    """Read the calendar again if it was changed since this process last looked; True when it was."""
    global _seen
    newest = recalculations.newest(session)
    if newest is None or newest.id == _seen:
        return False
    policy_calendar.refresh(session)
    _seen = newest.id
    return True


def look_again() -> None:
    """`keep_fresh` for a program that runs on: at most every LOOK_SECONDS, and never a reason to fail."""
    global _looked_at
    if time.monotonic() - _looked_at < LOOK_SECONDS:
        return
    _looked_at = time.monotonic()
    try:
        with db.reading() as session:
            keep_fresh(session)
    except SQLAlchemyError:
        logger.warning("the calendar could not be read again; the next look comes in a moment", exc_info=True)


sweeps.also.append(look_again)


def _days(year: int) -> Select[CalendarDay]:
    return select(CalendarDay).where(CalendarDay.date.between(date(year, 1, 1), date(year, 12, 31)))


def _working(session: Session, year: int) -> dict[date, bool]:
    return {row.date: row.is_workday for row in session.scalars(_days(year))}


@jobs.does("find_depending")
def _find(session: Session, item: Item) -> None:
    assert item.ref is not None
    run.find_depending(session, item.ref, item.detail)


@jobs.does("recalculate")
def _recalculate(session: Session, item: Item) -> None:
    assert item.ref is not None
    keep_fresh(session)
    run.recalculate(session, item.ref, UUID(item.detail["recalculation"]))
