"""One step: an instance is locked, loaded, moved by one trigger to its next stable point, and written.

A step writes only differences, in few statements: state, instance (when it ends), tasks, waits, history, messages and
effects, and the work that will deliver them. Nothing is committed here; the caller's transaction holds all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import definitions, history, incidents, incoming, instances, outgoing, tasks, waits, work
from engine.definitions import Specification
from engine.errors import EngineError
from engine.instances import Instance
from engine.run import assignment
from engine.run.host import StepHost
from engine.spiff import Live, OpenTask, TaskNotOpen, Wait
from engine.waits import WaitRow

MOST_STATE_BYTES = 1_000_000


class StepFailed(EngineError):
    """The process could not go on; what was submitted is kept and will be tried again by itself."""

    def __init__(self, fault: BaseException, row: Instance, element: str | None) -> None:
        super().__init__(f"{type(fault).__name__}: {fault}")
        self.fault, self.element = fault, element
        self.instance_id, self.process_id, self.unit_path = row.id, row.process_id, row.unit_path


class Step:
    """An instance between loading and writing. `note` adds a history row; `write` ends the step."""

    def __init__(self, session: Session, row: Instance, specification: Specification, by: int | None) -> None:
        self.session, self.row, self.specification, self.by = session, row, specification, by
        self.host = StepHost(session, row, specification, by)
        self._revision = 0
        self._closing: UUID | None = None
        self._notes: list[dict[str, Any]] = []
        self._tasks_before: set[UUID] = set()
        self._waits_before: set[WaitRow] = set()
        self._waiting_before: list[Wait] = []
        self.live: Live

    @classmethod
    def begin(
        cls, session: Session, row: Instance, data: dict[str, Any], by: int | None, start_message: str | None
    ) -> Step:
        """A new instance, run to its first stable point; `row` is written already."""
        step = cls(session, row, _specification(session, row), by)
        step.note("started", row.process_id, who=by)
        with step.moving():
            step.live = Live.begin(step.specification.bundle, row.process_id, data, step.host, start_message)
        return step

    @classmethod
    def restore(cls, session: Session, row: Instance, revision: int, blob: bytes, by: int | None) -> Step:
        """A locked instance as it was stored, before its overdue timers fired."""
        step = cls(session, row, _specification(session, row), by)
        step._revision = revision
        with step.moving():
            step.live = Live.restore(step.specification.bundle, row.process_id, blob, step.host)
            step._tasks_before = {each.id for each in step.live.open_tasks}
            step._waiting_before = list(step.live.waits)
            step._waits_before = {step._wait_row(each) for each in step._waiting_before}
        return step

    @classmethod
    def load(cls, session: Session, instance_id: UUID, by: int | None) -> Step:
        """Lock and load an instance; raises NoSuchInstance."""
        return cls.restore(session, *instances.load(session, instance_id), by)

    @classmethod
    def peek(cls, session: Session, row: Instance, blob: bytes) -> Live:
        """An instance in memory to be looked at, never to be written."""
        step = cls(session, row, _specification(session, row), None)
        return Live.restore(step.specification.bundle, row.process_id, blob, step.host)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Whatever goes wrong while tokens move becomes StepFailed with the element it happened at."""
        try:
            yield
        except (StepFailed, TaskNotOpen):
            raise
        except Exception as fault:
            raise StepFailed(fault, self.row, getattr(fault, "element_id", None)) from fault

    def fire_due_timers(self) -> int:
        """Fire what fell due, earliest first; every other trigger does so first by itself."""
        with self.moving():
            return self.live.fire_due_timers()

    def note(
        self, what: str, element: str | None = None, *, task_id: UUID | None = None, name: str | None = None,
        who: int | None = None, note: str | None = None, process: str | None = None,
    ) -> None:  # fmt: skip
        """Add a row to the instance's history; `process` is the called process that the element belongs to, if any."""
        row = self.row
        self._notes.append(
            history.row_of(
                what,
                instance_id=row.id,
                who=who,
                element=element,
                name=name,
                task_id=task_id,
                subject_id=row.subject_id,
                unit_path=row.unit_path,
                note=note,
                ids={"process": process} if process and process != row.process_id else None,
            )
        )

    def complete(self, task_id: UUID, element: str, written: dict[str, Any], answers: dict[str, Any]) -> None:
        """Finish an open user task with what it hands to the process; raises engine.spiff.TaskNotOpen."""
        self._closing = task_id
        self.host.answered[element] = answers
        with self.moving():
            self.live.complete(task_id, written)

    def write(self, end: str = instances.ENDED) -> list[UUID]:
        """Write everything the step did; the ids of the tasks that it opened. `end` is how it ended, if it did."""
        with self.moving():
            blob, waiting, still_open = self.live.dump(), list(self.live.waits), list(self.live.open_tasks)
            if len(blob) > MOST_STATE_BYTES:
                raise EngineError(f"the state has {len(blob)} bytes compressed, more than {MOST_STATE_BYTES}")
            opened = self._opened(waiting, still_open)
        if self._revision:
            instances.save(self.session, self.row.id, self._revision, blob)
        else:
            instances.insert_state(self.session, self.row.id, blob)
        tasks.follow(self.session, opened, self._closed(still_open))
        now_waiting = {self._wait_row(each) for each in waiting}
        if now_waiting != self._waits_before:
            waits.follow(self.session, self._waits_before, now_waiting)
            tasks.hand_on(self.session, self._heirs(waiting, still_open))
        self._write_effects(now_waiting - self._waits_before)
        self._write_history(end)
        return [each.id for each in opened]

    def _opened(self, waiting: list[Wait], still_open: list[OpenTask]) -> list[tasks.TaskRow]:
        return [
            assignment.row_of(self.session, self.row, self.specification, each, waiting)
            for each in still_open
            if each.id not in self._tasks_before
        ]

    def _closed(self, still_open: list[OpenTask]) -> list[tuple[UUID, str, int | None]]:
        gone = self._tasks_before - {each.id for each in still_open}
        return [
            (each, tasks.DONE, self.by) if each == self._closing else (each, tasks.CANCELLED, None) for each in gone
        ]

    def _heirs(self, waiting: list[Wait], still_open: list[OpenTask]) -> list[tuple[UUID, datetime | None, str | None]]:
        """Tasks that stayed open and whose next timer is another one now."""
        found = []
        for each in still_open:
            if each.id in self._tasks_before:
                now = assignment.next_of(self.specification, each, waiting)
                if now != assignment.next_of(self.specification, each, self._waiting_before):
                    found.append((each.id, *now))
        return found

    def _wait_row(self, each: Wait) -> WaitRow:
        key = (each.key or self.row.key) if each.kind == waits.MESSAGE else each.key
        return WaitRow(
            self.row.id, each.task_id, each.kind, each.number, each.element_id, each.attached_to, each.due_at,
            each.name, key, self.row.lane,
        )  # fmt: skip

    def _write_effects(self, fresh: set[WaitRow]) -> None:
        """Messages thrown, answers asked for outside, kept messages awaited now: rows, and one of work for each."""
        session, row = self.session, self.row
        thrown = [
            incoming.message_row(
                each.name, each.key or row.key, each.payload, event_id=f"{row.id}:{each.task_id}", lane=row.lane
            )
            for each in self.live.thrown
        ]
        asked = [
            outgoing.row_of(each.operation, f"{row.id}:{each.task_id}", each.parameters, row.id, each.task_id)
            for each in self.live.requested
        ]
        queued = incoming.write_messages(session, thrown) + outgoing.write(session, asked, row.lane)
        wanted = [(each.name, each.key) for each in fresh if each.kind == waits.MESSAGE and each.name and each.key]
        work.add_all(session, queued + incoming.match_kept(session, wanted))

    def _write_history(self, end: str) -> None:
        for each in self.live.executed:
            who = self.by if each.task_id == self._closing else None
            name, process = each.name or None, each.process_id
            self.note(each.outcome, each.element_id, task_id=each.task_id, name=name, who=who, process=process)
        over = self.row.state == instances.LIVE and (self.live.ended or end == instances.CANCELLED)
        if over and end == instances.ENDED:
            self.note("ended", self.row.process_id)
        history.write_all(self.session, self._notes)
        if over:
            instances.finish(self.session, self.row.id, end)
            if self._revision:
                incidents.close_of_instance(self.session, self.row.id, "went_on" if end == instances.ENDED else end)


def _specification(session: Session, row: Instance) -> Specification:
    return definitions.of_definition(session, row.definition_id)
