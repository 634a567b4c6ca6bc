"""What pages and figures read of visits and obligations."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
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


def obligations_of(session: Session, elder_id: int, limit: int = 20) -> list[VisitObligation]:
    """What the elder was owed, newest period first."""
    asked = select(VisitObligation).where(VisitObligation.elder_id == elder_id)
    return list(session.scalars(asked.order_by(VisitObligation.starts_on.desc()).limit(limit)))


def due_in_unit(session: Session, unit_path: str, first_on: date, last_on: date) -> list[VisitObligation]:
    """Obligations below a unit whose period touches these days, the earliest end first."""
    asked = select(VisitObligation).where(
        organisation.within(VisitObligation.unit_path, unit_path),
        VisitObligation.starts_on <= last_on,
        VisitObligation.ends_on >= first_on,
    )
    return list(session.scalars(asked.order_by(VisitObligation.ends_on, VisitObligation.id)))
