"""Who else serves in the demonstration district: kinds and teams of the workers, providers, the survey before it began.

Telephones are the invented short numbers of the units; nothing here is drawn by chance.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import providers
from care.campaigns import Campaign, Target
from care.demo.units import Units, Village
from care.people import Post, Staff
from engine import clock

_KINDS = {
    "visitor": ("community", "visiting"),
    "grid_worker": ("community", "visiting"),
    "village_desk": ("community", "visiting"),
    "family_doctor": ("care_worker", "care"),
    "assessor": ("care_worker", "care"),
    "provider": ("care_worker", "care"),
    "service_person": ("neighbour", "volunteers"),
    "volunteer": ("volunteer", "volunteers"),
}
_OF_TOWNSHIPS = (
    ("enterprise", "家政服务部", ["cleaning", "life_care", "shopping"]),
    ("volunteers", "银龄志愿服务队", ["shopping", "mobility", "youth_company", "other"]),
)


def build(session: Session, units: Units) -> None:
    """Kinds of the workers by their first post; providers on all three levels; last month's survey, done."""
    for staff, role in session.execute(
        select(Staff, Post.role).join(Post, Post.staff_id == Staff.id).order_by(Post.id)
    ):
        if not staff.kind and role in _KINDS:
            staff.kind, staff.team = _KINDS[role]
    _providers(session, units)
    _survey(session, units)
    session.flush()


def _providers(session: Session, units: Units) -> None:
    for district in units.districts:
        name = f"{district.name}养老服务示范中心"
        services = ["life_care", "rehabilitation", "bathing", "home_care_bed"]
        providers.add(session, district, "demo_centre", name, services, phone=district.duty_phone, hours="8:00至18:00")
    for township in units.townships:
        for kind, name, services in _OF_TOWNSHIPS:
            providers.add(session, township, kind, f"{township.name}{name}", services, phone=township.duty_phone)
    for village in units.villages:
        _of_village(session, village)


def _of_village(session: Session, village: Village) -> None:
    unit = village.unit
    facts = {"phone": unit.duty_phone, "hours": "9:00至17:00"}
    services = ["meals", "cleaning", "mobility"]
    providers.add(session, unit, "service_point", f"{unit.name}养老服务站", services, **facts)
    if unit.rural:
        providers.add(session, unit, "neighbours", f"{unit.name}邻里互助组", ["life_care", "shopping", "other"])
    else:
        providers.add(session, unit, "property", f"{unit.name}物业服务站", ["property", "home_adaptation"], **facts)


def _survey(session: Session, units: Units) -> None:
    """A full survey of each district that ended before today."""
    begins = clock.today() - timedelta(days=45)
    until = begins + timedelta(days=30)
    moment = clock.now() - timedelta(days=15)
    for district in units.districts:
        row = Campaign(
            kind="full", name=f"{district.name}拉网式摸底排查", unit_path=district.path, from_on=begins, until_on=until,
            opened_at=moment - timedelta(days=30),
        )  # fmt: skip
        session.add(row)
        session.flush()
        villages = [each for each in units.villages if each.district.id == district.id]
        for number, village in enumerate(villages):
            households = 420 - 30 * number
            session.add(
                Target(
                    campaign_id=row.id, unit_path=village.unit.path, households_due=households, elders_due=60,
                    households_done=households - 3 * number, elders_done=60 - number, nothing_new=number % 3 == 0,
                    state="done", asked_at=moment - timedelta(days=30), reported_at=moment, closed_at=moment,
                )
            )  # fmt: skip
