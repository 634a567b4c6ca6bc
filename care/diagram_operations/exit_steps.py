"""Operations of leaving the register: `exits.*` (P34)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import elders, exits
from engine import history
from engine.operations import Step, operation


@operation("exits.keep")
def keep(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"reason"}: what the village found; of a death the contacts' notices stop now. Source: P34 T1."""
    return {"reason": exits.keep(session, elders.get(session, elder_id), step.answers(element))}


@operation("exits.apply")
def apply(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"reason", "way": exited, suspended or transferred, "spouse_id"}: the surviving spouse, for P10, P33."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    reason, way = str(answers["reason"]), exits.apply(session, elder, answers)
    history.write(session, step.instance_id, step.by, f"exit.{reason}", step.element_id, elder.id, elder.unit_path)
    spouse = exits.spouse_of(session, elder) if reason == "death" else None
    return {"reason": reason, "way": way, "spouse_id": spouse}


@operation("exits.resume")
def resume(session: Session, step: Step, elder_id: int) -> None:
    """The elder is home again."""
    exits.resume(session, elders.get(session, elder_id))
