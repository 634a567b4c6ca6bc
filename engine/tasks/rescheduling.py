"""Another due time for an open task, with everything that follows from it: its place in lists and its ladder.

Reminders that were given stay given. Who was late already and has time again is reminded at the new time that it is
late; a level above that has the task as well keeps it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.tasks import moments
from engine.tasks.table import COLUMNS, OPEN, TaskRow, of_row, task


def open_with_stage(session: Session, instance_id: UUID) -> list[tuple[TaskRow, int]]:
    """The open tasks of an instance, each with the stage of its ladder."""
    query = select(*COLUMNS, task.c.ladder_stage).where(task.c.instance_id == instance_id, task.c.state == OPEN)
    return [(of_row(row), row.ladder_stage) for row in session.connection().execute(query)]


def reschedule(session: Session, row: TaskRow, stage: int, due_at: datetime) -> None:
    """Give an open task another due time; `stage` is what its ladder does next."""
    moved = replace(row, due_at=due_at)
    values: dict[str, Any] = {"due_at": due_at, "sort_at": due_at}
    if row.next_at is not None and row.next_at == moments.handed_up_at(row):
        moved = replace(moved, next_at=moments.handed_up_at(moved))
        values["next_at"] = moved.next_at
    stage = min(stage, moments.LATE)
    values |= {"ladder_stage": stage, "ladder_at": _look_again(moved, stage)}
    session.connection().execute(update(task).where(task.c.id == row.id, task.c.state == OPEN).values(values))


def _look_again(row: TaskRow, stage: int) -> datetime | None:
    return moments.first(row) if stage == moments.HALF else moments.moment(row, stage)
