"""Operations of registration: `registrations.*` (P01)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import campaigns, elders, registrations
from care.deadlines import deadline
from care.organisation import prefix
from engine import history
from engine.operations import Found, Step, operation


@operation("registrations.begin")
def begin(session: Session, step: Step, elder_id: int | None = None) -> dict[str, Any]:
    """{"due_at", "role"}: 15 working days; the grid's worker collects where the place is a grid, else the village."""
    found_id = step.data.get("found_id")  # of a survey: `survey.row`
    if isinstance(found_id, int):
        campaigns.begun(session, found_id, step.instance_id)
    in_grid = prefix(step.unit_path, "grid") is not None
    due = deadline("registration_15wd", step.now).due
    return {"due_at": due.isoformat(), "role": "grid_worker" if in_grid else "village_desk"}


@operation("registrations.register")
def register(session: Session, step: Step, element: str, elder_id: int | None = None) -> dict[str, Any]:
    """{"outcome": new, reopened, duplicate or wrong, "elder_id", "problem"}; from here the instance is the elder's."""
    entry = registrations.enter(session, step.unit_path, step.answers(element), elder_id)
    if entry.elder is None:
        return {"outcome": entry.outcome, "elder_id": elder_id, "problem": entry.problem}
    campaigns.entered(session, step.instance_id, entry.outcome, entry.elder)
    what = f"registration.{entry.outcome}"
    history.write(session, step.instance_id, step.by, what, step.element_id, entry.elder.id, entry.elder.unit_path)
    return Found({"elder_id": entry.elder.id}, outcome=entry.outcome, elder_id=entry.elder.id, problem="")


@operation("registrations.willing")
def willing(session: Session, step: Step, elder_id: int, element: str) -> None:
    """Keep whether the elder wants to be visited; who does not is asked again after 90 days."""
    registrations.willing(session, elders.get(session, elder_id), step.answers(element))


@operation("registrations.outside")
def outside(session: Session, step: Step, elder_id: int) -> None:
    """No tier: on file, on the watch list from 80 on, no visits are owed. Source: policy 3.3."""
    registrations.confirm(session, elders.get(session, elder_id))


@operation("registrations.returned")
def returned(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """The township sends the file back; the note stands with the township's answer."""
    return {"outcome": "returned", "elder_id": elder_id, "problem": "乡镇（街道）退回"}


@operation("registrations.confirm")
def confirm(session: Session, step: Step, elder_id: int) -> None:
    """On the register from today; visits are planned by `elder.registered`. Source: P01 T7, K01."""
    elder = elders.get(session, elder_id)
    registrations.confirm(session, elder)
    history.write(session, step.instance_id, step.by, "registered", step.element_id, elder.id, elder.unit_path)
