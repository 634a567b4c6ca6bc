"""From an open token to a row of the worklist: who it is for, by when, and who gets it next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from engine import clock, diagrams, operations, tasks
from engine.definitions import Specification
from engine.expressions import ExpressionFault, ExpressionRefused, as_moment, compile_timer, parse_date
from engine.instances import Instance
from engine.operations import Subject
from engine.spiff import ElementFailed, OpenTask, Wait
from engine.tasks import TaskRow

NAME_LIMIT = 200
LONGEST = {"role": 60, "form": 80, "priority": 20, "separate_from": 400}  # characters, as the table has room for
_LAST_SECOND = time(23, 59, 59)


def row_of(
    session: Session, row: Instance, specification: Specification, task: OpenTask, waits: Iterable[Wait]
) -> TaskRow:
    """The task row of a token that has just come to a user task; raises ElementFailed when it would reach nobody."""
    role = _text(task, "role") or ""
    if not role:
        raise ElementFailed(task.element_id, task.id, "nobody is named by its role")
    about = Subject(row.subject_id, row.unit_path, row.policy)
    given = operations.role_of(session, role, about, task.data)
    form_key = _text(task, "form")
    form_version = specification.form_version(form_key) if form_key else None
    if form_key and form_version is None:
        raise ElementFailed(task.element_id, task.id, f"there is no form {form_key!r}")
    next_at, next_role = next_of(specification, task, waits)
    made = TaskRow(
        id=task.id,
        instance_id=row.id,
        process_id=task.process_id,
        element_id=task.element_id,
        name=task.name.replace("\0", "")[:NAME_LIMIT],
        form_key=form_key,
        form_version=form_version,
        role=given.role,
        unit_path=given.unit_path,
        subject_id=row.subject_id,
        assignee_id=given.person_id,
        why=given.why,
        priority=_text(task, "priority"),
        due_at=due_of(task),
        next_role=next_role,
        next_at=next_at,
        separate_from=_text(task, "separate_from"),
        created_at=clock.now(),
    )
    return tasks.with_next(session, made, about)


def due_of(task: OpenTask) -> datetime | None:
    """When a task is due: an ISO or S-FEEL text, or of a computed property its value; None without one.

    A day, such as the end of a visit period, is due at its last second. Raises ElementFailed for what is no time.
    """
    value = task.properties.get("due")
    if value in (None, ""):
        return None
    try:
        if isinstance(value, str) and "due" not in task.computed:
            value = parse_date(value.strip()) or compile_timer(value).evaluate(task.data)
        if isinstance(value, str):
            value = parse_date(value) or value
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, _LAST_SECOND, clock.zone())
        return None if value is None else as_moment(value, clock.now())
    except (ExpressionFault, ExpressionRefused) as fault:
        raise ElementFailed(task.element_id, task.id, f"its due time: {fault}") from fault


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


def _text(task: OpenTask, name: str) -> str | None:
    """A property as text, None without one; raises ElementFailed for a computed one that cannot be kept."""
    value = task.properties.get(name)
    text = None if value in (None, "") else str(value)
    if text is not None and (len(text) > LONGEST[name] or "\0" in text):
        raise ElementFailed(task.element_id, task.id, f"its {name} is longer than {LONGEST[name]}, or no text")
    return text
