"""What is under way in the demonstration district: a few needs, benefits, errands, hazards, devices and one warning.

Sent as the messages that visits, devices and the duty desk send, once the diagrams are there; sent once however often
it is called. Public: begin.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import devices, organisation
from care.elders import Elder
from engine import clock, incoming

_SKIPPED = 4  # the first elders keep a clean page
_SAID: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("need.raised", "meals", {"category": "meals"}),
    ("need.raised", "legal_aid", {"category": "legal_aid"}),
    ("need.raised", "lodging", {"category": "lodging", "urgent": True}),
    ("need.raised", "medication", {"category": "medication"}),
    ("aid.proposed", "old_age", {"kind": "old_age"}),
    ("aid.proposed", "care_subsidy", {"kind": "care_subsidy"}),
    ("errand.asked", "payment", {"kind": "payment"}),
    ("errand.asked", "shopping", {"kind": "shopping"}),
    ("hazard.found", "electricity", {"item": "electricity", "level": "general"}),
    ("hazard.found", "heating", {"item": "heating", "level": "major"}),
    ("hazard.found", "handrails", {"item": "handrails", "level": "general"}),
)


def begin(session: Session) -> None:
    """Send what the elders of the first village need, one each; a device is silent, a cold wave is announced."""
    asked = select(Elder).where(Elder.status == "in_register", Elder.tier != "none").order_by(Elder.id)
    found = list(session.scalars(asked.offset(_SKIPPED).limit(len(_SAID))))
    for elder, (message, what, said) in zip(found, _SAID, strict=False):
        data = {"elder_id": elder.id, **said}
        incoming.message(session, message, f"{elder.id}:{what}", data, event_id=f"demo:{message}:{what}")
    _a_silent_device(session)
    _a_cold_wave(session)


def _a_silent_device(session: Session) -> None:
    for elder in session.scalars(select(Elder).where(Elder.status == "in_register").order_by(Elder.id).limit(40)):
        for device, _ in devices.of_elder(session, elder.id)[:1]:
            data = {"elder_id": elder.id, "device": device.number, "kind": "battery_low"}
            key = f"{elder.id}:{device.number}"
            incoming.message(session, "device.offline", key, data, event_id="demo:device.offline")
            return


def _a_cold_wave(session: Session) -> None:
    """Yellow: the district is asked; nothing opens by itself."""
    district = organisation.below(session, organisation.city(session).path, "district")[0]
    data = {
        "area": district.path,
        "unit_path": district.path,
        "kind": "cold_wave",
        "level": "yellow",
        "id": "demo-warning",
        "from": clock.now().isoformat(),
        "to": (clock.now() + timedelta(days=3)).isoformat(),
    }
    incoming.message(session, "weather.warning", "demo-warning", data, event_id="demo:weather.warning")
