"""What people at a desk keep for themselves or share with their unit: filters of the list, templates for notes; and who
is looking at which task just now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, String, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.people import Person, Staff
from care.personal import PathColumn
from engine import clock
from engine.db import Base, Id, Instant

FILTER, NOTE = "filter", "note"
MOST = 60  # shown of each kind
LOOKS_FOR = timedelta(seconds=30)


class DeskKept(Base):
    """A filter (`body` is its part of the address) or a template (`body` is its text); shared where a unit stands."""

    __tablename__ = "desk_kept"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[int] = mapped_column(index=True)
    unit_path: Mapped[str | None] = mapped_column(PathColumn, index=True)
    name: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(String(500))


class TaskLook(Base):
    """Which task a person looks at; one row for each person."""

    __tablename__ = "task_look"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    task_id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_task_look_task_id", "task_id", "at"),)


@dataclass(frozen=True)
class Shared:
    """A kept thing as a page shows it."""

    id: int
    kind: str
    name: str
    body: str
    mine: bool


def of(session: Session, person: Person) -> list[Shared]:
    """One's own and those shared at the units of one's posts, by name."""
    theirs = {post.unit_path for post in person.posts}
    asked = select(DeskKept).where(or_(DeskKept.owner_id == person.id, DeskKept.unit_path.in_(theirs)))
    rows: Iterable[DeskKept] = session.scalars(asked.order_by(DeskKept.name, DeskKept.id).limit(2 * MOST))
    return [Shared(row.id, row.kind, row.name, row.body, row.owner_id == person.id) for row in rows]


def keep(session: Session, person: Person, kind: str, name: str, body: str, shared: bool) -> None:
    """Keep one more; the same name again replaces one's own."""
    same = select(DeskKept).where(DeskKept.owner_id == person.id, DeskKept.kind == kind, DeskKept.name == name)
    row = session.scalar(same) or DeskKept(owner_id=person.id, kind=kind, name=name)
    row.body, row.unit_path = body, person.posts[0].unit_path if shared and person.posts else None
    session.add(row)


def drop(session: Session, person: Person, kept_id: int) -> bool:
    """Forget one's own; whether there was such a one."""
    row = session.get(DeskKept, kept_id)
    if row is None or row.owner_id != person.id:
        return False
    session.delete(row)
    return True


def look(session: Session, person: Person, task_id: UUID) -> list[str]:
    """Note that the person looks at the task; the names of others who do."""
    now = clock.now()
    row = session.get(TaskLook, person.id) or TaskLook(person_id=person.id)
    row.task_id, row.at = task_id, now
    session.add(row)
    others = (
        select(Staff.name)
        .join(TaskLook, TaskLook.person_id == Staff.id)
        .where(TaskLook.task_id == task_id, TaskLook.person_id != person.id, TaskLook.at > now - LOOKS_FOR)
    )
    return list(session.scalars(others.order_by(Staff.name).limit(5)))


def look_away(session: Session, person_id: int) -> None:
    session.execute(delete(TaskLook).where(TaskLook.person_id == person_id))
