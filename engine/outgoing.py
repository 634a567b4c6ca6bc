"""Effects written down before they are sent: the one door out.

A row is sent at least once: after a crash between sending and marking it is sent again under the same key, by which
the receiver can tell. Tries: 8, pausing 15 s to 1 h. Then the row stays as `given_up`, an incident points to it, and
the instance goes on by its boundary timer. A channel without a deliverer in this process is tried again like a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, String, Table, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Session

from engine import clock, db, operations, work
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import insert_all, insert_once
from engine.vault import EncryptedDocument

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given_up"
HELD, DROPPED = "held", "dropped"
"""After a restore: held for a person (engine.held), and never to be sent."""

outgoing = Table(
    "outgoing",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(60), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", EncryptedDocument, nullable=False),
    Column("state", String(10), nullable=False),
    Column("instance_id", Id),
    Column("token_id", Id),
    Column("result", EncryptedDocument),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("channel", "key"),
    Index("ix_outgoing_state", "state", "created_at"),
    Index("ix_outgoing_instance", "instance_id"),
)


class DeliveryFailed(EngineError):
    """The outside did not take it. `permanent`: trying again cannot help; `code`: the BPMN error it means, if any."""

    def __init__(self, sentence: str, permanent: bool = False, code: str | None = None) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.code = code


class Withheld(DeliveryFailed):
    """It is not to be sent any more, by a rule of whoever names the number: given up, and no incident."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, permanent=True)


@dataclass(frozen=True)
class OutgoingRow:
    id: UUID
    channel: str
    key: str
    payload: dict[str, Any]
    state: str
    instance_id: UUID | None
    token_id: UUID | None
    created_at: datetime
    sent_at: datetime | None


Deliver = Callable[[dict[str, Any], str], dict[str, Any] | None]
_delivers: dict[str, Deliver] = {}


def delivers(channel: str, parameters: Iterable[str] = ()) -> Callable[[Deliver], Deliver]:
    """Register `function(payload, key) -> result or None`, called outside any transaction; raises DeliveryFailed.

    An asynchronous service task may name the channel as its operation and give these `parameters`.
    """

    def register(function: Deliver) -> Deliver:
        _delivers[channel] = function
        operations.CHANNELS[channel] = frozenset(parameters)
        return function

    return register


def deliverer(channel: str) -> Deliver | None:
    """The function that serves a channel in this process, None without one."""
    return _delivers.get(channel)


def record(session: Session, channel: str, key: str, *, lane: str = work.NORMAL, **payload: Any) -> UUID | None:
    """Write an effect down, once per channel and key; None when that one was written before."""
    row = row_of(channel, key, payload)
    row["state"] = _state_of_new(lane)
    if session.connection().execute(insert_once(session, outgoing), row).rowcount == 0:
        return None
    if row["state"] == WAITING:
        work.add(session, "deliver", ref=row["id"], lane=lane)
    return UUID(int=row["id"].int)


_hold_until: datetime | None = None


def hold_new_until(moment: datetime | None) -> None:
    """Hold new effects of every lane but `alarm` in this process until then (real time); None: no more."""
    global _hold_until
    _hold_until = moment


def _state_of_new(lane: str) -> str:
    if _hold_until is None or lane == work.ALARM:
        return WAITING
    return HELD if clock.now() - clock.offset() < _hold_until else WAITING


def row_of(
    channel: str, key: str, payload: dict[str, Any], instance_id: UUID | None = None, token_id: UUID | None = None
) -> dict[str, Any]:
    """An effect, not yet written: for `write`. With a token, its result goes back to that service task."""
    return {
        "id": db.new_id(),
        "channel": channel,
        "key": key,
        "payload": payload,
        "state": WAITING,
        "instance_id": instance_id,
        "token_id": token_id,
        "created_at": clock.now(),
    }


def write(session: Session, rows: list[dict[str, Any]], lane: str) -> list[dict[str, Any]]:
    """Write down effects and return the work rows that will deliver them (the caller adds them with its own)."""
    insert_all(session, outgoing, rows, once=True)
    return [work.new("deliver", ref=row["id"], lane=lane) for row in rows]


def get(session: Session, outgoing_id: UUID) -> OutgoingRow:
    c = outgoing.c
    row = session.connection().execute(select(outgoing).where(c.id == outgoing_id)).one()
    return OutgoingRow(
        row.id, row.channel, row.key, row.payload, row.state, row.instance_id, row.token_id, row.created_at, row.sent_at
    )


def result(session: Session, outgoing_id: UUID) -> dict[str, Any]:
    """What the receiver of an effect answered, {} for nothing."""
    query = select(outgoing.c.result).where(outgoing.c.id == outgoing_id)
    return session.connection().execute(query).scalar_one() or {}


Address = Callable[[Session, dict[str, Any]], dict[str, Any]]
_addresses: dict[str, Address] = {}


def addresses(channel: str) -> Callable[[Address], Address]:
    """Register `function(session, payload) -> further payload`, asked when an effect is sent: numbers of people.

    So the row holds ids only, and what is sent goes to the number that holds then. Raises DeliveryFailed; Withheld
    for what nobody may be sent any more.
    """

    def register(function: Address) -> Address:
        _addresses[channel] = function
        return function

    return register


def addressed(session: Session, channel: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A payload as it goes out now, with the numbers of people; raises DeliveryFailed."""
    find = _addresses.get(channel)
    return payload if find is None else payload | find(session, payload)


def send(row: OutgoingRow) -> dict[str, Any]:
    """Hand an effect to its channel; raises DeliveryFailed. Never call it inside a transaction."""
    deliver = _delivers.get(row.channel)
    if deliver is None:
        raise DeliveryFailed(f"nobody delivers {row.channel!r} in this process")
    if row.channel not in _addresses:
        return deliver(row.payload, row.key) or {}
    with db.reading() as session:
        payload = addressed(session, row.channel, row.payload)
    return deliver(payload, row.key) or {}


def sent(session: Session, outgoing_id: UUID, result: dict[str, Any]) -> None:
    """Mark an effect as delivered."""
    _mark(session, outgoing_id, state=SENT, result=result, sent_at=clock.now(), error=None)


def failed(session: Session, outgoing_id: UUID, fault: str, given_up: bool) -> None:
    """Note why an effect could not be delivered, and whether it is given up."""
    _mark(session, outgoing_id, state=GIVEN_UP if given_up else WAITING, error=fault[:2000])


def _mark(session: Session, outgoing_id: UUID, **values: Any) -> None:
    session.connection().execute(update(outgoing).where(outgoing.c.id == outgoing_id).values(**values))
