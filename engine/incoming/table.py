"""The table of incoming events, and what goes in and out of the door as values."""

from __future__ import annotations

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
    literal_column,
)

from engine.db import Base, Id, Instant
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
    Index("ix_incoming_device", "device", "stored_at"),
)
IS_KEPT = incoming.c.state == literal_column("'kept'")
"""As the partial indexes have it: with a bound parameter they would not be used."""
Index("ix_incoming_kept", incoming.c.name, incoming.c.key, sqlite_where=IS_KEPT, postgresql_where=IS_KEPT)
Index("ix_incoming_expires", incoming.c.expires_at, sqlite_where=IS_KEPT, postgresql_where=IS_KEPT)


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

    `kind` and `lane` may correct what the event said; `device` and `sent_at` are kept for lists. `about` is whatever
    the domain wants to have back, in the same transaction, if the event is new (`follows`); None: nothing to do.
    """

    answer: str = ACCEPTED
    reason: str = ""
    kind: str | None = None
    lane: str | None = None
    device: str | None = None
    sent_at: datetime | None = None
    late: bool = False
    case: int | None = None
    about: Any = None
    unit_path: str | None = None  # of whom it is about: districts take turns


@dataclass(frozen=True)
class Stored:
    """An event that is new and written down in this transaction, with its admission."""

    id: UUID
    event: Event
    admission: Admission

    @property
    def lane(self) -> str:
        return self.admission.lane or self.event.lane


@dataclass(frozen=True)
class Consequence:
    """What the domain did about an event: the case it opened or joined; `settled`: no message follows from it."""

    case: int | None = None
    settled: bool = False


@dataclass(frozen=True)
class Recorded:
    """The row that stands for an event. `answer` is `duplicate` for a repeat, `first_answer` what the first one got."""

    id: UUID
    answer: str
    new: bool
    case: int | None
    first_answer: str
    reason: str = ""
