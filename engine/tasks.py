"""User tasks: the rows of the worklist, who they are for and who took them.

A row follows the token of its instance: a step opens, finishes and cancels rows, nobody else does. A plain task stands
outside any instance (`instance_id` is None): it is how the desk hears of an alarm although no diagram runs.
Lists are paged by key: urgent first, then by due time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from engine import clock, db, history
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import UNIT_PATH, insert_once
from engine.vault import EncryptedDocument

OPEN, DONE, CANCELLED = "open", "done", "cancelled"
_RANKS = {"urgent": 0, "today": 1}
_NO_DUE = datetime(9999, 1, 1, tzinfo=UTC)

task = Table(
    "task",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id),
    Column("process_id", String(80)),
    Column("element_id", String(120), nullable=False),
    Column("name", String(200), nullable=False),
    Column("form_key", String(80)),
    Column("form_version", Integer),
    Column("role", String(60), nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("subject_id", Integer),
    Column("assignee_id", Integer),
    Column("why", String(60), nullable=False),
    Column("priority", String(20)),
    Column("due_at", Instant),
    Column("next_role", String(60)),
    Column("next_at", Instant),
    Column("separate_from", String(400)),
    Column("created_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("done_at", Instant),
    Column("done_by", Integer),
    Column("claimed_by", Integer),
    Column("key", String(200), unique=True),  # of a plain task: opened once however often it is asked for
    Column("detail", EncryptedDocument),  # of a plain task: what it is about
    Column("rank", Integer, nullable=False),
    Column("sort_at", Instant, nullable=False),
    Index("ix_task_role", "state", "role", "unit_path", "rank", "sort_at"),
    Index("ix_task_assignee", "assignee_id", "state", "rank", "sort_at"),
    Index("ix_task_instance", "instance_id", "element_id"),
    Index("ix_task_subject", "subject_id", "state"),
    Index("ix_task_due", "state", "due_at"),
    Index("ix_task_unit", "state", "unit_path"),
)


class NoSuchTask(EngineError):
    """There is no such task."""


class TaskNotOpen(EngineError):
    """Somebody else finished this task, or its process went on without it. What was written is kept as a supplement."""

    def __init__(self, task_id: UUID, state: str, who: int | None, when: datetime | None) -> None:
        super().__init__(str(TaskNotOpen.__doc__))
        self.task_id, self.state, self.who, self.when = task_id, state, who, when


class NotYours(EngineError):
    """Somebody else took this task; ask them to give it back, or the supervisor to hand it over."""

    def __init__(self, who: int) -> None:
        super().__init__(str(NotYours.__doc__))
        self.who = who


class SamePerson(EngineError):
    """Who did the earlier task may not do this one: another person has to."""


@dataclass(frozen=True)
class TaskRow:
    """A task as lists and pages show it; `due_at` in UTC, `next_role` gets it at `next_at` if nobody does it."""

    id: UUID
    instance_id: UUID | None
    process_id: str | None
    element_id: str
    name: str
    form_key: str | None
    form_version: int | None
    role: str
    unit_path: str
    subject_id: int | None
    assignee_id: int | None
    why: str
    priority: str | None
    due_at: datetime | None
    next_role: str | None
    next_at: datetime | None
    separate_from: str | None
    created_at: datetime
    state: str = OPEN
    done_at: datetime | None = None
    done_by: int | None = None
    claimed_by: int | None = None

    @property
    def is_overdue(self) -> bool:
        return self.state == OPEN and self.due_at is not None and self.due_at < clock.now()


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


COLUMNS = tuple(task.c[name] for name in TaskRow.__dataclass_fields__)
_INSERT = insert(task)
_CLOSE = (
    update(task)
    .where(task.c.id == bindparam("closed"))
    .values(state=bindparam("became"), done_at=bindparam("moment"), done_by=bindparam("person"))
)
_GET = select(*COLUMNS).where(task.c.id == bindparam("wanted"))


def of_row(row: Any) -> TaskRow:
    """A task of a row that has COLUMNS in front."""
    return TaskRow(*row[: len(COLUMNS)])


def follow(session: Session, opened: list[TaskRow], closed: list[tuple[UUID, str, int | None]]) -> None:
    """Write what a step did to the tasks of its instance: rows that opened, (id, state, by) of those that closed."""
    connection = session.connection()
    if closed:
        now = clock.now()
        connection.execute(
            _CLOSE, [{"closed": each, "became": state, "moment": now, "person": by} for each, state, by in closed]
        )
    if opened:
        connection.execute(_INSERT, [_values(row) for row in opened])


_HAND_ON = (
    update(task).where(task.c.id == bindparam("still")).values(next_at=bindparam("then"), next_role=bindparam("heir"))
)


def hand_on(session: Session, heirs: list[tuple[UUID, datetime | None, str | None]]) -> None:
    """Write who gets these open tasks next and when, after a timer has fired."""
    if heirs:
        rows = [{"still": each, "then": next_at, "heir": role} for each, next_at, role in heirs]
        session.connection().execute(_HAND_ON, rows)


def _values(row: TaskRow) -> dict[str, Any]:
    return row.__dict__ | {"rank": _RANKS.get(row.priority or "", 2), "sort_at": row.due_at or _NO_DUE}


def plain(
    session: Session,
    *,
    name: str,
    role: str,
    unit_path: str = "/",
    subject_id: int | None = None,
    assignee_id: int | None = None,
    form_key: str = "note",
    form_version: int | None = None,
    priority: str | None = "urgent",
    why: str = "engine_fallback",
    due_in: timedelta | None = timedelta(minutes=2),
    key: str | None = None,
    detail: dict[str, Any] | None = None,
    element_id: str = "plain",
) -> UUID | None:
    """Open a task outside any instance; with a `key` only once (None when it was opened before).

    `detail` is shown with the task (stored encrypted). It is completed by `run.complete_task` like any other, which
    keeps the answers and moves no token.
    """
    now = clock.now()
    row = TaskRow(
        db.new_id(), None, None, element_id, name, form_key, form_version, role, unit_path, subject_id, assignee_id,
        why, priority, None if due_in is None else now + due_in, None, None, None, now,
    )  # fmt: skip
    values = _values(row) | {"key": key, "detail": detail}
    return row.id if session.connection().execute(insert_once(session, task), values).rowcount == 1 else None


def get(session: Session, task_id: UUID) -> TaskRow:
    """Read a task; raises NoSuchTask."""
    row = session.connection().execute(_GET, {"wanted": task_id}).first()
    if row is None:
        raise NoSuchTask(str(task_id))
    return of_row(row)


def detail(session: Session, task_id: UUID) -> dict[str, Any]:
    """What a plain task is about, {} for tasks of instances."""
    return session.connection().execute(select(task.c.detail).where(task.c.id == task_id)).scalar_one_or_none() or {}


def claim(session: Session, task_id: UUID, by: int) -> TaskRow:
    """Take a task for oneself; raises NotYours when somebody took it, TaskNotOpen when it is over."""
    row = _open(session, task_id)
    if row.claimed_by is not None and row.claimed_by != by:
        raise NotYours(row.claimed_by)
    if row.claimed_by is None:
        _change(session, row, "claimed", by, claimed_by=by, assignee_id=by)
    return get(session, task_id)


def release(session: Session, task_id: UUID, by: int | None = None) -> None:
    """Give a task back to everybody of its role."""
    _change(session, _open(session, task_id), "released", by, claimed_by=None, assignee_id=None, why="your_role")


def hand_over(
    session: Session,
    task_id: UUID,
    person_id: int | None,
    role: str,
    unit_path: str,
    why: str,
    by: int | None = None,
) -> None:
    """Make a task somebody's, or a role's at a unit: delegation, a stand-in, a change of visitor."""
    values = {"assignee_id": person_id, "claimed_by": None, "role": role, "unit_path": unit_path, "why": why}
    _change(session, _open(session, task_id), "handed_over", by, **values)


def _change(session: Session, row: TaskRow, what: str, by: int | None, **values: Any) -> None:
    session.connection().execute(update(task).where(task.c.id == row.id).values(**values))
    history.write(session, row.instance_id, by, what, row.element_id, row.subject_id, row.unit_path, task=row.id)


def _open(session: Session, task_id: UUID) -> TaskRow:
    row = get(session, task_id)
    if row.state != OPEN:
        raise TaskNotOpen(task_id, row.state, row.done_by, row.done_at)
    return row


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
    """Open tasks of a person: their own, and those of the roles they hold (role, unit path) that nobody took."""
    c = task.c
    mine: list[ColumnElement[bool]] = [c.assignee_id == person_id] if person_id is not None else []
    mine += [and_(c.assignee_id.is_(None), c.role == role, below(c.unit_path, path)) for role, path in posts]
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
