"""Which days are working days, and festivals.

Table `calendar_day` is the truth; it is filled year by year, from chinesecalendar where that covers the year (2004 to
2026, swapped days 调休 included), else from weekends and the estimated statutory days, then `confirmed` is false and
deadlines that count such a day are provisional (暂定). Each process keeps the years it has used; `refresh(session)`
takes over what the table says (at start, and after the yearly notice was entered). Without a database the libraries'
days are used.

Counting: the day of the start does not count; due is the last second of the nth working day, in the city's time.
Source: calendar 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import chinese_calendar
import holidays
from lunar_python import Lunar
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base
from engine.expressions import function, parse_moment

FIRST_YEAR, LAST_YEAR = 1950, 2090
MOST_WORKING_DAYS = 1000
_ONE_DAY = timedelta(days=1)
_END_OF_DAY = time(23, 59, 59)


class CalendarDay(Base):
    """A day of a filled year; `kind` is workday, weekend, holiday or swapped (a weekend day that is worked)."""

    __tablename__ = "calendar_day"

    date: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(40), default="")
    source: Mapped[str] = mapped_column(String(40))
    confirmed: Mapped[bool]


@dataclass(frozen=True, slots=True)
class Day:
    """What the calendar knows of a day; `name` is the festival's, in Chinese, if it has one."""

    date: date
    is_workday: bool
    kind: str
    name: str
    source: str
    confirmed: bool


_years: dict[int, dict[date, Day]] = {}


def day_of(day: date) -> Day:
    """What the calendar says of a day; never fails within 1950 to 2090, raises ValueError outside."""
    year = _years.get(day.year)
    if year is None:
        year = _years.setdefault(day.year, {each.date: each for each in computed(day.year)})
    return year[day]


def is_working_day(day: date) -> bool:
    return day_of(day).is_workday


def working_days_after(start: datetime, count: int) -> tuple[datetime, bool]:
    """Last second of the `count`th working day after the day of `start` (aware), and whether that is provisional.

    `count` 0 is the day of the start itself. Raises ValueError beyond 1,000 days or outside the calendar.
    Source: draft 附5 (3个工作日复核); calendar 7.
    """
    if not 0 <= count <= MOST_WORKING_DAYS:
        raise ValueError(f"between 0 and {MOST_WORKING_DAYS} working days, not {count}")
    day, provisional = clock.local(start).date(), False
    while count:
        day += _ONE_DAY
        known = day_of(day)
        if known.is_workday:
            count -= 1
            provisional = provisional or not known.confirmed
    return datetime.combine(day, _END_OF_DAY, clock.zone()), provisional


def last_working_day_before(day: date) -> date:
    """The nearest working day before a day."""
    day -= _ONE_DAY
    while not is_working_day(day):
        day -= _ONE_DAY
    return day


# --- filling ---


@cache
def computed(year: int) -> Sequence[Day]:
    """All days of a year as the libraries know them; estimates where they do not."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}, not {year}")
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]
    try:
        return [_decreed(day) for day in days]
    except NotImplementedError:
        statutory = _statutory(year)
        return [_estimated(day, statutory.get(day, "")) for day in days]


def _decreed(day: date) -> Day:
    works, weekend = chinese_calendar.is_workday(day), day.weekday() >= 5
    is_holiday, name = chinese_calendar.get_holiday_detail(day)
    named = _CHINESE.get(str(name), "") if name else ""
    kind = "swapped" if works and weekend else "workday" if works else "holiday" if is_holiday and name else "weekend"
    return Day(day, works, kind, named, "chinesecalendar", True)


def _estimated(day: date, name: str) -> Day:
    kind = "holiday" if name else "weekend" if day.weekday() >= 5 else "workday"
    return Day(day, kind == "workday", kind, name, "estimate", False)


def _statutory(year: int) -> dict[date, str]:
    """Estimated statutory days off, by the libraries' rule; {} when even that fails."""
    try:
        return dict(holidays.country_holidays("CN", years=year, language="zh_CN").items())
    except NotImplementedError:
        return {}


_CHINESE = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}


def fill(session: Session, year: int) -> int:
    """Write the days of a year that the table does not have; returns how many were added."""
    there = set(session.scalars(select(CalendarDay.date).where(CalendarDay.date.between(*_ends(year)))))
    missing = [each for each in computed(year) if each.date not in there]
    session.add_all(_row(each) for each in missing)
    session.flush()
    return len(missing)


def prepare(session: Session) -> None:
    """Fill this year and the next, and take over what the table says; for the start of the program."""
    year = clock.today().year
    for each in (year, year + 1):
        fill(session, each)
    refresh(session)


def decree(session: Session, changes: Iterable[Day], year: int) -> None:
    """Enter the yearly notice: these days as given, all others of the year as weekdays and weekends, all confirmed."""
    given = {each.date: each for each in changes}
    fill(session, year)
    for row in session.scalars(select(CalendarDay).where(CalendarDay.date.between(*_ends(year)))):
        known = given.get(row.date) or _estimated(row.date, "")
        row.is_workday, row.kind, row.name = known.is_workday, known.kind, known.name
        row.source, row.confirmed = "notice", True
    session.flush()
    refresh(session)


def is_confirmed(session: Session, year: int) -> bool:
    """Whether a year is filled and every day of it is by a notice of the state, none estimated."""
    of_year = CalendarDay.date.between(*_ends(year))
    there, sure = session.execute(select(func.count(), func.count().filter(CalendarDay.confirmed)).where(of_year)).one()
    return bool(there >= 365 and there == sure)


def refresh(session: Session) -> None:
    """Take over what the table says; what it does not have is computed when asked."""
    found: dict[int, dict[date, Day]] = {}
    for row in session.scalars(select(CalendarDay)):
        day = Day(row.date, row.is_workday, row.kind, row.name, row.source, row.confirmed)
        found.setdefault(row.date.year, {each.date: each for each in computed(row.date.year)})[row.date] = day
    _years.clear()
    _years.update(found)


def _ends(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _row(day: Day) -> CalendarDay:
    return CalendarDay(
        date=day.date,
        is_workday=day.is_workday,
        kind=day.kind,
        name=day.name,
        source=day.source,
        confirmed=day.confirmed,
    )


# --- festivals ---


@dataclass(frozen=True, slots=True)
class Festival:
    """A festival that opens a special period; both days are included."""

    id: str
    name: str
    first: date
    last: date


_LUNAR = {"lantern": ("元宵节", 1, 15), "dragon_boat": ("端午节", 5, 5), "mid_autumn": ("中秋节", 8, 15)}
_LUNAR["double_ninth"] = ("重阳节", 9, 9)
_FIXED = {"new_year": ("元旦", 1, 1), "labour_day": ("劳动节", 5, 1), "national_day": ("国庆节", 10, 1)}


def festivals(year: int, wanted: Iterable[str]) -> list[Festival]:
    """The festivals of a year by date, those of a policy set's list. Source: P 四(一), D 四(5); calendar 7."""
    return sorted((_festival(year, each) for each in wanted), key=lambda each: each.first)


def _festival(year: int, name: str) -> Festival:
    if name == "new_year_eve":
        new_year = _lunar_day(year, 1, 1)
        return Festival(name, "除夕至正月初七", new_year - _ONE_DAY, new_year + 6 * _ONE_DAY)
    if name == "qingming":
        terms = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 30))
        day = next(day for day, term in terms if term == "清明")
        return Festival(name, "清明节", day, day)
    if name in _LUNAR:
        title, month, number = _LUNAR[name]
        day = _lunar_day(year, month, number)
    else:
        title, month, number = _FIXED[name]
        day = date(year, month, number)
    return Festival(name, title, day, day)


def _lunar_day(year: int, month: int, day: int) -> date:
    solar = Lunar.fromYmd(year, month, day).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


# --- the expression language ---

_NOT_GIVEN = object()


@function("working_days", "number", example='working_days(3, date and time("2026-09-30T10:00:00+08:00"))')
def working_days(count: Any, start: Any = _NOT_GIVEN) -> datetime | None:
    """In diagrams: `working_days(3)` from now, `working_days(3, some.time)`. Null when the start is no moment."""
    if type(count) is not int:
        return None
    if start is _NOT_GIVEN:
        start = clock.now()
    if isinstance(start, str):
        start = parse_moment(start)
    if isinstance(start, date) and not isinstance(start, datetime):
        start = datetime.combine(start, time())
    if not isinstance(start, datetime):
        return None
    return working_days_after(start if start.tzinfo else start.replace(tzinfo=clock.zone()), count)[0]


@function("is working day", example='is working day(date("2026-10-01"))')
def is_working_day_of(day: Any) -> bool | None:
    """In diagrams and tables: whether a day is a working day."""
    if isinstance(day, datetime):
        day = clock.local(day).date() if day.tzinfo else day.date()
    return is_working_day(day) if isinstance(day, date) else None
