"""Operations of handing over: `handovers.*` (P36)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import handovers
from care.handovers import REASONS, Handover
from engine.operations import Found, Step, operation


def _said(session: Session, row: Handover, **more: Any) -> dict[str, Any]:
    return {
        "handover_id": row.id,
        "key": str(row.staff_id),
        "left": row.reason == "left",
        "vacate": handovers.needs_successors(session, row),
        "until_at": row.until_at.isoformat(),
        "missing": len(handovers.elders_without_successor(session, row.staff_id)),
        **more,
    }


@operation("handovers.begin")
def begin(session: Session, step: Step, worker_id: int, reason: str | None = None) -> dict[str, Any]:
    """{"handover_id", "key", "left", "vacate", "until_at", "missing"} and the list
    `successors_for`: whose work goes to others."""
    row = handovers.begin(session, worker_id, reason if reason in REASONS else "absent", step.instance_id)
    elder_ids = handovers.elders_without_successor(session, row.staff_id)
    return Found({"unit_path": row.unit_path, "successors_for": elder_ids}, **_said(session, row))


@operation("handovers.leave")
def leave(session: Session, step: Step, handover_id: int) -> dict[str, Any]:
    """The same fields: who was away has left meanwhile."""
    row = handovers.get(session, handover_id)
    row.reason = "left"
    elder_ids = handovers.elders_without_successor(session, row.staff_id)
    return Found({"successors_for": elder_ids}, **_said(session, row))


@operation("handovers.hand_tasks")
def hand_tasks(session: Session, step: Step, handover_id: int) -> None:
    """Every open task of the worker goes to visitor B, the stand-in, or the desk. Source: P36."""
    handovers.hand_tasks(session, handovers.get(session, handover_id))


@operation("handovers.tell_families")
def tell_families(session: Session, step: Step, handover_id: int) -> None:
    """The families get the card with who comes now."""
    handovers.tell_families(session, handovers.get(session, handover_id))


@operation("handovers.close_account")
def close_account(session: Session, step: Step, handover_id: int) -> None:
    """Who has left has no account from the same day on."""
    handovers.close_account(session, handovers.get(session, handover_id))


@operation("handovers.look")
def look(session: Session, step: Step, handover_id: int) -> dict[str, Any]:
    """The same fields: `missing` elders are still without a successor; with none the handing over is closed."""
    row = handovers.get(session, handover_id)
    said = _said(session, row)
    if not said["missing"]:
        handovers.close(session, row)
    return said


@operation("handovers.back")
def back(session: Session, step: Step, handover_id: int) -> dict[str, Any]:
    """The same fields and {"back"}: whether the worker is there again."""
    row = handovers.get(session, handover_id)
    there = handovers.back(session, row)
    return _said(session, row, back=there)
