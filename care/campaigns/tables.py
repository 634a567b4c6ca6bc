"""Tables of survey campaigns: the campaign, its target in each village, and whom a village found."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import PathColumn
from engine.db import Base, Id, Instant
from engine.vault import Encrypted

KINDS = {"full": ("拉网式摸底排查", "Full survey"), "routine": ("常态化摸排", "Routine survey")}
REPEATS = {"": ("只做一次", "Once"), "month": ("每月一次", "Every month"), "year": ("每年一次", "Every year")}
TARGET_STATES = {
    "open": ("排查中", "Under way"),
    "reported": ("待乡镇（街道）核对", "To be checked by the township"),
    "done": ("已查完", "Done"),
    "withdrawn": ("已撤回", "Withdrawn"),
}


class Campaign(Base):
    """One survey of all villages below a unit, from a day until and including a day; `follows_id`: whom it repeats."""

    __tablename__ = "survey_campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date, index=True)
    repeats: Mapped[str] = mapped_column(String(8), default="")
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("survey_campaign.id"), unique=True)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class Target(Base):
    """What one village has to check, and what it has checked so far; None: nobody has said how many there are."""

    __tablename__ = "survey_target"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("survey_campaign.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    households_due: Mapped[int | None] = mapped_column()
    elders_due: Mapped[int | None] = mapped_column()
    households_done: Mapped[int] = mapped_column(default=0)
    elders_done: Mapped[int] = mapped_column(default=0)
    nothing_new: Mapped[bool | None] = mapped_column()
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    reported_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    rounds: Mapped[int] = mapped_column(default=1)
    instance_id: Mapped[UUID | None] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("campaign_id", "unit_path"),)


class Finding(Base):
    """Somebody whom a village found. What was written down rests here only until the file of the elder holds it.

    `mark` tells the same row written again; `outcome` is that of the registration's first step, "" before it.
    """

    __tablename__ = "survey_finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("survey_target.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(16))
    name: Mapped[str | None] = mapped_column(Encrypted)
    id_number: Mapped[str | None] = mapped_column(Encrypted)
    address: Mapped[str | None] = mapped_column(Encrypted)
    phone: Mapped[str | None] = mapped_column(Encrypted)
    found_at: Mapped[datetime] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(12), default="")

    __table_args__ = (UniqueConstraint("target_id", "mark"),)
