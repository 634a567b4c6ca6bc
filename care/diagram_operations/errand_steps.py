"""Operations of errands: `errands.*` (P13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import elders, errands, matters
from care.diagram_operations.reported import sort_out
from engine import history
from engine.operations import Found, Step, operation


@operation("errands.take")
def take(
    session: Session,
    step: Step,
    elder_id: int | None,
    kind: str | None = None,
    items: Sequence[str] | None = None,
    visit_id: int | None = None,
) -> dict[str, Any]:
    """{"way"}: one, split or unknown. Source: P13."""
    every = dict.fromkeys([*(items or ()), *([kind] if kind else ())])
    singles = {each: {"kind": each, "visit_id": visit_id} for each in every}
    return sort_out(session, step, "errand.asked", elder_id, singles)


@operation("errands.open")
def open_one(session: Session, step: Step, elder_id: int, kind: str, visit_id: int | None = None) -> dict[str, Any]:
    """{"errand_id", "kind", "role", "due_at", "money_in"}. Source: P13."""
    row = errands.open_errand(session, elders.get(session, elder_id), kind, visit_id, step.instance_id)
    return Found({"elder_id": elder_id}, **errands.facts(row))


@operation("errands.more")
def more(session: Session, step: Step, errand_id: int) -> None:
    """Asked for again while it is under way."""
    matters.mentioned(session, errands.get(session, errand_id))


@operation("errands.taken")
def taken(session: Session, step: Step, errand_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"answer", "over"}: who runs it; over: more cash than may be taken. Source: P13 T1."""
    row, answers = errands.get(session, errand_id), step.answers(element)
    answer = str(answers.get("answer") or "self")
    fits = answer == "cannot" or errands.taken(session, row, answer, int(answers.get("cash") or 0))
    return {**errands.facts(row), "answer": answer, "over": not fits}


@operation("errands.done")
def done(session: Session, step: Step, errand_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"done"}: what was done, with money, receipt and hours. Source: P13 T2, F-ERRAND."""
    row, answers = errands.get(session, errand_id), step.answers(element)
    is_done = answers.get("done") is True
    if is_done:
        errands.done(session, row, answers, step.by)
    return {**errands.facts(row), "done": is_done}


@operation("errands.confirmed")
def confirmed(session: Session, step: Step, errand_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"right"}: whether the elder says that the change was right. Source: P13 T2, R-USR-09."""
    row = errands.get(session, errand_id)
    right = step.answers(element).get("right") is True
    errands.confirmed(session, row, right)
    return {**errands.facts(row), "right": right}


@operation("errands.close")
def close(session: Session, step: Step, errand_id: int, outcome: str) -> None:
    """The end: done, not_done or exited."""
    row = errands.get(session, errand_id)
    matters.close(session, row, outcome)
    history.write(session, step.instance_id, step.by, f"errand.{outcome}", step.element_id, row.elder_id, row.unit_path)
