"""Where errors, escalations and signals go, and what a boundary event sees of its activity.

An error goes from the task that fails to the boundary events of that very activity, then of the subprocess or call
activity around it, and so on outwards. The library instead wakes every boundary event of that code in the instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.spiff.data import newest
from engine.spiff.task import ALIVE


def workflows(top: Any) -> Iterator[Any]:
    """The process and every subprocess or called process in it that is under way, in the order they began."""
    yield top
    for each in list(top.subprocesses.values()):
        if not each.completed:
            yield each


def owner_of(workflow: Any) -> Any:
    """The task of the surrounding workflow that runs this one; None at the top."""
    owner = workflow.parent_task_id
    return None if owner is None else workflow.top_workflow.get_task_from_id(owner)


def throw_outwards(task: Any, kind: str, code: str | None) -> bool:
    """Hand an error or escalation to the nearest boundary event that takes it; False when there is none."""
    while task is not None:
        event = _taker(task, kind, code)
        if event is not None:
            event.task_spec.fire(event, payload={"code": code})
            return True
        task = owner_of(task.workflow)
    return False


def throw_signal(top: Any, name: str) -> bool:
    """Wake every event of that signal that waits in the instance, once each; False when none does."""
    found = []
    for workflow in workflows(top):
        for task in list(workflow.tasks.values()):
            for number, definition, _ in offers(task):
                if definition.kind == "signal" and definition.name == name:
                    found.append((task, number))
                    break
    for task, number in found:
        if task._state == TaskState.WAITING:
            task.task_spec.fire(task, number)
    return bool(found)


def offers(task: Any) -> list[tuple[int, Any, dict[str, Any]]]:
    """What a waiting event waits for: (number, definition, remembered state); empty for any other task."""
    if task._state != TaskState.WAITING:
        return []
    of = getattr(task.task_spec, "offers", None)
    return [] if of is None else of(task)


def activity_of(event: Any) -> Any:
    """The task of the activity that a boundary event's task is attached to; None when it is over."""
    split = event.parent
    for child in split.children:
        if child.task_spec.guarded and child._state < TaskState.COMPLETED:
            return child
    return None


def seen_inside(activity: Any, data: dict[str, Any]) -> dict[str, Any]:
    """`data` with what the activity has written so far, subprocesses included, as its boundary events shall see it."""
    data = newest(data, activity.data)
    within = activity.workflow.top_workflow.subprocesses.get(activity.id)
    if within is None:
        return data
    for task in within.tasks.values():
        if knows(task):
            data = seen_inside(task, data)
    return data


def knows(task: Any) -> bool:
    """Whether the task's data are part of what its process knows now: it is alive and no member of a loop, whose own
    variable nobody else sees. What finished tasks wrote has gone on to the ones that are alive.
    """
    return bool(task._state & ALIVE) and "member" not in task.internal_data


def _taker(task: Any, kind: str, code: str | None) -> Any:
    """The waiting boundary event of this activity for the error; the exact code before «any»."""
    activity = task
    if isinstance(task.parent.task_spec, LoopTask):
        activity = task.parent
    if not activity.task_spec.guarded:
        return None
    takers = [
        child
        for child in activity.parent.children
        for _, definition, _ in offers(child)
        if definition.kind == kind and definition.code in (None, code)
    ]
    return max(takers, key=lambda each: each.task_spec.event_definition.code is not None, default=None)
