"""The table of the queue, its lanes, leases and pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, and_, bindparam, or_

from engine import clock
from engine.db import Base, Document, Id, Instant
from engine.errors import EngineError

ALARM, HUMAN, NORMAL, BULK = LANES = ("alarm", "human", "normal", "bulk")
LEASE = timedelta(seconds=30)
LONGEST_LEASE = timedelta(minutes=15)
DEATHS = 3
RISKY = 2
"""So often may a worker have died over a piece of work before it is done apart from all others."""
PAUSES: dict[str, tuple[int, ...]] = {
    "alarm": (1, 5, 15),
    "human": (2, 10, 60),
    "normal": (10, 60, 600),
    "bulk": (10, 60, 600),
    "deliver": (15, 30, 60, 300, 900, 1800, 3600),
}
"""Seconds to wait after each failed attempt, by kind of work if it has its own row here, else by lane."""

TURN = String(70).with_variant(String(70, collation="C"), "postgresql")
WAITING, GIVEN_UP, HELD = "waiting", "given_up", "held"

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
    Column("held_for", Id),  # the suspended instance that has to go on first
    Column("turn", TURN, nullable=False, server_default=":100"),  # whose it is and how urgent: see turns.py
    Index("ix_work_claim", "lane", "state", "due_at"),
    Index("ix_work_ref", "ref"),
    Index("ix_work_held_for", "held_for"),
    Index("ix_work_turn", "lane", "state", "turn", "due_at"),
)
LAPSED = or_(
    work.c.lease_until < bindparam("real", type_=Instant), work.c.lease_until > bindparam("never", type_=Instant)
)
"""Its lease is over, or lasts so long that it must have been given before the clock was put back."""
CLAIMABLE = and_(
    or_(work.c.lease_until.is_(None), and_(LAPSED, work.c.attempts < DEATHS)),
    or_(bindparam("risky", type_=Boolean), work.c.attempts < RISKY, work.c.error.is_not(None)),
)
"""Nobody has it, and it has not killed too many workers; values: `lapsed_values()` and `risky`, whether to take also
what workers died over."""


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
    party: str = ""  # the district whose turn it was
    never_failed: bool = True

    @property
    def is_risky(self) -> bool:
        """Whether workers died over it: claimed again and again, and nobody lived to say why it failed."""
        return self.never_failed and self.attempts > RISKY


def real_now() -> datetime:
    """Leases are held in real time: neither moving the clock of a demonstration nor setting the machine's may take
    work from whoever does it."""
    return clock.steady()


def lapsed_values() -> dict[str, datetime]:
    """The values of LAPSED."""
    real = real_now()
    return {"real": real, "never": real + LONGEST_LEASE}
