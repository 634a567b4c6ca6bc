"""Operations of supporters' duty: `duties.*` (P19). What they hand to diagrams names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import duties, elders
from care.duties import ABUSE, DutyCase
from engine.operations import Step, operation

_MEASURES = {"legal_aid", "other_contact", "more_visits", "tier_again"}


def _said(row: DutyCase, key: str | None, result: str = "", measures: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "duty_id": row.id,
        "key": key or str(row.elder_id),
        "abuse": row.kind in ABUSE,
        "emergency": row.kind if row.kind in ABUSE else "abuse",
        "has_case": row.case_id is not None,
        "verified": row.verified_at is not None,
        "urged": row.urged_times,
        "until_at": row.until_at.isoformat() if row.until_at else None,
        "grave": bool(row.grave_results),
        "crime": result == "crime",
        "result": result,
        "measures": [each for each in measures if each in _MEASURES],
    }


@operation("duties.open")
def open_duty(
    session: Session,
    step: Step,
    elder_id: int,
    supporter_id: int | None = None,
    kind: str | None = None,
    items: Sequence[str] | None = None,
    case_id: int | None = None,
) -> dict[str, Any]:
    """{"duty_id", "key", "abuse", "has_case", "verified", "urged", "until_at", "grave", "crime", "result", "measures"}.

    `case_id`: the emergency that it comes from. Source: P19.
    """
    said = [*(items or ()), kind]
    row = duties.open_duty(
        session,
        elders.get(session, elder_id),
        said,
        supporter_id=supporter_id,
        case_id=case_id,
        instance_id=step.instance_id,
    )
    return _said(row, step.key)


@operation("duties.again")
def again(
    session: Session,
    step: Step,
    duty_id: int,
    kind: str | None = None,
    items: Sequence[str] | None = None,
    supporter_id: int | None = None,
    case_id: int | None = None,
) -> dict[str, Any]:
    """{"escalated"}: another report joins the file; one of abuse or desertion jumps to the third stage. Source: P19."""
    said = [*(items or ()), kind]
    row = duties.get(session, duty_id)
    return {"escalated": duties.again(session, row, said, supporter_id=supporter_id, case_id=case_id)}


@operation("duties.protect")
def protect(session: Session, step: Step, duty_id: int) -> dict[str, Any]:
    """The same fields; the person alleged is left out of every notice, a transfer is judged. Source: R-USR-05."""
    row = duties.get(session, duty_id)
    duties.judge_at_once(session, row)
    return _said(row, step.data.get("duty", {}).get("key"))


@operation("duties.keep")
def keep(session: Session, step: Step, duty_id: int, element: str, sent: str | None = None) -> dict[str, Any]:
    """The same fields with the `result` of the user task `element`; `sent` is what a message answered in its place."""
    row = duties.get(session, duty_id)
    answers = {"result": sent} if sent else step.answers(element)
    result = duties.keep(session, row, element, answers, step.by)
    measures = answers.get("measures") or (["legal_aid"] if answers.get("legal_aid") is True else [])
    return _said(row, step.data.get("duty", {}).get("key"), result, measures)


@operation("duties.watch")
def watch(session: Session, step: Step, duty_id: int) -> None:
    """Performing again; watched for 90 days."""
    duties.watch(session, duties.get(session, duty_id))


@operation("duties.close")
def close(session: Session, step: Step, duty_id: int, outcome: str) -> None:
    """The file is closed with an outcome of care/duties."""
    duties.close(session, duties.get(session, duty_id), outcome, step.by)
