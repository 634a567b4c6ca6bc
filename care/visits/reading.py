"""What pages and figures read of visits and obligations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import organisation
from care.errors import NotFound
from care.visits.tables import Visit, VisitObligation


def get(session: Session, visit_id: int) -> Visit:
    """Raises NotFound."""
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound(f"visit {visit_id}")
    return visit


def obligation(session: Session, obligation_id: int) -> VisitObligation:
    """Raises NotFound."""
    row = session.get(VisitObligation, obligation_id)
    if row is None:
        raise NotFound(f"visit obligation {obligation_id}")
    return row


def of_elder(session: Session, elder_id: int, limit: int = 50) -> list[Visit]:
    """The elder's visits, newest first."""
    asked = select(Visit).where(Visit.elder_id == elder_id).order_by(Visit.due_at.desc(), Visit.id.desc())
    return list(session.scalars(asked.limit(limit)))


def last_of_each(session: Session, elder_ids: Collection[int]) -> dict[int, Visit]:
    """The last visit that took place, by elder, in one question; elders without one are missing."""
    if not elder_ids:
        return {}
    turn = func.row_number().over(partition_by=Visit.elder_id, order_by=(Visit.arrived_at.desc(), Visit.id.desc()))
    took_place = Visit.elder_id.in_(elder_ids), Visit.state.in_(("recorded", "done")), Visit.arrived_at.is_not(None)
    ranked = select(Visit.id, turn.label("turn")).where(*took_place).subquery()
    asked = select(Visit).join(ranked, ranked.c.id == Visit.id).where(ranked.c.turn == 1)
    return {visit.elder_id: visit for visit in session.scalars(asked)}


def obligations_of(session: Session, elder_id: int, limit: int = 20) -> list[VisitObligation]:
    """What the elder was owed, newest period first."""
    asked = select(VisitObligation).where(VisitObligation.elder_id == elder_id)
    return list(session.scalars(asked.order_by(VisitObligation.starts_on.desc()).limit(limit)))


def is_over(session: Session, instance_id: UUID) -> bool:
    """Whether the period that an instance sees to is no longer open: what is left of it is the question why."""
    asked = select(VisitObligation.state).where(VisitObligation.instance_id == instance_id)
    return session.scalar(asked.limit(1)) not in (None, "open")


def due_in_unit(session: Session, unit_path: str, first_on: date, last_on: date) -> list[VisitObligation]:
    """Obligations below a unit whose period touches these days, the earliest end first."""
    asked = select(VisitObligation).where(
        organisation.within(VisitObligation.unit_path, unit_path),
        VisitObligation.starts_on <= last_on,
        VisitObligation.ends_on >= first_on,
    )
    return list(session.scalars(asked.order_by(VisitObligation.ends_on, VisitObligation.id)))
