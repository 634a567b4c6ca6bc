"""A cry for help that cannot be verified reaches a person all the same: one plain task for the monitoring desk."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from care import organisation
from care.elders import Elder
from engine import operations, tasks
from engine.operations import Subject

NAME = "未核实呼叫：请立即联系 Unverified call: contact now"


def call(session: Session, incoming_id: UUID, device: str, kind: str, reason: str, elder: Elder | None) -> int | None:
    """Open the task; never a case, so always None. Source: contracts/device-events.md (held); rulings 9.28."""
    path = elder.unit_path if elder else organisation.city(session).path
    given = operations.role_of(session, "monitor_desk", Subject(elder.id if elder else None, path, ""), {})
    tasks.plain(
        session,
        name=NAME,
        role=given.role,
        unit_path=given.unit_path,
        assignee_id=given.person_id,
        subject_id=elder.id if elder else None,
        form_key="alarm_call",
        form_version=1,
        why="unverified_call",
        due_in=timedelta(minutes=3),
        key=f"unverified:{incoming_id}",
        detail={"device": device, "kind": kind, "reason": reason},
        element_id="unverified_call",
    )
    return None
