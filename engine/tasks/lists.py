"""Lists of tasks, paged by key: the worklist of a person, the tasks of a unit, of an instance; counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from engine import clock
from engine.tasks.table import COLUMNS, DONE, OPEN, TaskRow, of_row, task


@dataclass(frozen=True)
class Filters:
    """What narrows a list of tasks. `due_before` finds what is due until then; `late` what is overdue now."""

    state: str = OPEN
    process_id: str | None = None
    form_key: str | None = None
    role: str | None = None
    subject_id: int | None = None
    instance_id: UUID | None = None
    priority: str | None = None
    due_before: datetime | None = None
    late: bool = False


@dataclass(frozen=True)
class Page:
    """One page of tasks; `after` is given to the next call, None on the last page."""

    rows: list[TaskRow] = field(default_factory=list)
    after: tuple[int, datetime, UUID] | None = None


def below(column: Any, unit_path: str) -> ColumnElement[bool]:
    """A unit and everything below it, as a range that an index serves: paths end with a slash."""
    return and_(column >= unit_path, column < unit_path[:-1] + "0")


def worklist(
    session: Session,
    posts: Collection[tuple[str, str]],
    person_id: int | None,
    after: tuple[int, datetime, UUID] | None = None,
    limit: int = 50,
    filters: Filters | None = None,
) -> Page:
    """Open tasks of a person: their own, those of the roles they hold (role, unit path) that nobody took, and the
    late ones that came up the ladder to them as well."""
    c = task.c
    mine: list[ColumnElement[bool]] = []
    if person_id is not None:
        mine += [c.assignee_id == person_id, c.also_person_id == person_id]
    for role, path in posts:
        mine.append(and_(c.assignee_id.is_(None), c.role == role, below(c.unit_path, path)))
        mine.append(and_(c.also_person_id.is_(None), c.also_role == role, below(c.also_unit_path, path)))
    return _page(session, or_(*mine) if mine else false(), filters or Filters(), after, limit)


def find(
    session: Session,
    unit_path: str = "/",
    filters: Filters | None = None,
    after: tuple[int, datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """Tasks of a unit and all below it, whoever they are for."""
    return _page(session, below(task.c.unit_path, unit_path), filters or Filters(), after, limit)


def of_instance(session: Session, instance_id: UUID) -> list[TaskRow]:
    """All tasks of an instance, open and over, oldest first."""
    query = select(*COLUMNS).where(task.c.instance_id == instance_id).order_by(task.c.created_at, task.c.id)
    return [of_row(row) for row in session.connection().execute(query)]


def open_of(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, list[TaskRow]]:
    """The open tasks of several instances, the most pressing first, in one question."""
    found: dict[UUID, list[TaskRow]] = {}
    c = task.c
    query = select(*COLUMNS).where(c.instance_id.in_(instance_ids), c.state == OPEN).order_by(c.rank, c.sort_at, c.id)
    for row in session.connection().execute(query) if instance_ids else ():
        each = of_row(row)
        found.setdefault(cast(UUID, each.instance_id), []).append(each)
    return found


_DOERS = select(task.c.done_by).where(
    task.c.instance_id == bindparam("of_instance"),
    task.c.element_id.in_(bindparam("elements", expanding=True)),
    task.c.state == DONE,
    task.c.done_by.is_not(None),
)


def doers(session: Session, instance_id: UUID, elements: Collection[str]) -> set[int]:
    """Who did these elements in this instance."""
    values = {"of_instance": instance_id, "elements": list(elements)}
    return set(session.connection().scalars(_DOERS, values))


def count(session: Session, unit_path: str = "/", filters: Filters | None = None) -> int:
    """How many tasks `find` would list."""
    query = select(func.count()).select_from(task)
    query = query.where(below(task.c.unit_path, unit_path), *_narrow(filters or Filters()))
    return session.connection().execute(query).scalar_one()


def _page(
    session: Session,
    where: ColumnElement[bool],
    filters: Filters,
    after: tuple[int, datetime, UUID] | None,
    limit: int,
) -> Page:
    c = task.c
    query = select(*COLUMNS, c.rank, c.sort_at).where(where, *_narrow(filters))
    if after is not None:
        rank, sort_at, last = after
        last_key = literal(rank), literal(sort_at, c.sort_at.type), literal(last, c.id.type)
        query = query.where(tuple_(c.rank, c.sort_at, c.id) > tuple_(*last_key))
    rows = session.connection().execute(query.order_by(c.rank, c.sort_at, c.id).limit(limit + 1)).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    return Page([of_row(row) for row in rows[:limit]], last_row and (last_row.rank, last_row.sort_at, last_row.id))


def _narrow(filters: Filters) -> list[ColumnElement[bool]]:
    c = task.c
    found = [c.state == filters.state]
    for name in ("process_id", "form_key", "role", "subject_id", "instance_id", "priority"):
        value = getattr(filters, name)
        if value is not None:
            found.append(c[name] == value)
    if filters.due_before is not None:
        found.append(c.due_at < filters.due_before)
    if filters.late:
        found.append(c.due_at < clock.now())
    return found
