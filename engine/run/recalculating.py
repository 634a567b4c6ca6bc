"""Due times and timers worked out again when a calendar changed, as work of the bulk lane with its progress in a row.

Who depends on it is found from the diagrams and the rows: a user task whose due time, or a timer whose text, calls one
of the functions that the calendar answers. Each instance is one transaction. A time counts from the moment it counted
from before; one that would lie in the past stays where it is. Both are told in the history (`rescheduled`,
`time_kept`), with the time before and after, so that nothing turns late or punctual without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from engine import clock, definitions, instances, recalculations, tasks, waits, work
from engine.db import Id
from engine.definitions import Specification
from engine.diagrams import Node
from engine.expressions import ExpressionRefused, compile_expression, compile_timer
from engine.instances import instance
from engine.run.assignment import due_of
from engine.run.step import Step
from engine.spiff import ALIKE, OpenTask
from engine.tasks import TaskRow, rescheduling

AT_ONCE = 500
_FIRST = UUID(int=0)
_VERSIONS = select(instance.c.definition_id).where(instance.c.state.in_(instances.UNDER_WAY)).distinct()
_DEPENDING = (
    select(instance.c.id)
    .where(
        instance.c.definition_id.in_(bindparam("versions", expanding=True)),
        instance.c.state.in_(instances.UNDER_WAY),
        instance.c.id > bindparam("after", type_=Id),
        or_(
            exists().where(
                tasks.task.c.instance_id == instance.c.id,
                tasks.task.c.state == tasks.OPEN,
                tasks.task.c.element_id.in_(bindparam("elements", expanding=True)),
            ),
            exists().where(
                waits.wait.c.instance_id == instance.c.id,
                waits.wait.c.kind == waits.TIMER,
                waits.wait.c.element.in_(bindparam("elements", expanding=True)),
            ),
        ),
    )
    .order_by(instance.c.id)
    .limit(bindparam("most"))
)


def recalculate_all(session: Session, about: str, functions: frozenset[str], by: int | None = None) -> UUID:
    """Have every time worked out again that one of these functions had a part in; the id of its progress."""
    recalculation_id = recalculations.add(session, about, functions, by)
    work.add(session, "find_depending", ref=recalculation_id, lane=work.BULK)
    return recalculation_id


def find_depending(session: Session, recalculation_id: UUID, detail: dict[str, Any]) -> int:
    """Write down the work of up to AT_ONCE instances, and of the rest; how many. Work of kind `find_depending`."""
    functions = recalculations.get(session, recalculation_id).functions
    after = UUID(detail["after"]) if "after" in detail else _FIRST
    versions, elements = _depending_elements(session, functions)
    asked = {"versions": versions, "elements": sorted(elements), "after": after, "most": AT_ONCE}
    found = session.connection().scalars(_DEPENDING, asked).all() if elements else []
    about = {"recalculation": str(recalculation_id)}
    rows = [work.new("recalculate", ref=each, lane=work.BULK, detail=about) for each in found]
    if len(found) == AT_ONCE:
        rest = {"after": str(found[-1])}
        rows.append(work.new("find_depending", ref=recalculation_id, lane=work.BULK, detail=rest))
    recalculations.found(session, recalculation_id, len(found), all_found=len(found) < AT_ONCE)
    work.add_all(session, rows)
    return len(found)


def recalculate(session: Session, instance_id: UUID, recalculation_id: UUID) -> tuple[int, int]:
    """Work the times of an instance out again: (moved, kept because they would be past). Work of kind `recalculate`."""
    change = recalculations.get(session, recalculation_id)
    step = Step.load(session, instance_id, change.started_by)
    moved = kept = 0
    if step.row.state == instances.LIVE:
        with step.moving():
            timers = step.live.reckon_again(change.functions)
            for timer in timers:
                _note(step, timer.element_id, timer.before, timer.after, timer.moved, change.about)
        moved, kept = sum(each.moved for each in timers), sum(not each.moved for each in timers)
        dues = _dues(step, change.functions)
        for row, stage, due_at in dues:
            fits = due_at > clock.now()
            if fits:
                rescheduling.reschedule(session, row, stage, due_at)
            _note(step, row.element_id, row.due_at, due_at, fits, change.about, row)
            moved, kept = moved + fits, kept + (not fits)
        if timers or dues or step.live.executed:
            step.write()
    recalculations.done(session, recalculation_id, moved, kept)
    return moved, kept


def _dues(step: Step, functions: frozenset[str]) -> list[tuple[TaskRow, int, datetime]]:
    """Open tasks with another due time by the calendar of today: (row, stage of its ladder, the time)."""
    still_open = {each.id: each for each in step.live.open_tasks}
    asked = [
        (row, stage)
        for row, stage in rescheduling.open_with_stage(step.session, step.row.id)
        if row.id in still_open and _calls(_due_text(step.specification, still_open[row.id]), functions)
    ]
    seen: dict[datetime, dict[UUID, OpenTask]] = {}
    found = []
    for row, stage in asked:
        with step.moving(), clock.as_of(row.created_at):
            if row.created_at not in seen:
                seen[row.created_at] = {each.id: each for each in step.live.open_tasks}
            task = seen[row.created_at][row.id]
            due_at = due_of(task)
        if due_at is not None and (row.due_at is None or abs(due_at - row.due_at) >= ALIKE):
            found.append((row, stage, due_at))
    return found


def _note(
    step: Step, element: str, before: datetime | None, after: datetime, moved: bool, about: str,
    row: TaskRow | None = None,
) -> None:  # fmt: skip
    ids = {"before": before.isoformat() if before else None, "after": after.isoformat(), "about": about}
    task_id, name = (row.id, row.name) if row else (None, None)
    step.note("rescheduled" if moved else "time_kept", element, task_id=task_id, name=name, who=step.by, ids=ids)


# --- what depends on a calendar ---


def _depending_elements(session: Session, functions: frozenset[str]) -> tuple[list[int], set[str]]:
    """The versions with instances under way that have a time of these functions, and the elements that have it."""
    versions, elements = [], set()
    for version in session.connection().scalars(_VERSIONS).all():
        found = set(_elements(definitions.of_definition(session, version), functions))
        if found:
            versions.append(version)
            elements |= found
    return versions, elements


def _elements(specification: Specification, functions: frozenset[str]) -> Iterable[str]:
    for process in specification.processes.values():
        for node in process.nodes:
            if any(_calls(text, functions) for text in _time_texts(node)):
                yield node.id


def _time_texts(node: Node) -> Iterable[str]:
    if node.is_user_task:
        yield node.due
    for event in node.events:
        if event.kind == "timer":
            yield event.text or ""


def _due_text(specification: Specification, task: OpenTask) -> str:
    process = specification.processes.get(task.process_id)
    node = process.find(task.element_id) if process else None
    return node.due if node else ""


def _calls(text: str, functions: frozenset[str]) -> bool:
    """Whether the text of a time calls one of these functions."""
    computed = text.strip().startswith("=")
    try:
        compiled = compile_expression(text.strip()[1:]) if computed else compile_timer(text) if text else None
    except ExpressionRefused:
        return False
    return compiled is not None and bool(compiled.functions & functions)
