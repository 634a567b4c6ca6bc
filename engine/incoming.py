"""Events written down before they are acted on: the one door in, for devices, web hooks and other processes.

`record` is committed before anybody is told «received»; the same source and event id again changes nothing and gets
the answer of the first. What is admitted waits as work (kind `incoming`) that `run.handle` does: the translator of its
kind makes a BPMN message of it. A message that nobody awaits yet is kept until its time to live is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from engine import clock, db, vault, work
from engine.db import Base, Id, Instant
from engine.rows import insert_once
from engine.vault import EncryptedDocument

ACCEPTED, DUPLICATE, HELD, REFUSED = "accepted", "duplicate", "held", "refused"
MESSAGE = "message"
TIME_TO_LIVE = timedelta(days=7)
"""How long a message that nobody awaits is kept, unless it says otherwise."""
RAW_LIMIT = 4096

incoming = Table(
    "incoming",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(120), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("lane", String(10), nullable=False),
    Column("device", String(80)),
    Column("payload", EncryptedDocument, nullable=False),
    Column("raw", LargeBinary),
    Column("answer", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("case_id", BigInteger),
    Column("repeats", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, handled, kept, expired, closed (never acted on)
    Column("name", String(120)),
    Column("key", String(200)),
    Column("instance_id", Id),
    Column("sent_at", Instant),
    Column("stored_at", Instant, nullable=False),
    Column("handled_at", Instant),
    Column("expires_at", Instant),
    UniqueConstraint("source", "event_id"),
    Index("ix_incoming_stored", "stored_at"),
    Index("ix_incoming_kept", "name", "key", "state"),
    Index("ix_incoming_device", "device", "stored_at"),
)


@dataclass(frozen=True)
class Message:
    """A BPMN message: its name, the payload that becomes process data, the correlation key."""

    name: str
    data: dict[str, Any]
    key: str | None = None
    time_to_live: timedelta = TIME_TO_LIVE


@dataclass(frozen=True)
class Event:
    """What is asked to be let in. `event_id` is unique for the source for ever; `raw` the bytes as they came."""

    source: str
    event_id: str
    kind: str
    payload: dict[str, Any]
    raw: bytes | None
    lane: str


@dataclass(frozen=True)
class Admission:
    """The domain's answer to an event: accepted, held or refused, with the reason.

    `kind` and `lane` may correct what the event said; `device` and `sent_at` are kept for lists. `then(session,
    incoming_id)` is called once, in the same transaction, if the event is new: it may return a case number.
    """

    answer: str = ACCEPTED
    reason: str = ""
    kind: str | None = None
    lane: str | None = None
    device: str | None = None
    sent_at: datetime | None = None
    late: bool = False
    case: int | None = None
    then: Callable[[Session, UUID], int | None] | None = None


@dataclass(frozen=True)
class Recorded:
    """The row that stands for an event. `answer` is `duplicate` for a repeat, `first_answer` what the first one got."""

    id: UUID
    answer: str
    new: bool
    case: int | None
    first_answer: str
    reason: str = ""


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
    """Register what makes a message of the payload of an event; None: nothing follows from it."""

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
    row = _row(event, admission)
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


def _row(event: Event, admission: Admission) -> dict[str, Any]:
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


def message_row(
    name: str,
    key: str | None,
    payload: dict[str, Any],
    *,
    event_id: str,
    lane: str = work.NORMAL,
    time_to_live: timedelta = TIME_TO_LIVE,
) -> dict[str, Any]:
    """The row of a message that a process or the domain sends, not yet written: for `write_messages`."""
    event = Event("engine", event_id, MESSAGE, {"payload": payload}, None, lane)
    now = clock.now()
    return _row(event, Admission()) | {"name": name, "key": key, "stored_at": now, "expires_at": now + time_to_live}


def write_messages(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write down messages and return the work rows that will handle them (the caller adds them with its own)."""
    if rows:
        session.connection().execute(insert_once(session, incoming), rows)
    return [work.new("incoming", ref=row["id"], lane=row["lane"]) for row in rows]


def message(
    session: Session,
    name: str,
    key: str | None,
    payload: dict[str, Any],
    *,
    event_id: str | None = None,
    lane: str = work.NORMAL,
    time_to_live: timedelta = TIME_TO_LIVE,
) -> UUID | None:
    """Send a BPMN message from the domain: written down now, delivered by a job after the commit.

    With an `event_id` the message is sent once however often this is called; None when it was sent before.
    """
    event_id = event_id or str(db.new_id())
    row = message_row(name, key, payload, event_id=event_id, lane=lane, time_to_live=time_to_live)
    if session.connection().execute(insert_once(session, incoming), row).rowcount == 0:
        return None
    work.add(session, "incoming", ref=row["id"], lane=lane)
    return UUID(int=row["id"].int)


def translate(session: Session, kind: str, payload: dict[str, Any]) -> tuple[bool, Message | None]:
    """(whether anybody translates this kind, the message or None)."""
    translator = _translates.get(kind)
    return (False, None) if translator is None else (True, translator(session, payload))


def set_case(session: Session, incoming_id: UUID, case: int | None) -> None:
    """Tell which case an event opened or joined; repeats are answered with it."""
    session.connection().execute(update(incoming).where(incoming.c.id == incoming_id).values(case_id=case))


@dataclass(frozen=True)
class IncomingRow:
    """An event as lists show it; the payload stays encrypted unless `payload` reads it."""

    id: UUID
    source: str
    event_id: str
    key: str | None
    kind: str
    device: str | None
    answer: str
    reason: str
    late: bool
    case: int | None
    repeats: int
    state: str
    sent_at: datetime | None
    stored_at: datetime

    @property
    def reported_id(self) -> str:
        """The id that the device gave its event (event ids are `<device>:<id>`)."""
        full = (self.key or "") if self.answer == REFUSED else self.event_id
        return full.partition(":")[2] or full


def since(
    session: Session, moment: datetime | None = None, answers: tuple[str, ...] = (), limit: int = 1000
) -> list[IncomingRow]:
    """Events from outside stored at or after `moment`, oldest first; `answers` narrows to held, refused …"""
    c = incoming.c
    query = select(
        c.id, c.source, c.event_id, c.key, c.kind, c.device, c.answer, c.reason, c.late,
        c.case_id.label("case"), c.repeats, c.state, c.sent_at, c.stored_at,
    ).where(c.source != "engine")  # fmt: skip
    if moment is not None:
        query = query.where(c.stored_at >= moment)
    if answers:
        query = query.where(c.answer.in_(answers))
    rows = session.connection().execute(query.order_by(c.stored_at, c.id).limit(limit))
    return [IncomingRow(**row._mapping) for row in rows]


def payload(session: Session, incoming_id: UUID) -> dict[str, Any]:
    """What an event said; {} for what was refused."""
    found = session.connection().execute(select(incoming.c.payload).where(incoming.c.id == incoming_id)).scalar_one()
    return dict(found)


def match_kept(session: Session, wanted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Work rows for messages (name, key) that were kept because nobody awaited them, now that somebody does."""
    if not wanted:
        return []
    c = incoming.c
    matches = or_(*((c.name == name) & (c.key == key) for name, key in wanted))
    found = session.connection().execute(
        update(incoming)
        .where(c.state == "kept", c.expires_at >= clock.now(), matches)
        .values(state="waiting")
        .returning(c.id, c.lane)
    )
    return [work.new("incoming", ref=row.id, lane=row.lane) for row in found]


def expire(session: Session) -> int:
    """Close kept messages whose time to live is over; the number of them."""
    late = update(incoming).where(incoming.c.state == "kept", incoming.c.expires_at < clock.now())
    return session.connection().execute(late.values(state="expired")).rowcount
