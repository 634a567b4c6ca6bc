"""The one way of device payloads into the product: rows written down, committed, then answered.

What arrives together is stored in one transaction (group commit): the MQTT lanes hand in batches, and pushes over HTTP
that come at the same time share one (`Gate`). Every promise stays what it is for a single event: when a batch fails it
is halved until the one that cannot be stored is alone, and its neighbours are stored. A cry for help that cannot be
handled reaches a person as an unverified call; anything else of that kind is kept as unreadable.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from connectors.payloads import LIFE_SAFETY, Payload, Unreadable, unhandled
from engine import incoming, jobs
from engine.incoming import Event, Recorded

logger = logging.getLogger(__name__)

SOURCE = "device"
MOST = 200
"""Payloads in one transaction, unless a single push has more."""


@dataclass(frozen=True)
class Arrival:
    """One payload as it came: over which channel, on whose topic, and what the connection proves."""

    content: Payload | Unreadable
    channel: str
    topic_device: str | None = None
    proved: bool = False
    platform: str | None = None
    reading: bool = False


@dataclass(frozen=True)
class Answer:
    """accepted, duplicate, held or refused, with the number of the case when it is known."""

    id: str | None
    answer: str
    case: int | None


def database_is_away(fault: BaseException) -> bool:
    """Whether trying again later helps: nothing is wrong with what was to be stored."""
    gone = isinstance(fault, OperationalError | InterfaceError)
    return gone or (isinstance(fault, DBAPIError) and fault.connection_invalidated)


def take(arrivals: Sequence[Arrival]) -> list[Answer]:
    """Record all arrivals in one transaction; when this returns they are stored. Every error comes through."""
    if not arrivals:
        return []
    with jobs.transaction() as session:
        recorded = incoming.record_all(session, [_event(each) for each in arrivals])
    return [_answer(arrival, each) for arrival, each in zip(arrivals, recorded, strict=True)]


def take_each(arrivals: Sequence[Arrival]) -> list[Answer]:
    """`take`, and what makes it fail is found and kept apart.

    While the database is away its error comes through: some may be stored then, and all may be handed in again.
    """
    try:
        return take(arrivals)
    except Exception as fault:
        if database_is_away(fault):
            raise
        logger.exception("could not store what came in", extra={"size": len(arrivals)})
    if len(arrivals) == 1:
        return [_take_odd(arrivals[0])]
    half = len(arrivals) // 2
    return take_each(arrivals[:half]) + take_each(arrivals[half:])


def _take_odd(arrival: Arrival) -> Answer:
    """Keep what cannot be handled: as a call for a person if it might be a cry for help, else as unreadable."""
    kept = unhandled(arrival.content)
    for content in (kept, replace(kept, type=None)):
        try:
            return take([replace(arrival, content=content)])[0]
        except Exception as fault:
            if database_is_away(fault) or content.type is None:
                raise
            logger.exception("could not keep what cannot be handled")
    raise AssertionError("unreachable")


def _event(arrival: Arrival) -> Event:
    content = arrival.content
    if isinstance(content, Unreadable):
        whose = arrival.topic_device or arrival.platform or ""
        about = {"fault": content.fault, "topic_device": arrival.topic_device, "channel": arrival.channel}
        if content.type is not None:
            about |= {"type": content.type, "device": content.device}
        key = f"unreadable:{whose}:{content.key}"
        return Event(SOURCE, key, "device.unreadable", about, content.raw, "normal")
    lane = "bulk" if arrival.reading else "alarm" if content.type in LIFE_SAFETY else "normal"
    kind = f"device.{'reading' if arrival.reading else content.type}"
    return Event(SOURCE, f"{content.device}:{content.id}", kind, _said(arrival, content), content.raw, lane)


def _said(arrival: Arrival, content: Payload) -> dict[str, Any]:
    return {
        "id": content.id,
        "device": content.device,
        "topic_device": arrival.topic_device,
        "type": content.type,
        "time": content.time,
        "seq": content.seq,
        "data": content.data,
        "sig": content.signature,
        "signed": content.signed,
        "proved": arrival.proved,
        "platform": arrival.platform,
        "channel": arrival.channel,
    }


def _answer(arrival: Arrival, recorded: Recorded) -> Answer:
    return Answer(arrival.content.id, recorded.answer, recorded.case)


class _Ticket:
    """What one caller hands in, and what became of it."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self.arrivals = arrivals
        self.answers: list[Answer] | None = None
        self.fault: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.answers is not None or self.fault is not None


class Gate:
    """Group commit for callers in threads of their own: whoever comes first stores for all who came meanwhile."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: deque[_Ticket] = deque()
        self._turn = threading.Lock()

    def take(self, arrivals: Sequence[Arrival]) -> list[Answer]:
        """`take_each` of all that wait; returns when these are stored, with their answers. Errors come through."""
        ticket = _Ticket(arrivals)
        self._waiting.append(ticket)
        with self._turn:
            while not ticket.is_done:
                self._store(self._next())
        if ticket.answers is None:
            assert ticket.fault is not None
            raise ticket.fault
        return ticket.answers

    def _next(self) -> list[_Ticket]:
        """The next to be stored, in the order they came: at most `most` payloads, but at least one caller's."""
        tickets = [self._waiting.popleft()]
        size = len(tickets[0].arrivals)
        while self._waiting and size + len(self._waiting[0].arrivals) <= self._most:
            tickets.append(self._waiting.popleft())
            size += len(tickets[-1].arrivals)
        return tickets

    def _store(self, tickets: list[_Ticket]) -> None:
        try:
            answers = take_each([arrival for ticket in tickets for arrival in ticket.arrivals])
        except BaseException as fault:
            for ticket in tickets:
                ticket.fault = fault
            return
        place = 0
        for ticket in tickets:
            ticket.answers = answers[place : place + len(ticket.arrivals)]
            place += len(ticket.arrivals)


gate = Gate()
