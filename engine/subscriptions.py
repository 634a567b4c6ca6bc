"""Messages that instances wait for, found by name and correlation key."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.waits import MESSAGE, WaitRow, of_instance, wait

_AWAITING = (
    select(wait.c.instance_id, wait.c.token_id)
    .where(wait.c.name == bindparam("wanted"), wait.c.key == bindparam("by"), wait.c.kind == MESSAGE)
    .order_by(wait.c.instance_id, wait.c.token_id)
)


def awaiting(session: Session, name: str, key: str) -> list[tuple[UUID, UUID]]:
    """(instance, token) of everybody who waits for this message."""
    rows = session.connection().execute(_AWAITING, {"wanted": name, "by": key})
    return [(row.instance_id, row.token_id) for row in rows]


def of(session: Session, instance_id: UUID) -> list[WaitRow]:
    """The messages that an instance waits for."""
    return [row for row in of_instance(session, instance_id) if row.kind == MESSAGE]
