"""Tables of alarms and of district incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import OfElder, PathColumn
from engine.db import Base, Instant
from engine.vault import EncryptedDocument

STATES = {
    "raised": ("报警", "Raised"),
    "information": ("提示", "For information"),
    "acknowledged": ("已接手", "Acknowledged"),
    "inhibited": ("归入区域事件", "Part of a district incident"),
    "cleared": ("已恢复", "Cleared"),
    "closed": ("已结束", "Closed"),
}


class Alarm(OfElder, Base):
    """One thing that a device reported about an elder. `event_key` is device and event id, as the device sent it.

    Repeats of an open case raise `repeats` of the case's first alarm and have no row of their own.
    """

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    event_key: Mapped[str] = mapped_column(String(140), unique=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    data: Mapped[dict[str, object]] = mapped_column(EncryptedDocument)
    state: Mapped[str] = mapped_column(String(16), default="raised")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("emergency_case.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("district_incident.id"), index=True)
    joined: Mapped[bool] = mapped_column(default=False)  # the case was open already: no diagram begins
    late: Mapped[bool] = mapped_column(default=False)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    stored_at: Mapped[datetime] = mapped_column(Instant)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_alarm_outage", "kind", "unit_path", "stored_at"),)


class DistrictIncident(Base):
    """Twenty or more power or offline events of one district within two minutes; inhibits single ones."""

    __tablename__ = "district_incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    kind: Mapped[str] = mapped_column(String(24))
    began_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    members: Mapped[int] = mapped_column(default=0)
