"""An instance that a test plays: a host that records, and `Play`, which may save and restore after every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine import clock
from engine.operations import OperationFailed
from engine.spiff import Budget, Bundle, Live, OpenTask, Wait
from tests.engine.drawing import Drawing


class RecordingHost:
    """Answers operations and decisions from two tables and remembers the calls."""

    def __init__(
        self,
        operations: Mapping[str, Callable[..., dict[str, Any] | None]] | None = None,
        decisions: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.operations = dict(operations or {})
        self.decisions = dict(decisions or {})
        self.budget = budget or Budget()
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None:
        self.calls.append((name, parameters))
        return self.operations[name](**parameters) if name in self.operations else {"done": element_id}

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        return self.decisions[decision_id](data)


class Play:
    """One instance of the first drawing; with `saving`, it is dumped and restored after every call."""

    def __init__(
        self,
        *drawings: Drawing,
        data: Mapping[str, Any] | None = None,
        host: RecordingHost | None = None,
        saving: bool = True,
        message: str | None = None,
    ) -> None:
        self.bundle = Bundle.compile({f"{each.process_id}.bpmn": each.xml() for each in drawings})
        self.host = host or RecordingHost()
        self.process_id = drawings[0].process_id
        self.saving = saving
        self.history: list[tuple[str, str]] = []
        self.thrown: list[tuple[str, str | None, dict[str, Any]]] = []
        self.signalled: list[str] = []
        self.live = Live.begin(self.bundle, self.process_id, data or {}, self.host, message)
        self.size = 0
        self._after()

    def open(self) -> list[str]:
        return [each.element_id for each in self.live.open_tasks]

    def task(self, element_id: str, number: int = 0) -> OpenTask:
        return [each for each in self.live.open_tasks if each.element_id == element_id][number]

    def wait(self, element_id: str) -> Wait:
        return next(each for each in self.live.waits if each.element_id == element_id)

    def due(self) -> dict[str, datetime | None]:
        return {each.element_id: each.due_at for each in self.live.waits if each.kind == "timer"}

    def complete(self, element_id: str, number: int = 0, **answers: Any) -> Play:
        task = self.task(element_id, number)
        self.live.complete(task.id, {element_id: answers} if answers else {})
        return self._after()

    def fire(self) -> int:
        fired = self.live.fire_due_timers()
        self._after()
        return fired

    def deliver(self, element_id: str, **payload: Any) -> bool:
        wait = self.wait(element_id)
        taken = self.live.deliver(wait.task_id, payload, wait.number)
        self._after()
        return taken

    def finish(self, element_id: str, **result: Any) -> bool:
        taken = self.live.finish(self.wait(element_id).task_id, result)
        self._after()
        return taken

    def fail(self, element_id: str, code: str) -> bool:
        taken = self.live.fail(self.wait(element_id).task_id, code)
        self._after()
        return taken

    def restore(self) -> Play:
        blob = self.live.dump()
        self.size = len(blob)
        self.live = Live.restore(self.bundle, self.process_id, blob, self.host)
        return self

    @property
    def data(self) -> dict[str, Any]:
        return self.live.data

    @property
    def ended(self) -> bool:
        return self.live.ended

    def _after(self) -> Play:
        self.history += [(each.element_id, each.outcome) for each in self.live.executed]
        self.thrown += [(each.name, each.key, each.payload) for each in self.live.thrown]
        self.live.executed.clear()
        self.live.thrown.clear()
        self.signalled += [each.name for each in self.live.signalled]
        self.live.signalled.clear()
        return self.restore() if self.saving else self


def refuse(code: str) -> Callable[..., dict[str, Any]]:
    """An operation that always fails with this code."""

    def operation(**_: Any) -> dict[str, Any]:
        raise OperationFailed(code)

    return operation


def watched(interrupting: bool, **event: str) -> Drawing:
    """A user task with one boundary event that leads to another user task."""
    drawing = Drawing().user("ask").user("after").user("other").boundary("event", "ask", interrupting, **event)
    return drawing.path("start", "ask", "after", "end").path("event", "other", "end_other")


def later(**step: float) -> None:
    clock.move_by(timedelta(**step))
