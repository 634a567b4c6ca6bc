"""May this device event come in? The answer, and in the same transaction the alarm and the case that follow from it.

Refused is what lies about its origin, held what comes from where nobody may listen or at an impossible time; a held
SOS, fall, smoke or gas event still makes an unverified call for a person. Source: contracts/device-events.md.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from care import consents, devices
from care.alarms import types
from care.alarms.raising import raise_alarm
from care.alarms.unverified import call as unverified_call
from care.devices import Device
from engine import clock
from engine.incoming import HELD, REFUSED, Admission, Event, admits

UNREADABLE = "device.unreadable"
READING = "device.reading"


@admits("device")
def admit(session: Session, event: Event) -> Admission:
    """The answer to one event of a device, gateway or platform; `payload` as connectors/intake.py writes it."""
    said = event.payload
    if event.kind == UNREADABLE:
        return Admission(REFUSED, str(said.get("fault") or "unreadable"), device=said.get("topic_device"))
    number, kind = str(said["device"]), str(said.get("type") or "reading")
    sent_at = _sent_at(int(said["time"]))
    if said.get("topic_device") not in (None, number):
        return Admission(REFUSED, "the device is not the device of the topic", device=number, sent_at=sent_at)
    device = devices.find(session, number)
    fault = _not_proved(session, device, said)
    if fault:
        return Admission(REFUSED, fault, device=number, sent_at=sent_at)
    return _judged(session, event, device, number, kind, sent_at)


def _sent_at(epoch_ms: int) -> datetime:
    """The device's time on the clock of the program.

    A clock that a demonstration moved on is unknown to devices outside: a time nearer to the real one is moved along.
    """
    told = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return told + clock.offset() if abs(told - clock.wall()) < abs(told - clock.now()) else told


def _not_proved(session: Session, device: Device | None, said: dict[str, Any]) -> str:
    """Why nobody can believe that this device sent it; "" when it is proved, or the device unknown."""
    if said.get("platform"):
        platform = devices.platform(session, said["platform"])
        allowed = platform is not None and devices.may_push(platform, said["device"])
        return "" if allowed or said.get("proved") else "the platform may not speak for this device"
    if said.get("proved") or device is None:
        return ""
    if not said.get("sig") or not said.get("signed"):
        return "the signature is missing"
    wanted = hmac.new(bytes.fromhex(device.secret), str(said["signed"]).encode(), sha256).hexdigest()[:32]
    return "" if hmac.compare_digest(wanted, str(said["sig"]).lower()) else "the signature is wrong"


def _judged(
    session: Session, event: Event, device: Device | None, number: str, kind: str, sent_at: datetime
) -> Admission:
    now = clock.now()
    reason = _held_for(session, device, kind, sent_at, now)
    if reason or device is None:
        elder = devices.owner_at(session, device, min(sent_at, now)) if device else None
        needs_person = kind in types.LIFE_SAFETY
        return Admission(
            HELD,
            reason,
            device=number,
            sent_at=sent_at,
            then=(lambda s, i: unverified_call(s, i, number, kind, reason, elder)) if needs_person else None,
        )
    known = device

    def then(session: Session, incoming_id: UUID) -> int | None:
        devices.heard(known, sent_at, seq=event.payload.get("seq"))
        if event.kind == READING:
            return None
        return raise_alarm(session, known, kind, event.payload, sent_at)

    is_late = now - sent_at > types.LATE
    return Admission(device=number, sent_at=sent_at, late=is_late, then=then, lane=_lane(event, kind))


def _held_for(session: Session, device: Device | None, kind: str, sent_at: datetime, now: datetime) -> str:
    if device is None:
        return "unknown device"
    if sent_at - now > types.TOO_EARLY:
        return "the device's time lies in the future"
    if now - sent_at > types.oldest_allowed(kind):
        return "too old for its type"
    elder = devices.owner_at(session, device, sent_at)
    if elder is None:
        return "nobody has this device"
    if not consents.allows(session, elder.id, devices.kind_of(device.kind).consent):
        return "no consent for this purpose"
    return ""


def _lane(event: Event, kind: str) -> str | None:
    """Whatever might be an alarm goes by the alarm lane, types that nobody foresaw included."""
    if event.kind == READING or kind in types.DEVICE_CARE | types.CLEARING:
        return None
    return "alarm"
