"""Major changes in an elder's life (重大变故): reported, confirmed, first visit, the time of denser visits, its end.

While one is open, the periods that the planner plans are those of the table's context `major_change`. At least 14 days
(30 after a bereavement); 90 days are the most without a renewal. Another report joins the open one and begins its days
anew. Public: MajorChange, KINDS, open_change, confirm, first_visit, reached, more, judge, close, open_for, of_elder.
Source: issued plan 四(五); draft 四(1); processes P10 (rulings).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import policies
from care.elders import Elder
from care.personal import OfElder
from engine import clock
from engine.db import Base, Document, Id, Instant

KINDS = {
    "bereavement": ("亲人去世", "Bereavement"),
    "hospital": ("出院或重病", "Hospital or severe illness"),
    "fall_fracture": ("跌倒骨折", "Fracture"),
    "disaster": ("火灾等灾害", "Fire or disaster"),
    "child_away": ("子女离家失联", "Child away or out of touch"),
    "defrauded": ("被骗", "Defrauded"),
    "moved": ("居所变动", "Moved home"),
    "extreme_mood": ("情绪极端", "Extreme mood"),
    "emergency": ("刚出过急事", "Recent emergency"),
}
SHORTEST = timedelta(days=14)
SHORTEST_AFTER = {"bereavement": timedelta(days=30)}
LONGEST = timedelta(days=90)
WITHOUT_DUTY = timedelta(hours=72)
"""The first visit where the policy names no hours (draft, below the high tier); the figure K23 leaves it out."""


class MajorChange(OfElder, Base):
    """One change; `duty_hours` are the policy's hours for the first visit, null where it names none (K23)."""

    __tablename__ = "major_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kinds: Mapped[Any] = mapped_column(Document, default=list)
    reported_at: Mapped[datetime] = mapped_column(Instant, index=True)
    duty_hours: Mapped[int | None] = mapped_column()
    first_due_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    first_visit_at: Mapped[datetime | None] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(16), default="")  # unfounded, stabilised, exited
    instance_id: Mapped[UUID | None] = mapped_column(Id)


def open_change(
    session: Session, elder: Elder, kinds: Sequence[str], policy: str, instance_id: UUID | None
) -> MajorChange:
    """A report: the clock of the first visit runs from now."""
    now = clock.now()
    hours = policies.decide_visit_frequency(elder.tier, "major_change", policy)["first_visit_within_hours"]
    row = MajorChange(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        kinds=_known(kinds),
        reported_at=now,
        duty_hours=hours,
        first_due_at=now + (timedelta(hours=hours) if hours else WITHOUT_DUTY),
        not_before=now + _shortest(kinds),
        not_after=now + LONGEST,
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def _known(kinds: Sequence[str]) -> list[str]:
    return [each for each in KINDS if each in kinds]


def _shortest(kinds: Sequence[str]) -> timedelta:
    return max((SHORTEST_AFTER.get(each, SHORTEST) for each in kinds), default=SHORTEST)


def get(session: Session, change_id: int) -> MajorChange:
    return session.get_one(MajorChange, change_id)


def confirm(session: Session, row: MajorChange, confirmed: bool, kinds: Sequence[str]) -> None:
    """It is so, with these kinds; or it is not."""
    if confirmed:
        row.confirmed_at = clock.now()
        row.kinds = _known([*(row.kinds or ()), *kinds])
        row.not_before = row.reported_at + _shortest(row.kinds)
    session.flush()


def first_visit(session: Session, row: MajorChange) -> None:
    row.first_visit_at = row.first_visit_at or clock.now()
    session.flush()


def reached(session: Session, elder_id: int) -> None:
    """The visit of an open change was made at this moment, however long the village takes to check it. Source: K23."""
    for row in of_elder(session, elder_id):
        if row.closed_at is None:
            first_visit(session, row)


def more(session: Session, row: MajorChange, kinds: Sequence[str]) -> None:
    """Another report while this one is open: its kinds are added and the days begin anew."""
    now = clock.now()
    row.kinds = _known([*(row.kinds or ()), *kinds])
    row.not_before = max(row.not_before, now + _shortest(kinds))
    row.not_after = max(row.not_after, now + LONGEST)
    session.flush()


def judge(session: Session, row: MajorChange, stable: bool, renew: bool) -> bool:
    """Whether it is over: stable and long enough, or 90 days without a renewal."""
    now = clock.now()
    if now >= row.not_after and renew and not stable:
        row.not_after = now + LONGEST
    session.flush()
    return (stable and now >= row.not_before) or now >= row.not_after


def close(session: Session, row: MajorChange, outcome: str) -> None:
    row.closed_at, row.outcome = clock.now(), outcome
    session.flush()


def open_for(session: Session, elder_ids: Collection[int]) -> set[int]:
    """Those of these elders for whom a confirmed change is open: visited more often."""
    asked = select(MajorChange.elder_id).where(
        MajorChange.elder_id.in_(list(elder_ids)),
        MajorChange.confirmed_at.is_not(None),
        MajorChange.closed_at.is_(None),
    )
    return set(session.scalars(asked))


def of_elder(session: Session, elder_id: int) -> list[MajorChange]:
    """All changes of an elder, newest first."""
    asked = select(MajorChange).where(MajorChange.elder_id == elder_id)
    return list(session.scalars(asked.order_by(MajorChange.id.desc())))
