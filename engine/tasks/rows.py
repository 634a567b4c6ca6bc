"""One task: opened and closed by a step or plainly, read, taken, given back, handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, db, history
from engine.db import Instant
from engine.operations import Subject
from engine.rows import insert_once
from engine.tasks import moments
from engine.tasks.successor import with_next
from engine.tasks.table import (
    COLUMNS,
    NO_DUE,
    OPEN,
    RANKS,
    NoSuchTask,
    NotYours,
    TaskNotOpen,
    TaskRow,
    of_row,
    task,
)

_GET = select(*COLUMNS).where(task.c.id == bindparam("wanted"))
_INSERT = insert(task)
_CLOSE = (
    update(task)
    .where(task.c.id == bindparam("closed"))
    .values(state=bindparam("became"), done_at=bindparam("moment"), done_by=bindparam("person"))
)


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
_LEFT = (
    update(task)
    .where(task.c.id == bindparam("still"))
    .values(
        next_at=None, next_role=None, ladder_at=case((task.c.due_at.is_not(None), bindparam("moment", type_=Instant)))
    )
)


def hand_on(session: Session, heirs: list[tuple[UUID, datetime | None, str | None]]) -> None:
    """Write who gets these open tasks next and when, after a timer has fired; the ladder names the rest at once."""
    named = [{"still": each, "then": next_at, "heir": role} for each, next_at, role in heirs if role is not None]
    left = [{"still": each, "moment": clock.now()} for each, _, role in heirs if role is None]
    if named:
        session.connection().execute(_HAND_ON, named)
    if left:
        session.connection().execute(_LEFT, left)


def _values(row: TaskRow) -> dict[str, Any]:
    ranked = {"rank": RANKS.get(row.priority or "", 2), "sort_at": row.due_at or NO_DUE}
    return row.__dict__ | ranked | {"ladder_at": moments.first(row), "ladder_stage": moments.HALF}


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
    values = _values(with_next(session, row, Subject(subject_id, unit_path, ""))) | {"key": key, "detail": detail}
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


def claim(session: Session, task_id: UUID, by: int, taking_over: bool = False) -> TaskRow:
    """Take a task for oneself; raises NotYours when somebody took it, TaskNotOpen when it is over.

    `taking_over`: by the level that has it as well, from whoever holds it; it is that level's task from then on.
    """
    row = _open(session, task_id)
    if taking_over and row.also_role is not None:
        level = {"role": row.also_role, "unit_path": row.also_unit_path, "why": "handed_up"}
        nobody = {"also_role": None, "also_unit_path": None, "also_person_id": None}
        _change(session, row, "claimed", by, claimed_by=by, assignee_id=by, **level, **nobody)
        return get(session, task_id)
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
    row = _open(session, task_id)
    if row.next_at is not None and row.next_at == moments.handed_up_at(row):
        now_held = replace(row, assignee_id=person_id, role=role, unit_path=unit_path, next_role=None, next_at=None)
        values["next_role"] = with_next(session, now_held, Subject(row.subject_id, unit_path, "")).next_role
    _change(session, row, "handed_over", by, **values)


def _change(session: Session, row: TaskRow, what: str, by: int | None, **values: Any) -> None:
    session.connection().execute(update(task).where(task.c.id == row.id).values(**values))
    history.write(session, row.instance_id, by, what, row.element_id, row.subject_id, row.unit_path, task=row.id)


def _open(session: Session, task_id: UUID) -> TaskRow:
    row = get(session, task_id)
    if row.state != OPEN:
        raise TaskNotOpen(task_id, row.state, row.done_by, row.done_at)
    return row
