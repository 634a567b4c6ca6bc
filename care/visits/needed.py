"""Visits that nobody has to make any more: the period was fulfilled by another visit, or a special period is over.

Only what nobody has begun is put down; whoever is at the door goes on, and the visit stands in the file. A visit that
is put down is neither on time nor late. What is sent in for it afterwards stays as a supplement.
Source: processes P07, P08, P09; policy 3.5.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care.visits.tables import Visit, VisitObligation
from engine import clock, incoming, work

NOT_NEEDED = "visit.not_needed"


def is_needed(row: VisitObligation) -> bool:
    """Whether the period still lacks a visit."""
    return row.done < row.required


def begun_by_nobody(session: Session, instance_id: UUID) -> list[Visit]:
    """Visits of an instance for which nobody has checked in."""
    asked = select(Visit).where(Visit.instance_id == instance_id, Visit.state == "planned")
    return list(session.scalars(asked.order_by(Visit.id)))


def call_off(session: Session, visit: Visit, lane: str = work.NORMAL) -> None:
    """Tell the visit's diagram that nobody has to go; it hears of it as long as nobody has checked in."""
    data = {"visit_id": visit.id, "elder_id": visit.elder_id}
    incoming.message(session, NOT_NEEDED, str(visit.id), data, lane=lane)


def call_off_others(session: Session, row: VisitObligation, made: Visit) -> None:
    """A visit has fulfilled the period: the one that its own diagram has given to somebody is not needed."""
    if is_needed(row) or row.instance_id is None or row.instance_id == made.instance_id:
        return
    for visit in begun_by_nobody(session, row.instance_id):
        if visit.opens_at <= clock.now():  # one that nobody has yet is looked at when its day comes
            call_off(session, visit)


def put_down(session: Session, instance_id: UUID) -> list[Visit]:
    """Cancel what nobody began of an instance whose way is over; the visits."""
    found = begun_by_nobody(session, instance_id)
    for visit in found:
        visit.state = "cancelled"
    session.flush()
    return found
