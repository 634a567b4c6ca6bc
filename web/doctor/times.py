"""Time: clock, zone, and the calendar of working days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text

from care import policy_calendar
from engine import clock, db
from engine.settings import settings
from web.doctor.findings import BAD, OK, WARN, Finding, graded, ok, warn


def same_clock() -> Iterator[Finding]:
    """This machine and the database agree on the time."""
    if clock.offset():
        yield warn(
            "clock",
            f"时钟被拨快了 {clock.offset()}，只能用于演示",
            f"the clock is moved by {clock.offset()}: for demonstrations only",
        )
    if db.database().is_sqlite:
        yield ok("clock", "数据库在本机，同一个时钟", "the database is on this machine, with the same clock")
        return
    with db.reading() as session:
        before = clock.wall()
        theirs = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        drift = abs((theirs - (before + (clock.wall() - before) / 2)).total_seconds())
    zh, en = f"与数据库服务器相差 {drift:.2f} 秒", f"{drift:.2f} s apart from the database server"
    level = BAD if drift > 5 else WARN if drift > 1 else OK
    yield graded(level, "clock", zh, en, "请用 NTP 对时", "run NTP on both")


def zone() -> Iterator[Finding]:
    """The zone of the city."""
    if settings().time_zone == "Asia/Shanghai":
        yield ok("zone", "时区 Asia/Shanghai", "zone Asia/Shanghai")
    else:
        yield warn(
            "zone",
            f"时区是 {settings().time_zone}，请核对 VISITFLOW_TIME_ZONE",
            f"zone {settings().time_zone}: check VISITFLOW_TIME_ZONE",
        )


def calendar() -> Iterator[Finding]:
    """The working days of this year and of the next two months are confirmed."""
    this_year = clock.today().year
    soon = clock.today() + timedelta(days=60)
    for year in sorted({this_year, soon.year}):
        with db.reading() as session:
            confirmed = policy_calendar.is_confirmed(session, year)
        if confirmed:
            yield ok("calendar", f"{year} 年工作日历已确认", f"the calendar of {year} is confirmed")
        else:
            level = BAD if year == this_year else WARN
            yield Finding(
                level,
                "calendar",
                f"{year} 年工作日历还没有确认，请在系统里确认",
                f"the calendar of {year} is not confirmed: confirm it",
            )
