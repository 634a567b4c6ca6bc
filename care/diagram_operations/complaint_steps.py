"""Operations of complaints: `complaints.*` (P22)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import complaints, elders, notices, roles
from care.complaints import SERIOUS, Complaint
from engine.operations import Found, Step, operation

_LEADS = ("township_lead", "district_lead")


def _said(row: Complaint, **more: Any) -> dict[str, Any]:
    return {
        "complaint_id": row.id,
        "handler": row.handler or "township_desk",
        "reviewer": roles.next_level(row.handler or "township_desk"),
        "anonymous": row.anonymous,
        "serious": row.about in SERIOUS,
        "worker_id": row.against_id,
        "finding": row.finding,
        "satisfied": row.satisfied,
        "answer_due_at": row.answer_due_at.isoformat(),
        **more,
    }


@operation("complaints.open")
def open_complaint(
    session: Session,
    step: Step,
    elder_id: int | None = None,
    ticket_id: int | None = None,
    channel: str | None = None,
) -> dict[str, Any]:
    """{"complaint_id", "handler", "reviewer", "anonymous", "serious", "worker_id", "finding", "satisfied",
    "answer_due_at"}."""
    path = elders.get(session, elder_id).unit_path if elder_id else step.unit_path
    row = complaints.open_complaint(
        session,
        path,
        elder_id=elder_id,
        ticket_id=ticket_id,
        channel=channel or "hotline",
        instance_id=step.instance_id,
    )
    return _said(row)


@operation("complaints.register")
def register(session: Session, step: Step, complaint_id: int, element: str) -> dict[str, Any]:
    """The same fields: who looks into it is one level above, never the one complained about. Source: P22."""
    row = complaints.get(session, complaint_id)
    complaints.register(session, row, step.answers(element))
    return Found({"unit_path": row.unit_path}, **_said(row))


@operation("complaints.suspend")
def suspend(session: Session, step: Step, complaint_id: int) -> None:
    """The leads hear of a serious complaint at once, and the worker's duties go to others (P36)."""
    row = complaints.get(session, complaint_id)
    for role in _LEADS:
        notices.unit_notice(session, row.unit_path, role, "serious_complaint", f"complaint:{row.id}:{role}")


@operation("complaints.find")
def find(session: Session, step: Step, complaint_id: int, element: str) -> dict[str, Any]:
    """The same fields with what was found; of the review it is what stands."""
    row, finding = complaints.get(session, complaint_id), str(step.answers(element)["finding"])
    if row.investigated_at is None:
        complaints.find(session, row, finding)
    else:
        complaints.reviewed(session, row, finding)
    return _said(row)


@operation("complaints.answered")
def answered(session: Session, step: Step, complaint_id: int, element: str | None = None) -> None:
    """The answer was given (K14); of an anonymous one its gist is published. Source: processes P22."""
    published = step.answers(element).get("published") if element else None
    complaints.answered(session, complaints.get(session, complaint_id), str(published or ""))


@operation("complaints.late")
def late(session: Session, step: Step, complaint_id: int) -> None:
    """Fifteen working days without an answer: the next level hears of it. Source: processes 4.9."""
    row = complaints.get(session, complaint_id)
    level = roles.next_level(row.handler or "township_desk")
    notices.unit_notice(session, row.unit_path, level, "complaint_15wd", f"complaint:{row.id}:late")


@operation("complaints.satisfied")
def satisfied(session: Session, step: Step, complaint_id: int, element: str) -> dict[str, Any]:
    """The same fields: whether whoever complained is satisfied; nobody reached is not «no»."""
    row, said = complaints.get(session, complaint_id), step.answers(element).get("satisfied")
    if said in ("yes", "no"):
        complaints.satisfied(session, row, said == "yes")
    return _said(row)


@operation("complaints.close")
def close(session: Session, step: Step, complaint_id: int) -> None:
    """The complaint is closed."""
    complaints.close(session, complaints.get(session, complaint_id))
