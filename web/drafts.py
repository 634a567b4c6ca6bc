"""Diagrams that a designer has saved and not yet deployed: one draft per process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant


class DesignDraft(Base):
    """A saved diagram; `based_on` is the version that it was opened from."""

    __tablename__ = "design_draft"

    process_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    based_on: Mapped[int] = mapped_column()
    saved_at: Mapped[datetime] = mapped_column(Instant)
    saved_by: Mapped[int] = mapped_column()


def of(session: Session, process_id: str) -> DesignDraft | None:
    return session.get(DesignDraft, process_id)


def saved(session: Session) -> set[str]:
    """Processes that have a draft."""
    return set(session.scalars(select(DesignDraft.process_id)))


def save(session: Session, process_id: str, xml: bytes, based_on: int, by: int) -> DesignDraft:
    """Keep a draft, over whatever draft there was of this process."""
    draft = session.get(DesignDraft, process_id) or DesignDraft(process_id=process_id)
    draft.xml, draft.based_on, draft.saved_at, draft.saved_by = xml, based_on, clock.now(), by
    session.add(draft)
    return draft


def drop(session: Session, process_id: str) -> None:
    """Forget the draft, once it is deployed or given up."""
    draft = session.get(DesignDraft, process_id)
    if draft is not None:
        session.delete(draft)
