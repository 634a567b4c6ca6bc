"""Tables of visits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import OfElder
from engine.db import Base, Document, Id, Instant
from engine.vault import Encrypted

OBLIGATION_STATES = {
    "open": ("进行中", "Open"),
    "fulfilled": ("按期完成", "Fulfilled"),
    "missed": ("逾期", "Missed"),
    "made_up": ("逾期补访", "Made up later"),
    "cancelled": ("取消", "Cancelled"),
}
VISIT_STATES = {
    "planned": ("待探访", "Planned"),
    "arrived": ("已签到", "Arrived"),
    "recorded": ("已记录", "Recorded"),
    "done": ("已完成", "Done"),
    "refused": ("拒访", "Refused"),
    "absent": ("不在家", "Not at home"),
    "escalated": ("转应急", "Escalated"),
    "cancelled": ("取消", "Cancelled"),
}
VISIT_KINDS = {
    "regular": ("周期", "Regular"),
    "targeted": ("重点", "Targeted"),
    "special_period": ("特殊时段", "Special period"),
    "major_change": ("重大变故", "Major change"),
    "make_up": ("补访", "Made up"),
    "unplanned": ("计划外", "Unplanned"),
}


class VisitObligation(OfElder, Base):
    """What an elder is owed in one period. `done` counts visits that count; `missed_at` is set once its end passed."""

    __tablename__ = "visit_obligation"

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(12))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date, index=True)
    tier: Mapped[str] = mapped_column(String(8))
    context: Mapped[str] = mapped_column(String(16), default="normal")
    policy: Mapped[str] = mapped_column(String(40), default="")
    required: Mapped[int] = mapped_column(default=1)
    done: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    counted_modes: Mapped[Any] = mapped_column(Document, default=list)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    mode: Mapped[str] = mapped_column(String(12), default="")  # "phone" while the elder is away
    instance_id: Mapped[UUID | None] = mapped_column(Id)
    missed_at: Mapped[datetime | None] = mapped_column(Instant)
    missed_reason: Mapped[str] = mapped_column(String(20), default="")
    new_date: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("elder_id", "starts_on", "context"),
        Index("ix_visit_obligation_unit", "unit_path", "state", "ends_on"),
    )


class Visit(OfElder, Base):
    """One visit. `due_at` is the proposed day's 18:00; `counted` once it counts for its obligation."""

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("visit_obligation.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="regular")
    state: Mapped[str] = mapped_column(String(12), default="planned", index=True)
    opens_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    mode: Mapped[str] = mapped_column(String(12), default="")
    second_visitor: Mapped[str | None] = mapped_column(Encrypted)  # who went along, where two are wanted
    counted: Mapped[bool] = mapped_column(default=False)
    made_up: Mapped[bool] = mapped_column(default=False)
    sampled: Mapped[bool] = mapped_column(default=False)
    returned: Mapped[bool] = mapped_column(default=False)
    urgent: Mapped[bool] = mapped_column(default=False)
    satisfaction: Mapped[str] = mapped_column(String(12), default="")
    next_attention: Mapped[str | None] = mapped_column(Encrypted)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)

    __table_args__ = (Index("ix_visit_unit", "unit_path", "due_at"),)


class VisitFinding(OfElder, Base):
    """One thing that a visit found: `kind` is a flag of care/visit_findings.py, `item` what, `level` how bad."""

    __tablename__ = "visit_finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24), index=True)
    item: Mapped[str] = mapped_column(String(40), default="")
    level: Mapped[str] = mapped_column(String(12), default="")
    at: Mapped[datetime] = mapped_column(Instant)
