"""What we replace in SpiffWorkflow's own classes, at import: nothing in its files is edited.

- ids of tasks are the 16 bytes of a UUID, which hash faster than its object; `interface.id_of` gives the UUID;
- data is inherited by newest write, not by deep merge (see `engine.spiff.data`);
- no log extras, and states are noted in the workflow's journal with a rising number instead of the time of day;
- cancelling a task cancels what runs below it (the library drops it without a word, and leaves subprocesses behind);
- a task that is cancelled by what it did itself is not completed afterwards;
- when an activity ends, its boundary events end with it (the library's join of boundary events is not used);
- the environment that would evaluate or execute text from a diagram refuses.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

import SpiffWorkflow.task
from SpiffWorkflow.bpmn.script_engine.python_environment import TaskDataEnvironment
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import EngineError
from engine.spiff.data import newest

ALIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
UNFINISHED = TaskState.NOT_FINISHED_MASK
FINISHED = TaskState.FINISHED_MASK
COMPLETED, CANCELLED = TaskState.COMPLETED, TaskState.CANCELLED


class TextRefused(EngineError):
    """The library tried to evaluate or execute text: no diagram may bring it so far."""


class NoScripts:
    """In place of the library's script engine: everything we evaluate was compiled with the bundle."""

    def evaluate(self, *_: Any, **__: Any) -> NoReturn:
        raise TextRefused("text from a diagram is never evaluated by the library")

    execute = call_service = validate = evaluate

    @property
    def environment(self) -> NoScripts:
        return self


def _new_id() -> bytes:
    """16 random bytes in the form of a UUID of version 4."""
    drawn = bytearray(os.urandom(16))
    drawn[6] = drawn[6] & 0x0F | 0x40
    drawn[8] = drawn[8] & 0x3F | 0x80
    return bytes(drawn)


def is_token(task: Any) -> bool:
    """Whether the task holds a token: it is alive, or about to be because its parent has just completed."""
    if task._state & ALIVE:
        return True
    if task._state > TaskState.FUTURE:
        return False
    parent = task.parent
    return parent is not None and parent._state == COMPLETED


def _set_state(task: Any, value: int) -> None:
    if value == task._state:
        return
    before, task._state = task._state, value
    top = task.workflow.top_workflow
    task.last_state_change = top.tick()
    if value >= COMPLETED:
        top.note(task, before)


def _inherit_data(task: Any) -> None:
    task.data = newest(task.data, task.parent.data)


def _run(task: Any) -> bool | None:
    result: bool | None = task.task_spec._run(task)
    if task._state & FINISHED:
        return result
    if result is None:
        task._set_state(TaskState.STARTED)
    elif result is False:
        task.error()
    else:
        task.complete()
    return result


def _complete(task: Any) -> None:
    task._set_state(COMPLETED)
    if task.task_spec.guarded:
        task.parent.task_spec.activity_ended(task.parent)
    task.task_spec._on_complete(task)


def _cancel(task: Any) -> None:
    if task._state & FINISHED:
        for child in task.children:
            child.cancel()
        return
    task._set_state(CANCELLED)
    for child in task.children:
        if child._state & ALIVE:
            child.cancel()
    task._drop_children()
    task.task_spec._on_cancel(task)


def _no_extras(_: Any, __: dict[str, Any] | None = None) -> dict[str, Any]:
    return {}


SpiffWorkflow.task.uuid4 = _new_id
Task._set_state = _set_state
Task._inherit_data = _inherit_data
Task.run = _run
Task.complete = _complete
Task.cancel = _cancel
Task.collect_log_extras = _no_extras
TaskSpec.guarded = False
TaskSpec.element = None
TaskDataEnvironment.evaluate = NoScripts.evaluate
TaskDataEnvironment.execute = NoScripts.evaluate
