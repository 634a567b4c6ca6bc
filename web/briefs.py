"""What a list shows of the elders that its tasks are about: one question for all of them.

An elder's name stands in full for whoever is responsible, lives close by in the work (grid, village) or is called in an
emergency; everybody else reads 王*兰. The door is named only to roles that go there. Source: design/look §4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from care import masking, organisation, roles
from care.elders import CATEGORY_TITLES, Elder
from care.organisation import Unit
from care.people import Person
from care.roles import Part
from care.visitors import Responsibility, holds_today
from engine import clock
from engine.tasks import TaskRow
from web.language import language
from web.words import age

_NEAR = frozenset(("grid", "village"))


@dataclass(frozen=True)
class Brief:
    """One elder as a list knows it; what must not be shown is decided by `seen`."""

    id: int
    number: str
    name: str
    born_on: date
    tier: str
    categories: tuple[str, ...]
    address: str
    unit_path: str
    unit: str
    own: bool


@dataclass(frozen=True)
class Seen:
    """What one row says of its elder: name (perhaps masked), completed years, living, door or village."""

    id: int
    name: str
    years: int
    living: str
    tier: str
    where: str


_OWN = (
    select(Responsibility.elder_id)
    .where(
        Responsibility.staff_id == bindparam("person"),
        Responsibility.elder_id == Elder.id,
        holds_today(today=bindparam("today")),
    )
    .correlate(Elder)
    .exists()
    .label("own")
)
_BRIEF = select(
    Elder.id,
    Elder.number,
    Elder.name,
    Elder.born_on,
    Elder.tier,
    Elder.categories,
    Elder.address,
    Elder.unit_path,
    _OWN,
).where(Elder.id.in_(bindparam("wanted", expanding=True)))
_NAMES = select(Unit.id, Unit.name, Unit.level).where(Unit.id.in_(bindparam("wanted", expanding=True)))


def of_elders(session: Session, person: Person, ids: Collection[int]) -> dict[int, Brief]:
    """The elders by id, in two questions however many there are."""
    if not ids:
        return {}
    rows = session.execute(_BRIEF, {"wanted": list(ids), "person": person.id, "today": clock.today()}).all()
    places = unit_names(session, (row.unit_path for row in rows))
    return {row.id: _brief(row, places[row.unit_path]) for row in rows}


def _brief(row: Any, unit: str) -> Brief:
    return Brief(
        id=row.id,
        number=row.number,
        name=row.name,
        born_on=row.born_on,
        tier=row.tier,
        categories=tuple(row.categories or ()),
        address=row.address,
        unit_path=row.unit_path,
        unit=unit,
        own=bool(row.own),
    )


def unit_names(session: Session, paths: Iterable[str], between: str = " ") -> dict[str, str]:
    """«春光社区 第三网格» by path, in one question."""
    wanted = set(paths)
    if not wanted:
        return {}
    ids = {each for path in wanted for each in organisation.depth_ids(path)}
    rows = session.execute(_NAMES, {"wanted": list(ids)}).all()
    known = {row.id: row for row in rows}
    found = {}
    for path in wanted:
        chain = [known[each] for each in organisation.depth_ids(path) if each in known]
        found[path] = between.join(unit.name for unit in chain[-2:] if unit.level in _NEAR) or (
            chain[-1].name if chain else ""
        )
    return found


def seen(brief: Brief, task: TaskRow) -> Seen:
    """What the row of this task may say."""
    role = roles.role(task.role) if roles.is_known(task.role) else None
    near = brief.own or task.priority == "urgent" or (role is not None and role.level in _NEAR)
    goes_there = role is not None and Part.ADDRESS in (role.parts | role.in_case)
    return Seen(
        brief.id,
        brief.name if near else masking.name(brief.name),
        age(brief.born_on, clock.today()),
        living(brief.categories),
        brief.tier,
        brief.address if near and goes_there and brief.address else brief.unit,
    )


def living(categories: Collection[str]) -> str:
    """The first word that says how the elder lives: 独居, 空巢, 留守; empty when none applies."""
    side = 1 if language() == "en" else 0
    for code in ("ALONE", "EMPTY_NEST", "LEFT_BEHIND"):
        if code in categories:
            return CATEGORY_TITLES[code][side]
    return ""
