"""The state of an instance as a compact document, without its specification, and back.

Only what can still matter is kept (see `kept`): finished history lives in the history table. Document version 1:

    [process id, number of the last tick, completed, data of a completed instance, [workflow, ...]]
    workflow: [id of the task that runs it or null, [row, ...]]   in the order they began, so outer ones first
    row:      [id, index of the parent row or -1, indexes of the child rows, state, spec name, triggered,
               last tick, data, internal data or 0]
    data:     0 none · 1 the parent's · {...} what differs from the parent's · [{...}] all of it

Rows stand in the order in which the tasks were created; a row's parent stands before it.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.data import STAMPS
from engine.spiff.errors import StateUnreadable
from engine.spiff.interface import Host
from engine.spiff.task import Task
from engine.spiff.workflow import ProcessSpec, SubWorkflow, Workflow

_FINISHED = TaskState.COMPLETED


def document_of(top: Workflow, process_id: str) -> list[Any]:
    """The pruned state; the workflow itself is not changed."""
    if top.completed:
        return [process_id, top.ticks, True, top.data, []]
    live = [each for each in top.subprocesses.values() if _is_live(top, each)]
    workflows = [[None, _rows(top)], *([each.parent_task_id.hex(), _rows(each)] for each in live)]
    return [process_id, top.ticks, False, 0, workflows]


def restored(document: list[Any], specs: dict[str, ProcessSpec], spec: ProcessSpec, host: Host) -> Workflow:
    """A workflow as it was; raises StateUnreadable when it does not fit the specifications."""
    _, ticks, completed, data, workflows = document
    top = Workflow(spec, specs, host)
    top.ticks = ticks
    if completed:
        top.completed, top.data = True, data
        return top
    try:
        _fill(top, workflows[0][1])
        for owner_hex, rows in workflows[1:]:
            owner = top.get_task_from_id(bytes.fromhex(owner_hex))
            within = SubWorkflow(specs[owner.task_spec.spec], owner, top)
            top.subprocesses[owner.id] = within
            _fill(within, rows)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as fault:
        raise StateUnreadable(f"the state does not fit its definition: {fault!r}") from fault
    return top


def kept(workflow: Any) -> set[bytes]:
    """The tasks that can still matter: the root, what is unfinished, and its direct parents.

    A parent carries what its children need: the data that they inherit, the input by which a token reached a join, and
    the split that knows an activity's boundary events.
    """
    keep = {workflow.task_tree.id}
    for task in workflow.tasks.values():
        if task._state < _FINISHED:
            keep.add(task.id)
            if task._parent is not None:
                keep.add(task._parent)
    return keep


def _is_live(top: Workflow, within: Any) -> bool:
    """Whether a subprocess is still under way, and so is everything around it."""
    while within is not top:
        owner = top.get_task_from_id(within.parent_task_id)
        if within.completed or owner is None or owner._state >= _FINISHED:
            return False
        within = owner.workflow
    return True


def _outline(workflow: Any, keep: set[bytes]) -> tuple[dict[bytes, bytes | None], dict[bytes, list[bytes]]]:
    """Parent and children of every kept task: who lost its parent hangs under its nearest kept ancestor."""
    parents: dict[bytes, bytes | None] = {}
    children: dict[bytes, list[bytes]] = {each: [] for each in keep}
    tasks = workflow.tasks
    waiting: list[tuple[bytes, bytes | None]] = [(workflow.task_tree.id, None)]
    while waiting:
        task_id, above = waiting.pop()
        if task_id in keep:
            parents[task_id] = above
            if above is not None:
                children[above].append(task_id)
            above = task_id
        for child in reversed(tasks[task_id]._children):
            waiting.append((child, above))
    return parents, children


def _rows(workflow: Any) -> list[list[Any]]:
    keep = kept(workflow)
    parents, children = _outline(workflow, keep)
    order = [task for task in workflow.tasks.values() if task.id in keep]
    index = {task.id: number for number, task in enumerate(order)}
    rows = []
    for task in order:
        above = parents[task.id]
        rows.append(
            [
                task.id.hex(),
                -1 if above is None else index[above],
                [index[child] for child in children[task.id]],
                task._state,
                task.task_spec.name,
                1 if task.triggered else 0,
                task.last_state_change,
                _difference(task.data, None if above is None else workflow.tasks[above].data),
                task.internal_data or 0,
            ]
        )
    return rows


def _difference(data: dict[str, Any], base: dict[str, Any] | None) -> Any:
    if not data:
        return 0
    if data is base:
        return 1
    if base is None or any(name not in data for name in base):
        return [data]
    own, theirs = data.get(STAMPS, {}), base.get(STAMPS, {})
    if own and own == theirs and len(data) == len(base):
        return 1
    # by their stamps: to Python, true equals 1 and false 0, so that values would not tell them apart
    return {name: value for name, value in data.items() if own.get(name, -1) != theirs.get(name)}


def _fill(workflow: Any, rows: list[list[Any]]) -> None:
    specs = workflow.spec.task_specs
    tasks: list[Any] = []
    for identifier, above, _, state, name, triggered, tick, data, internal in rows:
        task = Task(workflow, specs[name], None, state, bytes.fromhex(identifier))
        task.triggered = bool(triggered)
        task.last_state_change = tick
        task.internal_data = internal or {}
        if above >= 0:
            task._parent = tasks[above].id
        if data == 1:
            task.data = tasks[above].data
        elif isinstance(data, list):
            task.data = data[0]
        elif data:
            task.data = {**tasks[above].data, **data} if above >= 0 else data
        tasks.append(task)
    for task, row in zip(tasks, rows, strict=True):
        task._children = [tasks[child].id for child in row[2]]
    workflow.task_tree = tasks[0]
