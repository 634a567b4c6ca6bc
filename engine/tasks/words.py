"""What people say about a task, and whom they let know of it: reasons, comments, urges, files; copies and mentions.

Words are encrypted and stand apart from the history, which holds only their id: the history cannot be changed, and what
people write may name somebody. Who gets a copy or is mentioned may read the task, and finds it under 抄送我的.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, func, select, update
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Id, Instant
from engine.rows import insert_once
from engine.tasks.table import COLUMNS, TaskRow, of_row, task
from engine.vault import Encrypted

COMMENT, URGE, FILE = "comment", "urge", "file"
COPY, MENTION = "copy", "mention"

task_word = Table(
    "task_word",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("task_id", Id, nullable=False),
    Column("instance_id", Id),
    Column("kind", String(20), nullable=False),  # a comment, an urge, a file, or the verb that it is the reason of
    Column("who", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("text", Encrypted),
    Column("file_id", Id),
    Index("ix_task_word_task", "task_id", "at"),
    Index("ix_task_word_instance", "instance_id", "at"),
)
task_copy = Table(
    "task_copy",
    Base.metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("task_id", Id, nullable=False),
    Column("person_id", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("who", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("read_at", Instant),
    UniqueConstraint("task_id", "person_id"),
    Index("ix_task_copy_person", "person_id", "number"),
)


@dataclass(frozen=True)
class Word:
    """Something said about a task; `file_id` names a stored file."""

    id: UUID
    task_id: UUID
    instance_id: UUID | None
    kind: str
    who: int
    at: datetime
    text: str | None
    file_id: UUID | None


@dataclass(frozen=True)
class Copy:
    """A task that somebody was let know of; `kind`: copy or mention."""

    number: int
    task: TaskRow
    kind: str
    who: int
    at: datetime
    read_at: datetime | None


_WORD = tuple(task_word.c[name] for name in Word.__dataclass_fields__)


def say(
    session: Session, row: TaskRow, kind: str, who: int, text: str = "", file_id: UUID | None = None
) -> UUID | None:
    """Keep what somebody said about a task; its id, None when nothing was said."""
    if not text and file_id is None and kind != URGE:
        return None
    said = _said(row, kind, who, text, file_id)
    session.connection().execute(task_word.insert(), said)
    return said["id"]  # type: ignore[no-any-return]


def say_of_each(session: Session, rows: Collection[TaskRow], kind: str, who: int, text: str) -> dict[UUID, Any]:
    """The same said about several tasks, in one statement; by task what its history row says of it, {} for no words."""
    if not text or not rows:
        return {}
    said = [_said(row, kind, who, text) for row in rows]
    session.connection().execute(task_word.insert(), said)
    return {each["task_id"]: {"word": str(each["id"])} for each in said}


def _said(row: TaskRow, kind: str, who: int, text: str, file_id: UUID | None = None) -> dict[str, Any]:
    return {
        "id": db.new_id(),
        "task_id": row.id,
        "instance_id": row.instance_id,
        "kind": kind,
        "who": who,
        "at": clock.now(),
        "text": text or None,
        "file_id": file_id,
    }


def said(session: Session, row: TaskRow) -> list[Word]:
    """Everything said about a task and the others of its instance, oldest first."""
    c = task_word.c
    about = c.task_id == row.id if row.instance_id is None else c.instance_id == row.instance_id
    return [Word(*found) for found in session.connection().execute(select(*_WORD).where(about).order_by(c.at, c.id))]


def said_since(session: Session, task_id: UUID, kind: str, since: datetime) -> int:
    """How often something of a kind was said about a task since then."""
    c = task_word.c
    query = select(func.count()).where(c.task_id == task_id, c.at > since, c.kind == kind)
    return session.connection().execute(query).scalar_one()


def let_know(session: Session, task_id: UUID, person_ids: Iterable[int], kind: str, who: int) -> list[int]:
    """Give these people a copy of the task; those who had none before. One entry for a person and task."""
    fresh = []
    for person_id in dict.fromkeys(person_ids):
        values = {"task_id": task_id, "person_id": person_id, "kind": kind, "who": who, "at": clock.now()}
        if session.connection().execute(insert_once(session, task_copy), values).rowcount == 1:
            fresh.append(person_id)
    return fresh


def copied_to(session: Session, task_id: UUID) -> dict[int, str]:
    """Who was let know of a task, with the kind."""
    c = task_copy.c
    rows = session.connection().execute(select(c.person_id, c.kind).where(c.task_id == task_id).order_by(c.number))
    return {row.person_id: row.kind for row in rows}


def knows_of(session: Session, task_id: UUID, person_id: int) -> bool:
    """Whether this person was let know of the task."""
    c = task_copy.c
    query = select(c.number).where(c.task_id == task_id, c.person_id == person_id)
    return session.connection().execute(query).first() is not None


def copies(session: Session, person_id: int, before: int | None = None, limit: int = 50) -> list[Copy]:
    """What a person was let know of, newest first; `before` is the number of the last row seen."""
    c = task_copy.c
    query = select(*COLUMNS, c.number, c.kind, c.who, c.at, c.read_at).join(task, task.c.id == c.task_id)
    query = query.where(c.person_id == person_id)
    if before is not None:
        query = query.where(c.number < before)
    rows = session.connection().execute(query.order_by(c.number.desc()).limit(limit))
    return [Copy(row.number, of_row(row), row.kind, row.who, row.at, row.read_at) for row in rows]


def is_unread(session: Session, task_id: UUID, person_id: int) -> bool:
    """Whether the person has a copy of the task that was not read yet."""
    c = task_copy.c
    query = select(c.number).where(c.task_id == task_id, c.person_id == person_id, c.read_at.is_(None))
    return session.connection().execute(query).first() is not None


def seen(session: Session, task_id: UUID, person_id: int) -> bool:
    """Note that the person has read the copy; whether that is news."""
    c = task_copy.c
    change: Any = update(task_copy).where(c.task_id == task_id, c.person_id == person_id, c.read_at.is_(None))
    return bool(session.connection().execute(change.values(read_at=clock.now())).rowcount)


def texts(session: Session, word_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these words say."""
    if not word_ids:
        return {}
    query = select(task_word.c.id, task_word.c.text).where(task_word.c.id.in_(word_ids))
    return {row.id: row.text or "" for row in session.connection().execute(query)}
