"""What happens when work fails: it is tried again, becomes an incident, and an alarm reaches a person meanwhile.

An alarm never depends on the engine. At the first failure in the alarm lane, and when no diagram takes an alarm, the
domain is told (`@answers_question("fallback")`, a function of session and Trouble) and opens a plain task «call this
person now»; without a domain the engine opens one for the role `desk`. The incident is visible at once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import history, incidents, instances, operations, outgoing, tasks, work
from engine.incoming import incoming as events
from engine.instances import Instance
from engine.run.step import StepFailed
from engine.work import Item

logger = logging.getLogger(__name__)

CALL_NOW = "立即电话联系此人 Call this person now"


@dataclass(frozen=True)
class Trouble:
    """What the engine could not do with an alarm. `data` are the message's; `reason` is a code or an error's text.

    `key` names the occasion: the plain task of one occasion is opened once.
    """

    reason: str
    name: str
    key: str
    data: dict[str, Any]
    instance: Instance | None = None


def call_a_person(
    session: Session, reason: str, name: str, key: str | None, data: dict[str, Any], row: Instance | None = None
) -> None:
    """See that a person hears of an alarm that no diagram handles; a domain that fails at it is passed over."""
    trouble = Trouble(reason, name, key or str(row.id if row else ""), data, row)
    answer = operations.answer_to("fallback")
    if answer is not None:
        try:
            with session.begin_nested():
                answer(session, trouble)
            return
        except Exception:
            logger.exception("the domain could not open the task of a failed alarm; the engine opens one")
    tasks.plain(
        session,
        name=CALL_NOW,
        role="desk",
        unit_path=row.unit_path if row else "/",
        subject_id=row.subject_id if row else None,
        key=f"fallback:{name}:{trouble.key}"[:200] if trouble.key else None,
        detail={"message": name, "data": data},
    )


def put_aside(session: Session, item: Item, instance_id: UUID) -> None:
    """Keep work for a suspended instance until it goes on; of an alarm a person hears at once."""
    work.hold(session, item, instance_id)
    if item.lane == work.ALARM and item.kind in ("incoming", "message"):
        about = _about(session, item, RuntimeError())
        call_a_person(session, "suspended", about.name, about.key, about.data, _instance(session, instance_id))


def failed(session: Session, item: Item, fault: BaseException) -> bool:
    """After a failure was rolled back: let the work wait or give it up (True); open the incident when it is time."""
    permanent = _is_lasting(fault)
    sentence = str(fault) if isinstance(fault, StepFailed) else f"{type(fault).__name__}: {fault}"
    given_up = work.retry(session, item, sentence, permanent)
    about = _about(session, item, fault)
    urgent = item.kind != "deliver" and work.ALARM in (item.lane, about.instance and about.instance.lane)
    if given_up or urgent:
        _open_incident(session, item, sentence, about, fault)
    if urgent and item.attempts == 1:
        call_a_person(session, sentence, about.name, about.key, about.data, about.instance)
    return given_up


def _is_lasting(fault: BaseException) -> bool:
    """Whether trying again cannot help: then the incident is opened at once."""
    if isinstance(fault, outgoing.DeliveryFailed):
        return fault.permanent
    return isinstance(fault, StepFailed) and fault.is_the_diagrams


def worn_out(session: Session) -> int:
    """An incident for each piece of work that killed its worker time and again; the number of them."""
    lost = work.worn_out(session)
    for item in lost:
        about = _about(session, item, RuntimeError())
        _open_incident(session, item, "the worker died each time it tried this", about, None)
        if item.lane == work.ALARM:
            call_a_person(session, "worker_died", about.name, about.key, about.data, about.instance)
    return len(lost)


def _open_incident(session: Session, item: Item, sentence: str, about: Trouble, fault: BaseException | None) -> None:
    step = fault if isinstance(fault, StepFailed) else None
    row = about.instance
    _, new = incidents.open_or_update(
        session,
        kind=item.kind,
        error=sentence,
        instance_id=row.id if row else None,
        work_id=item.id,
        process_id=row.process_id if row else step.process_id if step else None,
        element=step.element if step else None,
        unit_path=row.unit_path if row else step.unit_path if step else "/",
        attempts=item.attempts,
    )
    if new and row is not None:
        history.write(session, row.id, None, "incident", step.element if step else None, row.subject_id, row.unit_path)


def _about(session: Session, item: Item, fault: BaseException) -> Trouble:
    """What a piece of work was about, as far as it can be told."""
    name, key, data, instance_id = item.kind, str(item.ref or item.id), {}, None
    if item.kind in ("incoming", "message"):
        row = session.connection().execute(select(events).where(events.c.id == item.ref)).first()
        if row is not None:
            name, key = row.name or row.kind, row.key or row.event_id
            data = row.payload.get("payload", row.payload)
        instance_id = UUID(item.detail["instance"]) if "instance" in item.detail else None
    elif item.kind in ("timer", "signalled"):
        instance_id = item.ref
    elif item.kind in ("deliver", "answer") and item.ref is not None:
        sent = outgoing.get(session, item.ref)
        name, instance_id = sent.channel, sent.instance_id
    if instance_id is None and isinstance(fault, StepFailed):
        instance_id = fault.instance_id
    return Trouble("", name, key, data, _instance(session, instance_id))


def _instance(session: Session, instance_id: UUID | None) -> Instance | None:
    try:
        return None if instance_id is None else instances.get(session, instance_id)
    except instances.NoSuchInstance:
        return None
