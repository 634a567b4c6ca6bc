"""Leaving the register (退出): what stops when, and what follows the elder to a new place.

Nothing leaves the register by data alone: the village confirms, the township approves. Of a death the notices to the
contacts stop with the confirmation; the rest with the approval: consents end, devices are nobody's, open work ends.
Who moves inside the city keeps file and history, and what is open goes to the new place (care/open_work.py).
Public: WAYS, keep, apply, spouse_of, resume.
Source: processes P34; rulings 10 no. 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import consents, devices, elders, open_work, organisation, visitors
from care.elders import Elder
from care.organisation import Unit
from engine import clock, incoming

WAYS = {"institution": "suspended", "moved_within": "transferred"}
_STILL_HERE = ("in_register", "absent", "pending")
Answers = Mapping[str, Any]


def keep(session: Session, elder: Elder, answers: Answers) -> str:
    """The reason that the village found; of a death the contacts hear nothing more from this moment on.

    `unknown_unit`: the village named a unit for the move that there is not, or several; it is asked again.
    """
    reason = str(answers["reason"])
    if reason == "moved_within" and _unit(session, elder, answers) is None:
        return "unknown_unit"
    elder.plan = {**(elder.plan or {}), "notices_stopped": reason == "death"}
    session.flush()
    return reason


def _unit(session: Session, elder: Elder, answers: Answers) -> Unit | None:
    """The grid or village of that name in the city; None without one, or with several."""
    city = organisation.city(session)
    named = str(answers.get("new_unit") or "").strip()
    levels = [organisation.below(session, city.path, level) for level in ("grid", "village")]
    found = [each for units in levels for each in units if each.name == named and each.path != elder.unit_path]
    return found[0] if len(found) == 1 else None


def apply(session: Session, elder: Elder, answers: Answers) -> str:
    """exited, suspended or transferred: what stops is stopped, what follows the elder is moved. Twice is once."""
    way = WAYS.get(str(answers["reason"]), "exited")
    for kind in visitors.KINDS:
        visitors.end(session, elder.id, kind)
    if way == "transferred":
        unit = _unit(session, elder, answers)
        if unit is not None:
            elder.address = str(answers.get("new_address") or elder.address)
            elders.move_to(session, elder, unit)
            open_work.follow(session, elder)
        return way
    _unbind(session, elder)
    if way == "exited":
        consents.end_all(session, elder)
    elders.set_status(session, elder, way)
    open_work.end(session, elder)
    return way


def _unbind(session: Session, elder: Elder) -> None:
    """The elder's devices are nobody's from now on, and are fetched (P28); what they send is held for the desk."""
    for device, _ in devices.of_elder(session, elder.id):
        devices.take_away(session, device, custody="suspended")
        data = {"elder_id": elder.id, "device": device.number, "kind": "unbound"}
        incoming.message(session, "device.unbound", f"{elder.id}:{device.number}:unbound", data)


def spouse_of(session: Session, elder: Elder) -> int | None:
    """The other elder of the household who is still on the register."""
    if elder.household_id is None:
        return None
    asked = select(Elder.id).where(
        Elder.household_id == elder.household_id, Elder.id != elder.id, Elder.status.in_(_STILL_HERE)
    )
    return session.scalar(asked.order_by(Elder.id).limit(1))


def resume(session: Session, elder: Elder) -> None:
    """Back home: on the register again; the tier is looked at anew."""
    elder.plan = {**(elder.plan or {}), "resumed_on": clock.today().isoformat()}
    elders.set_status(session, elder, "in_register")
