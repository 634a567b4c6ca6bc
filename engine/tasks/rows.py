"""One task: opened and closed by a step or plainly, read, taken, given back, handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, String, Update, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from engine import clock, db, history
from engine.db import Instant
from engine.operations import Subject
from engine.rows import insert_all, insert_once
from engine.tasks import moments
from engine.tasks.successor import with_next
from engine.tasks.table import (
    CANCELLED,
    COLUMNS,
    IS_OPEN,
    LAST_RANK,
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
from engine.together import write

_GET = select(*COLUMNS).where(task.c.id == bindparam("wanted"))
_LOCK = _GET.with_for_update()
TOLD = frozenset(
    ("assignee_id", "claimed_by", "role", "unit_path", "why", "delegated_by", "hidden_until", "state", "done_by")
)
"""What of a task the history tells when somebody changes it."""


def _closing(itself: ColumnElement[bool], signs_beside: ColumnElement[bool]) -> Update:
    """Close a task, and with it what others were asked to sign beside it."""
    return (
        update(task)
        .where(or_(itself, and_(signs_beside, IS_OPEN)))
        .values(
            state=case((itself, bindparam("became", type_=String)), else_=CANCELLED),
            done_at=bindparam("moment"),
            done_by=case((itself, bindparam("person", type_=Integer))),
        )
    )


_CLOSE = _closing(task.c.id == bindparam("closed"), task.c.parent_id == bindparam("closed"))
_CLOSE_ALL = _closing(
    task.c.id.in_(bindparam("closed", expanding=True)), task.c.parent_id.in_(bindparam("closed", expanding=True))
)


def follow(session: Session, opened: list[TaskRow], closed: list[tuple[UUID, str, int | None]]) -> None:
    """Write what a step did to the tasks of its instance: rows that opened, (id, state, by) of those that closed.

    What co-signers have not yet signed of a closed task is cancelled with it.
    """
    became: dict[tuple[str, int | None], list[UUID]] = {}
    for task_id, state, by in closed:
        became.setdefault((state, by), []).append(task_id)
    for (state, by), task_ids in became.items():
        values = {"became": state, "moment": clock.now(), "person": by}
        if len(task_ids) == 1:
            write(session, _CLOSE, values | {"closed": task_ids[0]})
        else:
            session.connection().execute(_CLOSE_ALL, values | {"closed": task_ids})
    insert_all(session, task, [values_of(row) for row in opened])


_HAND_ON = (
    update(task)
    .where(task.c.id.in_(bindparam("still", expanding=True)))
    .values(next_at=bindparam("then"), next_role=bindparam("heir"))
)
_LEFT = (
    update(task)
    .where(task.c.id.in_(bindparam("still", expanding=True)))
    .values(
        next_at=None, next_role=None, ladder_at=case((task.c.due_at.is_not(None), bindparam("moment", type_=Instant)))
    )
)


def hand_on(session: Session, heirs: list[tuple[UUID, datetime | None, str | None]]) -> None:
    """Write who gets these open tasks next and when, after a timer has fired; the ladder names the rest at once."""
    alike: dict[tuple[datetime | None, str | None], list[UUID]] = {}
    for task_id, next_at, role in heirs:
        alike.setdefault((next_at if role else None, role), []).append(task_id)
    for (next_at, role), task_ids in alike.items():
        if role is None:
            session.connection().execute(_LEFT, {"still": task_ids, "moment": clock.now()})
        else:
            session.connection().execute(_HAND_ON, {"still": task_ids, "then": next_at, "heir": role})


def rest(session: Session, instance_id: UUID) -> None:
    """Let nobody be reminded of the tasks of an instance that is suspended."""
    session.connection().execute(_of(instance_id).values(ladder_at=None))


def go_on(session: Session, instance_id: UUID) -> None:
    """Let the ladder look again at the tasks of an instance."""
    session.connection().execute(_of(instance_id).where(task.c.due_at.is_not(None)).values(ladder_at=clock.now()))


def _of(instance_id: UUID) -> Update:
    return update(task).where(task.c.instance_id == instance_id, task.c.state == OPEN)


def values_of(row: TaskRow) -> dict[str, Any]:
    """The columns of a new row."""
    ranked = {"rank": RANKS.get(row.priority or "", LAST_RANK), "sort_at": row.due_at or NO_DUE}
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
    values = values_of(with_next(session, row, Subject(subject_id, unit_path, ""))) | {"key": key, "detail": detail}
    return row.id if session.connection().execute(insert_once(session, task), values).rowcount == 1 else None


def get(session: Session, task_id: UUID, locked: bool = False) -> TaskRow:
    """Read a task (`locked`: and let nobody else change it before the commit); raises NoSuchTask."""
    row = session.connection().execute(_LOCK if locked else _GET, {"wanted": task_id}).first()
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
    row = opened(session, task_id)
    if taking_over and row.also_role is not None:
        level: dict[str, Any] = {"role": row.also_role, "unit_path": row.also_unit_path, "why": "handed_up"}
        nobody: dict[str, Any] = {"also_role": None, "also_unit_path": None, "also_person_id": None}
        change(session, row, "claimed", by, claimed_by=by, assignee_id=by, **level, **nobody)
        return get(session, task_id)
    if row.claimed_by is not None and row.claimed_by != by:
        raise NotYours(row.claimed_by)
    if row.claimed_by is None:
        change(session, row, "claimed", by, claimed_by=by, assignee_id=by)
    return get(session, task_id)


def release(session: Session, task_id: UUID, by: int | None = None) -> None:
    """Give a task back to everybody of its role."""
    change(session, opened(session, task_id), "released", by, claimed_by=None, assignee_id=None, why="your_role")


def hand_over(
    session: Session,
    task_id: UUID,
    person_id: int | None,
    role: str,
    unit_path: str,
    why: str,
    by: int | None = None,
    what: str = "handed_over",
    word: UUID | None = None,
    **more: Any,
) -> None:
    """Make a task somebody's, or a role's at a unit: delegation, a stand-in, a change of visitor.

    `what` is how the history calls it, `more` are further columns that change with it.
    """
    values = {"assignee_id": person_id, "claimed_by": None, "role": role, "unit_path": unit_path, "why": why} | more
    row = opened(session, task_id)
    if row.next_at is not None and row.next_at == moments.handed_up_at(row):
        now_held = replace(row, assignee_id=person_id, role=role, unit_path=unit_path, next_role=None, next_at=None)
        values["next_role"] = with_next(session, now_held, Subject(row.subject_id, unit_path, "")).next_role
    change(session, row, what, by, word, **values)


def change(session: Session, row: TaskRow, what: str, by: int | None, word: UUID | None = None, **values: Any) -> None:
    """Change columns of a task and tell so: who, when, what stood there before and after, and the reason's id."""
    session.connection().execute(update(task).where(task.c.id == row.id).values(**values))
    told = {name: value for name, value in values.items() if name in TOLD and value != getattr(row, name)}
    ids: dict[str, Any] = {"task": str(row.id)}
    if told:
        ids |= {"before": {name: _plain(getattr(row, name)) for name in told}}
        ids |= {"after": {name: _plain(value) for name, value in told.items()}}
    tell(session, row, what, by, word, **ids)


def tell(session: Session, row: TaskRow, what: str, by: int | None, word: UUID | None = None, **ids: Any) -> None:
    """Write what somebody did with a task into the history; `word` is the id of what they said."""
    if word is not None:
        ids["word"] = str(word)
    note = history.row_of(
        what,
        instance_id=row.instance_id,
        who=by,
        element=row.element_id,
        name=row.name,
        task_id=row.id,
        subject_id=row.subject_id,
        unit_path=row.unit_path,
        ids=ids or None,
    )
    history.write_all(session, [note])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value


def opened(session: Session, task_id: UUID) -> TaskRow:
    """The task, locked; raises NoSuchTask, and TaskNotOpen when it is over."""
    row = get(session, task_id, locked=True)
    if row.state != OPEN:
        raise TaskNotOpen(task_id, row.state, row.done_by, row.done_at)
    return row
