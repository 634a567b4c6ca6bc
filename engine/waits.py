"""What instances wait for besides people: times, messages and answers from outside, in one table.

`timers` and `subscriptions` read it; steps write only the differences. A row is named by the token that waits and a
number (a gateway of several events waits for several things).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from engine.db import Base, Id, Instant

TIMER, MESSAGE, JOB = "timer", "message", "job"

wait = Table(
    "wait",
    Base.metadata,
    Column("instance_id", Id, primary_key=True),
    Column("token_id", Id, primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("element", String(120), nullable=False),
    Column("attached_to", String(120)),
    Column("due_at", Instant),
    Column("name", String(120)),
    Column("key", String(200)),
    Column("lane", String(10), nullable=False),
    Column("queued", Boolean, nullable=False),  # its firing is written down as work
    Index("ix_wait_due", "kind", "queued", "due_at"),
    Index("ix_wait_message", "name", "key"),
)


@dataclass(frozen=True)
class WaitRow:
    """One thing that a token waits for: a timer has `due_at`, a message `name` and `key`."""

    instance_id: UUID
    token_id: UUID
    kind: str
    number: int
    element: str
    attached_to: str | None
    due_at: datetime | None
    name: str | None
    key: str | None
    lane: str


_INSERT = insert(wait)
_DELETE = delete(wait).where(
    wait.c.instance_id == bindparam("in_instance"),
    wait.c.token_id == bindparam("of_token"),
    wait.c.kind == bindparam("of_kind"),
    wait.c.number == bindparam("at_number"),
)
_READ = (
    select(*(column for column in wait.c if column.name != "queued"))
    .where(wait.c.instance_id == bindparam("wanted"))
    .order_by(wait.c.due_at, wait.c.element)
)


def follow(session: Session, before: set[WaitRow], after: set[WaitRow]) -> None:
    """Write the difference between what an instance waited for before a step and what it waits for now."""
    connection = session.connection()
    gone = [
        {"in_instance": row.instance_id, "of_token": row.token_id, "of_kind": row.kind, "at_number": row.number}
        for row in before - after
    ]
    if gone:
        connection.execute(_DELETE, gone)
    come: list[dict[str, Any]] = [row.__dict__ | {"queued": False} for row in after - before]
    if come:
        connection.execute(_INSERT, come)


def of_instance(session: Session, instance_id: UUID) -> list[WaitRow]:
    """What an instance waits for, earliest time first."""
    return [WaitRow(**row._mapping) for row in session.connection().execute(_READ, {"wanted": instance_id})]
