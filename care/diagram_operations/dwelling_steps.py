"""Operations of seasonal dwellings: `dwellings.*` (R-USR-03)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import dwellings, elders
from engine import clock, history
from engine.operations import Step, operation


@operation("dwellings.begin")
def begin(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"dwelling_id", "season"}: the dwelling of the season; dwelling_id 0 when there is none."""
    row = dwellings.begin(session, elders.get(session, elder_id), clock.today())
    return {"dwelling_id": row.id if row else 0, "season": row.season if row else ""}


@operation("dwellings.settle")
def settle(session: Session, step: Step, elder_id: int, dwelling_id: int) -> None:
    """The elder has moved there; routes, cards and alarms go by it from now on."""
    elder = elders.get(session, elder_id)
    dwellings.settle(session, elder, session.get_one(dwellings.Dwelling, dwelling_id))
    history.write(session, step.instance_id, step.by, "dwelling.moved", step.element_id, elder.id, elder.unit_path)
