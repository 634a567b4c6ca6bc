"""Messages that processes and the domain send, and those that are kept until somebody awaits them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from engine import clock, db, work
from engine.incoming.door import row_of
from engine.incoming.table import IS_KEPT, MESSAGE, TIME_TO_LIVE, Admission, Event, incoming
from engine.rows import insert_all, insert_once


def message_row(
    name: str,
    key: str | None,
    payload: dict[str, Any],
    *,
    event_id: str,
    lane: str = work.NORMAL,
    time_to_live: timedelta = TIME_TO_LIVE,
) -> dict[str, Any]:
    """The row of a message that a process or the domain sends, not yet written: for `write_messages`."""
    event = Event("engine", event_id, MESSAGE, {"payload": payload}, None, lane)
    now = clock.now()
    return row_of(event, Admission()) | {"name": name, "key": key, "stored_at": now, "expires_at": now + time_to_live}


def write_messages(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write down messages and return the work rows that will handle them (the caller adds them with its own)."""
    insert_all(session, incoming, rows, once=True)
    return [work.new("incoming", ref=row["id"], lane=row["lane"]) for row in rows]


def message(
    session: Session,
    name: str,
    key: str | None,
    payload: dict[str, Any],
    *,
    event_id: str | None = None,
    lane: str = work.NORMAL,
    time_to_live: timedelta = TIME_TO_LIVE,
) -> UUID | None:
    """Send a BPMN message from the domain: written down now, delivered by a job after the commit.

    With an `event_id` the message is sent once however often this is called; None when it was sent before.
    """
    event_id = event_id or str(db.new_id())
    row = message_row(name, key, payload, event_id=event_id, lane=lane, time_to_live=time_to_live)
    if session.connection().execute(insert_once(session, incoming), row).rowcount == 0:
        return None
    work.add(session, "incoming", ref=row["id"], lane=lane)
    return cast("UUID", row["id"])


def match_kept(session: Session, wanted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Work rows for messages (name, key) that were kept because nobody awaited them, now that somebody does."""
    if not wanted:
        return []
    c = incoming.c
    matches = or_(*((c.name == name) & (c.key == key) for name, key in wanted))
    found = session.connection().execute(
        update(incoming)
        .where(IS_KEPT, c.expires_at >= clock.now(), matches)
        .values(state="waiting")
        .returning(c.id, c.lane)
    )
    return [work.new("incoming", ref=row.id, lane=row.lane) for row in found]


def expire(session: Session) -> int:
    """Close kept messages whose time to live is over; the number of them."""
    late = update(incoming).where(IS_KEPT, incoming.c.expires_at < clock.now())
    return session.connection().execute(late.values(state="expired")).rowcount
