"""The other triggers of a step: times, answers of asynchronous service tasks, cancelling, and trying again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import failpoints, history, incidents, instances, outgoing, timers, work
from engine.run.step import Step
from engine.spiff import Live


def fire_timers(session: Session, instance_id: UUID) -> int:
    """Fire what is due in an instance, earliest first; how many timers that were (0: somebody else was faster)."""
    step = Step.load(session, instance_id, None)
    fired = step.fire_due_timers()
    if fired:
        step.write()
    timers.queue_again(session, instance_id)
    return fired


def finish(session: Session, instance_id: UUID, token_id: UUID, result: dict[str, Any]) -> bool:
    """An asynchronous service task was answered; False when its instance went on without it."""
    step = Step.load(session, instance_id, None)
    step.trigger = "answer"
    with step.moving():
        in_time = step.live.finish(token_id, result)
    if not in_time:
        step.note("answered_late")
    step.write()
    return in_time


def fail(session: Session, instance_id: UUID, token_id: UUID, code: str) -> bool:
    """An asynchronous service task failed for good with a BPMN error code; False when it is too late."""
    step = Step.load(session, instance_id, None)
    step.trigger = "answer"
    with step.moving():
        in_time = step.live.fail(token_id, code)
    if not in_time:
        step.note("failed_late", note=code)
    step.write()
    return in_time


def take_answer(session: Session, outgoing_id: UUID, code: str | None) -> None:
    """Give the answer of an effect (or the code of its failure) back to its service task; work of kind `answer`."""
    row = outgoing.get(session, outgoing_id)
    if row.instance_id is None or row.token_id is None:
        return
    if code is None:
        finish(session, row.instance_id, row.token_id, outgoing.result(session, outgoing_id))
    else:
        fail(session, row.instance_id, row.token_id, code)
    failpoints.reach("answer.taken")


def cancel(session: Session, instance_id: UUID, reason: str, by: int | None = None) -> None:
    """End an instance before its end: its tasks and waits go, `reason` (no personal data) stands in the history."""
    step = Step.load(session, instance_id, by, even_suspended=True)
    step.trigger = "operator"
    if step.row.state not in instances.UNDER_WAY:
        return
    with step.moving():
        step.live.cancel()
    step.note("cancelled", step.row.process_id, who=by, note=reason)
    step.write(instances.CANCELLED)
    if step.row.state == instances.SUSPENDED:
        work.let_go(session, instance_id)


def retry(session: Session, incident_id: UUID, by: int | None = None) -> bool:
    """Try again what an incident stopped; it is reopened if that fails too. False when it was closed already."""
    found = incidents.get(session, incident_id)
    if not incidents.close(session, incident_id, "retried", by):
        return False
    history.write(session, found.instance_id, by, "retried", found.element, unit_path=found.unit_path)
    if found.work_id is not None:
        work.again(session, found.work_id)
    elif found.instance_id is not None:
        work.add(session, "timer", ref=found.instance_id)
    return True


def peek(session: Session, instance_id: UUID) -> Live:
    """An instance in memory as it is stored, to be looked at; nothing is moved or written."""
    return Step.looking(session, *instances.read(session, instance_id)).live


def data_of(session: Session, instance_id: UUID) -> dict[str, Any]:
    """The process data of an instance as stored; nothing is moved."""
    return peek(session, instance_id).data
