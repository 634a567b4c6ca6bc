"""Co-signers of a task (加签): each has a task of their own, whose parent is the task that they sign.

`before`: the holder may finish only when all of these have signed. `together`: holder and signers in any order.
`after`: their tasks open when the holder has finished. The process goes on when the holder has finished and everybody
has signed; while that takes, the holder's task rests. A signer's task ends with its parent.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock, db
from engine.rows import insert_all
from engine.tasks.rows import values_of
from engine.tasks.table import CANCELLED, COLUMNS, DONE, IS_OPEN, NO_DUE, OPEN, TaskRow, of_row, task

BEFORE, TOGETHER, AFTER = "before", "together", "after"
PARTS = (BEFORE, TOGETHER, AFTER)
FORM = "co_sign"
ASKED = "asked"
"""The state of an `after` signer's task before the holder has finished: in nobody's list yet."""


def add(session: Session, parent: TaskRow, person_ids: list[int], part: str) -> list[UUID]:
    """Ask these people to sign; the ids of their tasks."""
    opened = [
        replace(
            parent,
            id=db.new_id(),
            instance_id=None,
            process_id=None,
            form_key=FORM,
            form_version=None,
            assignee_id=person_id,
            why="co_sign",
            next_role=None,
            next_at=None,
            created_at=clock.now(),
            state=ASKED if part == AFTER else OPEN,
            claimed_by=None,
            also_role=None,
            also_unit_path=None,
            also_person_id=None,
            parent_id=parent.id,
            part=part,
            delegated_by=None,
            hidden_until=None,
        )
        for person_id in person_ids
    ]
    insert_all(session, task, [values_of(row) for row in opened])
    return [row.id for row in opened]


def of(session: Session, parent_id: UUID) -> list[TaskRow]:
    """The signers' tasks of a task, oldest first, those withdrawn again left out."""
    c = task.c
    query = select(*COLUMNS).where(c.parent_id == parent_id, c.state != CANCELLED).order_by(c.created_at, c.id)
    return [of_row(row) for row in session.connection().execute(query)]


def outstanding(rows: list[TaskRow]) -> list[TaskRow]:
    """Those who have not signed yet."""
    return [row for row in rows if row.state != DONE]


def open_after(session: Session, parent_id: UUID) -> None:
    """The holder has finished: the tasks of the `after` signers open."""
    c = task.c
    change = update(task).where(c.parent_id == parent_id, c.state == ASKED)
    session.connection().execute(change.values(state=OPEN, created_at=clock.now()))


def remove(session: Session, signer: TaskRow) -> None:
    """Nobody asks this person to sign any more."""
    change = update(task).where(task.c.id == signer.id)
    session.connection().execute(change.values(state=CANCELLED, done_at=clock.now()))


def let_rest(session: Session, parent: TaskRow, holder: int | None) -> None:
    """The holder has finished and waits for signers: the task leaves the list."""
    change = update(task).where(task.c.id == parent.id, IS_OPEN)
    values = {"hidden_until": NO_DUE, "assignee_id": holder or parent.assignee_id, "claimed_by": holder}
    session.connection().execute(change.values(**values))


def wake(session: Session, parent: TaskRow, why: str) -> None:
    """The task is its holder's to do again."""
    change = update(task).where(task.c.id == parent.id, IS_OPEN)
    session.connection().execute(change.values(hidden_until=None, why=why))


def wait_again(session: Session, parent_id: UUID) -> None:
    """The holder has taken back what was handed in: the `after` signers wait for it again."""
    c = task.c
    change = update(task).where(c.parent_id == parent_id, c.part == AFTER, IS_OPEN)
    session.connection().execute(change.values(state=ASKED))
