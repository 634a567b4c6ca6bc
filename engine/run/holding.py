"""A task with its instance, both held until the commit: nobody moves a token or closes the row meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from engine import instances, tasks
from engine.instances import Instance, instance, instance_state
from engine.tasks import TaskRow

_child = tasks.task.alias("child")
_LOCKED = (
    select(
        *instances.LOCKED_COLUMNS,
        *tasks.COLUMNS,
        exists().where(_child.c.parent_id == tasks.task.c.id).label("asked"),
    )
    .select_from(tasks.task)
    .join(instance, instance.c.id == tasks.task.c.instance_id)
    .join(instance_state, instance_state.c.instance_id == instance.c.id)
    .where(tasks.task.c.id == bindparam("wanted"))
    .with_for_update(of=instance_state)
)
Locked = tuple[Instance, int, bytes]


@dataclass(frozen=True)
class Held:
    """A task; `locked` its instance, or its parent's, None for a plain task; `asked`: somebody may have to sign it."""

    row: TaskRow
    locked: Locked | None
    asked: bool = True
    parent: TaskRow | None = None


def hold(session: Session, task_id: UUID) -> Held:
    """The task with its instance, in one question; a plain task is locked itself, after its parent.

    Raises NoSuchTask.
    """
    found = session.connection().execute(_LOCKED, {"wanted": task_id}).first()
    if found is not None:
        row = tasks.of_row(found[len(instances.LOCKED_COLUMNS) :])
        return Held(row, instances.of_locked(found), bool(found.asked))
    row = tasks.get(session, task_id)
    if row.parent_id is None:
        return Held(tasks.get(session, task_id, locked=True), None)
    parent = hold(session, row.parent_id)
    return Held(tasks.get(session, task_id, locked=True), parent.locked, False, parent.row)
