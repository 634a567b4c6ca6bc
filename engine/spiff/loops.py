"""Standard loops and multi-instance activities.

The surrounding task keeps two counters in its internal data: `total` members and how many are `merged`; members that
are done need not be kept. What a member wrote goes into the surrounding task's data by newest write, without the
member's own variable. With a result list, the member's result is added to it in the order of the members: when they
are open at once, `places` remembers whose results are there.

A completion condition sees the merged data, the member's item and result, and the counters `nrOfInstances`,
`nrOfCompletedInstances` and `nrOfActiveInstances`; the condition of a standard loop sees `loopCounter`, the rounds
done.
"""

from __future__ import annotations

from bisect import bisect
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

    def take_back(self, my_task: Any, number: int) -> None:
        """Open a member again whose answer is withdrawn, while the loop goes on: one of those in turn gives way to it.

        What it wrote beside its result stays until it is written anew.
        """
        my_task.internal_data["merged"] -= 1
        self._open_again(my_task, number)

    def _open_again(self, my_task: Any, number: int) -> None:
        raise NotImplementedError

    def _leave_open(self, my_task: Any) -> None:
        """Cancel the member in turn."""
        for member in my_task.children:
            if member.task_spec.name == self.task_spec and member._state < TaskState.COMPLETED:
                member.cancel()

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

    def _open_again(self, my_task: Any, number: int) -> None:
        self._leave_open(my_task)
        self._next(my_task)

    def _next(self, my_task: Any) -> None:
        child = self._add_member(my_task, my_task.internal_data["merged"])
        child.task_spec._update(child)

    def _is_over(self, my_task: Any) -> bool:
        if self.maximum is not None and my_task.internal_data["merged"] >= self.maximum:
            return True
        counted = {**my_task.data, "loopCounter": my_task.internal_data["merged"]}
        return self.condition is not None and not self.condition.holds(counted)


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
            results = list(my_task.data.get(self.results) or ())
            results.insert(self._place(my_task, child, len(results)), child.data.get(self.result))
            assign(my_task, {self.results: results})
        internal = my_task.internal_data
        if internal["merged"] >= internal["total"] or self._is_satisfied(my_task, child):
            self._leave_open(my_task)
            my_task._set_state(TaskState.READY)
        else:
            self._continue(my_task)

    def _open_again(self, my_task: Any, number: int) -> None:
        if self.results is not None and self.result is not None:
            results = list(my_task.data.get(self.results) or ())
            results.pop(self._vacated(my_task, number))
            assign(my_task, {self.results: results})
        self._create(my_task, number)

    def _vacated(self, my_task: Any, number: int) -> int:
        """Which result is the member's; it is forgotten that it was there."""
        return -1

    def _place(self, my_task: Any, child: Any, last: int) -> int:
        """Where the member's result belongs among the `last` that are there."""
        return last

    def _start(self, my_task: Any) -> bool:
        """Count the members and clear the result list; False when there are none."""
        self._begin(my_task)
        total = self._count(my_task)
        my_task.internal_data.update(total=total, merged=0)
        my_task.internal_data.pop("places", None)
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
        counters = {
            "nrOfInstances": internal["total"],
            "nrOfCompletedInstances": internal["merged"],
            "nrOfActiveInstances": self._active(internal),
        }
        return self.condition.holds({**newest(child.data, my_task.data), **counters})

    def _active(self, internal: dict[str, Any]) -> int:
        """Members that are open when one has just been done."""
        return 0

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

    def _open_again(self, my_task: Any, number: int) -> None:
        self._leave_open(my_task)
        super()._open_again(my_task, number)


class Parallel(MultiInstance, ParallelMultiInstanceTaskMixin, BpmnSpecMixin):
    """All members at once."""

    def _update_hook(self, my_task: Any) -> bool:
        if not self._start(my_task):
            return True
        for number in range(my_task.internal_data["total"]):
            self._create(my_task, number)
        return False

    def _active(self, internal: dict[str, Any]) -> int:
        return int(internal["total"] - internal["merged"])

    def _place(self, my_task: Any, child: Any, last: int) -> int:
        places = my_task.internal_data.setdefault("places", list(range(last)))  # an older state has none
        place = bisect(places, child.internal_data["member"])
        places.insert(place, child.internal_data["member"])
        return place

    def _vacated(self, my_task: Any, number: int) -> int:
        places: list[int] = my_task.internal_data["places"]
        place = places.index(number)
        places.pop(place)
        return place
