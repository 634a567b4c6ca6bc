"""Drafts of task forms on the server: one for each person and task, of pages and programs; gone once the form is sent.

What is saved last counts. A phone keeps what is typed itself too: the page takes whichever is newer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Id, Instant
from engine.vault import EncryptedDocument

LASTS = timedelta(days=14)


class TaskDraft(Base):
    """Answers as far as they are typed; nothing is checked."""

    __tablename__ = "task_draft"

    task_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[Any] = mapped_column(EncryptedDocument)
    saved_at: Mapped[datetime] = mapped_column(Instant, index=True)


def of(session: Session, task_id: UUID, person_id: int) -> TaskDraft | None:
    return session.get(TaskDraft, (task_id, person_id))


def save(session: Session, task_id: UUID, person_id: int, answers: dict[str, Any]) -> TaskDraft:
    """Keep a draft over the one before; drafts that nobody came back to in two weeks are forgotten."""
    session.execute(delete(TaskDraft).where(TaskDraft.saved_at < clock.now() - LASTS))
    draft = of(session, task_id, person_id) or TaskDraft(task_id=task_id, person_id=person_id)
    draft.body, draft.saved_at = answers, clock.now()
    session.add(draft)
    return draft


def drop(session: Session, task_id: UUID, person_id: int) -> None:
    """Forget a draft, once its form is handed in."""
    session.execute(delete(TaskDraft).where(TaskDraft.task_id == task_id, TaskDraft.person_id == person_id))
