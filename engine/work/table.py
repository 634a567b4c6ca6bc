"""The table of the queue, its lanes, leases and pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text

from engine import clock
from engine.db import Base, Document, Id, Instant
from engine.errors import EngineError

ALARM, HUMAN, NORMAL, BULK = LANES = ("alarm", "human", "normal", "bulk")
LEASE = timedelta(seconds=30)
DEATHS = 5
PAUSES: dict[str, tuple[int, ...]] = {
    "alarm": (1, 5, 15),
    "human": (2, 10, 60),
    "normal": (10, 60, 600),
    "bulk": (10, 60, 600),
    "deliver": (15, 30, 60, 300, 900, 1800, 3600),
}
"""Seconds to wait after each failed attempt, by kind of work if it has its own row here, else by lane."""

WAITING, GIVEN_UP = "waiting", "given_up"

work = Table(
    "work",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("ref", Id),
    Column("lane", String(10), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_until", Instant),
    Column("lease_owner", String(60)),
    Column("token", Integer, nullable=False),
    Column("key", String(200), unique=True),
    Column("detail", Document),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_work_claim", "lane", "state", "due_at"),
    Index("ix_work_ref", "ref"),
)


class LeaseLost(EngineError):
    """Somebody else has this work by now; what was done for it must not be committed."""


@dataclass(frozen=True)
class Item:
    """Work that was claimed: do it, then `done` in the same transaction."""

    id: UUID
    kind: str
    ref: UUID | None
    lane: str
    detail: dict[str, Any]
    attempts: int
    token: int
    due_at: datetime


def real_now() -> datetime:
    """Leases are held in real time: moving the clock of a demonstration must not take work from whoever does it."""
    return clock.now() - clock.offset()
