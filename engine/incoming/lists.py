"""What came in, for the operator and the commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.incoming.table import REFUSED, incoming


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


def outcome(session: Session, incoming_id: UUID) -> tuple[str, UUID | None]:
    """(state, the instance that it began or moved): waiting, handled, kept, expired or closed."""
    query = select(incoming.c.state, incoming.c.instance_id).where(incoming.c.id == incoming_id)
    row = session.connection().execute(query).one()
    return row.state, row.instance_id
