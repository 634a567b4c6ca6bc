"""Operations of trips alone: `lone_trips.*` (P08 T1; R-USR-10)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import lone_trips
from engine.operations import Step, operation


@operation("lone_trips.called")
def called(session: Session, step: Step, trip_id: int, element: str) -> dict[str, Any]:
    """{"trip_id", "state", "alarm_at"}: back, out (later than said) or missing."""
    row = lone_trips.get(session, trip_id)
    lone_trips.called(session, row, step.answers(element))
    return lone_trips.facts(row)


@operation("lone_trips.searched")
def searched(session: Session, step: Step, trip_id: int, element: str) -> dict[str, Any]:
    """The same fields: back once somebody has them, else missing."""
    row = lone_trips.get(session, trip_id)
    lone_trips.searched(session, row, step.answers(element))
    return lone_trips.facts(row)
