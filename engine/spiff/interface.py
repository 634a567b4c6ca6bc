"""What goes in and out of a live instance: plain values, no object of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


def id_of(task: Any) -> UUID:
    """The id of a task of the library as the outside knows it."""
    return UUID(bytes=task.id)


@dataclass(frozen=True)
class Budget:
    """How far one step may run: engine tasks on one path, engine tasks in all, seconds of processor time."""

    tasks_per_path: int = 500
    tasks: int = 5000
    seconds: float = 2.0


class Host(Protocol):
    """Who carries out what a diagram names. `data` is a copy that may be kept; results are contexts of JSON values.

    `operation` may raise `engine.operations.OperationFailed(code)`: it becomes the BPMN error of that code.
    """

    budget: Budget

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None: ...

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]: ...


@dataclass(frozen=True)
class OpenTask:
    """A task that waits for a person. `kind`: userTask, manualTask or task.

    `properties` are the element's own, those whose text begins with `=` replaced by their value (JSON). `process_id`
    is the process it is drawn in (that of the called one within a call activity). `member` counts the members of a
    multi-instance task from 0, None outside one. `data` is what its branch knows. `computed` names the properties whose
    value comes from data.
    """

    id: UUID
    element_id: str
    process_id: str
    kind: str
    name: str
    properties: Mapping[str, Any]
    data: dict[str, Any]
    member: int | None = None
    computed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Token:
    """Where an instance stands: what `Live.move` and `Live.skip` take.

    `kind` is BPMN's word, `loop` for a repeated activity as a whole; `member` counts its members from 0. `within` is
    the element of the subprocess or call activity around it. `arrived`: it waits at a join for the other branches.
    """

    id: UUID
    element_id: str
    process_id: str
    kind: str
    name: str
    member: int | None = None
    within: str | None = None
    arrived: bool = False


@dataclass(frozen=True)
class Wait:
    """What an instance waits for besides people. `kind`: timer, message, signal or job.

    Timer: `due_at` (UTC). Message: `name` and `key` (None: the instance's own key). Job: an asynchronous service task
    whose answer is outstanding. `number` counts the events of an event-based gateway from 0; `element_id` is then the
    event behind it. `attached_to` is the activity's element of a boundary event, `attached_task` its task.
    """

    kind: str
    task_id: UUID
    element_id: str
    process_id: str
    number: int = 0
    due_at: datetime | None = None
    name: str | None = None
    key: str | None = None
    attached_to: str | None = None
    attached_task: UUID | None = None


@dataclass(frozen=True)
class Executed:
    """A node that was completed, skipped or cancelled, in the order it happened. `kind` is BPMN's word. Of a loop
    each member is told; a loop that had none is told once, with the kind `loop`.
    """

    element_id: str
    process_id: str
    name: str
    kind: str
    task_id: UUID
    outcome: str
    member: int | None = None


@dataclass(frozen=True)
class Thrown:
    """A message that the diagram sends; `key` None means the instance's own key."""

    name: str
    key: str | None
    payload: dict[str, Any]
    element_id: str
    task_id: UUID


@dataclass(frozen=True)
class Signalled:
    """A signal that the diagram throws: its own instance has heard it already, the others shall."""

    name: str
    element_id: str
    task_id: UUID


@dataclass(frozen=True)
class Rescheduled:
    """A time that the calendar of today puts elsewhere; `moved` False: it would lie in the past and stays."""

    element_id: str
    task_id: UUID
    number: int
    before: datetime
    after: datetime
    moved: bool


@dataclass(frozen=True)
class Requested:
    """An asynchronous service task has begun: its answer comes back by `Live.finish` or `Live.fail`."""

    task_id: UUID
    operation: str
    parameters: dict[str, Any]
    element_id: str


@dataclass
class Journal:
    """What happened since an instance was begun or restored."""

    executed: list[Executed] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    requested: list[Requested] = field(default_factory=list)
    signalled: list[Signalled] = field(default_factory=list)
