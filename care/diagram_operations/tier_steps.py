"""Operations of assessments and tiers: `assessments.*`, `tiers.*`, `abilities.*` (P02, P03, P33)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import aids, elders, emergency_health, fact_forms, policies, visit_findings
from care.deadlines import deadline
from care.elders import Elder, TierResult
from engine import clock, history
from engine.operations import Step, operation

TO_JUDGE = frozenset(("ALONE_NEAR_FAMILY", "PARTNER_UNDER_60", "CERT_INVALID", "AGED_80_OUT_OF_SCOPE"))
"""Flags that a person weighs; missing facts and assessments have their own ways. Source: policy 3.4 no. 8-11."""
_WATCHED_AGE = 80


@operation("assessments.record")
def record(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """The flags of what the assessment found, as after a visit; facts, living and health go into the file."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    fact_forms.keep(session, elder, fact_forms.read(answers.get("facts") or {}), "assessment", whole=True)
    said = {part: answers.get(part) or {} for part in ("papers", "money")}
    elder.living = {**(elder.living or {}), **said, "assessed": answers.get("living") or {}}
    elder.health = {**(elder.health or {}), "assessed": answers.get("health") or {}}
    emergency_health.keep(session, elder, answers)
    elder.reached_by = str(answers.get("reached_by") or elder.reached_by)
    elder.depends_on_power = answers.get("electricity_dependent") is True or elder.depends_on_power
    elder.plan = {**(elder.plan or {}), "risks": answers.get("risks") or []}
    session.flush()
    found = visit_findings.findings({**answers, "mode": "home"})
    kinds = [each for each in visit_findings.kinds_of(found) if each != "suspected_disability"]
    return {**found, "kinds": kinds}


def _decided(session: Session, step: Step, elder: Elder, reason: str) -> dict[str, Any]:
    row = elders.retier(session, elder, reason, step.by, step.policy or None)
    aids.keep_hints(session, elder, step.policy or policies.DEFAULT_POLICY)
    history.write(session, step.instance_id, step.by, f"tier.{row.tier}", step.element_id, elder.id, step.unit_path)
    return _said(elder, row)


def _said(elder: Elder, row: TierResult) -> dict[str, Any]:
    aged_out = row.tier == "none" and elders.age(elder) >= _WATCHED_AGE
    return {
        "tier": row.tier,
        "result_id": row.id,
        "rules": list(row.rules),
        "flags": list(row.flags),
        "suspected": "SUSPECTED_DISABILITY" in row.categories,
        "provisional": "FACTS_MISSING" in row.flags,
        "judge": bool(TO_JUDGE & set(row.flags)) or aged_out,
    }


@operation("tiers.decide")
def decide(session: Session, step: Step, elder_id: int, reason: str) -> dict[str, Any]:
    """{"tier", "rules", "flags", "suspected", "provisional", "judge"} by the tables of the policy, kept with the facts.

    The facts are personal: the operation gives them to the tables, they never stand in process data.
    """
    return _decided(session, step, elders.get(session, elder_id), reason)


@operation("tiers.judge")
def judge(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """The township recognised another special difficulty, or did not; decided anew either way, judged once."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    recognised = answers.get("recognised") is True
    fact_forms.keep(session, elder, {"other_special_recognised": recognised}, f"township:{answers.get('kind') or 'no'}")
    return {**_decided(session, step, elder, f"judged: {answers.get('ground') or ''}"), "judge": False}


@operation("tiers.watch")
def watch(session: Session, step: Step, elder_id: int) -> None:
    """No tier: from 80 on the watch list, looked at once a year. Source: policy 3.3."""
    elder = elders.get(session, elder_id)
    again = clock.today() + timedelta(days=365)
    elder.plan = {**(elder.plan or {}), "watch": elders.age(elder) >= _WATCHED_AGE, "next_review_on": again.isoformat()}
    session.flush()


@operation("tiers.keep_plan")
def keep_plan(session: Session, step: Step, elder_id: int, element: str) -> None:
    """The care plan (一人一策) as the township approved it; earlier versions stay with their submissions."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    kept = ("modes", "attention", "services", "two_persons", "next_review_on", "note")
    before = dict(elder.plan or {})
    plan = {name: answers.get(name) for name in kept}
    elder.plan = {**before, **plan, "version": int(before.get("version") or 0) + 1, "from": clock.today().isoformat()}
    elder.best_time = str(answers.get("best_time") or elder.best_time)
    session.flush()


@operation("abilities.begin")
def begin_ability(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"due_at"}: 20 working days from the request. Source: processes P03, 4.9."""
    return {"due_at": deadline("ability_assessment_20wd", step.now, step.policy).due.isoformat()}


@operation("abilities.keep")
def keep_ability(session: Session, step: Step, elder_id: int, book: str, assess: str) -> dict[str, Any]:
    """{"level"}: the professional's level is on file and the suspicion with it settled; null when the elder refused."""
    elder, booked, answers = elders.get(session, elder_id), step.answers(book), step.answers(assess)
    if booked.get("outcome") == "refused" or answers.get("outcome") != "assessed":
        fact_forms.keep(session, elder, {"suspected_disability": True}, "assessment refused")
        return {"level": None}
    level = int(str(answers["level"]))
    facts = {"ability_level": level, "ability_assessed_by_professional": True, "suspected_disability": False}
    fact_forms.keep(session, elder, facts, f"{answers['institution']} {answers['assessor_number']}")
    on = str(date.fromisoformat(str(answers["assessed_on"])))
    elder.health = {**(elder.health or {}), "ability": {"level": level, "on": on, "by": answers["assessor_number"]}}
    session.flush()
    return {"level": level}


_RANK = {"none": 0, "general": 1, "key": 2, "high": 3}


@operation("tiers.keep_review")
def keep_review(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"changed": [facts]}: the facts as they were confirmed or corrected, each with source and day."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    facts = fact_forms.read(answers.get("facts") or {})
    emergency_health.keep(session, elder, answers)
    return {"changed": fact_forms.keep(session, elder, facts, f"review:{answers.get('way') or ''}", whole=True)}


@operation("tiers.review")
def review(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """As `tiers.decide`, with {"change": same, raised or lowered, "ask_assessor"}; a lower one waits for `tiers.lower`.

    Source: policy 3.4 no. 18.
    """
    elder = elders.get(session, elder_id)
    before, suspected = elder.tier, "SUSPECTED_DISABILITY" in (elder.categories or ())
    asked = suspected and step.data.get("reason") != "resumed"  # what was asked before an absence ended with it
    found = _decided(session, step, elder, "review")
    rise = _RANK[found["tier"]] - _RANK[before]
    if rise < 0:
        elder.tier = before
        session.flush()
    change = "raised" if rise > 0 else "lowered" if rise < 0 else "same"
    return {**found, "change": change, "ask_assessor": found["suspected"] and not asked}


@operation("tiers.lower")
def lower(session: Session, step: Step, elder_id: int, tier: str) -> None:
    """The township agrees: the lower tier holds, and the next period is planned by it. What is due stays due."""
    elders.get(session, elder_id).tier = tier
    what = f"tier.lowered.{tier}"
    history.write(session, step.instance_id, step.by, what, step.element_id, elder_id, step.unit_path)
