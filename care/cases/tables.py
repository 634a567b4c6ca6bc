"""Tables of emergency cases, with the words for what they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import PathColumn
from engine.db import Base, Document, Id, Instant
from engine.vault import Encrypted

STAGES = {
    "found": ("发现", "Found"),
    "reported": ("上报", "Reported"),
    "handled": ("处置", "Handled"),
    "fed_back": ("反馈", "Fed back"),
    "reviewed": ("复核", "Reviewed"),
}
STATES = {
    "open": ("处置中", "Open"),
    "false_alarm": ("误报结案", "False alarm"),
    "archived": ("已归档", "Archived"),
    "merged": ("已归并", "Merged"),
}
LEVELS = {
    "unknown": ("待核实", "To be checked"),
    "false": ("误报", "False alarm"),
    "general": ("一般", "General"),
    "urgent": ("紧急", "Urgent"),
}
KINDS = {
    "sos": ("紧急呼叫", "SOS"),
    "fall": ("跌倒", "Fall"),
    "smoke": ("烟雾", "Smoke"),
    "gas": ("燃气", "Gas"),
    "water_leak": ("漏水", "Water leak"),
    "vital": ("生命体征异常", "Vital signs"),
    "inactivity": ("长时间无活动", "No activity"),
    "lost": ("走失", "Lost"),
    "left_zone": ("离开电子围栏", "Left the zone"),
    "door": ("门磁异常", "Door"),
    "power_loss": ("断电", "Power loss"),
    "meter": ("水电气异常", "Meter anomaly"),
    "illness": ("突发疾病", "Sudden illness"),
    "missing": ("走失", "Missing"),
    "lost_contact": ("失联", "Out of contact"),
    "safety": ("人身安全", "Personal safety"),
    "self_harm": ("轻生倾向", "Self-harm"),
    "fire": ("火灾", "Fire"),
    "dispute": ("纠纷", "Dispute"),
    "rights": ("维权", "Rights"),
    "abuse": ("虐待", "Abuse"),
    "desertion": ("遗弃", "Desertion"),
    "hazard": ("安全隐患", "Hazard"),
    "unknown": ("情况不明", "Unknown"),
}


class Case(Base):
    """One emergency case.

    `elder_id` is None when nobody knows yet whom it is about; then `place` says where. `open_key` is elder and kind
    while the case is open and None afterwards: the unique key that keeps a second case from opening. Times of stages
    are those of the present `round`. `clock_from` is where the 24 hours of feedback begin.
    """

    __tablename__ = "emergency_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    kind: Mapped[str] = mapped_column(String(24))
    kinds: Mapped[Any] = mapped_column(Document, default=list)
    level: Mapped[str] = mapped_column(String(12), default="unknown")
    channel: Mapped[str] = mapped_column(String(16))
    danger: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    open_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)
    place: Mapped[str | None] = mapped_column(Encrypted)
    report: Mapped[str | None] = mapped_column(Encrypted)
    reported_by: Mapped[int | None] = mapped_column()
    repeats: Mapped[int] = mapped_column(default=0)
    last_repeat_at: Mapped[datetime | None] = mapped_column(Instant)
    round: Mapped[int] = mapped_column(default=1)
    restricted: Mapped[bool] = mapped_column(default=False)
    locked: Mapped[bool] = mapped_column(default=False)
    feedback_late: Mapped[bool] = mapped_column(default=False)
    review_late: Mapped[bool] = mapped_column(default=False)
    review_began: Mapped[bool] = mapped_column(default=False)  # in this round
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    clock_from: Mapped[datetime] = mapped_column(Instant)
    found_at: Mapped[datetime | None] = mapped_column(Instant)
    reported_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    fed_back_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    review_due_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_emergency_case_board", "state", "unit_path", "opened_at"),)

    @property
    def stage(self) -> str:
        """The last stage that was reached in this round."""
        reached = [code for code in STAGES if getattr(self, f"{code}_at") is not None]
        return reached[-1] if reached else "found"


class CaseRound(Base):
    """One round of a case: from its beginning (or re-opening, with the reason) to its review."""

    __tablename__ = "case_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("emergency_case.id"), index=True)
    round: Mapped[int] = mapped_column()
    began_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Encrypted)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    feedback_due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    fed_back_at: Mapped[datetime | None] = mapped_column(Instant)
    feedback_late: Mapped[bool] = mapped_column(default=False)
    review_due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    review_late: Mapped[bool] = mapped_column(default=False)
    reviewed_by: Mapped[int | None] = mapped_column()
    resolved: Mapped[bool | None] = mapped_column()

    __table_args__ = (UniqueConstraint("case_id", "round"),)


class CaseEntry(Base):
    """A line of the case's record; rows are only added. `what` is a code, `text` words of a person."""

    __tablename__ = "case_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("emergency_case.id"), index=True)
    round: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(Instant)
    what: Mapped[str] = mapped_column(String(40))
    element: Mapped[str | None] = mapped_column(String(80))
    who: Mapped[int | None] = mapped_column()
    text: Mapped[str | None] = mapped_column(Encrypted)


class ContactAttempt(Base):
    """Somebody was called or looked for. `whom`: elder, family, visitor, grid_worker, village, district, police."""

    __tablename__ = "contact_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("emergency_case.id"), index=True)
    round: Mapped[int] = mapped_column()
    element: Mapped[str] = mapped_column(String(80))
    whom: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(16), default="phone")
    at: Mapped[datetime] = mapped_column(Instant)
    answered: Mapped[bool] = mapped_column()
    level: Mapped[str] = mapped_column(String(12), default="unknown")

    __table_args__ = (UniqueConstraint("case_id", "round", "element"),)
