"""Operations of applications for benefits: `aids.*` (P12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import aids, elders, matters, policies, providers
from care.aids import Aid
from care.diagram_operations.reported import sort_out
from engine import clock, history
from engine.operations import Found, Step, operation


@operation("aids.take")
def take(
    session: Session,
    step: Step,
    elder_id: int | None,
    kind: str | None = None,
    items: Sequence[str] | None = None,
    gaps: Sequence[str] | None = None,
    visit_id: int | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """{"way"}: one, split or unknown; `gaps`: policies the elder wants and lacks; renewal: what ends soon."""
    said = [*(items or ()), *(gaps or ()), *([kind] if kind else ())]
    if reason == "renewal" and elder_id is not None:
        said = aids.ending(session, elder_id, clock.today())
    singles = {each: {"kind": each, "visit_id": visit_id} for each in dict.fromkeys(map(aids.kind_of, said))}
    return sort_out(session, step, "aid.proposed", elder_id, singles)


@operation("aids.open")
def open_one(session: Session, step: Step, elder_id: int, kind: str, visit_id: int | None = None) -> dict[str, Any]:
    """{"aid_id", "kind", "hinted", "papers_due_at", "round"}. Source: P12."""
    row = aids.open_aid(session, elders.get(session, elder_id), kind, visit_id, step.instance_id)
    return Found({"elder_id": elder_id}, **aids.facts(row))


@operation("aids.more")
def more(session: Session, step: Step, aid_id: int) -> None:
    """Proposed again while it is under way."""
    matters.mentioned(session, aids.get(session, aid_id))


@operation("aids.hinted")
def hinted(session: Session, step: Step, aid_id: int) -> dict[str, Any]:
    """The same fields: whether the table `aid_hint` names this kind; it never decides. Source: P12 T1.

    The facts are personal: they go to the table and never stand in process data.
    """
    row = aids.get(session, aid_id)
    elder = elders.get(session, row.elder_id)
    aids.hinted(session, row, aids.hints_of(elder, step.policy or policies.DEFAULT_POLICY))
    return aids.facts(row)


@operation("aids.submitted")
def submitted(session: Session, step: Step, aid_id: int, check: str | None = None) -> dict[str, Any]:
    """The same fields: the papers are with the department; `check`: the element whose form named a provider. P12 T3."""
    row = aids.get(session, aid_id)
    named = str(step.answers(check).get("provider") or "") if check else ""
    found = providers.named(session, row.unit_path, named) if named else None
    aids.checked(session, row, found.id if found else None)
    aids.submitted(session, row)
    return aids.facts(row)


@operation("aids.decided")
def decided(
    session: Session,
    step: Step,
    aid_id: int,
    element: str,
    granted: bool | None = None,
    amount: int | None = None,
    from_on: str | None = None,
    until_on: str | None = None,
) -> dict[str, Any]:
    """The same fields and {"decision"}: granted, refused or pending; from the form or the department's message."""
    row, answers = aids.get(session, aid_id), step.answers(element)
    if granted is not None:
        said: dict[str, Any] = {"amount": amount, "from_on": from_on, "until_on": until_on}
        decision = "granted" if granted else "refused"
    else:
        said, decision = answers, str(answers.get("decision") or "pending")
    if decision != "pending":
        aids.decided(session, row, decision == "granted", said)
    return {**aids.facts(row), "decision": decision}


@operation("aids.told")
def told(session: Session, step: Step, aid_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"review", "granted"}: the elder knows; one who was refused may ask for a review once."""
    row = aids.get(session, aid_id)
    review = step.answers(element).get("review") is True and not row.granted and row.round == 1
    aids.told(session, row)
    if review:
        aids.again(session, row)
    return {**aids.facts(row), "review": review, "granted": bool(row.granted)}


@operation("aids.close")
def close(session: Session, step: Step, aid_id: int, outcome: str) -> None:
    """The end: granted, refused, not_applied or exited."""
    row: Aid = aids.get(session, aid_id)
    matters.close(session, row, outcome)
    history.write(session, step.instance_id, step.by, f"aid.{outcome}", step.element_id, row.elder_id, row.unit_path)
