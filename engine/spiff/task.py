"""Our task in place of the library's: one node of the tree of what was, is and may be.

- its id is the 16 bytes of a UUID, which hash faster than the object; `interface.id_of` gives the UUID;
- data is inherited by newest write, not by deep merge (see `engine.spiff.data`);
- no log extras; states are noted in the workflow's journal, with a rising number instead of the time of day;
- becoming ready does not check the specification again: a bundle is checked when it is built;
- cancelling a task cancels what runs below it (the library drops it without a word, and leaves subprocesses behind);
- a task that is cancelled by what it did itself is not completed afterwards;
- when an activity ends, its boundary events end with it (the library's join of boundary events is not used).
"""

from __future__ import annotations

import os
from typing import Any

from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.task import Task as LibraryTask
from SpiffWorkflow.util.task import TaskState

from engine.spiff.data import newest

ALIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
FINISHED = TaskState.FINISHED_MASK
COMPLETED, CANCELLED = TaskState.COMPLETED, TaskState.CANCELLED


class Task(LibraryTask):
    """`last_state_change` is the number of the tick at which the state changed last, 0 before the first change."""

    id: bytes
    workflow: Any
    task_spec: Any
    data: dict[str, Any]
    internal_data: dict[str, Any]

    def __init__(self, workflow: Any, task_spec: Any, parent: Any, state: int, task_id: bytes | None = None) -> None:
        self.id = _new_id() if task_id is None else task_id
        workflow.tasks[self.id] = self
        self.workflow, self.task_spec = workflow, task_spec
        self._parent = None if parent is None else parent.id
        self._children: list[bytes] = []
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.data, self.internal_data = {}, {}
        self.last_state_change = 0
        if parent is not None:
            parent._children.append(self.id)

    def run(self) -> bool | None:
        result: bool | None = self.task_spec._run(self)
        if self._state & FINISHED:
            return result
        if result is None:
            self._set_state(TaskState.STARTED)
        elif result is False:
            self.error()
        else:
            self.complete()
        return result

    def complete(self) -> None:
        self._set_state(COMPLETED)
        if self.task_spec.guarded:
            self.parent.task_spec.activity_ended(self.parent)
        self.task_spec._on_complete(self)

    def cancel(self) -> None:
        if self._state & FINISHED:
            for child in self.children:
                child.cancel()
            return
        self._set_state(CANCELLED)
        for child in self.children:
            if child._state & ALIVE:
                child.cancel()
        self._drop_children()
        self.task_spec._on_cancel(self)

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        return {}

    def _add_child(self, task_spec: Any, state: int = TaskState.MAYBE) -> Task:
        if self._state & TaskState.PREDICTED_MASK and not state & TaskState.PREDICTED_MASK:
            raise WorkflowException("a predicted task can only have predicted children", task_spec=self.task_spec)
        child = Task(self.workflow, task_spec, self, state)
        if state == TaskState.READY:
            child._ready()
        return child

    def _ready(self) -> None:
        if not self._state & FINISHED:
            self._set_state(TaskState.READY)
            self.task_spec._on_ready_hook(self)

    def _inherit_data(self) -> None:
        self.data = newest(self.data, self.parent.data)

    def _set_state(self, value: int) -> None:
        if value == self._state:
            return
        before, self._state = self._state, value
        top = self.workflow.top_workflow
        self.last_state_change = top.tick()
        if value >= COMPLETED:
            top.note(self, before)


def is_token(task: Task) -> bool:
    """Whether the task holds a token: it is alive, or about to be because its parent has just completed."""
    if task._state & ALIVE:
        return True
    if task._state > TaskState.FUTURE:
        return False
    parent = task.parent
    return parent is not None and parent._state == COMPLETED


def _new_id() -> bytes:
    """16 random bytes in the form of a UUID of version 4."""
    drawn = bytearray(os.urandom(16))
    drawn[6] = drawn[6] & 0x0F | 0x40
    drawn[8] = drawn[8] & 0x3F | 0x80
    return bytes(drawn)
