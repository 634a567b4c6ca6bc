"""The one way of device payloads into the product: rows written down, committed, then answered.

`take` records a batch of payloads in one transaction. A payload that makes the batch fail is taken alone, so that
one poisoned message never stops its neighbours; what fails alone is kept as unreadable.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from connectors.payloads import LIFE_SAFETY, Payload, Unreadable
from engine import incoming, jobs

logger = logging.getLogger(__name__)

SOURCE = "device"


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


def take(arrivals: Sequence[Arrival]) -> list[Answer]:
    """Record all arrivals in one transaction; when this returns they are stored. Database errors come through."""
    with jobs.transaction() as session:
        return [_record(session, each) for each in arrivals]


def _record(session: Session, arrival: Arrival) -> Answer:
    content = arrival.content
    if isinstance(content, Unreadable):
        recorded = incoming.record(
            session,
            source=SOURCE,
            event_id=f"unreadable:{arrival.topic_device or arrival.platform or ''}:{content.key}",
            kind="device.unreadable",
            payload={"fault": content.fault, "topic_device": arrival.topic_device, "channel": arrival.channel},
            raw=content.raw,
            lane="normal",
        )
        return Answer(content.id, recorded.answer, recorded.case)
    kind = f"device.{'reading' if arrival.reading else content.type}"
    recorded = incoming.record(
        session,
        source=SOURCE,
        event_id=f"{content.device}:{content.id}",
        kind=kind,
        payload={
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
        },
        raw=content.raw,
        lane="bulk" if arrival.reading else "alarm" if content.type in LIFE_SAFETY else "normal",
    )
    return Answer(content.id, recorded.answer, recorded.case)
