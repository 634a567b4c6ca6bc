"""One instance in memory: begin or restore it, tell it what happened, read what it wants, dump it.

An exception leaves a `Live` in an unknown state: throw it away and restore the last dump.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.codec import BlobUnreadable, pack, unpack
from engine.errors import NotPossible
from engine.expressions.values import text_of
from engine.spiff import moves, routing, state
from engine.spiff.activities import ServiceTask
from engine.spiff.bundle import Bundle
from engine.spiff.data import assign, newest, plain, value_of, view, written
from engine.spiff.errors import StateUnreadable, TaskNotOpen
from engine.spiff.interface import (
    Executed,
    Host,
    OpenTask,
    Requested,
    Rescheduled,
    Signalled,
    Thrown,
    Token,
    Wait,
    id_of,
)
from engine.spiff.regions import regions_of
from engine.spiff.task import ALIVE
from engine.spiff.timers import ALIKE, due_at
from engine.spiff.versions import Versions
from engine.spiff.workflow import Workflow

_TOLD = frozenset(("timer", "message", "signal"))  # errors and escalations come from within


class Live:
    """An instance that can be moved. Every moving call first fires the timers that are due, earliest first."""

    def __init__(self, process_id: str, top: Workflow) -> None:
        self.process_id = process_id
        self._top = top

    @classmethod
    def begin(
        cls, bundle: Bundle, process_id: str, data: Mapping[str, Any], host: Host, start_message: str | None = None
    ) -> Live:
        """A new instance, run to its first waiting point. `data` become its variables.

        Raises KeyError when the bundle has no such process, or the process no start event for `start_message`.
        """
        top = Workflow(bundle.spec_of(process_id), bundle.specs, host)
        top.plant()
        top.choose_start(start_message)
        assign(top.task_tree, data)
        live = cls(process_id, top)
        live._advance()
        return live

    @classmethod
    def restore(cls, bundle: Bundle, process_id: str, blob: bytes, host: Host) -> Live:
        """The instance as `dump` left it; nothing is moved yet. Raises StateUnreadable."""
        try:
            _, document = unpack(blob)
        except BlobUnreadable as fault:
            raise StateUnreadable(str(fault)) from fault
        if document[0] != process_id:
            raise StateUnreadable(f"a state of process {document[0]}, not {process_id}")
        return cls(process_id, state.restored(document, bundle.specs, bundle.spec_of(process_id), host))

    @classmethod
    def taken_over(cls, versions: Versions, blob: bytes, host: Host) -> Live:
        """The instance in the new one of two versions, of a state that fits it (`Versions.misfits`)."""
        adapted, unforeseen = versions.adapted(blob)
        live = cls.restore(versions.new, versions.process_id, adapted, host)
        for task_id in unforeseen:
            task = live._top.get_task_from_id(task_id)
            task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
        return live

    def dump(self) -> bytes:
        """The pruned state; what was thrown, requested and executed is not in it."""
        return pack(state.document_of(self._top, self.process_id))

    def fire_due_timers(self) -> int:
        """Fire what is due by engine.clock, earliest first, with the steps that follow; how many timers that were."""
        self._top.begin_step()
        count = self._top.fire_due_timers()
        return count

    def complete(self, task_id: UUID, written: Mapping[str, Any]) -> None:
        """A person's task is done; `written` are the variables it assigns. Raises TaskNotOpen."""
        self.fire_due_timers()
        task = self._find(task_id, TaskState.READY)
        if task is None or not task.task_spec.manual:
            raise TaskNotOpen(task_id)
        if written:
            assign(task, written)
        self._top.carry_out(task)
        self._advance()

    def deliver(self, task_id: UUID, payload: Mapping[str, Any], number: int = 0) -> bool:
        """A message has come for a wait of kind message (its task_id and number); False when nothing waits there."""
        self.fire_due_timers()
        task = self._find(task_id, TaskState.WAITING)
        kinds = {} if task is None else {at: each.kind for at, each, _ in routing.offers(task)}
        if kinds.get(number) != "message":
            return False
        task.task_spec.fire(task, number, plain(dict(payload)))
        self._advance()
        return True

    def signal(self, name: str) -> bool:
        """A signal from outside has come: wakes everything that waits for it; False when nothing does."""
        self.fire_due_timers()
        if self._top.completed or not routing.throw_signal(self._top, name):
            return False
        self._advance()
        return True

    def reckon_again(self, functions: Collection[str]) -> list[Rescheduled]:
        """Work out again when timers are due whose expressions call one of these functions: their calendar changed.

        No timer is moved into the past: one that would be stays as it is, and its `moved` is False.
        """
        self.fire_due_timers()
        found = []
        for task in self._tasks():
            for number, definition, armed in routing.offers(task):
                if definition.kind == "timer" and "since" in armed and definition.when.functions & set(functions):
                    before, after = due_at(armed), definition.worked_out_again(task, armed).astimezone(UTC)
                    if abs(after - before) < ALIKE:
                        continue
                    moved = after > self._top.now
                    if moved:
                        armed["due"] = after.isoformat()
                    found.append(Rescheduled(definition.element_id, id_of(task), number, before, after, moved))
        return found

    def finish(self, task_id: UUID, result: Mapping[str, Any] | None) -> bool:
        """An asynchronous service task was answered; False when it is too late."""
        task = self._requested(task_id)
        if task is None:
            return False
        task.task_spec.take(task, result)
        task.complete()
        self._advance()
        return True

    def fail(self, task_id: UUID, code: str) -> bool:
        """An asynchronous service task failed with a BPMN error code; False when it is too late.

        Raises ErrorNotCaught when no boundary event takes the code.
        """
        task = self._requested(task_id)
        if task is None:
            return False
        task.task_spec.fail(task, code)
        self._advance()
        return True

    def move(self, task_id: UUID, element_id: str) -> None:
        """Move a token by hand to another element of its process; raises NotPossible, TaskNotOpen.

        What the moved token leaves is cancelled, in a parallel block the other branches, too, if it leaves the block.
        """
        task = self._held(task_id)
        moves.move(task, moves.planned(task, element_id))
        self._advance()

    def skip(self, task_id: UUID) -> None:
        """Go on behind a task without doing it; raises NotPossible, TaskNotOpen."""
        moves.skip(self._held(task_id))
        self._advance()

    def may_move(self, task_id: UUID) -> list[str]:
        """The elements that this token may be moved to, in the order of the file; raises TaskNotOpen."""
        task = self._top.get_task_from_id(task_id.bytes)
        if task is None or not moves.is_movable(task):
            raise TaskNotOpen(task_id)
        found = []
        for element_id in regions_of(task.workflow.spec).entries:
            try:
                moves.planned(task, element_id)
            except NotPossible:
                continue
            found.append(element_id)
        return found

    def around(self, task_id: UUID) -> list[tuple[UUID, list[str]]]:
        """The tokens that may move when somebody at this task wants to, innermost first, with where each may go."""
        task = self._top.get_task_from_id(task_id.bytes)
        if task is None or not moves.is_movable(task):
            raise TaskNotOpen(task_id)
        return [(id_of(each), self.may_move(id_of(each))) for each in moves.held_by(task)]

    def why_not(self, task_id: UUID, element_id: str) -> NotPossible | None:
        """Why this token may not move to the element; None when it may."""
        try:
            moves.planned(self._top.get_task_from_id(task_id.bytes), element_id)
        except NotPossible as fault:
            return fault
        return None

    def member_of(self, task_id: UUID) -> tuple[UUID, int] | None:
        """The repeated task that this one is a member of, and which; None when it is none."""
        task = self._top.get_task_from_id(task_id.bytes)
        if task is None or task.internal_data.get("member") is None:
            return None
        return id_of(task.parent), task.internal_data["member"]

    def withdraw(
        self, reached: Collection[UUID], process_id: str, element_id: str, member: tuple[UUID, int] | None = None
    ) -> None:
        """Take back the completion of a user task that led to the tokens `reached`; raises NotPossible.

        Of a repeated task only that member opens again.
        """
        self.fire_due_timers()
        self.take_back(reached, process_id, element_id, member)
        self._advance()

    def take_back(
        self, reached: Collection[UUID], process_id: str, element_id: str, member: tuple[UUID, int] | None = None
    ) -> None:
        """The tokens' part of `withdraw`: nothing goes on and no operation is called, as a look at it needs."""
        wanted = {each.bytes for each in reached}
        if member is not None:
            loop, number = member
            moves.reopen(self._top, self._top.get_task_from_id(loop.bytes), number, wanted)
        else:
            moves.move(*moves.withdrawal(self._top, wanted, process_id, element_id))

    def edit(self, values: Mapping[str, Any]) -> None:
        """Write variables everywhere in the instance, newest of all; raises ReservedName, NotPossible.

        Timers and message keys that are armed already stay as they are.
        """
        self._top.begin_step()
        for task in self._tasks():
            spec = task.task_spec
            local = {getattr(spec, name, None) for name in ("item", "result", "results")} & set(values)
            if local and task._state & ALIVE:
                name = min(str(each) for each in local)
                raise NotPossible(
                    f"「{name}」属于正在进行的多人同办，不能改。",
                    f"{name!r} belongs to a repeated task that is under way; it cannot be edited.",
                )
        stamp = self._top.tick()
        for task in self._tasks():
            if task._state & ALIVE:
                task.data = written(task.data, values, stamp)

    def cancel(self) -> None:
        """End everything that is under way."""
        self._top.begin_step()
        data = self._known()
        self._top.cancel_all()
        self._top.data = data

    @property
    def open_tasks(self) -> list[OpenTask]:
        """What people can do now, in the order in which it came up within each process."""
        return [_open_task(task) for task in self._tasks() if task._state == TaskState.READY and task.task_spec.manual]

    @property
    def tokens(self) -> list[Token]:
        """Where the instance stands, for moving by hand; of a repeated task the whole and each open member."""
        return [] if self._top.completed else moves.tokens(self._top)

    @property
    def waits(self) -> list[Wait]:
        """What the instance waits for besides people."""
        found = []
        for task in self._tasks():
            if task._state == TaskState.STARTED and isinstance(task.task_spec, ServiceTask):
                element = task.task_spec.element
                found.append(Wait("job", id_of(task), element.id, element.process_id, name=task.task_spec.operation))
            for number, definition, armed in routing.offers(task):
                if definition.kind in _TOLD:
                    found.append(_wait(task, number, definition, armed))
        return found

    @property
    def executed(self) -> list[Executed]:
        """Nodes completed or cancelled since `begin` or `restore`."""
        return self._top.journal.executed

    @property
    def thrown(self) -> list[Thrown]:
        """Messages sent since `begin` or `restore`."""
        return self._top.journal.thrown

    @property
    def signalled(self) -> list[Signalled]:
        """Signals thrown since `begin` or `restore`."""
        return self._top.journal.signalled

    @property
    def requested(self) -> list[Requested]:
        """Asynchronous service tasks begun since `begin` or `restore`."""
        return self._top.journal.requested

    @property
    def data(self) -> dict[str, Any]:
        """The newest value of every variable at the top of the process; do not change the values."""
        return view(self._known())

    @property
    def ended(self) -> bool:
        return bool(self._top.completed)

    @property
    def loose_ends(self) -> list[str]:
        """For the audit: what an ended instance left unfinished, or what the engine could do and did not. Empty."""
        every = [task for each in routing.workflows(self._top) for task in each.tasks.values()]
        if self.ended:
            left = [task for task in every if TaskState.WAITING <= task._state < TaskState.COMPLETED]
        else:
            left = [task for task in every if task._state == TaskState.READY and not task.task_spec.manual]
        return [str(task.task_spec.name) for task in left]

    @property
    def size(self) -> int:
        """How many tasks the next dump keeps."""
        return sum(len(state.kept(each)) for each in routing.workflows(self._top) if not each.completed)

    def _advance(self) -> None:
        self._top.run_steps()
        self._top.fire_due_timers()

    def _known(self) -> dict[str, Any]:
        if self._top.completed:
            return self._top.data
        known: dict[str, Any] = {}
        for task in self._top.tasks.values():
            if routing.knows(task):
                known = newest(known, task.data)
        return known

    def _tasks(self) -> Iterator[Any]:
        if not self._top.completed:
            for workflow in routing.workflows(self._top):
                yield from workflow.tasks.values()

    def _find(self, task_id: UUID, wanted: int) -> Any:
        task = self._top.get_task_from_id(task_id.bytes)
        return task if task is not None and task._state == wanted and not self._top.completed else None

    def _held(self, task_id: UUID) -> Any:
        """The task that holds this token, after overdue timers fired; raises TaskNotOpen."""
        self.fire_due_timers()
        task = self._top.get_task_from_id(task_id.bytes)
        if task is None or self._top.completed or not moves.is_movable(task):
            raise TaskNotOpen(task_id)
        return task

    def _requested(self, task_id: UUID) -> Any:
        self.fire_due_timers()
        task = self._find(task_id, TaskState.STARTED)
        return task if task is not None and isinstance(task.task_spec, ServiceTask) else None


def _open_task(task: Any) -> OpenTask:
    element = task.task_spec.element
    properties: dict[str, Any] = dict(element.properties)
    for name, expression in element.resolved.items():
        properties[name] = plain(value_of(task, expression, element.id))
    name = text_of(properties.get("name")) or element.name
    return OpenTask(
        id_of(task),
        element.id,
        element.process_id,
        element.kind,
        name,
        properties,
        view(task.data),
        task.internal_data.get("member"),
        frozenset(element.resolved),
    )


def _wait(task: Any, number: int, definition: Any, armed: dict[str, Any]) -> Wait:
    element = task.task_spec.element
    activity = routing.activity_of(task) if element.attached_to else None
    return Wait(
        kind=definition.kind,
        task_id=id_of(task),
        element_id=definition.element_id,
        process_id=element.process_id,
        number=number,
        due_at=due_at(armed) if definition.kind == "timer" else None,
        name=definition.name if definition.kind in ("message", "signal") else None,
        key=armed.get("key"),
        attached_to=element.attached_to,
        attached_task=None if activity is None else id_of(activity),
    )
