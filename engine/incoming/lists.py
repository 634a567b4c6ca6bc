"""What came in, for the operator and the commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.incoming.table import HELD, REFUSED, incoming


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


_ROWS = select(
    incoming.c.id, incoming.c.source, incoming.c.event_id, incoming.c.key, incoming.c.kind, incoming.c.device,
    incoming.c.answer, incoming.c.reason, incoming.c.late, incoming.c.case_id.label("case"), incoming.c.repeats,
    incoming.c.state, incoming.c.sent_at, incoming.c.stored_at,
).where(incoming.c.source != "engine")  # fmt: skip


def since(
    session: Session, moment: datetime | None = None, answers: tuple[str, ...] = (), limit: int = 1000
) -> list[IncomingRow]:
    """Events from outside stored at or after `moment`, oldest first; `answers` narrows to held, refused …"""
    c, query = incoming.c, _ROWS
    if moment is not None:
        query = query.where(c.stored_at >= moment)
    if answers:
        query = query.where(c.answer.in_(answers))
    rows = session.connection().execute(query.order_by(c.stored_at, c.id).limit(limit))
    return [IncomingRow(**row._mapping) for row in rows]


def unusual(session: Session, what: str, limit: int = 100, before: datetime | None = None) -> list[IncomingRow]:
    """Held, refused or late events, newest first; `what` is an answer or `late`; `before` is where the page begins."""
    c = incoming.c
    query = _ROWS.where(c.late if what == "late" else c.answer == what)
    if before is not None:
        query = query.where(c.stored_at < before)
    rows = session.connection().execute(query.order_by(c.stored_at.desc(), c.id.desc()).limit(limit))
    return [IncomingRow(**row._mapping) for row in rows]


def tallies(session: Session, moment: datetime, limit: int = 20) -> list[tuple[str | None, str, int]]:
    """(device as it called itself, held or refused, how many) stored since then, the most first."""
    c = incoming.c
    number = func.sum(c.repeats + 1)
    query = (
        select(c.device, c.answer, number)
        .where(c.source != "engine", c.stored_at >= moment, c.answer.in_((HELD, REFUSED)))
        .group_by(c.device, c.answer)
        .order_by(number.desc(), c.device)
        .limit(limit)
    )
    return [(device, answer, int(found)) for device, answer, found in session.connection().execute(query)]


def payload(session: Session, incoming_id: UUID) -> dict[str, Any]:
    """What an event said; {} for what was refused."""
    found = session.connection().execute(select(incoming.c.payload).where(incoming.c.id == incoming_id)).scalar_one()
    return dict(found)


def outcome(session: Session, incoming_id: UUID) -> tuple[str, UUID | None]:
    """(state, the instance that it began or moved): waiting, handled, kept, expired or closed."""
    query = select(incoming.c.state, incoming.c.instance_id).where(incoming.c.id == incoming_id)
    row = session.connection().execute(query).one()
    return row.state, row.instance_id
