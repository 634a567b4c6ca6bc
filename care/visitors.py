"""Who is responsible for an elder: visitor A and B, service people (N) and the family doctor, each from a day.

Public: Responsibility, KINDS, name, end, of_elder, current, visitor, visitor_b, elders_of, load.
Source: processes P05; rules there: A is not B, both have an account.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, ForeignKey, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.errors import RuleBroken
from care.personal import OfElder
from engine import clock
from engine.db import Base

KINDS = ("visitor", "visitor_b", "service_person", "family_doctor")


class Responsibility(OfElder, Base):
    """A worker is responsible for an elder from a day until (not including) a day."""

    __tablename__ = "responsibility"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(200), default="")


def name(session: Session, elder: Elder, kind: str, staff_id: int, from_on: date | None = None) -> Responsibility:
    """Make a worker responsible; whoever was it before (for A, B and the doctor) ends that day.

    Raises RuleBroken when A and B would be the same person.
    """
    if kind not in KINDS:
        raise ValueError(f"no such responsibility: {kind!r}")
    other = {"visitor": "visitor_b", "visitor_b": "visitor"}.get(kind)
    if other and current(session, elder.id, other) == staff_id:
        raise RuleBroken("A角与B角不能是同一人", "visitor A and B must be two people")
    if kind != "service_person":
        end(session, elder.id, kind, from_on)
    row = Responsibility(
        elder_id=elder.id, unit_path=elder.unit_path, kind=kind, staff_id=staff_id, from_on=from_on or clock.today()
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, elder_id: int, kind: str, until_on: date | None = None) -> None:
    """Nobody holds `kind` for the elder from that day on."""
    for row in of_elder(session, elder_id):
        if row.kind == kind:
            row.until_on = until_on or clock.today()
    session.flush()


def of_elder(session: Session, elder_id: int, history: bool = False) -> list[Responsibility]:
    """Who is responsible today (with `history`: ever), oldest first."""
    asked = select(Responsibility).where(Responsibility.elder_id == elder_id)
    if not history:
        asked = asked.where(holds_today())
    return list(session.scalars(asked.order_by(Responsibility.from_on, Responsibility.id)))


def current(session: Session, elder_id: int, kind: str) -> int | None:
    """The staff id that holds `kind` for the elder today; the newest if several."""
    return session.scalar(
        select(Responsibility.staff_id)
        .where(Responsibility.elder_id == elder_id, Responsibility.kind == kind, holds_today())
        .order_by(Responsibility.from_on.desc(), Responsibility.id.desc())
        .limit(1)
    )


def visitor(session: Session, elder_id: int) -> int | None:
    """Visitor A (专属探访责任人)."""
    return current(session, elder_id, "visitor")


def visitor_b(session: Session, elder_id: int) -> int | None:
    return current(session, elder_id, "visitor_b")


def elders_of(session: Session, staff_id: int, kinds: tuple[str, ...] = ("visitor", "visitor_b")) -> list[int]:
    """Ids of the elders for whom the worker is responsible today."""
    asked = select(Responsibility.elder_id).where(
        Responsibility.staff_id == staff_id, Responsibility.kind.in_(kinds), holds_today()
    )
    return list(session.scalars(asked.distinct().order_by(Responsibility.elder_id)))


def load(session: Session, staff_id: int) -> int:
    """Weight of the elders whose visitor A the worker is: high 4, key 2, general 1 (P05, ruling)."""
    counted = session.execute(
        select(Elder.tier, func.count())
        .join(Responsibility, Responsibility.elder_id == Elder.id)
        .where(Responsibility.staff_id == staff_id, Responsibility.kind == "visitor", holds_today())
        .group_by(Elder.tier)
    )
    return sum({"high": 4, "key": 2, "general": 1}.get(tier, 0) * count for tier, count in counted)


def holds_today(row: Any = Responsibility, today: Any = None) -> ColumnElement[bool]:
    """«in force today», for the table or an alias of it; `today`: a parameter for it, in a statement that is kept."""
    today = clock.today() if today is None else today
    return and_(row.from_on <= today, or_(row.until_on.is_(None), row.until_on > today))
