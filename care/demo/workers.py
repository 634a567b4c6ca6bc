"""Seventy workers in all roles, all with the same printed password; the first of each kind serve the same village.

Whoever signs in as grid1, visitor1, village1, township1, district1 sees the same elders, so a newcomer can follow one
case from hand to hand. Grid workers are visitors too, as in most villages.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from care.demo.calendar import BEGAN_ON
from care.demo.names import Names
from care.demo.units import Units, Village
from care.organisation import Unit
from care.people import Post, Staff, hashed
from care.roles import DEPARTMENTS, title
from engine.vault import blind_index

PASSWORD = "baotou2026"


@dataclass(frozen=True)
class Account:
    """A demonstration account as it is printed at start."""

    user_name: str
    password: str
    name: str
    role: str
    title: str
    unit: str


@dataclass
class Workers:
    """Who was made; `visitors` and `grid_workers` by village path."""

    session: Session
    names: Names
    password_hash: str = ""
    accounts: list[Account] = field(default_factory=list)
    visitors: dict[str, list[Staff]] = field(default_factory=dict)
    grid_workers: dict[str, list[Staff]] = field(default_factory=dict)
    doctors: dict[str, Staff] = field(default_factory=dict)
    service: dict[str, Staff] = field(default_factory=dict)
    desks: dict[str, Staff] = field(default_factory=dict)
    by_role: dict[str, list[Staff]] = field(default_factory=dict)
    _counted: Counter[str] = field(default_factory=Counter)

    def desk_of(self, path: str) -> int:
        """The staff id of the desk of a village or township."""
        return self.desks[path].id

    def hire(self, prefix: str, posts: list[tuple[str, Unit]]) -> Staff:
        """A worker named `<prefix><n>` with these posts; the first is the one that is printed."""
        self._counted[prefix] += 1
        name, _ = self.names.worker(self.names.chance.choice("fm"))
        phone = self.names.phone()
        staff = Staff(
            user_name=f"{prefix}{self._counted[prefix]}",
            name=name,
            phone=phone,
            phone_index=blind_index("phone", phone),
            password_hash=self.password_hash,
            speaks="汉语、蒙古语" if posts[0][1].rural and self.names.chance.random() < 0.5 else "汉语",
        )
        self.session.add(staff)
        self.session.flush()
        for role, unit in posts:
            self.session.add(Post(staff_id=staff.id, role=role, unit_id=unit.id, unit_path=unit.path, from_on=BEGAN_ON))
            self.by_role.setdefault(role, []).append(staff)
            if role in ("village_desk", "township_desk"):
                self.desks[unit.path] = staff
        role, unit = posts[0]
        self.accounts.append(Account(staff.user_name, PASSWORD, name, role, title(role), unit.name))
        return staff


def build(session: Session, units: Units, names: Names) -> Workers:
    """All workers; one argon2 hash serves all of them, since they share one printed password."""
    workers = Workers(session, names, hashed(PASSWORD))
    for township in units.townships:
        _township(workers, units, township)
    for district in units.districts:
        workers.hire("district", [("district_desk", district)])
        workers.hire("districtlead", [("district_lead", district)])
        workers.hire("emergency", [("district_emergency", district)])
    _doctors(workers, units)
    _city(workers, units)
    _departments(workers, units)
    session.flush()
    return workers


def _township(workers: Workers, units: Units, township: Unit) -> None:
    """The desk, its lead, two visitors for all three villages, then the villages' own people."""
    villages = [village for village in units.villages if village.township is township]
    workers.hire("township", [("township_desk", township)])
    workers.hire("lead", [("township_lead", township)])
    posts = [("visitor", village.unit) for village in villages]
    visitors = [workers.hire("visitor", posts) for _ in range(2)]
    for village in villages:
        _village(workers, village, visitors)


def _village(workers: Workers, village: Village, visitors: list[Staff]) -> None:
    path = village.unit.path
    workers.hire("village", [("village_desk", village.unit)])
    shares = [village.grids] if village.unit.rural else [village.grids[:2], village.grids[2:]]
    made = [
        workers.hire("grid", [*(("grid_worker", grid) for grid in share), ("visitor", village.unit)])
        for share in shares
    ]
    workers.grid_workers[path] = made
    workers.visitors[path] = [*visitors, *made]


def _doctors(workers: Workers, units: Units) -> None:
    for district in units.districts:
        townships = [unit for unit in units.townships if unit.parent_id == district.id]
        doctor = workers.hire("doctor", [("family_doctor", township) for township in townships])
        for township in townships:
            workers.doctors[township.path] = doctor


def _city(workers: Workers, units: Units) -> None:
    city = units.city
    for prefix, role in (
        ("city", "city_desk"),
        ("manager", "city_manager"),
        ("hotline", "hotline"),
        ("hotlinelead", "hotline_lead"),
        ("monitor", "monitor_desk"),
        ("monitor", "monitor_desk"),
        ("monitorlead", "monitor_lead"),
        ("surveyor", "surveyor"),
        ("designer", "designer"),
        ("admin", "admin"),
        ("auditor", "auditor"),
    ):
        workers.hire(prefix, [(role, city)])
    for district in units.districts[:1]:
        workers.hire("assessor", [("assessor", each) for each in units.districts])
        workers.hire("provider", [("provider", district)])
    first = units.villages[0].unit
    helper = workers.hire("volunteer", [("volunteer", first), ("service_person", first)])
    workers.service[first.path] = helper


def _departments(workers: Workers, units: Units) -> None:
    """Two liaison officers hold the departments' posts between them, branches included."""
    codes = list(DEPARTMENTS)
    posts = [(f"dept:{code}", units.departments[code]) for code in codes]
    branches = [(f"dept:{unit.code}", unit) for unit in units.branches]
    workers.hire("dept", [*posts[: len(codes) // 2], *branches])
    workers.hire("dept", posts[len(codes) // 2 :])
