"""Operations of policies: `policies.*` (P44), and `tiers.confirm_changes`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import time
from typing import Any

from sqlalchemy.orm import Session

from care import district_policies, organisation, policy_checks, retiering, what_if
from care.district_policies import PolicyChoice
from care.errors import RuleBroken
from care.visits import times
from engine import incoming
from engine.operations import Step, operation

_CASES_TOLD = 20


@operation("policies.check")
def check(session: Session, step: Step, element: str) -> dict[str, Any]:
    """{"choice_id", "key", "ok", "from_at"}: tables without gaps or overlaps, acceptance cases answered as expected."""
    row = district_policies.get(session, int(step.answers(element)["choice_id"]))
    row.instance_id = step.instance_id
    found = [*policy_checks.lint(row.policy), *policy_checks.wrong_cases(row.policy)]
    row.problems = [asdict(each) for each in found[:_CASES_TOLD]]
    if found:
        row.state = "refused"
    session.flush()
    return {
        "choice_id": row.id,
        "key": str(row.id),
        "ok": not found,
        "from_at": times.moment(row.from_on, time(0)).isoformat(),
    }


@operation("policies.count")
def count(session: Session, step: Step, choice_id: int) -> None:
    """The what-if counts of the unit, kept with the choice for whoever approves."""
    row = district_policies.get(session, choice_id)
    row.counted = what_if.count(session, row.unit_path, row.policy, row.from_on).as_counts()
    session.flush()


@operation("policies.approve")
def approve(session: Session, step: Step, choice_id: int, element: str) -> dict[str, Any]:
    """{"yes": bool}: a broken floor needs the approver's own confirmation too. Source: policy 2.2; rulings 9.25."""
    row, answers = district_policies.get(session, choice_id), step.answers(element)
    yes = answers.get("approved") is True and (not row.floor or answers.get("floor_confirmed") is True)
    _decide(row, step, "approved" if yes else "rejected", str(answers.get("words") or ""))
    session.flush()
    return {"yes": yes}


def _decide(row: PolicyChoice, step: Step, state: str, words: str) -> None:
    row.state, row.decision_words = state, words[:400]
    row.decided_by, row.decided_at = step.by, step.now


@operation("policies.withdraw")
def withdraw(session: Session, step: Step, choice_id: int) -> None:
    """Approved, but called back before its day."""
    district_policies.get(session, choice_id).state = "withdrawn"
    session.flush()


@operation("policies.take_effect")
def take_effect(session: Session, step: Step, choice_id: int) -> None:
    """The day has come: tiers are decided anew in pieces, outside this step."""
    retiering.begin(session, district_policies.get(session, choice_id))


@operation("policies.send_lists")
def send_lists(session: Session, step: Step, choice_id: int) -> dict[str, Any]:
    """{"townships": n}: each township with lowerings gets its list to confirm (`tier_change_list`)."""
    found = retiering.waiting_townships(session, choice_id)
    for path in found:
        key = f"{choice_id}:{path}"
        payload = {"choice_id": choice_id, "unit_path": path}
        incoming.message(session, "tier_changes.listed", key, payload, event_id=f"tier_changes.listed:{key}")
    return {"townships": len(found)}


@operation("tiers.confirm_changes")
def confirm_changes(session: Session, step: Step, choice_id: int, element: str) -> dict[str, Any]:
    """{"ok", "confirmed", "kept"}: not ok where a number is not on the township's list; nothing is written then."""
    answers = step.answers(element)
    rows = answers.get("kept") or [] if answers.get("answer") == "some" else []
    kept = {str(each["number"]): str(each["why"]) for each in rows}
    township = organisation.by_path(session, step.unit_path)
    if township is None:
        raise RuleBroken("乡镇（街道）不存在", "there is no such township")
    try:
        return {"ok": True, **retiering.confirm(session, choice_id, township, kept, step.by)}
    except RuleBroken:
        return {"ok": False, "confirmed": 0, "kept": 0}
