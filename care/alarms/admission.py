"""May these device events come in? The answers, and in the same transaction the alarms and cases that follow.

Refused is what lies about its origin, held what comes from where nobody may listen or at an impossible time; a held
SOS, fall, smoke or gas event still makes an unverified call for a person. Events that arrive together are judged
together: what the registry knows is read once for all of them. Source: contracts/device-events.md.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from care import devices
from care.alarms import self_test, types
from care.alarms.known import Known
from care.alarms.raising import Report, raise_alarms
from care.alarms.unverified import Unverified
from care.alarms.unverified import call as unverified_call
from care.devices import Device
from engine import clock
from engine.incoming import HELD, REFUSED, Admission, Consequence, Event, Stored, admits, follows

UNREADABLE = "device.unreadable"
READING = "device.reading"


@admits("device")
def admit(session: Session, events: Sequence[Event]) -> list[Admission]:
    """The answers to events of devices, gateways and platforms; payloads as connectors/intake.py writes them."""
    known = Known(session, {str(event.payload["device"]) for event in events if event.payload.get("device")})
    return [_admit(session, known, event) for event in events]


def _admit(session: Session, known: Known, event: Event) -> Admission:
    said = event.payload
    if event.kind == UNREADABLE:
        return _unreadable(known, said)
    number, kind = str(said["device"]), str(said.get("type") or "reading")
    sent_at = _sent_at(int(said["time"]))
    if said.get("topic_device") not in (None, number):
        return Admission(REFUSED, "the device is not the device of the topic", device=number, sent_at=sent_at)
    device = known.device(number)
    fault = _not_proved(session, device, said)
    if fault:
        return Admission(REFUSED, fault, device=number, sent_at=sent_at)
    return _judged(known, event, device, number, kind, sent_at)


def _unreadable(known: Known, said: dict[str, Any]) -> Admission:
    """Refused; but a readable cry for help that the program could not handle reaches a person."""
    reason, kind = str(said.get("fault") or "unreadable"), str(said.get("type"))
    if kind not in types.LIFE_SAFETY:
        return Admission(REFUSED, reason, device=said.get("topic_device"))
    number = str(said["device"])
    device = known.device(number)
    owner = known.owner_at(device, clock.now()) if device else None
    return Admission(HELD, reason, device=number, about=Unverified(number, kind, reason, owner))


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


def _judged(known: Known, event: Event, device: Device | None, number: str, kind: str, sent_at: datetime) -> Admission:
    now = clock.now()
    if device is not None and self_test.is_one(device, kind):
        return Admission(device=number, sent_at=sent_at, lane="alarm")
    reason = _held_for(known, device, kind, sent_at, now)
    if reason or device is None:
        owner = known.owner_at(device, min(sent_at, now)) if device else None
        call = Unverified(number, kind, reason, owner) if kind in types.LIFE_SAFETY else None
        return Admission(HELD, reason, device=number, sent_at=sent_at, about=call)
    owner = known.owner_at(device, sent_at)
    return Admission(
        device=number,
        sent_at=sent_at,
        late=now - sent_at > types.LATE,
        about=Report(device, owner, kind, event.payload, sent_at, event.kind == READING),
        lane=_lane(event, kind),
        unit_path=owner.unit_path if owner else None,
    )


def _held_for(known: Known, device: Device | None, kind: str, sent_at: datetime, now: datetime) -> str:
    if device is None:
        return "unknown device"
    if sent_at - now > types.TOO_EARLY:
        return "the device's time lies in the future"
    if now - sent_at > types.oldest_allowed(kind):
        return "too old for its type"
    owner = known.owner_at(device, sent_at)
    if owner is None:
        return "nobody has this device"
    return "" if known.may_listen(device, owner) else "no consent for this purpose"


def _lane(event: Event, kind: str) -> str | None:
    """Whatever might be an alarm goes by the alarm lane, types that nobody foresaw included."""
    if event.kind == READING or kind in types.DEVICE_CARE | types.CLEARING:
        return None
    return "alarm"


@follows("device")
def follow(session: Session, stored: Sequence[Stored]) -> list[Consequence]:
    """What new events do to our own tables: alarms and cases of those accepted, unverified calls of those held."""
    reports = [each for each in stored if isinstance(each.admission.about, Report)]
    raised = raise_alarms(session, [each.admission.about for each in reports])
    found = {each.id: consequence for each, consequence in zip(reports, raised, strict=True)}
    for each in stored:
        if isinstance(each.admission.about, Unverified):
            unverified_call(session, each.id, each.admission.about)
    return [found.get(each.id, Consequence()) for each in stored]
