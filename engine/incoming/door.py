"""The door: who decides about a source, who translates a kind, and writing an event down once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine import clock, db, vault, work
from engine.incoming.table import ACCEPTED, DUPLICATE, RAW_LIMIT, REFUSED, Admission, Event, Message, Recorded, incoming
from engine.rows import insert_once

Admit = Callable[[Session, Event], Admission]
Translate = Callable[[Session, dict[str, Any]], Message | None]
_admits: dict[str, Admit] = {}
_translates: dict[str, Translate] = {}


def admits(source: str) -> Callable[[Admit], Admit]:
    """Register who decides about events of a source: the part before the first colon (`device` for `device:d1`)."""

    def register(function: Admit) -> Admit:
        _admits[source] = function
        return function

    return register


def translates(kind: str) -> Callable[[Translate], Translate]:
    """Register what makes a message of the payload of an event; None: nothing follows from it.

    `device.*` stands for every kind of that beginning which nobody registered.
    """

    def register(function: Translate) -> Translate:
        _translates[kind] = function
        return function

    return register


def record(
    session: Session,
    source: str,
    event_id: str,
    kind: str,
    payload: dict[str, Any],
    raw: bytes | None = None,
    lane: str = work.NORMAL,
) -> Recorded:
    """Write an event down, once; acknowledge it only after the commit.

    What is refused is stored under an id of its own (a spoofed event must not block the true one), cut at 4 kB.
    """
    event = Event(source, event_id, kind, payload, raw, lane)
    admit = _admits.get(source.partition(":")[0])
    admission = admit(session, event) if admit else Admission()
    row = row_of(event, admission)
    if session.connection().execute(insert_once(session, incoming), row).rowcount == 0:
        return _repeated(session, source, event_id)
    case = admission.case
    if admission.then is not None:
        case = admission.then(session, row["id"]) or case
        if case != admission.case:
            set_case(session, row["id"], case)
    if admission.answer == ACCEPTED:
        work.add(session, "incoming", ref=row["id"], lane=row["lane"])
    return Recorded(row["id"], admission.answer, True, case, admission.answer, admission.reason)


def row_of(event: Event, admission: Admission) -> dict[str, Any]:
    refused = admission.answer == REFUSED
    row_id = db.new_id()
    raw = None if event.raw is None else vault.encrypt(event.raw[:RAW_LIMIT] if refused else event.raw)
    return {
        "id": row_id,
        "source": event.source[:120],
        "event_id": f"refused:{row_id}" if refused else event.event_id[:200],
        "kind": (admission.kind or event.kind)[:60],
        "lane": admission.lane or event.lane,
        "device": admission.device,
        "payload": {} if refused else event.payload,
        "raw": raw,
        "answer": admission.answer,
        "reason": admission.reason,
        "late": admission.late,
        "key": event.event_id[:200] if refused else None,  # as it was reported
        "case_id": admission.case,
        "repeats": 0,
        "state": "waiting" if admission.answer == ACCEPTED else "closed",
        "sent_at": admission.sent_at,
        "stored_at": clock.now(),
    }


def _repeated(session: Session, source: str, event_id: str) -> Recorded:
    row = session.connection().execute(
        update(incoming)
        .where(incoming.c.source == source[:120], incoming.c.event_id == event_id[:200])
        .values(repeats=incoming.c.repeats + 1)
        .returning(incoming.c.id, incoming.c.case_id, incoming.c.answer, incoming.c.reason)
    )
    first = row.one()
    return Recorded(first.id, DUPLICATE, False, first.case_id, first.answer, first.reason)


def translate(session: Session, kind: str, payload: dict[str, Any]) -> tuple[bool, Message | None]:
    """(whether anybody translates this kind, the message or None)."""
    translator = _translates.get(kind) or _translates.get(f"{kind.partition('.')[0]}.*")
    return (False, None) if translator is None else (True, translator(session, payload))


def set_case(session: Session, incoming_id: UUID, case: int | None) -> None:
    """Tell which case an event opened or joined; repeats are answered with it."""
    session.connection().execute(update(incoming).where(incoming.c.id == incoming_id).values(case_id=case))
