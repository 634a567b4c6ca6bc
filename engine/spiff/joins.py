"""Joins that count tokens, in place of the library's, which are wrong inside loops.

Every token that reaches a joining gateway stays there as a waiting task, an *arrival*. When the gateway may fire, the
oldest arrival of each input is used up: one of them goes on with the newest data of all, the others are removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins import (
    BpmnSpecMixin,
    ExclusiveGatewayMixin,
    InclusiveGatewayMixin,
    ParallelGatewayMixin,
)
from SpiffWorkflow.util.task import TaskState

from engine.expressions import Expression
from engine.spiff.data import newest
from engine.spiff.errors import ElementFailed
from engine.spiff.interface import id_of
from engine.spiff.task import is_token


class Condition:
    """A compiled condition of a flow: only true is yes, null is no."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def _matches(self, task: Any) -> bool:
        return self.expression.holds(task.data)


class ExclusiveGateway(ExclusiveGatewayMixin, BpmnSpecMixin):
    """Takes the first flow whose condition is true, in the order of the file, else the default flow."""

    def _run_hook(self, my_task: Any) -> bool:
        target = self.default_task_spec
        for condition, name in self.cond_task_specs:
            if condition is not None and condition._matches(my_task):
                target = name
                break
        if target is None:
            raise ElementFailed(self.bpmn_id, id_of(my_task), "no condition is true and there is no default flow")
        _go(my_task, [self._wf_spec.task_specs[target]])
        return True


class TokenJoin:
    """A gateway that may have several incoming flows."""

    _inputs: list[str]

    def _may_fire(self, my_task: Any, arrived: dict[str, Any]) -> bool:
        raise NotImplementedError

    def _update_hook(self, my_task: Any) -> bool:
        my_task._inherit_data()
        if len(set(self._inputs)) < 2:
            return True
        arrived = self._oldest_arrivals(my_task)
        if not any(each is my_task for each in arrived.values()) or not self._may_fire(my_task, arrived):
            my_task._set_state(TaskState.WAITING)
            return False
        self._use_up(my_task, arrived.values())
        return True

    def _oldest_arrivals(self, my_task: Any) -> dict[str, Any]:
        """Per input: the arrival whose parent was completed first."""
        oldest: dict[str, Any] = {}
        for task in my_task.workflow.tasks.values():
            if task.task_spec is not self or not (task is my_task or task._state == TaskState.WAITING):
                continue
            name = task.parent.task_spec.name
            if name not in oldest or task.parent.last_state_change < oldest[name].parent.last_state_change:
                oldest[name] = task
        return oldest

    def _use_up(self, my_task: Any, arrivals: Iterable[Any]) -> None:
        for task in arrivals:
            if task is not my_task:
                my_task.data = newest(my_task.data, task.data)
                my_task.workflow._remove_task(task.id)


class ParallelGateway(TokenJoin, ParallelGatewayMixin, BpmnSpecMixin):
    """Fires when every input has an arrival."""

    def _may_fire(self, my_task: Any, arrived: dict[str, Any]) -> bool:
        return len(arrived) == len(set(self._inputs))

    def _run_hook(self, my_task: Any) -> bool:
        return True


class InclusiveGateway(TokenJoin, InclusiveGatewayMixin, BpmnSpecMixin):
    """Fires unless a token elsewhere can still reach an input without arrival, and none that has one."""

    @cached_property
    def _sources(self) -> dict[str, frozenset[str]]:
        """Per input: the specs from which it can be reached without passing this gateway."""
        return {name: self._reaching(name) for name in self._inputs}

    def _reaching(self, name: str) -> frozenset[str]:
        found, waiting = {name}, [name]
        while waiting:
            for source in self._wf_spec.task_specs[waiting.pop()]._inputs:
                if source not in found and source != self.name:
                    found.add(source)
                    waiting.append(source)
        return frozenset(found)

    def _may_fire(self, my_task: Any, arrived: dict[str, Any]) -> bool:
        if len(arrived) == len(set(self._inputs)):
            return True
        sources = self._sources
        open_inputs = [sources[name] for name in self._inputs if name not in arrived]
        reached = [sources[name] for name in arrived]
        for task in my_task.workflow.tasks.values():
            name = task.task_spec.name
            if task.task_spec is self or not any(name in each for each in open_inputs) or not is_token(task):
                continue
            if not any(name in each for each in reached):
                return False
        return True

    def _run_hook(self, my_task: Any) -> bool:
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise ElementFailed(self.bpmn_id, id_of(my_task), "no condition is true and there is no default flow")
        _go(my_task, matches or defaults)
        return True


class EndJoin(_EndJoin):
    """Where all paths of a process end: the last one to arrive ends it, with the newest data of all."""

    def _update_hook(self, my_task: Any) -> bool:
        my_task._inherit_data()
        workflow = my_task.workflow
        for task in list(workflow.tasks.values()):
            if task.task_spec is self and task is not my_task and task._state == TaskState.WAITING:
                my_task.data = newest(my_task.data, task.data)
                workflow._remove_task(task.id)
        if any(task.task_spec is not self and is_token(task) for task in workflow.tasks.values()):
            my_task._set_state(TaskState.WAITING)
            return False
        return True

    def _run_hook(self, my_task: Any) -> bool:
        my_task.workflow.data = my_task.data
        return True


def _go(my_task: Any, targets: list[Any]) -> None:
    my_task._sync_children(targets, TaskState.FUTURE)
    for child in my_task.children:
        child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
