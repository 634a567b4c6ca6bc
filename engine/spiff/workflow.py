"""Our workflow and process specification: how tokens are moved, counted and timed.

`Workflow` is the top one; embedded subprocesses and called processes are `SubWorkflow`s in its `subprocesses`, by the
id of the task that runs them. Tasks are found by state in `tasks` (creation order), never by walking the tree.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.util.task import TaskState

from engine import clock
from engine.spiff.errors import ElementFailed, ErrorNotCaught, RunsWithoutStopping
from engine.spiff.interface import Executed, Host, Journal, id_of
from engine.spiff.joins import EndJoin
from engine.spiff.library import NoScripts
from engine.spiff.routing import offers, owner_of, workflows
from engine.spiff.task import ALIVE, CANCELLED, COMPLETED, Task
from engine.spiff.timers import due_at

FEW = 100
SLOWER = 5
"""A step of so FEW tasks that takes long is rather slow (a cold start, a collection of garbage) than endless: it gets
so many times the time."""


class ProcessSpec(BpmnProcessSpec):
    """The specification of a process or subprocess. `process_id` is the process that it is drawn in, `key` its name
    among all specifications that an instance may need. Names of specs stand in stored states: no key may be in them.
    """

    def __init__(self, key: str, process_id: str) -> None:
        name = "process"
        super().__init__(name=name)
        self.key = key
        self.process_id = process_id
        self.plain_start: str | None = None
        self.message_starts: dict[str, str] = {}
        ending: Any = self.task_specs.pop(f"{name}.EndJoin")
        self.end: Any = EndJoin(self, ending.name)
        self.end._outputs = ending._outputs


class Moving:
    """What both kinds of workflow share."""

    tasks: dict[Any, Any]
    spec: ProcessSpec
    task_tree: Any
    completed: bool

    def collect_log_extras(self, _: Any = None) -> dict[str, Any]:
        return {}

    def plant(self) -> None:
        """Put the first task into a workflow that is not restored."""
        self.task_tree = Task(self, self.spec.start, None, TaskState.FUTURE)
        self.task_tree.task_spec._predict(self.task_tree, mask=TaskState.NOT_FINISHED_MASK)
        self.task_tree._ready()

    def choose_start(self, message: str | None) -> None:
        """Keep only the start event that is meant; raises KeyError when no start event takes the message."""
        name = self.spec.plain_start if message is None else self.spec.message_starts[message]
        for child in self.task_tree.children:
            if child.task_spec.name != name:
                self._remove_task(child.id)  # type: ignore[attr-defined]

    def update_waiting_tasks(self) -> None:
        """Ask the joins again; events are told when theirs happens."""
        waiting = [
            task
            for task in self.tasks.values()
            if task._state == TaskState.WAITING and isinstance(task.task_spec, Join)
        ]
        for task in waiting:
            if task._state == TaskState.WAITING and task.id in self.tasks:
                task.task_spec._update(task)

    def cancel_all(self) -> None:
        """Cancel everything that is under way."""
        self.completed = True
        for task in list(self.tasks.values()):
            if task._state < COMPLETED and task.id in self.tasks:
                task.cancel()

    def run_ready(self) -> int:
        """Run what the engine can do by itself, in the order of creation; how many tasks that were."""
        count = 0
        for task in [each for each in self.tasks.values() if each._state == TaskState.READY]:
            if task.task_spec.manual or task._state != TaskState.READY or task.id not in self.tasks:
                continue
            self.top_workflow.carry_out(task)  # type: ignore[attr-defined]
            count += 1
        return count


class SubWorkflow(Moving, BpmnSubWorkflow):
    """An embedded subprocess or a called process under way; without tasks until it is planted or filled."""

    def __init__(self, spec: ProcessSpec, owner: Task, top: Workflow) -> None:
        super().__init__(spec, owner.id, top, deserializing=True)

    def _task_completed_notify(self, task: Any) -> None:
        self.last_task = task
        if task.task_spec.name == "End":
            self._mark_complete(task)
        if self.completed:
            owner = owner_of(self)
            owner.task_spec.workflow_ended(owner, self)
        else:
            self.update_waiting_tasks()


class Workflow(Moving, BpmnWorkflow):
    """The top workflow of an instance. `now` is one moment per call from outside. Planted or filled after making."""

    def __init__(self, spec: ProcessSpec, specs: dict[str, ProcessSpec], host: Host) -> None:
        self.ticks = 0
        self.journal = Journal()
        self.host = host
        self.begin_step()
        super().__init__(spec, specs, NoScripts(), deserializing=True)

    def begin_step(self) -> None:
        """Take the time and a fresh budget; once per call from outside."""
        self.now: datetime = clock.now()
        self._began = time.thread_time()
        self._count = 0
        self._lengths: dict[Any, int] = {}

    def create_subprocess(self, my_task: Any, spec_name: str) -> SubWorkflow:
        within = SubWorkflow(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = within
        within.plant()
        return within

    def get_task_from_id(self, task_id: Any) -> Any:
        """The task anywhere in the instance; None when there is none."""
        for workflow in (self, *self.subprocesses.values()):
            if task_id in workflow.tasks:
                return workflow.tasks[task_id]
        return None

    def tick(self) -> int:
        """The next of the numbers that order state changes and writes."""
        self.ticks += 1
        return self.ticks

    def note(self, task: Any, before: int) -> None:
        """Keep for history that a visible node was completed, or cancelled while it was under way."""
        element = task.task_spec.element
        if element is None or (task._state == CANCELLED and not (before & ALIVE and element.shows_cancelled)):
            return
        if task._state not in (COMPLETED, CANCELLED):
            return
        if element.kind == "loop" and (task._state == CANCELLED or task.internal_data.get("merged")):
            return  # its members tell it
        done = "skipped" if "skipped" in task.internal_data else "completed"
        outcome = done if task._state == COMPLETED else "cancelled"
        self.journal.executed.append(
            Executed(
                element.id,
                element.process_id,
                element.name,
                element.kind,
                id_of(task),
                outcome,
                task.internal_data.get("member"),
            )
        )

    def run_steps(self) -> None:
        """Carry on until only people, times, messages and answers can."""
        progress = True
        while progress:
            progress = False
            for within in sorted(self.get_active_subprocesses(), key=lambda each: each.depth, reverse=True):
                while not within.completed and within.run_ready():
                    progress = True
            if not self.completed and self.run_ready():
                progress = True

    def carry_out(self, task: Any) -> None:
        """Run one task within the budget; raises RunsWithoutStopping, ErrorNotCaught, or ElementFailed for the rest."""
        self._spend(task)
        try:
            task.run()
        except (ElementFailed, ErrorNotCaught, RunsWithoutStopping):
            raise
        except Exception as fault:
            name = task.task_spec.bpmn_id or task.task_spec.name
            raise ElementFailed(name, id_of(task), f"{type(fault).__name__}: {fault}") from fault

    def fire_due_timers(self) -> int:
        """Fire what is due, earliest first, each followed by the steps it allows; how many timers that were."""
        count = 0
        while (due := self._earliest()) is not None:
            task, number = due
            task.task_spec.fire(task, number)
            self._spend(task)
            self.run_steps()
            count += 1
        return count

    def _earliest(self) -> tuple[Any, int] | None:
        found: tuple[Any, int] | None = None
        earliest = self.now
        for workflow in workflows(self):
            for task in workflow.tasks.values():
                for number, definition, state in offers(task):
                    if definition.kind != "timer":
                        continue
                    due = due_at(state)
                    if due < earliest or (due == earliest and found is None):
                        found, earliest = (task, number), due
        return None if self.completed else found

    def _spend(self, task: Any) -> None:
        budget = self.host.budget
        self._count += 1
        before = task._parent if task._parent is not None else task.workflow.parent_task_id
        length = self._lengths[task.id] = self._lengths.get(before, 0) + 1
        element = task.task_spec.bpmn_id or task.task_spec.name
        if length > budget.tasks_per_path:
            raise RunsWithoutStopping(element, f"more than {budget.tasks_per_path} steps on one path without a stop")
        if self._count > budget.tasks:
            raise RunsWithoutStopping(element, f"more than {budget.tasks} steps without a stop")
        if time.thread_time() - self._began > budget.seconds * (1 if self._count > FEW else SLOWER):
            raise RunsWithoutStopping(element, f"more than {budget.seconds} seconds without a stop")
