"""Tasks and subprocesses: what a person does, what the host does, and processes within processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins import (
    BpmnSpecMixin,
    CallActivityMixin,
    ManualTaskMixin,
    NoneTaskMixin,
    SubWorkflowTaskMixin,
    UserTaskMixin,
)
from SpiffWorkflow.util.task import TaskState

from engine.expressions import Expression
from engine.operations import Found, OperationFailed
from engine.spiff.data import assign, copied, newest, plain, value_of
from engine.spiff.errors import ElementFailed, ErrorNotCaught
from engine.spiff.interface import Requested, id_of
from engine.spiff.routing import throw_outwards

DEEPEST = 20


class UserTask(UserTaskMixin, BpmnSpecMixin):
    pass


class ManualTask(ManualTaskMixin, BpmnSpecMixin):
    pass


class NoneTask(NoneTaskMixin, BpmnSpecMixin):
    pass


class ServiceTask(BpmnSpecMixin):
    """Calls an operation of the host. An asynchronous one only asks for it and stays started until it is answered."""

    operation: str
    parameters: Mapping[str, Expression]
    variable: str
    is_async: bool

    def _run_hook(self, my_task: Any) -> bool | None:
        parameters = {name: plain(value_of(my_task, each, self.bpmn_id)) for name, each in self.parameters.items()}
        top = my_task.workflow.top_workflow
        if self.is_async:
            top.journal.requested.append(Requested(id_of(my_task), self.operation, parameters, self.bpmn_id))
            return None
        try:
            result = top.host.operation(self.operation, self.bpmn_id, parameters, copied(my_task.data))
        except OperationFailed as failure:
            self.fail(my_task, failure.code)
            return True
        self.take(my_task, result)
        return True

    def take(self, my_task: Any, result: Mapping[str, Any] | None) -> None:
        """Keep what the operation gave."""
        if result:
            names = result.names if isinstance(result, Found) else {}
            assign(my_task, {self.variable: dict(result), **names})

    def fail(self, my_task: Any, code: str) -> None:
        """The business refused: hand the code to the boundary events; raises ErrorNotCaught."""
        if not throw_outwards(my_task, "error", code):
            raise ErrorNotCaught(self.bpmn_id, code)


class BusinessRuleTask(BpmnSpecMixin):
    """Asks the host for a decision; the result, a context, is assigned whole."""

    decision: str
    variable: str

    def _run_hook(self, my_task: Any) -> bool:
        top = my_task.workflow.top_workflow
        result = top.host.decision(self.decision, copied(my_task.data), self.bpmn_id)
        assign(my_task, {self.variable: result})
        return True


class Within:
    """An activity that runs a workflow of its own; data go in as they are and come back by newest write."""

    spec: str
    bpmn_id: str

    def _update_hook(self, my_task: Any) -> bool:
        top = my_task.workflow.top_workflow
        within = top.subprocesses.get(my_task.id)
        if within is not None:
            return bool(within.completed) and my_task._state < TaskState.READY
        my_task._inherit_data()
        self._start(my_task)
        return False

    def _start(self, my_task: Any) -> None:
        top = my_task.workflow.top_workflow
        if my_task.workflow.depth >= DEEPEST:
            raise ElementFailed(self.bpmn_id, id_of(my_task), f"processes within processes deeper than {DEEPEST}")
        my_task._set_state(TaskState.STARTED)
        within = top.create_subprocess(my_task, self.spec)
        within.choose_start(None)
        within.task_tree.data = my_task.data
        within.task_tree.run()

    def workflow_ended(self, my_task: Any, within: Any) -> None:
        """The workflow within is over; nothing to do when it was because this activity was cancelled."""
        if my_task._state == TaskState.STARTED:
            my_task.data = newest(my_task.data, within.last_task.data)
            my_task._set_state(TaskState.READY)

    def _on_cancel(self, my_task: Any) -> None:
        within = my_task.workflow.top_workflow.subprocesses.get(my_task.id)
        if within is not None:
            within.cancel_all()


class Subprocess(Within, SubWorkflowTaskMixin, BpmnSpecMixin):
    """An embedded subprocess."""


class CallActivity(Within, CallActivityMixin, BpmnSpecMixin):
    """Another process; it gets a copy of the data and gives all its variables back."""
