"""When an elder is away (暂离): from, until, where and why, so that meters and visits make no false alarm.

An absence quiets what stays in the home, never what the elder wears, nor smoke and gas. At most 60 days, then it is
renewed. The process `temporary_absence` asks after the day of return.

Public: Absence, KINDS, register, returned, current, away, of_elder.
Source: processes P35; rulings 9.30.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from sqlalchemy import ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import elders
from care.elders import Elder
from care.errors import RuleBroken
from care.personal import OfElder
from engine import clock
from engine.db import Base, Instant
from engine.vault import Encrypted

LONGEST = timedelta(days=60)
KINDS = {
    "family": ("探亲", "With family"),
    "hospital": ("住院", "Hospital"),
    "travel": ("旅行", "Travel"),
    "institution": ("短住机构", "Short stay in an institution"),
}


class Absence(OfElder, Base):
    """The elder is away from `from_at` until `until_at` (expected); `returned_at` once somebody confirmed it."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(Encrypted, default="")
    contact_name: Mapped[str] = mapped_column(String(60), default="")
    contact_phone: Mapped[str | None] = mapped_column(Encrypted)
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant, index=True)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


def register(
    session: Session,
    elder: Elder,
    kind: str,
    until_at: datetime,
    *,
    from_at: datetime | None = None,
    place: str = "",
    contact: tuple[str, str | None] = ("", None),
    by: int | None = None,
) -> Absence:
    """The elder is away; `contact` is (name, telephone) there.

    Raises RuleBroken over 60 days, or ending before it began.
    """
    begin = from_at or clock.now()
    if kind not in KINDS:
        raise ValueError(f"no such kind of absence: {kind!r}")
    if not timedelta(0) < until_at - begin <= LONGEST:
        raise RuleBroken("暂离须在60天以内，到期可续", "an absence ends after it begins and lasts at most 60 days")
    row = Absence(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        kind=kind,
        place=place,
        contact_name=contact[0],
        contact_phone=contact[1],
        from_at=begin,
        until_at=until_at,
        recorded_by=by,
    )
    session.add(row)
    if begin <= clock.now() and elder.status == "in_register":
        elders.set_status(session, elder, "absent")
    session.flush()
    return row


def returned(session: Session, elder: Elder, at: datetime | None = None) -> None:
    """The elder is back; ends every absence that is open."""
    moment = at or clock.now()
    asked = select(Absence).where(
        Absence.elder_id == elder.id, Absence.returned_at.is_(None), Absence.from_at <= moment
    )
    for row in session.scalars(asked):
        row.returned_at = moment
    if elder.status == "absent":
        elders.set_status(session, elder, "in_register")
    session.flush()


def current(session: Session, elder_id: int, at: datetime | None = None) -> Absence | None:
    """The absence in force at a moment (default: now): registered, and not yet over by return or by its day."""
    moment = at or clock.now()
    return session.scalar(
        select(Absence)
        .where(
            Absence.elder_id == elder_id,
            Absence.from_at <= moment,
            Absence.until_at > moment,
            or_(Absence.returned_at.is_(None), Absence.returned_at > moment),
        )
        .order_by(Absence.from_at.desc())
        .limit(1)
    )


def away(session: Session, elder_ids: Collection[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """From when until when (not including) each of these elders is or was away, in one statement."""
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    asked = select(Absence.elder_id, Absence.from_at, Absence.until_at, Absence.returned_at)
    for elder_id, from_at, until_at, returned_at in session.execute(asked.where(Absence.elder_id.in_(elder_ids))):
        found[elder_id].append((from_at, min(until_at, returned_at or until_at)))
    return found


def of_elder(session: Session, elder_id: int) -> list[Absence]:
    """All absences, newest first."""
    return list(session.scalars(select(Absence).where(Absence.elder_id == elder_id).order_by(Absence.from_at.desc())))


def open_one(session: Session, elder_id: int) -> Absence | None:
    """The newest absence that nobody has ended, its day of return passed or not."""
    asked = select(Absence).where(Absence.elder_id == elder_id, Absence.returned_at.is_(None))
    return session.scalar(asked.order_by(Absence.from_at.desc()).limit(1))


def return_due(session: Session, day: date, limit: int) -> list[int]:
    """Elders whose absence ends on or before `day` and was not ended by anybody. Source: processes P35."""
    end = datetime.combine(day, time(23, 59, 59), tzinfo=clock.zone())
    asked = select(Absence.elder_id).where(Absence.returned_at.is_(None), Absence.until_at <= end)
    return list(session.scalars(asked.distinct().order_by(Absence.elder_id).limit(limit)))
