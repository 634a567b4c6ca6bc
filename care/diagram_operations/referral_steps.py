"""Operations of referrals: `referrals.*` (P11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import elders, organisation, providers, referrals
from care.diagram_operations.reported import sort_out
from care.referrals import Referral
from engine import history
from engine.operations import Found, Step, operation


def _said(session: Session, row: Referral, **more: Any) -> dict[str, Any]:
    turns = referrals.rounds(session, row.id)
    due_at = turns[-1].due_at if turns else None
    return {**referrals.facts(row), "serve_due_at": due_at.isoformat() if due_at else None, **more}


@operation("referrals.take")
def take(
    session: Session,
    step: Step,
    elder_id: int | None,
    category: str | None = None,
    items: Sequence[str] | None = None,
    urgent: bool | Sequence[str] | None = None,
    visit_id: int | None = None,
) -> dict[str, Any]:
    """{"way"}: one, split or unknown; `urgent` names the urgent categories, or is true of all. Source: P11."""
    every = dict.fromkeys([*(items or ()), *([category] if category else ())])
    soon = every if urgent is True else urgent or ()
    singles = {each: {"category": each, "urgent": each in soon, "visit_id": visit_id} for each in every}
    return sort_out(session, step, "need.raised", elder_id, singles)


@operation("referrals.open")
def open_one(
    session: Session, step: Step, elder_id: int, category: str, urgent: bool | None = None, visit_id: int | None = None
) -> dict[str, Any]:
    """{"referral_id", "category", "urgent", "receiver", "rejects", "unsettled", "serve_due_at"}; `area` town or rural.

    Source: P11.
    """
    elder = elders.get(session, elder_id)
    row = referrals.open_referral(session, elder, category, bool(urgent), visit_id, step.instance_id)
    village = organisation.ancestor(session, elder.unit_path, "village")
    area = "rural" if village is not None and village.rural else "town"
    return Found({"elder_id": elder_id, "category": row.category, "area": area}, **_said(session, row))


@operation("referrals.more")
def more(
    session: Session, step: Step, referral_id: int, urgent: bool | None = None, visit_id: int | None = None
) -> None:
    """The same need was raised again; it is noted with the one under way."""
    referrals.more(session, referrals.get(session, referral_id), bool(urgent))


@operation("referrals.checked")
def checked(session: Session, step: Step, referral_id: int, element: str) -> dict[str, Any]:
    """The same fields: what the village found, its kind put right. Source: P11 T1."""
    row = referrals.get(session, referral_id)
    answers = step.answers(element)
    referrals.checked(session, row, answers.get("category"), _provider(session, row, answers.get("provider")))
    return Found({"elder_id": row.elder_id, "category": row.category}, **_said(session, row))


def _provider(session: Session, row: Referral, text: Any) -> int | None:
    """The provider of that name that serves the elder; None when nothing was written, or nobody is called so."""
    found = providers.named(session, row.unit_path, str(text)) if text else None
    return found.id if found else None


@operation("referrals.send")
def send(
    session: Session, step: Step, referral_id: int, receiver: str, serve_days: int | None = None, rule: str = ""
) -> dict[str, Any]:
    """The same fields: sent to the receiver that the table names, a new round. Source: P11 D, R-DEP-22."""
    row = referrals.get(session, referral_id)
    referrals.send(session, row, receiver, int(serve_days) if serve_days else None, rule)
    return _said(session, row)


@operation("referrals.answered")
def answered(
    session: Session, step: Step, referral_id: int, element: str, accepted: bool | None = None
) -> dict[str, Any]:
    """The same fields and {"rejected"}: the receiver's answer, from the form or from another system's message."""
    row = referrals.get(session, referral_id)
    takes = accepted if accepted is not None else step.answers(element).get("answer") == "accept"
    referrals.answered(session, row, takes)
    what = "referral.accepted" if takes else "referral.rejected"
    history.write(session, step.instance_id, step.by, what, step.element_id, row.elder_id, row.unit_path)
    return _said(session, row, rejected=not takes)


@operation("referrals.served")
def served(session: Session, step: Step, referral_id: int, element: str, served: bool | None = None) -> dict[str, Any]:
    """The same fields and {"served"}: what the receiver did, or why it cannot be done. Source: P11 T3, T4."""
    row = referrals.get(session, referral_id)
    was = served if served is not None else step.answers(element).get("served") is True
    referrals.served(session, row, was)
    return _said(session, row, served=was)


@operation("referrals.confirmed")
def confirmed(session: Session, step: Step, referral_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"answer"}: yes, no or withdrawn, as the elder says. Source: P11 T5, K11."""
    row, answer = referrals.get(session, referral_id), str(step.answers(element).get("answer") or "no")
    if answer != "withdrawn":
        referrals.confirmed(session, row, answer == "yes")
    return _said(session, row, answer=answer)


@operation("referrals.rerouted")
def rerouted(session: Session, step: Step, referral_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"decision"}: another receiver (a new round), or not possible. Source: P11 T1b."""
    row, answers = referrals.get(session, referral_id), step.answers(element)
    decision = str(answers.get("decision") or "again")
    row.provider_id = _provider(session, row, answers.get("provider")) or row.provider_id
    if decision == "again":
        referrals.send(session, row, str(answers["receiver"]))
    return _said(session, row, decision=decision)


@operation("referrals.close")
def close(session: Session, step: Step, referral_id: int, outcome: str) -> None:
    """The end: settled, not_possible, withdrawn, merged, no_need or exited."""
    row = referrals.get(session, referral_id)
    referrals.close(session, row, outcome)
    history.write(
        session, step.instance_id, step.by, f"referral.{row.outcome}", step.element_id, row.elder_id, row.unit_path
    )
