"""Consents of an elder, one per purpose, with the text that was read out, who signed, and withdrawal.

The newest row of a purpose counts. A withdrawal takes effect with its row: streams stop at once, the confirmation by
a person comes later. Danger to life overrides limits on sharing; that is decided where it happens, with a reason.

Public: Consent, PURPOSES, TEXT_VERSION, purpose_of, give, withdraw, allows, allowing, of_elder, history, due_again.
Source: processes P04; personal-information law, articles 28-30.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from care.elders import Elder
from care.personal import OfElder
from engine import clock
from engine.db import Base, Id, Instant

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


_IN_VISITS = {
    "visits": "visits_and_file",
    "health": "health_data",
    "devices": "device_monitoring",
    "meters": "meter_data",
    "family": "family_sharing",
    "departments": "department_sharing",
    "photos": "visit_photo",
}


class Consent(OfElder, Base):
    """One answer to one purpose: given or not, in which wording, signed by whom and how.

    `signer` signed as `signed_by`; a guardian with the kind of `guardianship` (legal, agreed, appointed, organisation).
    """

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24), index=True)
    given: Mapped[bool] = mapped_column()
    at: Mapped[datetime] = mapped_column(Instant)
    ask_again_on: Mapped[date | None] = mapped_column(Date)
    text_version: Mapped[str] = mapped_column(String(16), default=TEXT_VERSION)
    signed_by: Mapped[str] = mapped_column(String(12), default="elder")  # elder, guardian, witness
    signer: Mapped[str] = mapped_column(String(60), default="")
    guardianship: Mapped[str] = mapped_column(String(16), default="", server_default="")
    manner: Mapped[str] = mapped_column(
        String(12), default="signature"
    )  # signature, thumb, witness, voice, told, import
    witness: Mapped[str] = mapped_column(String(60), default="", server_default="")
    withdrawn: Mapped[bool] = mapped_column(default=False)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    instance_id: Mapped[UUID | None] = mapped_column(Id)  # whose submission holds the signature


def purpose_of(code: str) -> str | None:
    """The purpose that a code means, those of the visit form included; None for a code that nobody knows."""
    named = _IN_VISITS.get(code, code)
    return named if named in PURPOSES else None


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


def end_all(session: Session, elder: Elder) -> int:
    """The elder has left: nothing is allowed any more; how many answers ended. Source: processes P34."""
    given = [purpose for purpose, row in of_elder(session, elder.id).items() if row.given]
    for purpose in given:
        withdraw(session, elder, purpose, manner="told", signed_by="witness")
    return len(given)


def allows(session: Session, elder_id: int, purpose: str) -> bool:
    """Whether the newest answer is yes; never asked is no."""
    newest = session.scalar(
        select(Consent.given)
        .where(Consent.elder_id == elder_id, Consent.purpose == purpose)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )
    return bool(newest)


def allowing(session: Session, elder_ids: Collection[int], purposes: Collection[str]) -> set[tuple[int, str]]:
    """(elder, purpose) of those whose newest answer is yes, in one statement."""
    asked = (
        select(Consent.elder_id, Consent.purpose, Consent.given)
        .where(Consent.elder_id.in_(elder_ids), Consent.purpose.in_(purposes))
        .order_by(Consent.at, Consent.id)
    )
    newest = {(elder_id, purpose): given for elder_id, purpose, given in session.execute(asked)}
    return {asked_for for asked_for, given in newest.items() if given}


def of_elder(session: Session, elder_id: int) -> dict[str, Consent]:
    """The newest answer per purpose; purposes never asked are missing."""
    return {row.purpose: row for row in history(session, elder_id)}


def history(session: Session, elder_id: int) -> list[Consent]:
    """Every answer ever given, oldest first."""
    asked = select(Consent).where(Consent.elder_id == elder_id)
    return list(session.scalars(asked.order_by(Consent.at, Consent.id)))


def due_again(session: Session, day: date, limit: int) -> list[int]:
    """Elders of whom an answer that still holds is to be asked again by `day` (a year after it was given)."""
    newer = aliased(Consent)
    overtaken = exists().where(
        newer.elder_id == Consent.elder_id, newer.purpose == Consent.purpose, newer.id > Consent.id
    )
    asked = select(Consent.elder_id).where(Consent.ask_again_on <= day, Consent.given, ~overtaken)
    return list(session.scalars(asked.distinct().order_by(Consent.elder_id).limit(limit)))
