"""Who gets a task next when its diagram names nobody: the domain's next level, at 150 % of the time it has."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from engine import operations
from engine.operations import Assignment, Subject, Undone
from engine.tasks import moments
from engine.tasks.lists import doers
from engine.tasks.table import TaskRow


def with_next(session: Session, row: TaskRow, subject: Subject) -> TaskRow:
    """The row of a new task with who gets it next and when, unless its diagram named somebody or it has no time."""
    if row.due_at is None or row.next_role is not None:
        return row
    level = operations.ladder_of(session, undone(session, row, subject))
    return row if level is None else replace(row, next_role=level.role, next_at=moments.handed_up_at(row))


def undone(session: Session, row: TaskRow, subject: Subject) -> Undone:
    """The task as the domain is asked about it."""
    also = None
    if row.also_role is not None:
        also = Assignment(row.also_role, row.also_unit_path or row.unit_path, row.also_person_id)
    avoid: set[int] = set()
    if row.separate_from and row.instance_id is not None:
        avoid = doers(session, row.instance_id, [each.strip() for each in row.separate_from.split(",")])
    holder = Assignment(row.role, row.unit_path, row.assignee_id, row.why)
    return Undone(row.id, holder, also, subject, frozenset(avoid), row.priority == "urgent")
