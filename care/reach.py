"""Posts that nobody holds: tasks that reach nobody now, and desks at which the next one would reach nobody."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from care import roles
from care.organisation import Unit
from care.people.tables import Post, Staff, StaffAbsence, absent, absent_now, held_today
from engine import clock
from engine.tasks import OPEN, task

DESKS = ("grid_worker", "village_desk", "township_desk", "district_desk", "city_desk", "monitor_desk")
"""The roles that every unit of their level needs: tasks are resolved to them, and the ladder of lateness ends there."""


@dataclass(frozen=True)
class Empty:
    """A role that nobody holds at a unit; `tasks` of it are open there and belong to nobody."""

    role: str
    unit_id: int | None
    unit: str
    tasks: int


def held(session: Session) -> set[tuple[str, str]]:
    """(role, unit path) of every post that somebody fills now, by being there or by standing in."""
    there = (
        select(Post.role, Post.unit_path)
        .join(Staff, Staff.id == Post.staff_id)
        .where(held_today(), ~absent(Post.staff_id))
        .where(or_(Staff.until_on.is_(None), Staff.until_on > clock.today()))
    )
    lent = (
        select(Post.role, Post.unit_path)
        .join(StaffAbsence, StaffAbsence.staff_id == Post.staff_id)
        .where(held_today(), absent_now(), StaffAbsence.stand_in_id.is_not(None))
    )
    return {(row[0], row[1]) for query in (there, lent) for row in session.execute(query.distinct())}


def without_anybody(session: Session) -> list[Empty]:
    """Open tasks that are nobody's and whose role nobody holds at their unit, the most first."""
    c = task.c
    query = select(c.role, c.unit_path, func.count()).where(
        c.state == OPEN, c.assignee_id.is_(None), c.role != "self_test"
    )
    filled, found = held(session), []
    for role, path, count in session.connection().execute(query.group_by(c.role, c.unit_path)):
        if (role, path) not in filled:
            unit = session.scalar(select(Unit).where(Unit.path == path))
            found.append(Empty(role, unit.id if unit else None, unit.name if unit else path, count))
    return sorted(found, key=lambda each: -each.tasks)


def empty_desks(session: Session) -> dict[str, list[str]]:
    """Desk → names of the units of its level at which nobody holds it; a city's desk may sit in a district."""
    filled, found = held(session), defaultdict(list)
    for role in DESKS:
        level = roles.role(role).level
        units = session.execute(
            select(Unit.path, Unit.name).where(Unit.level == level, _exists_now()).order_by(Unit.path)
        )
        for path, name in units:
            somewhere = any(known == role and where.startswith(path) for known, where in filled)
            if not (somewhere if level == "city" else (role, path) in filled):
                found[role].append(name)
    return dict(found)


def _exists_now() -> ColumnElement[bool]:
    return or_(Unit.until_on.is_(None), Unit.until_on > clock.today())
