"""The channel `screen`: what people were told, one row per reader, kept until they have read it and 90 days at most.

A notice names what it is about (a task, a case, an elder, a report) by its id and says it by the code of its template;
names and places are looked up when it is read, by whoever may still see them. A notice to a role reaches everybody who
holds the post on that day at the unit or above it, and whoever stands in; nobody who comes later. Written twice under
one key it is there once.

Public: Notice, told, unread, of, find, read, read_all, forget, About. Source: connectors §7; design/look §1.6.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import organisation, people
from care.people import Post, held_today
from care.people.tables import Staff
from engine import clock, jobs, outgoing
from engine.db import Base, Instant
from engine.rows import insert_all

logger = logging.getLogger(__name__)

MOST_COUNTED = 99
KEPT = timedelta(days=90)
_UNREAD = "read_at IS NULL"
ABOUT = ("task", "case", "elder", "report")


class Notice(Base):
    """One notice for one reader. `about`, `about_id`: task and its UUID; case, elder or report and a number."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    key: Mapped[str] = mapped_column(String(200))
    template: Mapped[str] = mapped_column(String(80))
    about: Mapped[str | None] = mapped_column(String(10))
    about_id: Mapped[str | None] = mapped_column(String(36))
    by_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    read_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("reader_id", "key"),
        Index("ix_notice_newest", "reader_id", "id"),
        Index("ix_notice_unread", "reader_id", sqlite_where=text(_UNREAD), postgresql_where=text(_UNREAD)),
    )


@dataclass(frozen=True)
class Page:
    """Notices, newest first; `before` is given to the next call, None on the last page."""

    rows: Sequence[Notice]
    before: int | None


@outgoing.delivers("screen")
def deliver(payload: dict[str, Any], key: str) -> None:
    """A row for each reader; a notice that nobody can read is written to the log and is gone."""
    with jobs.transaction() as session:
        readers = readers_of(session, payload)
        about = next((name for name in ABOUT if payload.get(name) is not None), None)
        rows = [
            {
                "reader_id": reader,
                "key": key,
                "template": str(payload["template"]),
                "about": about,
                "about_id": str(payload[about]) if about else None,
                "by_id": payload.get("by"),
                "at": clock.now(),
                "read_at": None,
            }
            for reader in readers
        ]
        insert_all(session, Notice.__table__, rows, once=True)  # type: ignore[arg-type]
    if not readers:
        logger.warning("a notice has no reader key=%s role=%s", key, payload.get("role"))


def readers_of(session: Session, payload: dict[str, Any]) -> list[int]:
    """The person that is named, else who holds the role for the place today, with those who stand in for them."""
    if payload.get("person") is not None:
        return [int(payload["person"])]
    path = str(payload.get("unit_path") or "")
    units = organisation.depth_ids(path)
    places = ["/" + "/".join(map(str, units[: depth + 1])) + "/" for depth in range(len(units))]
    asked = (
        select(Post.staff_id)
        .join(Staff, Staff.id == Post.staff_id)
        .where(Post.role == payload.get("role"), Post.unit_path.in_(places), held_today())
        .where(Staff.until_on.is_(None) | (Staff.until_on > clock.today()))
    )
    holding = set(session.scalars(asked))
    standing_in = {people.stand_in(session, each) for each in holding}
    return sorted(holding | {each for each in standing_in if each is not None})


def unread(session: Session, person_id: int) -> int:
    """How many notices this person has not read: at most MOST_COUNTED + 1 are counted."""
    some = select(Notice.id).where(Notice.reader_id == person_id, Notice.read_at.is_(None)).limit(MOST_COUNTED + 1)
    return len(session.scalars(some).all())


def of(session: Session, person_id: int, before: int | None = None, limit: int = 30) -> Page:
    """This person's notices, newest first, older than `before`."""
    asked = select(Notice).where(Notice.reader_id == person_id)
    if before is not None:
        asked = asked.where(Notice.id < before)
    rows = list(session.scalars(asked.order_by(Notice.id.desc()).limit(limit + 1)))
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def read(session: Session, person_id: int, notice_id: int) -> Notice | None:
    """The notice, read from now on; None when it is nobody's or somebody else's."""
    row = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.reader_id == person_id))
    if row is not None and row.read_at is None:
        row.read_at = clock.now()
    return row


def read_all(session: Session, person_id: int, until: int) -> None:
    """Everything up to the notice `until` is read; what came after it is not."""
    session.execute(
        update(Notice)
        .where(Notice.reader_id == person_id, Notice.read_at.is_(None), Notice.id <= until)
        .values(read_at=clock.now())
    )


@jobs.every(3600)
def forget() -> None:
    """Notices older than 90 days go; what they were about stays."""
    with jobs.transaction() as session:
        session.execute(delete(Notice).where(Notice.at < clock.now() - KEPT))
