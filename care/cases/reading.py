"""What pages read of cases. Who may read is decided above (care/access.py); restricted cases carry the mark."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation
from care.cases.tables import Case, CaseEntry, CaseRound, ContactAttempt
from care.errors import NotFound


def get(session: Session, case_id: int) -> Case:
    """Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound(f"case {case_id}")
    return case


def by_number(session: Session, number: str) -> Case | None:
    return session.scalar(select(Case).where(Case.number == number.strip().upper()))


def of_instance(session: Session, instance_id: UUID) -> Case | None:
    return session.scalar(select(Case).where(Case.instance_id == instance_id))


def open_cases(session: Session, unit_path: str = "/", limit: int = 200) -> list[Case]:
    """Open cases below a unit, newest first: the emergency board."""
    asked = select(Case).where(Case.state == "open", organisation.within(Case.unit_path, unit_path))
    return list(session.scalars(asked.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit)))


def in_unit(session: Session, unit_path: str, states: Sequence[str] = (), limit: int = 200) -> list[Case]:
    """Cases below a unit in any of these states (all, if none is named), newest first."""
    asked = select(Case).where(organisation.within(Case.unit_path, unit_path))
    if states:
        asked = asked.where(Case.state.in_(states))
    return list(session.scalars(asked.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit)))


def of_elder(session: Session, elder_id: int, limit: int = 50) -> list[Case]:
    """The elder's cases, newest first."""
    asked = select(Case).where(Case.elder_id == elder_id).order_by(Case.opened_at.desc(), Case.id.desc())
    return list(session.scalars(asked.limit(limit)))


def timeline(session: Session, case_id: int) -> list[CaseEntry]:
    """The record of a case, oldest first."""
    return list(session.scalars(select(CaseEntry).where(CaseEntry.case_id == case_id).order_by(CaseEntry.id)))


def rounds(session: Session, case_id: int) -> list[CaseRound]:
    return list(session.scalars(select(CaseRound).where(CaseRound.case_id == case_id).order_by(CaseRound.round)))


def attempts(session: Session, case_id: int) -> list[ContactAttempt]:
    """Who was called or looked for, oldest first."""
    asked = select(ContactAttempt).where(ContactAttempt.case_id == case_id)
    return list(session.scalars(asked.order_by(ContactAttempt.at, ContactAttempt.id)))
