"""Operations of satisfaction: `surveys.*` (P23)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import elders, surveys
from care.surveys import Survey
from engine.operations import Step, operation


def _said(row: Survey, reached: str = "") -> dict[str, Any]:
    return {
        "survey_id": row.id,
        "call_from_at": row.call_from_at.isoformat(),
        "until_at": row.until_at.isoformat(),
        "tries": row.tries,
        "reached": reached,
        "again": reached == "no" and row.tries < surveys.TRIES,
        "satisfied": surveys.is_satisfied(row),
    }


@operation("surveys.open")
def open_survey(
    session: Session, step: Step, elder_id: int, case_id: int | None = None, referral_id: int | None = None
) -> dict[str, Any]:
    """{"survey_id", "call_from_at", "until_at", "tries", "reached", "again", "satisfied"}."""
    about = "case" if case_id else "referral" if referral_id else "sample"
    elder = elders.get(session, elder_id)
    return _said(surveys.open_survey(session, elder, about, case_id or referral_id, step.instance_id))


@operation("surveys.tried")
def tried(session: Session, step: Step, survey_id: int, element: str) -> dict[str, Any]:
    """The same fields after a call: `reached` is yes, no or declined; `again` while less than three were in vain."""
    row, answers = surveys.get(session, survey_id), step.answers(element)
    surveys.tried(session, row, answers, step.by)
    return _said(row, str(answers.get("reached") or "no"))


@operation("surveys.finish")
def finish(session: Session, step: Step, survey_id: int, outcome: str) -> None:
    """The asking is over: answered, unreachable, declined or exited."""
    surveys.finish(session, surveys.get(session, survey_id), outcome)
