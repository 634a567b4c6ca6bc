"""What instances wait for besides people: times, messages and answers from outside, in one table.

`timers` and `subscriptions` read it; steps write only the differences. A row is named by the token that waits and a
number (a gateway of several events waits for several things).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from engine.db import Base, Id, Instant
from engine.rows import insert_all
from engine.together import write

TIMER, MESSAGE, SIGNAL, JOB = "timer", "message", "signal", "job"

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
    Index("ix_wait_message", "name", "key"),
)
IS_SIGNAL, IS_TIMER = (wait.c.kind == literal_column(f"'{kind}'") for kind in (SIGNAL, TIMER))
"""As the partial indexes have it: with a bound parameter they would not be used. No index begins with the kind: SQLite,
which keeps no statistics here, would take it for one that leaves ten rows."""
Index("ix_wait_timer", wait.c.queued, wait.c.due_at, sqlite_where=IS_TIMER, postgresql_where=IS_TIMER)
Index("ix_wait_signal", wait.c.name, wait.c.instance_id, sqlite_where=IS_SIGNAL, postgresql_where=IS_SIGNAL)


@dataclass(frozen=True)
class WaitRow:
    """One thing that a token waits for: a timer has `due_at`, a message `name` and `key`, a signal `name`."""

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


_DELETE = delete(wait).where(
    wait.c.instance_id == bindparam("in_instance"),
    wait.c.token_id == bindparam("of_token"),
    wait.c.kind == bindparam("of_kind"),
    wait.c.number == bindparam("numbered"),
)
_DELETE_ALL = delete(wait).where(
    wait.c.instance_id == bindparam("in_instance"),
    tuple_(wait.c.token_id, wait.c.kind, wait.c.number).in_(bindparam("gone", expanding=True)),
)
_READ = (
    select(*(column for column in wait.c if column.name != "queued"))
    .where(wait.c.instance_id == bindparam("wanted"))
    .order_by(wait.c.due_at, wait.c.element)
)


def follow(session: Session, before: set[WaitRow], after: set[WaitRow]) -> None:
    """Write the difference between what an instance waited for before a step and what it waits for now."""
    over, fresh = before - after, after - before
    gone = [(row.token_id, row.kind, row.number) for row in over]
    armed_again = {(row.token_id, row.kind, row.number) for row in fresh} & set(gone)
    for row in over:
        if len(over) > 1 or armed_again:  # at once: a row may not go and come in one statement
            session.connection().execute(_DELETE_ALL, {"in_instance": row.instance_id, "gone": gone})
            break
        named = {"of_token": row.token_id, "of_kind": row.kind, "numbered": row.number}
        write(session, _DELETE, {"in_instance": row.instance_id} | named)
    insert_all(session, wait, [row.__dict__ | {"queued": False} for row in fresh])


def of_instance(session: Session, instance_id: UUID) -> list[WaitRow]:
    """What an instance waits for, earliest time first."""
    return [WaitRow(**row._mapping) for row in session.connection().execute(_READ, {"wanted": instance_id})]
