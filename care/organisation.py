"""The units of the city: city > district > township > village > grid, departments and providers beside the tree.

A unit's path lists the ids from the city down (`/1/14/203/`) and is compared in byte order, so «everything below» is
a range on an index. Units are never deleted: they end on a day and name a successor.

Public: Unit, LEVELS, add, get, city, by_path, children, below, ancestor, chain, within, is_within, depth_ids, title,
department, close. Source: people-forms-indicators 5.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, ForeignKey, String, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from care.errors import NoCity, NotFound
from care.personal import PathColumn
from engine import clock
from engine.db import Base

LEVELS = ("city", "district", "township", "village", "grid")
BESIDE = ("department", "organisation")
LEVEL_TITLES = {
    "city": ("市", "City"),
    "district": ("旗县区", "District"),
    "township": ("苏木乡镇（街道）", "Township"),
    "village": ("嘎查村（社区）", "Village"),
    "grid": ("网格", "Grid"),
    "department": ("部门", "Department"),
    "organisation": ("机构", "Organisation"),
}


class Unit(Base):
    """One unit; `rural` is true for a 嘎查村, false for a 社区; `code` names departments (`justice`)."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(PathColumn, unique=True)
    level: Mapped[str] = mapped_column(String(16), index=True)
    code: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(80))
    rural: Mapped[bool] = mapped_column(default=False)
    main_urban: Mapped[bool] = mapped_column(default=False)  # counts as one «same area», policy 3.2
    duty_phone: Mapped[str] = mapped_column(String(32), default="")  # a desk's number, nobody's own
    from_on: Mapped[date | None] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))


def add(session: Session, parent: Unit | None, level: str, name: str, **facts: Any) -> Unit:
    """A new unit under `parent` (None only for the city), with its path."""
    if level not in LEVELS + BESIDE:
        raise ValueError(f"no such level: {level!r}")
    unit = Unit(parent_id=parent.id if parent else None, level=level, name=name, path="?", **facts)
    if unit.from_on is None:
        unit.from_on = clock.today()
    session.add(unit)
    unit.path = f"?{id(unit)}"  # unique until the id is known
    session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    session.flush()
    return unit


def get(session: Session, unit_id: int) -> Unit:
    """Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound(f"unit {unit_id}")
    return unit


def by_path(session: Session, path: str) -> Unit | None:
    return session.scalar(select(Unit).where(Unit.path == path))


def city(session: Session) -> Unit:
    """The root of the tree; raises NoCity."""
    found = session.scalar(select(Unit).where(Unit.level == "city").order_by(Unit.id).limit(1))
    if found is None:
        raise NoCity(NoCity.__doc__)
    return found


def children(session: Session, unit: Unit, level: str | None = None) -> list[Unit]:
    """Units directly below that exist today, in the order they were made."""
    asked = select(Unit).where(Unit.parent_id == unit.id, exists_today())
    if level is not None:
        asked = asked.where(Unit.level == level)
    return list(session.scalars(asked.order_by(Unit.id)))


def below(session: Session, path: str, level: str) -> list[Unit]:
    """All units of `level` at or below `path` that exist today."""
    asked = select(Unit).where(within(Unit.path, path), Unit.level == level, exists_today())
    return list(session.scalars(asked.order_by(Unit.path)))


def exists_today() -> ColumnElement[bool]:
    return Unit.until_on.is_(None) | (Unit.until_on > clock.today())


def depth_ids(path: str) -> list[int]:
    """`/1/14/203/` -> [1, 14, 203]."""
    return [int(part) for part in path.split("/") if part]


def chain(session: Session, path: str) -> list[Unit]:
    """The units of a path, the city first; ids that do not exist are left out."""
    found = {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_(depth_ids(path))))}
    return [found[each] for each in depth_ids(path) if each in found]


def ancestor(session: Session, path: str, level: str) -> Unit | None:
    """The unit of `level` that `path` lies in (itself included), or None."""
    asked = select(Unit).where(Unit.id.in_(depth_ids(path)), Unit.level == level)
    return session.scalar(asked)


def title(session: Session, path: str, levels: Iterable[str] = LEVELS[1:]) -> str:
    """The name as people write it, below the city: «示范区 青山街道 春光社区 第三网格»."""
    wanted = set(levels)
    return " ".join(unit.name for unit in chain(session, path) if unit.level in wanted)


def names_at(session: Session, paths: Collection[str], level: str) -> dict[str, str]:
    """The name of the unit of `level` that each path lies in, by path; one question for all."""
    wanted = {each for path in paths for each in depth_ids(path)}
    asked = select(Unit.id, Unit.name).where(Unit.id.in_(wanted), Unit.level == level)
    names = {row.id: row.name for row in session.execute(asked)} if wanted else {}
    return {path: next((names[each] for each in depth_ids(path) if each in names), "") for path in paths}


def within(column: InstrumentedAttribute[str] | ColumnElement[str], path: str) -> ColumnElement[bool]:
    """«column lies at or below path» as a range that both databases answer from an index."""
    return and_(column >= path, column < path[:-1] + "0")  # "0" follows "/" in byte order


def is_within(path: str, scope: str) -> bool:
    """The same test in Python."""
    return path.startswith(scope)


def department(session: Session, code: str, path: str) -> Unit | None:
    """The department `code` that serves `path`: the branch nearest to it (司法所 of the township before the bureau)."""
    asked = select(Unit).where(Unit.level == "department", Unit.code == code, exists_today())
    serving = [unit for unit in session.scalars(asked) if path.startswith(_place(unit))]
    return max(serving, key=lambda unit: len(unit.path), default=None)


def _place(department: Unit) -> str:
    """The path of the unit that a department stands beside."""
    return department.path[: -len(f"{department.id}/")]


def close(session: Session, unit: Unit, until_on: date, successor: Unit | None) -> None:
    """A unit ends on a day (merge, split, rename); who stands in its place is kept."""
    unit.until_on = until_on
    unit.successor_id = successor.id if successor else None
    session.flush()


def prefix(path: str, level: str) -> str | None:
    """The part of a path down to `level`, by depth and without asking the database; None when it ends above."""
    parts = depth_ids(path)
    depth = LEVELS.index(level) + 1
    return "/" + "/".join(map(str, parts[:depth])) + "/" if len(parts) >= depth else None
