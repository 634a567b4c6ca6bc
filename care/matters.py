"""What was reported about an elder and is led to its end by an instance: needs, benefits, errands, hazards, devices.

Public: Matter (mixin of the tables), newest, led_by, mentioned, close.
Source: processes 4.0 (every process writes its instance), 4.8 (what is reported again joins what is under way).
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.personal import OfElder
from engine import clock
from engine.db import Id, Instant


class Matter(OfElder):
    """Columns of such a row: how often it was reported, when and how it ended, which instance leads it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    mentions: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    outcome: Mapped[str] = mapped_column(String(16), default="")
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


T = TypeVar("T", bound=Matter)


def newest(session: Session, table: type[T], elder_id: int) -> list[T]:
    """All rows of an elder, newest first."""
    return list(session.scalars(select(table).where(table.elder_id == elder_id).order_by(table.id.desc())))


def led_by(session: Session, table: type[T], instance_id: UUID | None) -> T | None:
    """The row that an instance leads."""
    return session.scalar(select(table).where(table.instance_id == instance_id)) if instance_id else None


def mentioned(session: Session, row: Matter) -> None:
    """It was reported once more while it is under way."""
    row.mentions += 1
    session.flush()


def close(session: Session, row: Matter, outcome: str) -> None:
    """It is over."""
    row.closed_at, row.outcome = clock.now(), outcome
    session.flush()
