"""From an open token to a row of the worklist: who it is for, by when, and who gets it next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from engine import clock, diagrams, operations, tasks
from engine.definitions import Specification
from engine.expressions import as_moment, compile_timer, parse_date
from engine.instances import Instance
from engine.operations import Subject
from engine.spiff import OpenTask, Wait
from engine.tasks import TaskRow

NAME_LIMIT = 200
_LAST_SECOND = time(23, 59, 59)


def row_of(
    session: Session, row: Instance, specification: Specification, task: OpenTask, waits: Iterable[Wait]
) -> TaskRow:
    """The task row of a token that has just come to a user task."""
    said = task.properties
    role = _text(said.get("role")) or ""
    about = Subject(row.subject_id, row.unit_path, row.policy)
    given = operations.role_of(session, role, about, task.data)
    form_key = _text(said.get("form"))
    next_at, next_role = next_of(specification, task, waits)
    made = TaskRow(
        id=task.id,
        instance_id=row.id,
        process_id=task.process_id,
        element_id=task.element_id,
        name=task.name[:NAME_LIMIT],
        form_key=form_key,
        form_version=specification.form_version(form_key) if form_key else None,
        role=given.role,
        unit_path=given.unit_path,
        subject_id=row.subject_id,
        assignee_id=given.person_id,
        why=given.why,
        priority=_text(said.get("priority")),
        due_at=due_of(said.get("due"), task.data),
        next_role=next_role,
        next_at=next_at,
        separate_from=_text(said.get("separate_from")),
        created_at=clock.now(),
    )
    return tasks.with_next(session, made, about)


def due_of(due: Any, data: dict[str, Any]) -> datetime | None:
    """When a task is due: an ISO or S-FEEL text, or (of a computed property) already a value; None without one.

    A day, such as the end of a visit period, is due at its last second.
    """
    if due in (None, ""):
        return None
    value = due
    if isinstance(value, str):
        value = parse_date(value.strip()) or compile_timer(value).evaluate(data)
    if isinstance(value, str):
        value = parse_date(value) or value
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, _LAST_SECOND, clock.zone())
    return None if value is None else as_moment(value, clock.now())


def next_of(specification: Specification, task: OpenTask, waits: Iterable[Wait]) -> tuple[datetime | None, str | None]:
    """When the earliest boundary timer of the task, or of what surrounds it, fires, and the role its path leads to."""
    process = specification.processes.get(task.process_id)
    if process is None or (node := process.find(task.element_id)) is None:
        return None, None
    roles = dict(_heirs(process, node))
    armed = [
        (wait.due_at, roles[wait.element_id])
        for wait in waits
        if wait.due_at is not None
        and wait.element_id in roles
        and (wait.attached_task == task.id or wait.attached_to != task.element_id)
    ]
    return min(armed) if armed else (None, None)


def _heirs(process: diagrams.Process, node: diagrams.Node) -> Iterable[tuple[str, str]]:
    """(boundary timer, role its path leads to) of a node and of the subprocesses around it."""
    here: diagrams.Node | None = node
    while here is not None:
        for each in process.takes_over(here):
            yield each.event, each.role
        here = process.find(here.parent) if here.parent else None


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)
