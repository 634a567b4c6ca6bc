"""A cry for help that cannot be verified reaches a person all the same: one plain task for the monitoring desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from care import desk_tasks, organisation
from care.devices import Held
from engine.operations import Subject

NAME = "未核实呼叫：请立即联系 Unverified call: contact now"


@dataclass(frozen=True)
class Unverified:
    """A held event of life safety: which device said what, why it is held, whose device it is if that is known."""

    device: str
    kind: str
    reason: str
    owner: Held | None


def call(session: Session, incoming_id: UUID, about: Unverified) -> None:
    """Open the task; never a case. Source: contracts/device-events.md (held); rulings 9.28."""
    owner = about.owner
    elder_id = owner.elder_id if owner else None
    path = owner.unit_path if owner else organisation.city(session).path
    desk_tasks.open_one(
        session,
        "monitor_desk",
        Subject(elder_id, path, ""),
        name=NAME,
        form_key="alarm_call",
        form_version=1,
        why="unverified_call",
        due_in=timedelta(minutes=3),
        key=f"unverified:{incoming_id}",
        detail={"device": about.device, "kind": about.kind, "reason": about.reason},
        element_id="unverified_call",
    )
