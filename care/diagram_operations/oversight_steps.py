"""Operations of oversight: `oversight.*` (P24, P25, P26)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import agenda, organisation, oversight
from care.indicators.definitions import INDICATORS
from care.oversight import Report, SampledVisit
from care.policy_calendar import working_days_after
from engine import clock, outgoing
from engine.operations import Step, operation

_TOWNSHIPS_CHECK = 2  # working days


def _after(step: Step, working_days: int) -> str:
    return working_days_after(step.now, working_days)[0].isoformat()


def _said(step: Step, row: Report) -> dict[str, Any]:
    return {
        "report_id": row.id,
        "key": str(row.id),
        "district_at": _after(step, _TOWNSHIPS_CHECK),
        "city_at": _after(step, 2 * _TOWNSHIPS_CHECK),
    }


@operation("oversight.open")
def open_report(session: Session, step: Step, kind: str, period: str) -> dict[str, Any]:
    """{"report_id", "key" and the days of the steps that wait}: the figures of the closed months, kept as they are."""
    row = oversight.open_report(session, kind, date.fromisoformat(period), step.unit_path, step.instance_id)
    return _said(step, row)


@operation("oversight.state")
def state(session: Session, step: Step, report_id: int, kind: str, element: str) -> None:
    """What the unit said stands beside the report; figures are not edited."""
    report = oversight.get(session, report_id)
    oversight.state(session, report, kind, step.unit_path, step.answers(element), step.by)


@operation("oversight.order")
def order(session: Session, step: Step, report_id: int, element: str) -> dict[str, Any]:
    """{"duties": n}: each decision of the meeting becomes a duty with owner and day; the minutes are kept."""
    report, answers = oversight.get(session, report_id), step.answers(element)
    report.words = str(answers.get("minutes") or "")[:4000]
    agenda.keep(session, report)
    rows = answers.get("decisions") or []
    for each in rows:
        oversight.give_duty(
            session, report, str(each["owner"]), str(each["what"]), date.fromisoformat(str(each["until_on"]))
        )
    return {"duties": len(rows)}


@operation("oversight.report_duty")
def report_duty(session: Session, step: Step, duty_id: int, element: str) -> None:
    """The owner says what was done."""
    row = oversight.duty(session, duty_id)
    row.state, row.answer = "reported", str(step.answers(element).get("text") or "")[:1000]
    row.instance_id = step.instance_id
    session.flush()


@operation("oversight.check_duty")
def check_duty(session: Session, step: Step, duty_id: int, element: str) -> dict[str, Any]:
    """{"done": bool}: put right, or once more."""
    row, done = oversight.duty(session, duty_id), step.answers(element).get("approved") is True
    if done:
        oversight.close_duty(session, row)
    else:
        row.state, row.rounds = "open", row.rounds + 1
        session.flush()
    return {"done": done}


@operation("oversight.rank")
def rank(session: Session, step: Step, report_id: int) -> dict[str, Any]:
    """The districts by their marks, never persons; kept with the report."""
    report = oversight.get(session, report_id)
    rows = oversight.ranking(session, report.months, oversight.sample_figures(session, report.id))
    report.content = {**report.content, "ranking": rows}
    session.flush()
    return {"districts": len(rows)}


@operation("oversight.write")
def write(session: Session, step: Step, report_id: int, element: str) -> None:
    """The words of the bulletin or evaluation."""
    oversight.get(session, report_id).words = str(step.answers(element).get("text") or "")[:4000]
    session.flush()


@operation("oversight.ask")
def ask(session: Session, step: Step, report_id: int, what: str, working_days: int) -> dict[str, Any]:
    """{"until"}: each district is asked for its comment, self-assessment or objection; who is silent then agrees."""
    until = working_days_after(step.now, int(working_days))[0]
    districts = organisation.below(session, step.unit_path, "district")
    oversight.ask(session, oversight.get(session, report_id), districts, what, until)
    return {"until": until.isoformat()}


@operation("oversight.publish")
def publish(session: Session, step: Step, report_id: int) -> None:
    """To the screens of every district and township; who opens it leaves a receipt."""
    report = oversight.get(session, report_id)
    report.published_at = step.now
    for level, role in (("district", "district_desk"), ("township", "township_desk")):
        for unit in organisation.below(session, report.unit_path, level):
            key = f"report:{report.id}:{unit.id}"
            outgoing.record(
                session, "screen", key, role=role, unit_path=unit.path, template="bulletin", report=report.id
            )
    session.flush()


@operation("oversight.rectify")
def rectify(session: Session, step: Step, report_id: int) -> dict[str, Any]:
    """{"duties": n}: each district below a target has 30 days to put it right."""
    report, until = oversight.get(session, report_id), clock.today() + oversight.RECTIFY_WITHIN
    given = 0
    for each in report.content.get("ranking") or []:
        codes = oversight.below_target(session, each["figures"], each["unit_path"], report.months[-1].last)
        if codes:
            missed = "、".join(INDICATORS[code].zh for code in codes)
            oversight.give_duty(session, report, each["name"], f"未达标指标整改：{missed}", until)
            given += 1
    return {"duties": given}


@operation("oversight.draw")
def draw(session: Session, step: Step, report_id: int) -> dict[str, Any]:
    """{"visits": n}: 2 % of the year's visits are drawn to be asked about again."""
    return {"visits": oversight.draw_visits(session, oversight.get(session, report_id))}


@operation("oversight.keep_sample")
def keep_sample(session: Session, step: Step, report_id: int, element: str) -> dict[str, Any]:
    """{"ok", "agreeing", "asked"}: whether each drawn visit agrees; not ok while a drawn visit has no answer."""
    rows = list(session.scalars(select(SampledVisit).where(SampledVisit.report_id == report_id)))
    said = {int(each["visit"]): each for each in step.answers(element).get("visits") or []}
    for row in rows:
        answer = said.get(row.visit_id)
        if answer is not None:
            row.agrees, row.words = answer["agrees"] is True, str(answer.get("words") or "")[:400]
            row.by, row.at = step.by, step.now
    session.flush()
    asked = [row for row in rows if row.agrees is not None]
    return {"ok": len(asked) == len(rows), "agreeing": sum(bool(row.agrees) for row in asked), "asked": len(asked)}


@operation("oversight.settle")
def settle(session: Session, step: Step, report_id: int, element: str) -> dict[str, Any]:
    """{"approved": bool}: the results stand from now on, with the words of whoever approved."""
    report, answers = oversight.get(session, report_id), step.answers(element)
    approved = answers.get("approved") is True
    oversight.state(session, report, "approval", step.unit_path, answers, step.by)
    if approved and report.kind == "evaluation":
        report.published_at = step.now
    session.flush()
    return {"approved": approved}
