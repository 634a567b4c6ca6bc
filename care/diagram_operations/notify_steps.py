"""Operations that tell people: `notify.*`, and `notes.close`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import cases, elders, notices, policy_calendar
from engine import clock, history
from engine.operations import Step, operation


@operation("notify.first_contact")
def first_contact(session: Session, step: Step, case_id: int, tell: Sequence[str] | None = None) -> dict[str, Any]:
    """{"told": n}: the first contact by text, and whom the table names beside it. Source: processes P15 S2."""
    return {"told": notices.first_contact(session, cases.get(session, case_id), tell or ())}


@operation("notify.tell")
def tell(
    session: Session,
    step: Step,
    role: str,
    about: str,
    case_id: int,
    wide: bool = False,
    repeat: bool = False,
    working_days_only: bool = False,
) -> dict[str, Any]:
    """A notice on the screens of a role; `repeat` once a day, `wide` in every district of the city."""
    if working_days_only and not policy_calendar.is_working_day(clock.today()):
        return {"told": False}
    occasion = f":{clock.today()}" if repeat else ""
    case = cases.get(session, case_id)
    notices.tell(session, case, role, about, wide=wide, occasion=occasion, element=step.element_id)
    return {"told": True}


@operation("notify.desk")
def desk(session: Session, step: Step, role: str, about: str, case_id: int, repeat: bool = False) -> dict[str, Any]:
    """A plain task for a desk that has to act; `repeat`: a new one each time that this is called."""
    occasion = f":{clock.now().isoformat(timespec='minutes')}" if repeat else ""
    notices.desk(session, cases.get(session, case_id), role, about, occasion=occasion, element=step.element_id)
    return {"told": True}


@operation("notify.elder")
def tell_of_elder(
    session: Session, step: Step, elder_id: int, role: str, about: str, repeat: bool = False
) -> dict[str, Any]:
    """A notice about an elder on the screens of a role; `repeat`: once a day, else once per instance."""
    occasion = f":{clock.today()}" if repeat else ""
    key = f"{step.instance_id}:{about}:{role}{occasion}"
    notices.elder_notice(session, elders.get(session, elder_id), role, about, key)
    return {"told": True}


@operation("notify.elder_desk")
def desk_of_elder(session: Session, step: Step, elder_id: int, role: str, about: str) -> dict[str, Any]:
    """A plain task about an elder for a desk that has to act, once per instance."""
    key = f"{step.instance_id}:{about}:{role}"
    notices.elder_desk(session, elders.get(session, elder_id), role, about, key, timedelta(days=3))
    return {"told": True}


@operation("notes.close")
def close_note(session: Session, step: Step) -> None:
    """What the village desk made of a note stands in the history of the elder."""
    result = str(step.answers("handle_note").get("result") or "done")
    history.write(
        session, step.instance_id, step.by, f"note.{result}"[:60], step.element_id, step.subject_id, step.unit_path
    )
