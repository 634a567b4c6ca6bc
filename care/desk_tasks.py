"""Plain tasks for whoever holds a role about somebody, or somewhere, at this moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import operations, tasks
from engine.operations import Subject


def open_one(session: Session, role: str, about: Subject, **fields: Any) -> UUID | None:
    """Open a task outside any instance; `fields` as `tasks.plain` takes them, `why` is the role's unless given."""
    given = operations.role_of(session, role, about, {})
    return tasks.plain(
        session,
        role=given.role,
        unit_path=given.unit_path,
        assignee_id=given.person_id,
        subject_id=about.id,
        **{"why": given.why, **fields},
    )
