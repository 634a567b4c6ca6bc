"""Putting an elder on file: found again or new, willing or not, confirmed by the township.

Until the township confirms, the file is `pending`: no visits are planned and no figure counts it. Who is found again
after an exit gets the old file back, with its history.
Public: Entry, LIVING, enter, is_id_number, willing, confirm, to_look_at, to_ask_again. Source: processes P01; R-ORG-06.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import contacts, elders, organisation
from care.contacts import Neighbour
from care.elders import Elder
from care.organisation import Unit, prefix
from engine import clock

ASK_AGAIN_AFTER = timedelta(days=90)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PLAIN = (
    "ethnic_group", "phone_kind", "reached_by", "language", "hearing", "marital_status", "heating", "best_time",
    "do_not_call", "door_note", "way",
)  # fmt: skip
LIVING = (
    "phone_other", "living_with", "housing", "floor", "gas", "registered_place", "born_reason", "key_told",
    "family_doctor", "family_doctor_since",
)  # fmt: skip
"""What the form asks beside the file's own columns; kept in `Elder.living`."""
_PLACE = re.compile(r"(-?\d{1,2}\.\d+),(-?\d{1,3}\.\d+)")
Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """What became of what was written down: `outcome` is new, reopened, duplicate or wrong (then with a `problem`)."""

    outcome: str
    elder: Elder | None
    problem: str = ""


def is_id_number(text: str) -> bool:
    """Whether the last of the 18 signs is the one that the others ask for (GB 11643)."""
    return "10X98765432"[sum(int(sign) * weight for sign, weight in zip(text, _WEIGHTS, strict=False)) % 11] == text[17]


def enter(session: Session, unit_path: str, answers: Answers, known: int | None = None) -> Entry:
    """Find the elder again or begin a file in the grid that is named; `known` is the file this registration began."""
    id_number = str(answers.get("id_number") or "").upper() or None
    if id_number is not None and not is_id_number(id_number):
        return Entry("wrong", None, "身份证号校验不通过")
    unit = _unit(session, unit_path, str(answers.get("grid") or "").strip())
    if unit is None:
        return Entry("wrong", None, "没有这个网格")
    born_on = date.fromisoformat(str(answers["born_on"]))
    own = None if known is None else elders.get(session, known)
    found = _found_again(session, unit, str(answers["name"]), born_on, id_number, own)
    if found is not None and own is None and found.status != "exited":
        return Entry("duplicate", found)
    if found is not None and own is not None:
        return Entry("wrong", None, f"该身份证号已在档案{found.number}")
    elder = own or found or elders.register(session, unit, str(answers["name"]), born_on, id_number=id_number)
    _write(session, elder, unit, answers, born_on, id_number)
    elder.status = "pending"
    session.flush()
    return Entry("reopened" if found is not None else "new", elder)


def _unit(session: Session, unit_path: str, grid: str) -> Unit | None:
    """The grid of that name in the village; without a name the unit itself, where it is a village or a grid."""
    village = prefix(unit_path, "village")
    if grid and village is not None:
        return next((each for each in organisation.below(session, village, "grid") if each.name == grid), None)
    return organisation.by_path(session, prefix(unit_path, "grid") or village or "")


def _found_again(
    session: Session, unit: Unit, name: str, born_on: date, id_number: str | None, own: Elder | None
) -> Elder | None:
    """By id number; without one by name, day of birth and grid. Never the file that is being written."""
    found = elders.by_id_number(session, id_number) if id_number else None
    if found is None and id_number is None:
        asked = select(Elder).where(Elder.name == name, Elder.born_on == born_on, Elder.unit_path == unit.path)
        found = session.scalar(asked.order_by(Elder.id).limit(1))
    return None if found is None or (own is not None and found.id == own.id) else found


def _write(session: Session, elder: Elder, unit: Unit, answers: Answers, born_on: date, id_number: str | None) -> None:
    elder.name, elder.sex, elder.born_on = str(answers["name"]), str(answers["sex"]), born_on
    elder.address = str(answers["address"])
    for name in _PLAIN:
        if answers.get(name):
            setattr(elder, name, answers[name])
    if answers.get("two_visitors") is not None:
        elder.two_visitors = answers["two_visitors"] is True
    if id_number is not None:
        elders.set_id_number(elder, id_number)
    if answers.get("phone"):
        elders.set_phone(elder, str(answers["phone"]))
    if answers.get("position"):
        elder.position = _position(str(answers["position"])) or elder.position
    elder.living = {**(elder.living or {}), **{name: answers[name] for name in LIVING if answers.get(name)}}
    _household(session, elder, answers.get("household_of"))
    _key_holder(session, elder, answers)
    session.flush()
    if elder.unit_id != unit.id:
        elders.move_to(session, elder, unit)


def _position(text: str) -> list[float] | None:
    """[latitude, longitude] of what the form's field for a place writes; None for a place in words."""
    found = _PLACE.match(text)
    return None if found is None else [float(found[1]), float(found[2])]


def _household(session: Session, elder: Elder, number: Any) -> None:
    """The household of the elder with that number (policy 3.4 no. 14); an unknown number changes nothing."""
    other = elders.by_number(session, str(number)) if number else None
    if other is None or other.id == elder.id:
        return
    if other.household_id is None:
        home = elders.Household(unit_path=other.unit_path)
        session.add(home)
        session.flush()
        other.household_id = home.id
    elder.household_id = other.household_id


def _key_holder(session: Session, elder: Elder, answers: Answers) -> None:
    name = answers.get("key_holder")
    if name and name not in {each.name for each in contacts.neighbours_of(session, elder.id)}:
        phone = answers.get("key_holder_phone")
        session.add(Neighbour(elder_id=elder.id, unit_path=elder.unit_path, name=name, phone=phone, has_key=True))


def willing(session: Session, elder: Elder, answers: Answers) -> None:
    """Whether the elder wants to be visited; who does not is kept on file, looked after from outside, asked again."""
    elder.willing = str(answers["willing"])
    plan = {**(elder.plan or {}), "wishes": answers.get("wishes") or [], "refusal": answers.get("reason")}
    refused = elder.willing != "yes"
    plan["ask_again_on"] = (clock.today() + ASK_AGAIN_AFTER).isoformat() if refused else None
    elder.plan = plan
    session.flush()


def confirm(session: Session, elder: Elder) -> None:
    """On the register from today. Source: K01."""
    elder.registered_on = clock.today()
    elders.set_status(session, elder, "in_register")


def to_look_at(session: Session) -> list[Elder]:
    """Elders who do not want to be visited: looked after from outside each month (ruling of P01)."""
    asked = select(Elder).where(Elder.willing != "yes", Elder.status.in_(("pending", "in_register")))
    return list(session.scalars(asked.order_by(Elder.id)))


def to_ask_again(session: Session, day: date, limit: int) -> list[int]:
    """Those of them whose 90 days are over by `day`."""
    due = [each.id for each in to_look_at(session) if str((each.plan or {}).get("ask_again_on") or "9") <= str(day)]
    return due[:limit]
