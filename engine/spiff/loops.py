"""Standard loops and multi-instance activities.

The surrounding task keeps two counters in its internal data: `total` members and how many are `merged`; members that
are done need not be kept. What a member wrote goes into the surrounding task's data by newest write, without the
member's own variable; with a result list, the member's result is added to it in the order of completion.

A completion condition sees the merged data, the member's item and result, and the counters `nrOfInstances` and
`nrOfCompletedInstances`.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins import (
    BpmnSpecMixin,
    ParallelMultiInstanceTaskMixin,
    SequentialMultiInstanceTaskMixin,
    StandardLoopTaskMixin,
)
from SpiffWorkflow.util.task import TaskState

from engine.expressions import Expression
from engine.spiff.data import assign, newest, value_of, without
from engine.spiff.errors import ElementFailed
from engine.spiff.interface import id_of

MOST_MEMBERS = 1000


class Repeating:
    """What loops have in common. `task_spec` is the name of the repeated activity's spec."""

    task_spec: str
    bpmn_id: str
    _wf_spec: Any

    def listen(self) -> None:
        """Hear of every member that is completed; once, when the bundle is built."""
        self._wf_spec.task_specs[self.task_spec].completed_event.connect(self.merge_child)

    def merge_child(self, workflow: Any, child: Any) -> None:
        raise NotImplementedError

    def _begin(self, my_task: Any) -> None:
        if my_task.has_state(TaskState.PREDICTED_MASK):
            my_task._set_state(TaskState.FUTURE)  # a predicted task may not have members
        my_task._inherit_data()

    def _add_member(self, my_task: Any, number: int) -> Any:
        child = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.FUTURE)
        child.triggered = True
        child.internal_data["member"] = number
        child.data = my_task.data
        return child


class StandardLoop(Repeating, StandardLoopTaskMixin, BpmnSpecMixin):
    """Repeats while its condition is true, at most `maximum` times; `condition` None: always."""

    condition: Expression | None
    maximum: int | None

    def _update_hook(self, my_task: Any) -> bool:
        self._begin(my_task)
        my_task.internal_data["merged"] = 0
        if self.test_before and self._is_over(my_task):
            return True
        my_task._set_state(TaskState.STARTED)
        self._next(my_task)
        return False

    def merge_child(self, workflow: Any, child: Any) -> None:
        my_task = child.parent
        my_task.data = newest(my_task.data, child.data)
        my_task.internal_data["merged"] += 1
        if self._is_over(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self._next(my_task)

    def _next(self, my_task: Any) -> None:
        child = self._add_member(my_task, my_task.internal_data["merged"])
        child.task_spec._update(child)

    def _is_over(self, my_task: Any) -> bool:
        if self.maximum is not None and my_task.internal_data["merged"] >= self.maximum:
            return True
        return self.condition is not None and not self.condition.holds(my_task.data)


class MultiInstance(Repeating):
    """Once per item of a list (or that many times). `items` or `cardinality` is given; all names may be None."""

    items: Expression | None
    cardinality: Expression | None
    item: str | None
    results: str | None
    result: str | None
    condition: Expression | None

    def merge_child(self, workflow: Any, child: Any) -> None:
        my_task = child.parent
        local = (self.item, self.result if self.results is not None else None)
        my_task.data = newest(my_task.data, without(child.data, local))
        my_task.internal_data["merged"] += 1
        if self.results is not None and self.result is not None:
            so_far = my_task.data.get(self.results)
            assign(my_task, {self.results: [*(so_far or ()), child.data.get(self.result)]})
        internal = my_task.internal_data
        if internal["merged"] >= internal["total"] or self._is_satisfied(my_task, child):
            for member in my_task.children:
                if member.task_spec.name == self.task_spec and member._state < TaskState.COMPLETED:
                    member.cancel()
            my_task._set_state(TaskState.READY)
        else:
            self._continue(my_task)

    def _start(self, my_task: Any) -> bool:
        """Count the members and clear the result list; False when there are none."""
        self._begin(my_task)
        total = self._count(my_task)
        my_task.internal_data.update(total=total, merged=0)
        if self.results is not None:
            assign(my_task, {self.results: []})
        if total:
            my_task._set_state(TaskState.STARTED)
        return total > 0

    def _count(self, my_task: Any) -> int:
        if self.items is None:
            value = 0 if self.cardinality is None else value_of(my_task, self.cardinality, self.bpmn_id)
            total = value if isinstance(value, int) and not isinstance(value, bool) else -1
        else:
            value = value_of(my_task, self.items, self.bpmn_id)
            total = len(value) if isinstance(value, list | dict) else -1
        if total < 0:
            what = "list" if self.items is not None else "number of members"
            raise ElementFailed(self.bpmn_id, id_of(my_task), f"gives no {what}")
        if total > MOST_MEMBERS:
            raise ElementFailed(self.bpmn_id, id_of(my_task), f"more than {MOST_MEMBERS} members")
        return total

    def _create(self, my_task: Any, number: int) -> None:
        child = self._add_member(my_task, number)
        if self.item is not None:
            assign(child, {self.item: self._item(my_task, number)})
        child.task_spec._update(child)

    def _item(self, my_task: Any, number: int) -> Any:
        if self.items is None:
            return number
        value = value_of(my_task, self.items, self.bpmn_id)
        values = list(value.values()) if isinstance(value, dict) else value
        return values[number] if isinstance(values, list) and number < len(values) else None

    def _is_satisfied(self, my_task: Any, child: Any) -> bool:
        if self.condition is None:
            return False
        internal = my_task.internal_data
        counters = {"nrOfInstances": internal["total"], "nrOfCompletedInstances": internal["merged"]}
        return self.condition.holds({**newest(child.data, my_task.data), **counters})

    def _continue(self, my_task: Any) -> None:
        """A member is done and others are to come."""


class Sequential(MultiInstance, SequentialMultiInstanceTaskMixin, BpmnSpecMixin):
    """One member after the other."""

    def _update_hook(self, my_task: Any) -> bool:
        if not self._start(my_task):
            return True
        self._create(my_task, 0)
        return False

    def _continue(self, my_task: Any) -> None:
        self._create(my_task, my_task.internal_data["merged"])


class Parallel(MultiInstance, ParallelMultiInstanceTaskMixin, BpmnSpecMixin):
    """All members at once."""

    def _update_hook(self, my_task: Any) -> bool:
        if not self._start(my_task):
            return True
        for number in range(my_task.internal_data["total"]):
            self._create(my_task, number)
        return False
