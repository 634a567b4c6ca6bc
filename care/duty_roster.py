"""Who is on call in each office, and which offices are empty: a ladder never ends at one.

An office is the desk of a village, township, district or of the city. Whoever holds its post and is not away mans it by
day; the roster names one person and a stand-in for each night and holiday. What would come to an empty office goes to
the next one above that is manned (care/roles_of.py, care/ladder.py); here it shows, and to whom it goes.

Public: DutyTurn, DESKS, Office, offices, set_turns, turns. Source: R-USR-07; issued plan 三(三), 五(一); processes P36.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, ForeignKey, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import organisation, people
from care.errors import RuleBroken
from care.organisation import Unit
from care.people import Post, Staff
from care.personal import PathColumn
from engine import clock, operations
from engine.db import Base
from engine.operations import Subject

DESKS = {"village": "village_desk", "township": "township_desk", "district": "district_desk", "city": "city_desk"}
LONGEST_DAYS = 62


class DutyTurn(Base):
    """One night or holiday of an office: who is on call, and who stands in."""

    __tablename__ = "duty_turn"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    day: Mapped[date] = mapped_column(Date)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    __table_args__ = (UniqueConstraint("unit_path", "day"),)


@dataclass(frozen=True)
class Office:
    """An office now: who mans it, who is on call tonight, and where its work goes while nobody mans it."""

    unit: Unit
    there: tuple[int, ...]
    away: tuple[int, ...]
    tonight: int | None
    goes_to: tuple[str, str] | None  # (role, unit path)

    @property
    def is_empty(self) -> bool:
        return not self.there


def offices(session: Session, units: Sequence[Unit]) -> list[Office]:
    """These offices as they are now; two questions, and one more for each that is empty."""
    paths = {unit.path: DESKS[unit.level] for unit in units if unit.level in DESKS}
    if not paths:
        return []
    asked = (
        select(Post.unit_path, Post.staff_id, people.absent(Post.staff_id))
        .join(Staff, Staff.id == Post.staff_id)
        .where(
            or_(*((Post.unit_path == path) & (Post.role == role) for path, role in paths.items())),
            people.held_today(),
            or_(Staff.until_on.is_(None), Staff.until_on > clock.today()),
        )
        .order_by(Post.id)
    )
    found: dict[str, tuple[list[int], list[int]]] = {path: ([], []) for path in paths}
    for path, staff_id, is_away in session.execute(asked):
        found[path][bool(is_away)].append(staff_id)
    on_call = select(DutyTurn.unit_path, DutyTurn.staff_id).where(
        DutyTurn.day == clock.today(), DutyTurn.unit_path.in_(paths)
    )
    tonight = {row.unit_path: row.staff_id for row in session.execute(on_call)}
    return [
        Office(
            unit, tuple(found[unit.path][0]), tuple(found[unit.path][1]), tonight.get(unit.path),
            None if found[unit.path][0] else _goes_to(session, unit),
        )
        for unit in units
        if unit.path in paths
    ]  # fmt: skip


def _goes_to(session: Session, unit: Unit) -> tuple[str, str] | None:
    """The first level above that is manned; None when none is."""
    found = operations.role_of(session, DESKS[unit.level], Subject(None, unit.path, ""), {"unit_path": unit.path})
    return None if (found.role, found.unit_path) == (DESKS[unit.level], unit.path) else (found.role, found.unit_path)


def set_turns(
    session: Session, unit: Unit, from_on: date, until_on: date, staff_id: int, stand_in_id: int | None
) -> int:
    """Put a worker on call for some days, that of `until_on` included; how many days. What stood there is replaced.

    Raises RuleBroken for days in the past, more than two months, a stand-in who is the same person, and for somebody
    without a post in the unit.
    """
    days = (until_on - from_on).days + 1
    if not 1 <= days <= LONGEST_DAYS or from_on < clock.today():
        raise RuleBroken("从今天起，一次最多排两个月", "from today on, at most two months at a time")
    if stand_in_id == staff_id:
        raise RuleBroken("值班人和替班人不能是同一人", "the stand-in is somebody else")
    for each in filter(None, (staff_id, stand_in_id)):
        posts = people.posts_of(session, each)
        if not any(organisation.is_within(post.unit_path, unit.path) for post in posts):
            raise RuleBroken("值班人要在本单位有岗位", "whoever is on call has a post in the unit")
    for number in range(days):
        day = from_on + timedelta(days=number)
        row = session.scalar(select(DutyTurn).where(DutyTurn.unit_path == unit.path, DutyTurn.day == day))
        if row is None:
            row = DutyTurn(unit_path=unit.path, day=day, staff_id=staff_id)
            session.add(row)
        row.staff_id, row.stand_in_id = staff_id, stand_in_id
    session.flush()
    return days


def turns(session: Session, unit_path: str, from_on: date, days: int) -> dict[date, DutyTurn]:
    """The roster of a unit by day."""
    until = from_on + timedelta(days=days)
    asked = select(DutyTurn).where(DutyTurn.unit_path == unit_path, DutyTurn.day >= from_on, DutyTurn.day < until)
    return {row.day: row for row in session.scalars(asked)}
