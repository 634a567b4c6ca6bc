"""Operations of the hotline: `tickets.*` (P21)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import hotline, notices
from care.hotline import FOLLOWED, Ticket
from engine import instances
from engine.operations import Found, Step, operation


def _said(row: Ticket, **more: Any) -> dict[str, Any]:
    return {
        "ticket_id": row.id,
        "key": f"ticket:{row.id}",
        "kind": row.kind,
        "known": row.elder_id is not None,
        "followed": row.kind in FOLLOWED,
        "promised": row.promised,
        "answer_due_at": row.answer_due_at.isoformat(),
        **more,
    }


@operation("tickets.open")
def open_ticket(
    session: Session,
    step: Step,
    phone: str | None = None,
    elder_id: int | None = None,
    channel: str | None = None,
    recording: str | None = None,
    words: str | None = None,
) -> dict[str, Any]:
    """{"ticket_id", "key", "kind", "known", "followed", "promised", "answer_due_at"}: the elder by the
    caller's number."""
    row = hotline.open_ticket(
        session,
        phone=phone,
        elder_id=elder_id,
        channel=channel or "phone",
        recording=recording,
        words=words,
        instance_id=step.instance_id,
    )
    return Found({"elder_id": row.elder_id, "phone": None, "words": None}, **_said(row))


@operation("tickets.keep")
def keep(session: Session, step: Step, ticket_id: int, element: str) -> dict[str, Any]:
    """The same fields and `purpose`, `duty`, `kinds`: what the operator wrote, and whom it is about."""
    row, answers = hotline.get(session, ticket_id), step.answers(element)
    hotline.keep(session, row, answers, step.by)
    return Found(
        {"elder_id": row.elder_id},
        **_said(
            row,
            purpose=answers.get("purpose"),
            duty=answers.get("duty"),
            need=answers.get("need"),
            urgent_kind=answers.get("urgent_kind") or "unknown",
            danger=answers.get("danger") is True,
        ),
    )


@operation("tickets.no_kind")
def no_kind(session: Session, step: Step, ticket_id: int) -> None:
    """Ten minutes without a kind: the shift leader hears of it. Source: P21."""
    row = hotline.get(session, ticket_id)
    notices.unit_notice(session, row.unit_path, "hotline_lead", "ticket_without_kind", f"ticket:{row.id}:kind")


@operation("tickets.not_accepted")
def not_accepted(session: Session, step: Step, ticket_id: int) -> None:
    """Thirty minutes without acceptance: the shift leader hears of it. Source: processes 4.9."""
    row = hotline.get(session, ticket_id)
    notices.unit_notice(session, row.unit_path, "hotline_lead", "dispatch_not_accepted", f"ticket:{row.id}:accept")


@operation("tickets.accepted")
def accepted(session: Session, step: Step, ticket_id: int) -> None:
    """The village took it on (K21)."""
    hotline.accepted(session, hotline.get(session, ticket_id))


@operation("tickets.praise")
def praise(session: Session, step: Step, ticket_id: int, element: str) -> None:
    """The praise stands on the worker's record, and the worker hears of it."""
    hotline.praise(session, hotline.get(session, ticket_id), str(step.answers(element).get("worker") or ""))


@operation("tickets.look")
def look(session: Session, step: Step, ticket_id: int) -> dict[str, Any]:
    """The same fields and {"running"}: whether what the ticket began is still under way."""
    row = hotline.get(session, ticket_id)
    found = instances.find(session, key=f"ticket:{row.id}", limit=20)
    return _said(row, running=any(each.id != step.instance_id for each in found))


@operation("tickets.told")
def told(session: Session, step: Step, ticket_id: int) -> None:
    """The caller heard how it stands."""
    hotline.told(session, hotline.get(session, ticket_id))


@operation("tickets.close")
def close(session: Session, step: Step, ticket_id: int) -> None:
    """The ticket is closed."""
    hotline.close(session, hotline.get(session, ticket_id))
