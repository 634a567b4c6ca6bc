"""Who did what when; rows are only added. The page of an instance, an elder's file and the audit read them.

Rows hold ids and codes, never names or addresses of people. Times are the engine clock's. Nothing here changes or
deletes a row, the database refuses it (a trigger that the migration makes), and `engine.seals` makes it visible.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import Base, Document, Id, Instant
from engine.rows import UNIT_PATH, insert_all

history = Table(
    "history",
    Base.metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("instance_id", Id),
    Column("task_id", Id),
    Column("element", String(120)),
    Column("name", String(200)),
    Column("what", String(60), nullable=False),
    Column("who", Integer),
    Column("subject_id", Integer),
    Column("unit_path", UNIT_PATH),
    Column("note", Text),
    Column("ids", Document),
    Column("revision", Integer),  # of the instance's state, for rows that a step wrote
    Index("ix_history_instance", "instance_id", "id"),
    Index("ix_history_subject", "subject_id", "id"),
    Index("ix_history_who", "who", "id"),
)


@dataclass(frozen=True)
class HistoryRow:
    """One thing that happened. `what` is a code: started, entered, completed, cancelled, timer_fired, message …"""

    id: int
    at: datetime
    instance_id: UUID | None
    task_id: UUID | None
    element: str | None
    name: str | None
    what: str
    who: int | None
    subject_id: int | None
    unit_path: str | None
    note: str | None
    ids: dict[str, Any] | None
    revision: int | None = None


def row_of(
    what: str,
    *,
    instance_id: UUID | None = None,
    who: int | None = None,
    element: str | None = None,
    name: str | None = None,
    task_id: UUID | None = None,
    subject_id: int | None = None,
    unit_path: str | None = None,
    note: str | None = None,
    ids: dict[str, Any] | None = None,
    revision: int | None = None,
) -> dict[str, Any]:
    """A row, not yet written: for `write_all`."""
    return {
        "at": clock.now(),
        "instance_id": instance_id,
        "task_id": task_id,
        "element": element,
        "name": name,
        "what": what,
        "who": who,
        "subject_id": subject_id,
        "unit_path": unit_path,
        "note": note,
        "ids": ids,
        "revision": revision,
    }


def write_all(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add rows in one statement, in their order."""
    insert_all(session, history, rows)


def write(
    session: Session,
    instance_id: UUID | None,
    who: int | None,
    what: str,
    element: str | None = None,
    subject_id: int | None = None,
    unit_path: str | None = None,
    note: str | None = None,
    **ids: Any,
) -> None:
    """Add one row: `who` (a person's id, None for a machine) did `what` (a code). `ids` are further ids by name."""
    row = row_of(
        what,
        instance_id=instance_id,
        who=who,
        element=element,
        subject_id=subject_id,
        unit_path=unit_path,
        note=note,
        ids={name: str(value) if isinstance(value, UUID) else value for name, value in ids.items()} or None,
    )
    write_all(session, [row])


def of_instance(session: Session, instance_id: UUID, after: int = 0, limit: int = 1000) -> list[HistoryRow]:
    """What happened in an instance, oldest first; `after` is the id of the last row seen."""
    c = history.c
    query = select(history).where(c.instance_id == instance_id, c.id > after).order_by(c.id).limit(limit)
    return [HistoryRow(**row._mapping) for row in session.connection().execute(query)]


def last_of(session: Session, who: int, task_id: UUID, among: int = 20) -> HistoryRow | None:
    """What a person did last with a task, if it is among the last things that person did at all."""
    c = history.c
    rows = session.connection().execute(select(history).where(c.who == who).order_by(c.id.desc()).limit(among))
    return next((HistoryRow(**row._mapping) for row in rows if row.task_id == task_id), None)


def of_subject(
    session: Session,
    subject_id: int,
    before: int | None = None,
    limit: int = 100,
    among: Collection[str] | None = None,
    done_by_people: Collection[str] = (),
) -> list[HistoryRow]:
    """What happened about a person, newest first; `before` is the id of the last row seen.

    Only codes `among` these, and of those `done_by_people` what somebody did; default: every row.
    """
    c = history.c
    query = select(history).where(c.subject_id == subject_id)
    if among is not None:
        query = query.where(c.what.in_(among) | (c.what.in_(done_by_people) & c.who.is_not(None)))
    if before is not None:
        query = query.where(c.id < before)
    rows = session.connection().execute(query.order_by(c.id.desc()).limit(limit))
    return [HistoryRow(**row._mapping) for row in rows]
