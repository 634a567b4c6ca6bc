"""Operations of visitors: `visitors.*` (P05)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import assignments, elders, notices, open_work
from care.deadlines import deadline
from engine.operations import Step, operation


@operation("visitors.begin_assignment")
def begin_assignment(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"due_at"}: by when somebody is responsible, however often it is proposed; sooner after a move.

    Source: processes P34, 4.9.
    """
    rule = "new_visitor_3d" if step.data.get("reason") == "moved" else "assignment_5wd"
    return {"due_at": deadline(rule, step.now, step.policy).due.isoformat()}


@operation("visitors.check")
def check(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"ok", "visitor_id", "visitor_b_id", "problem"}: whether A and B may be proposed, by account, kin and load."""
    found = assignments.check(session, elders.get(session, elder_id), step.answers(element))
    return {
        "ok": not found.problem,
        "visitor_id": found.visitor_id,
        "visitor_b_id": found.visitor_b_id,
        "problem": found.problem,
    }


@operation("visitors.declined")
def declined(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """A proposal that came to nothing: not accepted, not answered, or returned by the township."""
    returned = step.element_id == "returned"
    return {**step.data.get("proposal", {}), "ok": False, "problem": "乡镇（街道）退回" if returned else "对方未接受"}


@operation("visitors.assign")
def assign(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"visitor_id", "visitor_b_id"}: responsible from the agreed day; who was it before ends that day.

    What the village does meanwhile for want of a visitor goes to the new one. Source: processes P05, 4.8.
    """
    chosen = step.data["proposal"]
    a, b = int(chosen["visitor_id"]), int(chosen["visitor_b_id"])
    elder = elders.get(session, elder_id)
    assignments.assign(session, elder, a, b, step.answers(element))
    open_work.follow(session, elder)
    return {"visitor_id": a, "visitor_b_id": b}


@operation("visitors.send_card")
def send_card(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"by": text or hand}: the liaison card to the first contact, or printed and brought by the village desk."""
    return {"by": notices.liaison_card(session, elders.get(session, elder_id), f"card:{step.instance_id}")}
