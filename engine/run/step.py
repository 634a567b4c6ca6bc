"""One step: an instance is locked, loaded, moved by one trigger to its next stable point, and written.

A step writes only differences, in few statements: state, instance (when it ends), tasks, waits, history, messages and
effects, and the work that will deliver them. Nothing is committed here; the caller's transaction holds all of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import (
    db,
    definitions,
    failpoints,
    history,
    incidents,
    incoming,
    instances,
    metrics,
    operations,
    outgoing,
    submissions,
    tasks,
    waits,
    work,
)
from engine.definitions import Specification
from engine.errors import EngineError, NotPossible
from engine.expressions import ExpressionFault, ExpressionRefused
from engine.instances import Instance
from engine.run import assignment
from engine.run.host import StepHost
from engine.spiff import ElementFailed, Live, OpenTask, RunsWithoutStopping, TaskNotOpen, Wait
from engine.together import together
from engine.waits import WaitRow

MOST_STATE_BYTES = 1_000_000


class StepFailed(EngineError):
    """The process could not go on; what was submitted is kept and will be tried again by itself."""

    def __init__(self, fault: BaseException, row: Instance, element: str | None) -> None:
        super().__init__(f"{type(fault).__name__}: {fault}")
        self.fault, self.element = fault, element
        self.instance_id, self.process_id, self.unit_path = row.id, row.process_id, row.unit_path

    @property
    def is_the_diagrams(self) -> bool:
        """Whether the diagram itself cannot be carried out with these data: trying again would give the same."""
        if isinstance(self.fault, ElementFailed):
            lasting = ExpressionFault | ExpressionRefused | work.Endless
            return self.fault.__cause__ is None or isinstance(self.fault.__cause__, lasting)
        return isinstance(self.fault, RunsWithoutStopping)


class Step:
    """An instance between loading and writing. `note` adds a history row; `write` ends the step."""

    def __init__(self, session: Session, row: Instance, specification: Specification, by: int | None) -> None:
        self.session, self.row, self.specification, self.by = session, row, specification, by
        self.host = StepHost(session, row, specification, by)
        self.trigger = "start"
        self._began = time.perf_counter(), time.thread_time(), db.statements(session)
        self._revision = 0
        self._closing: UUID | None = None
        self._submitted: dict[str, str] | None = None
        self._notes: list[dict[str, Any]] = []
        self._tasks_before: set[UUID] = set()
        self._waits_before: set[WaitRow] = set()
        self._waiting_before: list[Wait] = []
        self.traces: dict[str, Any] = {}
        """What a completion led to: tokens, the loop and number of a member, whether anything was called or sent."""
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
    def restore(
        cls,
        session: Session,
        row: Instance,
        revision: int,
        blob: bytes,
        by: int | None,
        even_suspended: bool = False,
    ) -> Step:
        """A locked instance as it was stored, before its overdue timers fired; raises instances.Suspended."""
        if row.state == instances.SUSPENDED and not even_suspended:
            raise instances.Suspended(row.id)
        step = cls(session, row, _specification(session, row), by)
        step._revision = revision
        step.trigger = "message"
        with step.moving():
            step.live = Live.restore(step.specification.bundle, row.process_id, blob, step.host)
            step._tasks_before = {each.id for each in step.live.open_tasks}
            step._waiting_before = list(step.live.waits)
            step._waits_before = {step._wait_row(each) for each in step._waiting_before}
        failpoints.reach("step.loaded")
        return step

    @classmethod
    def load(cls, session: Session, instance_id: UUID, by: int | None, even_suspended: bool = False) -> Step:
        """Lock and load an instance; raises NoSuchInstance, instances.Suspended."""
        return cls.restore(session, *instances.load(session, instance_id), by, even_suspended)

    @classmethod
    def looking(cls, session: Session, row: Instance, blob: bytes, host: type[StepHost] = StepHost) -> Step:
        """An instance in memory to be looked at, never to be written; `host` says what becomes of operations."""
        step = cls(session, row, _specification(session, row), None)
        step.host = host(session, row, step.specification, None)
        step.live = Live.restore(step.specification.bundle, row.process_id, blob, step.host)
        return step

    @classmethod
    def host_of(cls, session: Session, row: Instance) -> StepHost:
        """Who would carry out what the diagrams of an instance name; for a look."""
        return StepHost(session, row, _specification(session, row), None)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Whatever goes wrong while tokens move becomes StepFailed with the element it happened at."""
        try:
            yield
        except (StepFailed, TaskNotOpen, NotPossible):
            raise
        except Exception as fault:
            raise StepFailed(fault, self.row, getattr(fault, "element_id", None)) from fault

    def fire_due_timers(self) -> int:
        """Fire what fell due, earliest first; every other trigger does so first by itself."""
        self.trigger = "timer"
        with self.moving():
            return self.live.fire_due_timers()

    def note(
        self, what: str, element: str | None = None, *, task_id: UUID | None = None, name: str | None = None,
        who: int | None = None, note: str | None = None, process: str | None = None, ids: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Add a row to the instance's history; `process` is the called process that the element belongs to, if any."""
        row = self.row
        drawn = {"process": process} if process and process != row.process_id else {}
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
                ids=drawn | (ids or {}) or None,
                revision=self._revision + 1,
            )
        )

    def has_open(self, task_id: UUID) -> bool:
        """Whether that user task was open when the instance was loaded."""
        return task_id in self._tasks_before

    def complete(self, task_id: UUID, element: str, written: dict[str, Any], answers: dict[str, Any]) -> None:
        """Finish an open user task with what it hands to the process; raises engine.spiff.TaskNotOpen."""
        self.trigger = "complete"
        self._closing = task_id
        self._submitted = {"submitted": submissions.hash_of(answers).hex()}
        self.host.answered[element] = answers
        with self.moving():
            self.live.fire_due_timers()
            before = {each.id for each in self.live.tokens}
            member = self.live.member_of(task_id)
            self.live.complete(task_id, written)
        reached = [str(each.id) for each in self.live.tokens if each.id not in before]
        live, part = self.live, None if member is None else [str(member[0]), member[1]]
        acted = self.host.acted or bool(live.thrown or live.requested or live.signalled)
        self.traces = {"reached": reached, "member": part, "acted": acted}

    def write(self, end: str = instances.ENDED) -> list[UUID]:
        """Write everything the step did; the ids of the tasks that it opened. `end` is how it ended, if it did."""
        with together(self.session):
            opened = self.write_down(end)
        self.observe()
        return opened

    def write_down(self, end: str = instances.ENDED) -> list[UUID]:
        """`write` as a part of what a caller writes `together`; who calls `observe` afterwards."""
        if self.host.row is not self.row:  # an operation found out whom it is about
            self.row = self.host.row
            instances.is_about(self.session, self.row)
        with self.moving():
            blob, waiting, still_open = self.live.dump(), list(self.live.waits), list(self.live.open_tasks)
            if len(blob) > MOST_STATE_BYTES:
                raise EngineError(f"the state has {len(blob)} bytes compressed, more than {MOST_STATE_BYTES}")
            opened = self._opened(waiting, still_open)
        failpoints.reach("step.moved")
        if self._revision:
            instances.save(self.session, self.row.id, self._revision, blob)
        else:
            instances.insert_state(self.session, self.row.id, blob)
        failpoints.reach("step.state_written")
        tasks.follow(self.session, opened, self._closed(still_open))
        failpoints.reach("step.tasks_written")
        now_waiting = {self._wait_row(each) for each in waiting}
        if now_waiting != self._waits_before:
            waits.follow(self.session, self._waits_before, now_waiting)
            tasks.hand_on(self.session, self._heirs(waiting, still_open))
        failpoints.reach("step.waits_written")
        self._write_effects(now_waiting - self._waits_before)
        failpoints.reach("step.effects_written")
        self._write_history(end)
        failpoints.reach("step.history_written")
        tell = operations.answer_to("opened")
        if opened and tell is not None:
            tell(self.session, opened)
        return [each.id for each in opened]

    def observe(self) -> None:
        """Tell the metrics what the step has cost, now that it is written."""
        began, processor_began, statements_before = self._began
        metrics.step_seconds.labels(self.trigger).observe(time.perf_counter() - began)
        metrics.step_processor_seconds.labels(self.trigger).observe(time.thread_time() - processor_began)
        metrics.step_statements.labels(self.trigger).observe(db.statements(self.session) - statements_before)

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
        """What was thrown and asked for outside, kept messages awaited now: rows, and one of work for each."""
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
        told = [
            work.new(
                "signal", ref=row.id, lane=row.lane, detail={"name": each.name}, key=f"signal:{row.id}:{each.task_id}"
            )
            for each in self.live.signalled
        ]
        queued = incoming.write_messages(session, thrown) + outgoing.write(session, asked, row.lane) + told
        wanted = [(each.name, each.key) for each in fresh if each.kind == waits.MESSAGE and each.name and each.key]
        try:
            work.add_all(session, queued + incoming.match_kept(session, wanted))
        except work.Endless as fault:
            element = next((each.element_id for each in self.live.executed[::-1]), row.process_id)
            raise StepFailed(RunsWithoutStopping(element, str(fault)), row, element) from fault

    def _write_history(self, end: str) -> None:
        for each in self.live.executed:
            who, told = (self.by, self._submitted) if each.task_id == self._closing else (None, None)
            name, process = each.name or None, each.process_id
            self.note(
                each.outcome, each.element_id, task_id=each.task_id, name=name, who=who, process=process, ids=told
            )
        over = self.row.state in instances.UNDER_WAY and (self.live.ended or end == instances.CANCELLED)
        if over and end == instances.ENDED:
            self.note("ended", self.row.process_id)
        if not self._notes:
            self.note("unmoved")  # every version of the state has its row
        history.write_all(self.session, self._notes)
        if over:
            instances.finish(self.session, self.row.id, end)
            if self._revision:
                incidents.close_of_instance(self.session, self.row.id, "went_on" if end == instances.ENDED else end)


def _specification(session: Session, row: Instance) -> Specification:
    return definitions.of_definition(session, row.definition_id)
