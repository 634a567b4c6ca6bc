"""A test alarm goes the way of a real one each minute, so that a broken way is known before somebody needs it.

A registered device of its own, signed as every device, at the real door; its message begins the urgent diagram
`self_test`, whose task belongs to a role that nobody holds. Who sent it (web/self_test.py) measures until the task is
there and ends the instance. There is no elder, no alarm and no case in it, so no list of people and no figure has it.
A device of another kind that says `self_test` is an alarm of a kind that nobody foresaw; this device saying something
else is a device that nobody has.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import desk_tasks, devices, organisation
from care.alarms.messages import message_of
from care.devices import Device
from engine.incoming import Message, translates
from engine.operations import Subject

NUMBER, KIND, PROCESS = "self-test", "self_test", "self_test"
BROKEN = "报警通道自检没有通过：报警可能进不来，请马上通知系统管理员 Alarms may not come in: call the administrator now"


def is_one(device: Device, kind: str) -> bool:
    return device.kind == KIND and kind == KIND


def device(session: Session) -> Device:
    """The test device, registered at first use."""
    known = devices.find(session, NUMBER)
    if known is None:
        known = devices.add(session, NUMBER, KIND, secrets.token_hex(32))
        known.custody = "in_service"
    return known


@translates(f"device.{KIND}")
def message(session: Session, said: dict[str, Any]) -> Message | None:
    """What begins the test's diagram; from any other device it is an alarm like all others."""
    sender = devices.find(session, str(said["device"]))
    if sender is None or not is_one(sender, KIND):
        return message_of(session, said)
    return Message("self_test.raised", {"test": said["id"]}, str(said["id"]), timedelta(minutes=5))


def tell_the_desk(session: Session, occasion: str) -> None:
    """A plain task for the monitoring desk, once per occasion: whoever watches alarms must know that none may come."""
    path = organisation.city(session).path
    desk_tasks.open_one(
        session,
        "monitor_desk",
        Subject(None, path, ""),
        name=BROKEN,
        key=f"self_test:{occasion}"[:200],
        element_id="self_test_failed",
        why="engine_fallback",
    )
