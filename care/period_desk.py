"""Special periods in the hands of the desks: one begun by hand or by a warning, those that run, one ended early.

A district opens what it begins itself; what the city begins is confirmed by the district. Festivals need nobody: the
night opens them (care/renewals.py). Ending early keeps who did it and why; what was reached until then stays counted.
Public: RIGHT, districts, faults, start, Coming, coming, listed, end_early.
Source: processes P09 (manual start, T1, cancel closes), 4.9; calendar 7; R-FREQ-03.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import organisation, policies, policy_calendar, roles, special_periods
from care.errors import RuleBroken
from care.organisation import Unit
from care.people import Person
from care.special_periods import LEVELS, LONGEST, WEATHER, SpecialPeriod, Wanted
from engine import clock, history, incoming, run

RIGHT = "begin_period"
AHEAD = timedelta(days=60)
"""How far ahead festivals are shown."""
RECENT = 20


def districts(session: Session, person: Person) -> list[Unit]:
    """The districts in which the person may begin and end special periods."""
    paths = sorted({post.unit_path for post in person.posts if RIGHT in roles.role(post.role).rights})
    found = {unit.path: unit for path in paths for unit in organisation.below(session, path, "district")}
    return [found[path] for path in sorted(found)]


def faults(wanted: Wanted) -> dict[str, tuple[str, str]]:
    """What is wrong with a proposal, by field, in both languages; {} when nothing is."""
    found = {}
    if wanted.kind not in WEATHER:
        found["kind"] = ("选一种天气或“其他”。", "Choose a kind of weather, or «other».")
    if wanted.level and wanted.level not in LEVELS:
        found["level"] = ("预警级别不对。", "There is no such level of warning.")
    if wanted.kind == "other" and not wanted.name:
        found["name"] = ("写明是什么情况。", "Say what it is.")
    begins = wanted.from_at or clock.now()
    if wanted.until_at is None:
        found["until"] = ("写明到什么时候。", "Say until when.")
    elif wanted.until_at <= max(begins, clock.now()):
        found["until"] = ("结束要在开始和现在之后。", "The end must lie after the beginning and after now.")
    elif wanted.until_at > begins + LONGEST:
        found["until"] = ("一次最多14天，到时可以再开。", "At most 14 days at once; it can be opened again then.")
    return found


def start(session: Session, wanted: Wanted, by: int, own: bool, submission: str) -> UUID:
    """The instance that leads it; the same submission again is the same instance.

    `own`: the district itself asks, so nobody is asked again; otherwise its desk confirms within two hours.
    """
    data = {
        "area": wanted.unit_path,
        "unit_path": wanted.unit_path,
        "kind": wanted.kind,
        "level": wanted.level,
        "name": wanted.name,
        "id": wanted.source,
        "from": wanted.from_at.isoformat() if wanted.from_at else None,
        "to": wanted.until_at.isoformat() if wanted.until_at else None,
        "by_district": own,
    }
    return run.start(session, "special_period", data, key=f"hand:{submission}", by=by)


@dataclass(frozen=True)
class Coming:
    """A festival that opens by itself on `opens_on`."""

    name: str
    opens_on: date
    first: date
    last: date


def coming(day: date, policy: str = policies.DEFAULT_POLICY) -> list[Coming]:
    """Festivals of a policy that open after `day`, the nearest first. Source: calendar 7."""
    rules = policies.policy_set(policy)
    before = timedelta(days=rules.festival_opens_days_before)
    found = [
        Coming(each.name, each.first - before, each.first, each.last)
        for year in (day.year, day.year + 1)
        for each in policy_calendar.festivals(year, rules.festivals)
    ]
    return sorted(
        (each for each in found if day < each.opens_on <= day + AHEAD), key=lambda each: (each.opens_on, each.name)
    )


def listed(session: Session, paths: Sequence[str]) -> list[SpecialPeriod]:
    """Proposed and open periods of these districts, then the latest that are over; newest first within each."""
    here = or_(*(organisation.within(SpecialPeriod.unit_path, path) for path in paths))
    newest = select(SpecialPeriod).where(here).order_by(SpecialPeriod.id.desc())
    running = list(session.scalars(newest.where(SpecialPeriod.state.in_(("proposed", "open")))))
    over = newest.where(SpecialPeriod.state.not_in(("proposed", "open"))).limit(RECENT)
    return [*running, *session.scalars(over)]


def end_early(session: Session, row: SpecialPeriod, reason: str, by: int) -> None:
    """The district or the city ends an open period; the process closes it and asks for the report.

    Raises RuleBroken when it is not open (any more), or without a reason.
    """
    if row.state != "open":
        raise RuleBroken("这个时段没有在进行，不用结束。", "This period is not open, so there is nothing to end.")
    if not reason.strip():
        raise RuleBroken("写明为什么提前结束。", "Say why it ends early.")
    row.end_reason, row.ended_by = reason.strip()[:200], by
    special_periods.change(session, row, None, None, cancel=True)
    history.write(session, row.instance_id, by, "period.ended", None, None, row.unit_path, row.end_reason)
    incoming.message(session, "special_period.changed", str(row.id), {"period_id": row.id})


def local_moment(text: str) -> datetime | None:
    """What a date-and-time field sends, in the city's time; None when it is empty. Raises ValueError."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.zone()) if text else None
