"""Who holds a role for an elder: always somebody, inside the elder's unit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import people, roles_of, visitors
from care.errors import UnknownRole
from care.roles_of import role_of, subject_of
from engine import clock
from engine.operations import Subject
from tests.builders import a_city, a_department, a_grid_worker, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


def who(session, role, elder=None, data=None):
    return role_of(session, role, subject_of(session, data or ({"elder_id": elder.id} if elder else {})), data or {})


def away(session, staff, **facts):
    people.away(session, staff.id, clock.now() - timedelta(hours=1), clock.now() + timedelta(days=3), **facts)


def test_the_visitor_of_an_elder_is_visitor_a_in_person(session):
    city = a_city(session)
    elder = an_elder(session, city)

    found = who(session, "visitor", elder)

    assert (found.person_id, found.why) == (city.staff["visitor"].id, "your_elder")


def test_b_stands_in_for_an_absent_a(session):
    city = a_city(session)
    elder = an_elder(session, city)
    away(session, city.staff["visitor"])

    found = who(session, "visitor", elder)

    assert (found.person_id, found.why) == (city.staff["visitor_b"].id, "stands_in_for_a")


def test_a_named_stand_in_comes_when_a_and_b_are_both_away(session):
    city = a_city(session)
    elder = an_elder(session, city)
    away(session, city.staff["visitor"], stand_in_id=city.staff["grid_worker"].id)
    away(session, city.staff["visitor_b"])

    assert who(session, "visitor", elder).person_id == city.staff["grid_worker"].id


def test_the_village_desk_acts_for_an_elder_without_a_visitor(session):
    city = a_city(session)
    elder = an_elder(session, city, visited=False)

    found = who(session, "visitor", elder)

    assert (found.role, found.unit_path, found.person_id) == ("village_desk", city.village.path, None)
    assert found.why == "acting_visitor"


def test_the_grid_worker_is_a_person_and_gives_way_to_a_stand_in_then_to_the_village(session):
    city = a_city(session)
    elder = an_elder(session, city)
    assert who(session, "grid_worker", elder).person_id == city.staff["grid_worker"].id

    neighbour = city.staff["visitor_b"]
    away(session, city.staff["grid_worker"], stand_in_id=neighbour.id)
    assert (who(session, "grid_worker", elder).person_id, who(session, "grid_worker", elder).why) == (
        neighbour.id,
        "stands_in",
    )

    away(session, neighbour)
    assert who(session, "grid_worker", elder).role == "village_desk"


def test_two_grid_workers_of_one_grid_share_the_task(session):
    city = a_city(session)
    elder = an_elder(session, city)
    a_grid_worker(session, city)

    found = who(session, "grid_worker", elder)

    assert (found.role, found.unit_path, found.person_id) == ("grid_worker", city.grid.path, None)


@pytest.mark.parametrize(
    ("role", "level"),
    [
        ("village_desk", "village"),
        ("township_desk", "township"),
        ("township_lead", "township"),
        ("district_desk", "district"),
        ("district_emergency", "district"),
        ("city_desk", "city"),
        ("hotline", "city"),
        ("monitor_desk", "city"),
        ("monitor_lead", "city"),
        ("surveyor", "city"),
    ],
)
def test_a_desk_is_the_one_above_the_elder(session, role, level):
    city = a_city(session)
    elder = an_elder(session, city)

    found = who(session, role, elder)

    assert (found.role, found.unit_path, found.person_id) == (role, getattr(city, level).path, None)


def test_a_desk_without_anybody_there_gives_way_to_the_next_level(session):
    city = a_city(session)
    elder = an_elder(session, city)
    away(session, city.staff["village_desk"])

    found = who(session, "village_desk", elder)

    assert (found.role, found.unit_path, found.why) == ("township_desk", city.township.path, "nobody_holds")


def test_a_department_gets_its_task_and_the_township_where_there_is_none(session):
    city = a_city(session)
    elder = an_elder(session, city)
    unit, _ = a_department(session, city, "justice")

    assert who(session, "dept:justice", elder).unit_path == unit.path
    assert who(session, "dept:water", elder).role == "township_desk"


def test_families_and_elders_are_acted_for_by_a_desk(session):
    city = a_city(session)
    elder = an_elder(session, city)

    assert (who(session, "family", elder).role, who(session, "family", elder).why) == (
        "monitor_desk",
        "on_behalf_of_family",
    )
    assert who(session, "elder", elder).person_id == city.staff["visitor"].id


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "village_desk", "district_desk", "family"])
def test_an_unknown_elder_is_taken_by_the_monitoring_desk(session, role):
    city = a_city(session)

    found = who(session, role, data={"elder_id": None})

    assert (found.role, found.unit_path) == ("monitor_desk", city.city.path)


def test_an_unknown_elder_in_a_known_village_is_that_villages(session):
    city = a_city(session)

    assert who(session, "village_desk", data={"unit_path": city.village.path}).unit_path == city.village.path


@pytest.mark.parametrize("role", ["rescue", "handler", "dept:nobody", ""])
def test_roles_that_nobody_knows_are_refused(session, role):
    a_city(session)

    with pytest.raises(UnknownRole):
        role_of(session, role, Subject(None, "/1/", ""), {})


def test_there_is_an_answer_even_before_the_city_exists(session):
    assert who(session, "monitor_desk").role == "monitor_desk"


def test_the_family_doctor_is_the_one_under_contract(session):
    city = a_city(session)
    elder = an_elder(session, city)
    visitors.name(session, elder, "family_doctor", city.staff["family_doctor"].id, elder.registered_on)

    assert who(session, "family_doctor", elder).person_id == city.staff["family_doctor"].id


def test_a_task_about_no_elder_is_somebodys_by_the_place_alone() -> None:
    assert roles_of.why_title("your_district") == "老人住在你的旗县区"
    assert roles_of.why_title("your_district", about_elder=False) == "这件事归你的旗县区"
    assert roles_of.why_title("your_role", about_elder=False) == roles_of.why_title("your_role")
