"""A city role opens a single file: it says why, for two hours, and it is always in the log."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Select, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import elders, roles
from care.elders import Elder
from care.errors import NotAllowed, NotFound, RuleBroken
from care.organisation import is_within
from care.people import Person
from engine import clock
from engine.db import Base, Instant

REASON_HOLDS_FOR = timedelta(hours=2)


class AccessReason(Base):
    """A city role said why it opens a single file; holds for two hours, is always in the log."""

    __tablename__ = "access_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    elder_id: Mapped[int] = mapped_column(ForeignKey("elder.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    until_at: Mapped[datetime] = mapped_column(Instant)


def opened_by_reason(person: Person) -> Select[tuple[int]]:
    """Ids of the elders whose file the person opened with a reason that still holds."""
    columns = AccessReason.__table__.c
    return select(columns.elder_id).where(columns.staff_id == person.id, columns.until_at > clock.now())


def give_reason(session: Session, person: Person, number: str, reason: str) -> Elder:
    """A city role opens one file with a reason, for two hours; the caller logs it (care/files.py).

    Raises RuleBroken for a reason under four characters, NotAllowed for other roles, NotFound.
    """
    scopes = [post.unit_path for post in person.posts if roles.role(post.role).with_reason]
    if not scopes:
        raise NotAllowed("give_reason")
    if len(reason.strip()) < 4:
        raise RuleBroken("请写明调阅理由（不少于4个字）", "give a reason of at least four characters")
    found = elders.by_number(session, number)
    if found is None or not any(is_within(found.unit_path, path) for path in scopes):
        raise NotFound(f"elder {number}")
    session.add(
        AccessReason(
            staff_id=person.id,
            elder_id=found.id,
            reason=reason.strip()[:200],
            until_at=clock.now() + REASON_HOLDS_FOR,
        )
    )
    session.flush()
    return found
