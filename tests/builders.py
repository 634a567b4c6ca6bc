"""One line each for tests: a city with people, elders, devices; sensible defaults, everything can be overridden.

    city = a_city(session)                      # units, desks on duty, one grid with its worker
    elder = an_elder(session, city)             # lives alone, 82, high tier, visitors A and B, two contacts, consents
    device = a_device(session, elder)           # an SOS pendant in service

`person(session, "village1")` gives the Person of a user name. All telephones and id numbers are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from care import consents, contacts, devices, organisation, people, visitors
from care.devices import Device
from care.elders import Elder
from care.elders import register as register_elder
from care.organisation import Unit
from care.people import Person, Staff

DUTY_DAY = date(2026, 7, 1)  # posts and responsibilities begin before every test's own moment
_numbers = count(1)

DESKS = {
    "village": ("village_desk",),
    "township": ("township_desk", "township_lead", "family_doctor"),
    "district": ("district_desk", "district_lead", "district_emergency"),
    "city": (
        "city_desk",
        "city_manager",
        "hotline",
        "hotline_lead",
        "monitor_desk",
        "monitor_lead",
        "surveyor",
        "designer",
        "admin",
    ),
}


@dataclass
class City:
    """The units on the way to one grid, and the workers by role (`staff["village_desk"]`)."""

    city: Unit
    district: Unit
    township: Unit
    village: Unit
    grid: Unit
    staff: dict[str, Staff]

    def person(self, session: Session, role: str) -> Person:
        found = people.person(session, self.staff[role].id)
        assert found is not None
        return found


def a_city(session: Session, **names: str) -> City:
    """A city with one district, township, village, grid and everybody on duty, visitors A and B included."""
    root = organisation.add(session, None, "city", names.get("city", "试验市"), from_on=DUTY_DAY)
    return _branch(session, root, {}, **names)


def a_second_township(session: Session, city: City) -> City:
    """Another district with its own township, village, grid and workers in the same city, for tests of access."""
    return _branch(session, city.city, city.staff, district="第二区")


def _branch(session: Session, root: Unit, above: dict[str, Staff], **names: str) -> City:
    district = organisation.add(session, root, "district", names.get("district", "第一区"), from_on=DUTY_DAY)
    township = organisation.add(session, district, "township", names.get("township", "青山街道"), from_on=DUTY_DAY)
    village = organisation.add(session, township, "village", names.get("village", "春光社区"), from_on=DUTY_DAY)
    grid = organisation.add(session, village, "grid", names.get("grid", "第一网格"), from_on=DUTY_DAY)
    made = City(root, district, township, village, grid, {})
    for level, roles in DESKS.items():
        for role in roles:
            known = above.get(role) if level == "city" else None
            made.staff[role] = known or a_worker(session, role, getattr(made, level))
    made.staff["grid_worker"] = a_worker(session, "grid_worker", grid)
    made.staff["visitor"] = a_worker(session, "visitor", village)
    made.staff["visitor_b"] = a_worker(session, "visitor", village)
    return made


def a_worker(session: Session, role: str, unit: Unit, **facts: Any) -> Staff:
    """A worker with one post; no password (sign-in has its own tests)."""
    number = next(_numbers)
    staff = people.add(
        session, facts.pop("user_name", f"{role}{number}"), facts.pop("name", f"工作者{number}"), **facts
    )
    people.give_post(session, staff, role, unit, DUTY_DAY)
    return staff


def a_grid_worker(session: Session, city: City, **facts: Any) -> Staff:
    """One more grid worker of the city's grid."""
    return a_worker(session, "grid_worker", city.grid, **facts)


def a_department(session: Session, city: City, code: str) -> tuple[Unit, Staff]:
    """A department of the city with one worker in the role dept:<code>."""
    unit = organisation.add(session, city.city, "department", code, code=code, from_on=DUTY_DAY)
    return unit, a_worker(session, f"dept:{code}", unit)


def an_elder(session: Session, city: City, **facts: Any) -> Elder:
    """An elder of 82 who lives alone, high tier, with visitors A and B, a daughter and a son, all consents given."""
    number = next(_numbers)
    visited = facts.pop("visited", True)
    agreed = facts.pop("consents", tuple(consents.PURPOSES))
    with_contacts = facts.pop("contacts", True)
    defaults: dict[str, Any] = {
        "phone": f"139{number:08d}",
        "id_number": f"15020019440301{number % 10000:04d}",
        "address": f"第一网格{number}号楼2单元301",
        "tier": "high",
        "categories": ["ALONE"],
        "policy": "issued-2026-37",
        "registered_on": DUTY_DAY,
        "facts": {"living_alone": True, "has_children": False, "has_partner": False},
        "health": {"illnesses": ["高血压"], "drugs": ["氨氯地平"], "allergies": ["青霉素"], "mobility": "需拐杖"},
    }
    unit = facts.pop("unit", city.grid)
    name = facts.pop("name", f"王测{number}")
    elder = register_elder(session, unit, name, facts.pop("born_on", date(1944, 3, 1)), **{**defaults, **facts})
    if visited:
        visitors.name(session, elder, "visitor", city.staff["visitor"].id, DUTY_DAY)
        visitors.name(session, elder, "visitor_b", city.staff["visitor_b"].id, DUTY_DAY)
    if with_contacts:
        _family(session, elder)
    for purpose in agreed:
        consents.give(session, elder, purpose)
    return elder


def _family(session: Session, elder: Elder) -> None:
    rows = []
    for position, (name, phone) in enumerate((("女儿", f"137{elder.id:08d}"), ("儿子", f"136{elder.id:08d}")), start=1):
        child = contacts.add_supporter(session, elder, name, "child", phone, distance=position)
        rows.append(contacts.new_contact(elder, position, name, "child", phone, supporter_id=child.id))
    contacts.set_order(session, elder, rows)


def a_device(session: Session, elder: Elder | None = None, kind: str = "pendant", **facts: Any) -> Device:
    """A device with a secret of 32 bytes, in service with `elder` since 1 July; in stock without one."""
    number = facts.pop("number", f"d{next(_numbers):06d}")
    device = devices.add(session, number, kind, facts.pop("secret", "ab" * 32), facts.pop("model", "试用型"))
    if elder is not None:
        devices.place(session, device, elder, from_at=_first_of_july())
    return device


def a_platform(session: Session, kid: str = "ctwing", devices_prefix: str = "*", key: str = "cd" * 32) -> None:
    """A vendor's platform that may push for those devices."""
    session.add(devices.Platform(kid=kid, key=key, name=kid, devices=devices_prefix))
    session.flush()


def person(session: Session, user_name: str) -> Person:
    """The Person of a user name."""
    found = people.by_user_name(session, user_name)
    assert found is not None, user_name
    return found


def _first_of_july() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 7, 1, tzinfo=UTC)
