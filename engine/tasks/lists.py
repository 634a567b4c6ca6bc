"""Lists of tasks, paged by key: the worklist of a person, the tasks of a unit, of an instance; counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import Session

from engine import clock
from engine.tasks.table import COLUMNS, DONE, IS_OPEN, LAST_RANK, OPEN, RANKS, TaskRow, of_row, task


@dataclass(frozen=True)
class Filters:
    """What narrows a list of tasks. `due_before` finds what is due until then; `late` what is overdue now;
    `without` leaves out the tasks of these instances, `subject_ids` finds what is about one of these elders."""

    state: str = OPEN
    process_id: str | None = None
    form_key: str | None = None
    role: str | None = None
    subject_id: int | None = None
    instance_id: UUID | None = None
    priority: str | None = None
    due_before: datetime | None = None
    late: bool = False
    without: frozenset[UUID] = frozenset()
    subject_ids: tuple[int, ...] | None = None
    claimed_by: int | None = None

    @property
    def finds_nothing(self) -> bool:
        return self.subject_ids is not None and not self.subject_ids

    @property
    def shape(self) -> frozenset[str]:
        """The names of what narrows: lists of one shape are asked for by one statement, which is built once."""
        return frozenset(name for name, plain in _PLAIN.items() if getattr(self, name) != plain)


_PLAIN = {each.name: each.default for each in fields(Filters)}
_EQUAL = ("process_id", "form_key", "role", "subject_id", "instance_id", "priority", "claimed_by")


@dataclass(frozen=True)
class Page:
    """One page of tasks; `after` is given to the next call, None on the last page."""

    rows: list[TaskRow] = field(default_factory=list)
    after: tuple[int, datetime, UUID] | None = None


@dataclass(frozen=True)
class Outline:
    """As much of an open task as counts need."""

    process_id: str | None
    priority: str | None
    due_at: datetime | None


def below(column: Any, unit_path: str) -> ColumnElement[bool]:
    """A unit and everything below it, as a range that an index serves: paths end with a slash."""
    return and_(column >= unit_path, column < _beyond(unit_path))


def _at_or_below(column: Any, number: int) -> ColumnElement[bool]:
    """The same for the unit that is given as number so."""
    path, beyond = (bindparam(f"{each}_{number}", type_=String) for each in ("path", "beyond"))
    return and_(column >= path, column < beyond)


def _beyond(unit_path: str) -> str:
    """The first text after all paths below a unit."""
    return unit_path[:-1] + "0"


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
    chosen = filters or Filters()
    if (person_id is None and not posts) or chosen.finds_nothing:
        return Page()
    asked = _listed(len(posts), person_id is not None, chosen.shape, _going_on(after), limit)
    return _page(session, asked, _whose(posts, person_id) | _values(chosen), after, limit)


def outline(
    session: Session, posts: Collection[tuple[str, str]], person_id: int | None, limit: int
) -> tuple[list[Outline], bool]:
    """What counts need of the first tasks of a person's worklist, and whether there are more."""
    if person_id is None and not posts:
        return [], False
    asked = _outlined(len(posts), person_id is not None, limit)
    rows = session.connection().execute(asked, _whose(posts, person_id)).all()
    return [Outline(row.process_id, row.priority, row.due_at) for row in rows[:limit]], len(rows) > limit


def _whose(posts: Collection[tuple[str, str]], person_id: int | None) -> dict[str, Any]:
    values: dict[str, Any] = {} if person_id is None else {"person": person_id, "now": clock.now()}
    for number, (role, path) in enumerate(sorted(posts)):
        values |= {f"role_{number}": role, f"path_{number}": path, f"beyond_{number}": _beyond(path)}
    return values


@cache
def _outlined(posts: int, person: bool, limit: int) -> Select[Any]:
    c = task.c
    return _query(_reasons(posts, person), frozenset(), None, limit, (c.process_id, c.priority, c.due_at))


@cache
def _listed(posts: int, person: bool, shape: frozenset[str], going_on: int | None, limit: int) -> Select[Any]:
    """The worklist of somebody with so many posts: built once, a page would spend as long on it as on the rows."""
    return _query(_reasons(posts, person), shape, going_on, limit)


class _Reason(NamedTuple):
    """Why a task is in somebody's list; `sorted`: few tasks, which come out of their index in another order."""

    holds: ColumnElement[bool]
    sorted: bool = False


def _reasons(posts: int, person: bool) -> list[_Reason]:
    """Each reason is served by one index, in the order of the list if it may have many tasks.

    A post's tasks lie at its own unit nearly always; those of units below are asked for apart, because a range of
    units comes out of the index in another order and has to be sorted.
    """
    c = task.c
    found: list[_Reason] = []
    if person:
        shown = or_(c.hidden_until.is_(None), c.hidden_until <= bindparam("now", type_=c.hidden_until.type))
        found.append(_Reason(and_(c.assignee_id == bindparam("person"), shown)))
        found.append(_Reason(c.also_person_id == bindparam("person")))
    for number in range(posts):
        role, path, beyond = (bindparam(f"{each}_{number}", type_=String) for each in ("role", "path", "beyond"))
        free = and_(c.assignee_id.is_(None), c.role == role)
        also = and_(c.also_person_id.is_(None), c.also_role == role)
        found.append(_Reason(and_(free, c.unit_path == path)))
        found.append(_Reason(and_(free, c.unit_path > path, c.unit_path < beyond), sorted=True))
        found.append(_Reason(and_(also, c.also_unit_path >= path, c.also_unit_path < beyond), sorted=True))
    return found


def find(
    session: Session,
    unit_path: str = "/",
    filters: Filters | None = None,
    after: tuple[int, datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """Tasks of a unit and all below it, whoever they are for."""
    chosen = filters or Filters()
    if chosen.finds_nothing:
        return Page()
    values = {"path_0": unit_path, "beyond_0": _beyond(unit_path)} | _values(chosen)
    return _page(session, _found(chosen.shape, _going_on(after), limit), values, after, limit)


@cache
def _found(shape: frozenset[str], going_on: int | None, limit: int) -> Select[Any]:
    return _query([_Reason(_at_or_below(task.c.unit_path, 0))], shape, going_on, limit)


def of_instance(session: Session, instance_id: UUID) -> list[TaskRow]:
    """All tasks of an instance, open and over, oldest first."""
    query = select(*COLUMNS).where(task.c.instance_id == instance_id).order_by(task.c.created_at, task.c.id)
    return [of_row(row) for row in session.connection().execute(query)]


@cache
def _done(going_on: bool, limit: int) -> Select[Any]:
    c, most = task.c, literal_column(str(int(limit) + 1), Integer)
    asked = select(*COLUMNS).where(c.done_by == bindparam("person"), c.state == DONE)
    if going_on:
        last = (bindparam(f"last_{each.name}", type_=each.type) for each in (c.done_at, c.id))
        asked = asked.where(tuple_(c.done_at, c.id) < tuple_(*last))
    return asked.order_by(c.done_at.desc(), c.id.desc()).limit(most)


def done_by(session: Session, person_id: int, after: tuple[int, datetime, UUID] | None = None, limit: int = 50) -> Page:
    """What a person did, newest first. The rank in `after` is 0: what is over has none."""
    values: dict[str, Any] = {"person": person_id}
    if after is not None:
        values |= {"last_done_at": after[1], "last_id": after[2]}
    rows = [of_row(row) for row in session.connection().execute(_done(after is not None, limit), values)]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], (0, last.done_at, last.id) if last and last.done_at else None)


def open_of(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, list[TaskRow]]:
    """The open tasks of several instances, the most pressing first, in one question."""
    found: dict[UUID, list[TaskRow]] = {}
    c = task.c
    query = select(*COLUMNS).where(c.instance_id.in_(instance_ids), IS_OPEN).order_by(c.rank, c.sort_at, c.id)
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
    chosen = filters or Filters()
    query = select(func.count()).select_from(task)
    query = query.where(below(task.c.unit_path, unit_path), *_narrow(chosen.shape))
    return session.connection().execute(query, _values(chosen)).scalar_one()


def _query(
    reasons: list[_Reason],
    shape: frozenset[str],
    going_on: int | None,
    limit: int,
    columns: tuple[ColumnElement[Any], ...] = COLUMNS,
) -> Select[Any]:
    """The first rows, in the order of the list, for which one of the reasons holds; `going_on`: after a last one.

    The first of each reason are put together by their keys, and only rows of the page are read whole. The number of
    rows stands in the text: PostgreSQL's plan for any number would read all tasks and sort them.
    """
    c, most = task.c, literal_column(str(int(limit) + 1), Integer)
    narrowed = _narrow(shape)
    if len(reasons) == 1:
        query = select(*columns, c.rank, c.sort_at).where(*narrowed, reasons[0].holds, *_after(c.rank, going_on))
        return query.order_by(c.rank, c.sort_at, c.id).limit(most)
    firsts: list[Select[Any]] = []
    for holds, by_sorting in reasons:
        first = select(c.id, c.rank, c.sort_at).where(*narrowed, holds).limit(most)
        if by_sorting:  # no index has this order: all open tasks would be walked through
            firsts.append(first.where(*_after(c.rank + 0, going_on)).order_by(c.rank + 0, c.sort_at, c.id))
        elif "priority" in shape:
            firsts.append(first.where(*_after(None, going_on)).order_by(c.sort_at, c.id))
        else:
            firsts += [first.where(*part).order_by(c.rank, c.sort_at, c.id) for part in _parts(going_on)]
    listed_firsts = [select(first.subquery(f"reason_{number}")) for number, first in enumerate(firsts)]
    together = union(*listed_firsts)  # a task that has two reasons comes once
    key = together.selected_columns
    listed = together.order_by(key.rank, key.sort_at, key.id).limit(most).subquery("listed")
    query = select(*columns, listed.c.rank, listed.c.sort_at).join_from(listed, task, c.id == listed.c.id)
    return query.order_by(listed.c.rank, listed.c.sort_at, listed.c.id)


def _going_on(after: tuple[int, datetime, UUID] | None) -> int | None:
    """Of the last row seen: LAST_RANK when no rank comes after its own, 0 for others; a statement is kept for each."""
    return None if after is None else LAST_RANK if after[0] >= LAST_RANK else 0


def _after(rank: ColumnElement[Any] | None, going_on: int | None) -> list[ColumnElement[bool]]:
    """What comes after the last row seen, among tasks of one rank where `rank` is None."""
    c = task.c
    keys = (c.sort_at, c.id) if rank is None else (rank, c.sort_at, c.id)
    last = [bindparam(f"last_{each.name}", type_=each.type) for each in (c.rank, c.sort_at, c.id)]
    return [] if going_on is None else [tuple_(*keys) > tuple_(*last[-len(keys) :])]


def _parts(going_on: int | None) -> list[list[ColumnElement[bool]]]:
    """The same in parts: the rest of the last row's rank, then the ranks after it.

    Of three keys compared at once PostgreSQL looks at the first alone to guess how many rows are left; where most tasks
    have one rank it thinks that none are, takes any index, and walks through all tasks of the city.
    """
    if going_on is None:
        return [[]]
    last = bindparam("last_rank", type_=Integer)
    rest = [task.c.rank == last, *_after(None, going_on)]
    return [rest] if going_on == LAST_RANK else [rest, [task.c.rank > last]]


def _page(
    session: Session,
    asked: Select[Any],
    values: dict[str, Any],
    after: tuple[int, datetime, UUID] | None,
    limit: int,
) -> Page:
    if after is not None:
        values = values | {"last_rank": after[0], "last_sort_at": after[1], "last_id": after[2]}
    rows = session.connection().execute(asked, values).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    return Page([of_row(row) for row in rows[:limit]], last_row and (last_row.rank, last_row.sort_at, last_row.id))


def _narrow(shape: frozenset[str]) -> list[ColumnElement[bool]]:
    """The conditions of filters of this shape; `_values` gives what they compare with."""
    c = task.c
    found = [c.state == bindparam("of_state") if "state" in shape else IS_OPEN]
    if "priority" in shape:
        found.append(c.rank == bindparam("of_rank"))
    found += [c[name] == bindparam(f"of_{name}") for name in _EQUAL if name in shape]
    if "subject_ids" in shape:
        found.append(c.subject_id.in_(bindparam("of_subjects", expanding=True)))
    if "due_before" in shape:
        found.append(c.due_at < bindparam("of_due_before"))
    if "late" in shape:
        found.append(c.due_at < bindparam("now", type_=c.due_at.type))
    if "without" in shape:
        found.append(or_(c.instance_id.is_(None), c.instance_id.not_in(bindparam("of_without", expanding=True))))
    return found


def _values(filters: Filters) -> dict[str, Any]:
    shape = filters.shape
    found = {f"of_{name}": getattr(filters, name) for name in (*_EQUAL, "state", "due_before") if name in shape}
    if "priority" in shape:
        found["of_rank"] = RANKS.get(filters.priority or "", LAST_RANK)
    if "subject_ids" in shape:
        found["of_subjects"] = filters.subject_ids
    if "late" in shape:
        found["now"] = clock.now()
    if "without" in shape:
        found["of_without"] = list(filters.without)
    return found
