"""Operations of survey campaigns: `campaigns.*` (P01)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import campaigns
from engine.operations import Step, operation


@operation("campaigns.report")
def report(session: Session, step: Step, target_id: int, element: str) -> dict[str, Any]:
    """{"complete", "returned"}: what the village says so far; whoever was found goes on to registration."""
    row = campaigns.get_target(session, target_id)
    return {"complete": campaigns.report(session, row, step.answers(element), step.instance_id), "returned": False}


@operation("campaigns.send_back")
def send_back(session: Session, step: Step, target_id: int) -> dict[str, Any]:
    """{"complete", "returned"}: the township has the village check again."""
    campaigns.send_back(session, campaigns.get_target(session, target_id))
    return {"complete": False, "returned": True}


@operation("campaigns.close_target")
def close_target(session: Session, step: Step, target_id: int) -> None:
    """The village is done; its figures stay."""
    campaigns.close_target(session, campaigns.get_target(session, target_id))
