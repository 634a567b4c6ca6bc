"""Consents of an elder, one per purpose, with the text that was read out, who signed, and withdrawal.

The newest row of a purpose counts. A withdrawal takes effect with its row: streams stop at once, the confirmation by
a person comes later. Danger to life overrides limits on sharing; that is decided where it happens, with a reason.

Public: Consent, PURPOSES, TEXT_VERSION, give, withdraw, allows, of_elder, history.
Source: processes P04; personal-information law, articles 28-30.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.personal import OfElder
from engine import clock
from engine.db import Base, Instant

TEXT_VERSION = "2026-07"
ASK_AGAIN_AFTER = timedelta(days=365)
PURPOSES = {
    "visits_and_file": ("探访与建档", "Visits and file"),
    "health_data": ("健康信息", "Health data"),
    "device_monitoring": ("设备监测", "Device monitoring"),
    "meter_data": ("水电气用量", "Meter data"),
    "location": ("位置信息", "Location"),
    "family_sharing": ("告知家属", "Sharing with family"),
    "department_sharing": ("部门共享", "Sharing with departments"),
    "visit_photo": ("探访拍照", "Photos at visits"),
}


class Consent(OfElder, Base):
    """One answer to one purpose: given or not, in which wording, signed by whom and how."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24), index=True)
    given: Mapped[bool] = mapped_column()
    at: Mapped[datetime] = mapped_column(Instant)
    ask_again_on: Mapped[date | None] = mapped_column(Date)
    text_version: Mapped[str] = mapped_column(String(16), default=TEXT_VERSION)
    signed_by: Mapped[str] = mapped_column(String(12), default="elder")  # elder, guardian, witness
    signer: Mapped[str] = mapped_column(String(60), default="")
    manner: Mapped[str] = mapped_column(String(12), default="signature")  # signature, thumb, voice, import
    withdrawn: Mapped[bool] = mapped_column(default=False)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


def give(session: Session, elder: Elder, purpose: str, given: bool = True, **facts: Any) -> Consent:
    """Record an answer, yes or no; raises ValueError for a purpose that is not in PURPOSES."""
    if purpose not in PURPOSES:
        raise ValueError(f"no such purpose: {purpose!r}")
    moment = clock.now()
    row = Consent(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        purpose=purpose,
        given=given,
        at=moment,
        ask_again_on=clock.local(moment + ASK_AGAIN_AFTER).date(),
        **facts,
    )
    session.add(row)
    session.flush()
    return row


def withdraw(session: Session, elder: Elder, purpose: str, **facts: Any) -> Consent:
    """The elder takes a consent back; it no longer allows anything from this row on."""
    return give(session, elder, purpose, given=False, withdrawn=True, **facts)


def allows(session: Session, elder_id: int, purpose: str) -> bool:
    """Whether the newest answer is yes; never asked is no."""
    newest = session.scalar(
        select(Consent.given)
        .where(Consent.elder_id == elder_id, Consent.purpose == purpose)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )
    return bool(newest)


def of_elder(session: Session, elder_id: int) -> dict[str, Consent]:
    """The newest answer per purpose; purposes never asked are missing."""
    return {row.purpose: row for row in history(session, elder_id)}


def history(session: Session, elder_id: int) -> list[Consent]:
    """Every answer ever given, oldest first."""
    asked = select(Consent).where(Consent.elder_id == elder_id)
    return list(session.scalars(asked.order_by(Consent.at, Consent.id)))
