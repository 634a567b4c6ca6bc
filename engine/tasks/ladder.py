"""The ladder of lateness: whoever holds a task is reminded, then the level above hears of it, then has it as well.

A late task is never closed by the clock: it stays open and its holder's, and `also_*` names the level that may finish
it too. The moments stand in the indexed column `ladder_at`, written with the row; a sweep asks for what is due. Where
the diagram itself names who takes over, that comes first. Who the next level is and how it is told, the domain answers
(`operations.ladder_of`, `ladder_tells`). Source: processes 4.0.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from engine import clock, history, operations
from engine.instances import instance
from engine.operations import Assignment, Subject, Undone
from engine.tasks import moments
from engine.tasks.successor import undone
from engine.tasks.table import COLUMNS, IS_OPEN, OPEN, TaskRow, of_row, task

logger = logging.getLogger(__name__)

AT_ONCE = 50
TOLD = {moments.HALF: "reminded_half", moments.SOON: "reminded_soon"}
AFTER_FAULT = timedelta(minutes=10)

_DUE = (IS_OPEN, task.c.ladder_at <= bindparam("now"))
_ANY_DUE = select(task.c.id).where(*_DUE).limit(1)
_NEXT_DUE = select(func.min(task.c.ladder_at)).where(IS_OPEN, task.c.ladder_at > bindparam("now"))
_TAKE = (
    select(*COLUMNS, task.c.ladder_stage, instance.c.unit_path.label("place"), instance.c.policy)
    .outerjoin(instance, instance.c.id == task.c.instance_id)
    .where(*_DUE)
    .order_by(task.c.rank, task.c.ladder_at)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True, of=task)
)
_CHANGED = ("next_role", "next_at", "also_role", "also_unit_path", "also_person_id")


def any_due(session: Session) -> bool:
    """Whether the ladder has something to do; costs a read only."""
    return session.connection().execute(_ANY_DUE, {"now": clock.now()}).first() is not None


def next_due(session: Session) -> datetime | None:
    """The next moment of any open task's ladder, None when there is none."""
    return session.connection().execute(_NEXT_DUE, {"now": clock.now()}).scalar_one_or_none()


def climb(session: Session) -> int:
    """Do what is due for AT_ONCE tasks, urgent ones first; how many that were. One that fails is tried again later."""
    now = clock.now()
    taken = session.connection().execute(_TAKE, {"now": now}).all()
    for each in taken:
        row = of_row(each)
        try:
            with session.begin_nested():
                _write(session, row, *_advance(session, row, each, now))
        except Exception:
            logger.exception("the ladder of a task failed", extra={"task": str(row.id)})
            _write(session, row, row, each.ladder_stage, now + AFTER_FAULT)
    return len(taken)


def _advance(session: Session, row: TaskRow, found: Any, now: datetime) -> tuple[TaskRow, int, datetime | None]:
    """(the row as it is now, its stage, when to look again)."""
    if _has_cascade(row, found.ladder_stage, now):
        return row, found.ladder_stage, _again(row, row, moments.HANDED_UP)
    known = undone(session, row, Subject(row.subject_id, found.place or row.unit_path, found.policy or ""))
    stage, before = _told(session, row, known, found.ladder_stage, now), row
    if stage == moments.HANDED_UP and row.next_role is not None and row.next_at is not None and row.next_at <= now:
        row = _handed_up(session, row, known, now)
    elif row.next_role is None:
        row = _named(row, operations.ladder_of(session, known), now)
    return row, stage, _again(before, row, stage)


def _told(session: Session, row: TaskRow, known: Undone, stage: int, now: datetime) -> int:
    """Remind the holder, or mark the task late and tell the level above, as far as time has come; the stage then."""
    before = stage
    while stage < moments.HANDED_UP and (at := moments.moment(row, stage)) is not None and at <= now:
        stage += 1
    if before < stage <= moments.LATE:
        operations.ladder_tells(session, TOLD[stage - 1], known, known.holder)
    elif before < stage:
        above = operations.ladder_of(session, known)
        _note(session, row, "late", above)
        if above is not None:
            operations.ladder_tells(session, "late", known, above)
    return stage


def _handed_up(session: Session, row: TaskRow, known: Undone, now: datetime) -> TaskRow:
    """The next level has it as well from now on; then who comes after that."""
    level = operations.ladder_of(session, known)
    if level is None:
        return replace(row, next_role=None, next_at=None)
    _note(session, row, "handed_up", level)
    operations.ladder_tells(session, "handed_up", known, level)
    up = replace(row, also_role=level.role, also_unit_path=level.unit_path, also_person_id=level.person_id)
    return _named(up, operations.ladder_of(session, replace(known, also=level)), now)


def _named(row: TaskRow, level: Assignment | None, now: datetime) -> TaskRow:
    """The row with the level that comes next and when, or with nobody."""
    if level is None:
        return replace(row, next_role=None, next_at=None)
    planned = moments.handed_up_at(row)
    at = planned if planned is not None and planned > now else moments.one_more(row, now)
    return replace(row, next_role=level.role, next_at=at)


def _has_cascade(row: TaskRow, stage: int, now: datetime) -> bool:
    """Whether an emergency's own diagram still names who comes next: then nobody is reminded."""
    named = row.next_at is not None and row.next_at > now and row.next_at != moments.handed_up_at(row)
    return named and row.priority == "urgent" and stage < moments.HANDED_UP


def _again(before: TaskRow, row: TaskRow, stage: int) -> datetime | None:
    """When to look again; at a time that the diagram named, its timer goes first."""
    if stage < moments.HANDED_UP:
        return moments.moment(row, stage)
    if row.next_at is not None and row.next_at == before.next_at != moments.handed_up_at(row):
        return row.next_at + moments.GRACE
    return row.next_at


def _note(session: Session, row: TaskRow, what: str, to: Assignment | None) -> None:
    note = history.row_of(
        what,
        instance_id=row.instance_id,
        element=row.element_id,
        name=row.name,
        task_id=row.id,
        subject_id=row.subject_id,
        unit_path=row.unit_path,
        ids=None if to is None else {"role": to.role, "unit": to.unit_path},
    )
    history.write_all(session, [note])


def _write(session: Session, before: TaskRow, row: TaskRow, stage: int, again: datetime | None) -> None:
    values = {name: getattr(row, name) for name in _CHANGED if getattr(row, name) != getattr(before, name)}
    change = update(task).where(task.c.id == row.id, task.c.state == OPEN)
    session.connection().execute(change.values(ladder_stage=stage, ladder_at=again, **values))
