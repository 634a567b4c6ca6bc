"""From an admitted device event to the BPMN message that begins a diagram.

None where nothing begins: a repeat that joined an open case, a lowered alarm, a reading, a member of a district
incident. What is about the device itself goes to the check of devices (P28).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import cases
from care.alarms import types
from care.alarms.tables import Alarm
from engine.incoming import Message, translates

OTHERS = "device.*"  # types that nobody foresaw still alert a person
_DEVICE_MESSAGES = {
    "offline": "device.offline",
    "battery_low": "device.battery_low",
    "tamper": "device.offline",
    "power_loss": "device.offline",
}


def message_of(session: Session, said: dict[str, Any]) -> Message | None:
    """The message of an event whose alarm was written at admission."""
    alarm = session.scalar(select(Alarm).where(Alarm.event_key == f"{said['device']}:{said['id']}"))
    if alarm is None or alarm.state in ("information", "inhibited") or alarm.joined:
        return None
    if alarm.case_id is None:
        name = _DEVICE_MESSAGES.get(alarm.kind)
        return None if name is None else Message(name, _about(alarm, said), f"{said['device']}:{alarm.kind}")
    case = cases.get(session, alarm.case_id)
    if case.state != "open":
        return None
    return Message("alarm.raised", {**_about(alarm, said), "case_id": case.id}, str(alarm.id))


def _about(alarm: Alarm, said: dict[str, Any]) -> dict[str, Any]:
    data = said.get("data") or {}
    return {
        "alarm_id": alarm.id,
        "elder_id": alarm.elder_id,
        "device": said["device"],
        "kind": alarm.kind,
        "level": data.get("level") if alarm.kind == "vital" else None,
        "time": alarm.raised_at.isoformat(),
    }


def _ignored(session: Session, said: dict[str, Any]) -> Message | None:
    """Readings and what could not be read begin nothing."""
    return None


for _kind in (*(f"device.{each}" for each in types.TYPES), OTHERS):
    translates(_kind)(message_of)
for _kind in ("device.reading", "device.unreadable", "device.heartbeat"):
    translates(_kind)(_ignored)
