"""Events and the event-based gateway.

A waiting event remembers in its task's internal data what its definition armed; when something arrives, `fire` notes
it (`fired`, `payload`) and the task becomes ready. The payload is written under the definition's variable.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins import (
    BoundaryEventMixin,
    BpmnSpecMixin,
    EndEventMixin,
    EventBasedGatewayMixin,
    IntermediateCatchEventMixin,
    IntermediateThrowEventMixin,
    ReceiveTaskMixin,
    SendTaskMixin,
    StartEventMixin,
)
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.util.task import TaskState

from engine.spiff.data import assign
from engine.spiff.definitions import Definition, Nothing
from engine.spiff.routing import activity_of, knows, seen_inside


class Catching:
    """Waits for its definition, then goes on; in place of the library's handling of waiting events."""

    event_definition: Definition

    def fire(self, task: Any, number: int = 0, payload: dict[str, Any] | None = None) -> None:
        """What the task waits for has happened."""
        task.internal_data["fired"] = number
        if payload is not None:
            task.internal_data["payload"] = payload
        task.task_spec._update(task)

    def offers(self, task: Any) -> list[tuple[int, Definition, dict[str, Any]]]:
        return [(0, self.event_definition, task.internal_data)]

    def _update_hook(self, my_task: Any) -> bool:
        my_task._inherit_data()
        if "fired" in my_task.internal_data or not self.event_definition.waits:
            return True
        self.event_definition.arm(my_task, my_task.internal_data)
        my_task._set_state(TaskState.WAITING)
        return False

    def _on_ready_hook(self, my_task: Any) -> None:
        pass

    def _run_hook(self, my_task: Any) -> bool:
        if "payload" in my_task.internal_data:
            assign(my_task, {self.event_definition.variable: my_task.internal_data["payload"]})
        return True

    def _predict_hook(self, my_task: Any) -> None:
        TaskSpec._predict_hook(self, my_task)

    def _on_cancel(self, my_task: Any) -> None:
        pass


class StartEvent(Catching, StartEventMixin, BpmnSpecMixin):
    """Begins at once: who starts the instance has chosen the start event, by `message_name` if it has one."""

    message_name: str | None = None


class IntermediateCatchEvent(Catching, IntermediateCatchEventMixin, BpmnSpecMixin):
    pass


class ReceiveTask(Catching, ReceiveTaskMixin, BpmnSpecMixin):
    pass


class IntermediateThrowEvent(IntermediateThrowEventMixin, BpmnSpecMixin):
    pass


class SendTask(SendTaskMixin, BpmnSpecMixin):
    pass


class EndEvent(EndEventMixin, BpmnSpecMixin):
    """Ends its path; a terminate end event ends everything in its process or subprocess, keeping what was written."""

    def _on_complete_hook(self, my_task: Any) -> None:
        TaskSpec._on_complete_hook(self, my_task)
        if self.event_definition.kind != "terminate":
            return
        workflow = my_task.workflow
        for task in list(workflow.tasks.values()):
            if knows(task):
                my_task.data = seen_inside(task, my_task.data)
        workflow.cancel_all()
        workflow._mark_complete(my_task)


class ActivitySplit(BoundaryEventSplit):
    """Stands before an activity with boundary events and starts both."""

    def activity_ended(self, my_task: Any) -> None:
        """The activity is over: none of its boundary events can happen any more."""
        for child in my_task.children:
            if isinstance(child.task_spec, BoundaryEvent) and child._state == TaskState.WAITING:
                child.cancel()


class BoundaryEvent(Catching, BoundaryEventMixin, BpmnSpecMixin):
    """Interrupting: the activity ends the moment the event happens. Otherwise it waits again for the next time.

    Its path sees what the activity has written so far.
    """

    def _on_ready_hook(self, my_task: Any) -> None:
        activity = activity_of(my_task)
        if activity is None:
            return
        my_task.data = seen_inside(activity, my_task.data)
        if self.cancel_activity:
            my_task.parent.task_spec.activity_ended(my_task.parent)
            activity.cancel()

    def _run_hook(self, my_task: Any) -> bool:
        super()._run_hook(my_task)
        if not self.cancel_activity and activity_of(my_task) is not None:
            again = self.event_definition.following(my_task.internal_data)
            if again is not None:
                self._wait_again(my_task.parent, again)
        return True

    def _wait_again(self, split: Any, state: dict[str, Any]) -> None:
        task = split._add_child(self, TaskState.FUTURE)
        task.triggered = True
        task.internal_data.update(state)
        self._predict(task, mask=TaskState.NOT_FINISHED_MASK)
        self._update(task)


class EventBasedGateway(Catching, EventBasedGatewayMixin, BpmnSpecMixin):
    """The first of the events behind it decides; several timers and messages are fine.

    Internal data: `offers`, one remembered state per outgoing flow, and `fired`, the position of the winner.
    """

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, event_definition=Nothing(bpmn_id), **kwargs)
        self.definitions: list[Definition] = []

    def connect(self, child: Any) -> None:
        """Take the event's definition over: behind the gateway it happens at once."""
        TaskSpec.connect(self, child)
        self.definitions.append(child.event_definition)
        child.event_definition = Nothing(child.event_definition.element_id)

    def offers(self, task: Any) -> list[tuple[int, Definition, dict[str, Any]]]:
        states = task.internal_data["offers"]
        return [(number, each, states[number]) for number, each in enumerate(self.definitions)]

    def _update_hook(self, my_task: Any) -> bool:
        my_task._inherit_data()
        if "fired" in my_task.internal_data:
            return True
        if "offers" not in my_task.internal_data:
            states: list[dict[str, Any]] = [{} for _ in self.definitions]
            for definition, state in zip(self.definitions, states, strict=True):
                definition.arm(my_task, state)
            my_task.internal_data["offers"] = states
        my_task._set_state(TaskState.WAITING)
        return False

    def _predict_hook(self, my_task: Any) -> None:
        my_task._sync_children(self.outputs, state=TaskState.MAYBE)

    def _run_hook(self, my_task: Any) -> bool:
        position = my_task.internal_data["fired"]
        if "payload" in my_task.internal_data:
            assign(my_task, {self.definitions[position].variable: my_task.internal_data["payload"]})
        my_task._sync_children([self.outputs[position]], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True
