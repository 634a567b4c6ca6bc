"""Who gets a late task: the level above, inside the elder's unit, never somebody who holds it or may not do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care import access, organisation, people
from care.ladder import ladder_of, ladder_tells
from care.roles import CARD
from care.roles_of import role_of
from engine import clock, db, outgoing, tasks
from engine.operations import Assignment, Subject, Undone
from tests.builders import DUTY_DAY, a_city, a_department, a_second_township, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


def undone(elder, holder, also=None, avoid=()):
    return Undone(db.new_id(), holder, also, Subject(elder.id, elder.unit_path, ""), frozenset(avoid))


def levels(session, elder, role, avoid=()):
    """Roles and people who get a task of `role`, one after another."""
    subject = Subject(elder.id, elder.unit_path, "")
    asked = undone(elder, role_of(session, role, subject, {}), None, avoid)
    found = []
    while (level := ladder_of(session, asked)) is not None:
        found.append((level.role, level.person_id))
        asked = undone(elder, asked.holder, level, avoid)
    return found


def away(session, staff):
    people.away(session, staff.id, clock.now() - timedelta(hours=1), clock.now() + timedelta(days=3))


def test_a_visit_goes_from_a_to_b_village_township_district_and_city(session):
    city = a_city(session)
    elder = an_elder(session, city)

    assert levels(session, elder, "visitor") == [
        ("visitor_b", city.staff["visitor_b"].id),
        ("village_desk", None),
        ("township_desk", None),
        ("district_desk", None),
        ("city_desk", None),
    ]


def test_each_level_is_inside_the_elders_unit(session):
    city = a_city(session)
    other = a_second_township(session, city)
    elder = an_elder(session, other)

    level = ladder_of(session, undone(elder, Assignment("village_desk", other.village.path)))

    assert level == Assignment("township_desk", other.township.path, None, "handed_up")


def test_b_who_stands_in_for_a_does_not_get_the_task_twice(session):
    city = a_city(session)
    elder = an_elder(session, city)
    away(session, city.staff["visitor"])

    assert levels(session, elder, "visitor")[0] == ("village_desk", None)


def test_whoever_may_not_do_it_does_not_get_it(session):
    city = a_city(session)
    elder = an_elder(session, city)

    found = levels(session, elder, "visitor", avoid=[city.staff["visitor_b"].id, city.staff["township_desk"].id])

    assert [role for role, _ in found] == ["village_desk", "district_desk", "city_desk"]


def test_a_level_that_is_the_same_person_or_empty_is_passed_over(session):
    city = a_city(session)
    elder = an_elder(session, city)
    away(session, city.staff["township_desk"])
    people.give_post(session, city.staff["village_desk"], "township_desk", city.township, DUTY_DAY)

    assert levels(session, elder, "village_desk")[0] == ("district_desk", None)


@pytest.mark.parametrize(
    ("role", "above"),
    [
        ("grid_worker", "village_desk"),
        ("monitor_desk", "monitor_lead"),
        ("hotline", "hotline_lead"),
        ("district_emergency", "district_desk"),
        ("city_desk", "city_manager"),
    ],
)
def test_other_roles_join_the_ladder(session, role, above):
    city = a_city(session)

    assert levels(session, an_elder(session, city), role)[0][0] == above


def test_a_department_hands_up_to_the_township(session):
    city = a_city(session)
    unit, _ = a_department(session, city, "justice")
    elder = an_elder(session, city)

    assert ladder_of(session, undone(elder, Assignment("dept:justice", unit.path))).role == "township_desk"


def test_a_role_that_care_does_not_know_hands_up_to_the_city_desk(session):
    city = a_city(session)

    assert ladder_of(session, undone(an_elder(session, city), Assignment("desk", "/"))).role == "city_desk"


def test_without_a_city_nobody_is_named(session):
    assert ladder_of(session, Undone(db.new_id(), Assignment("desk", "/"), None, Subject(None, "/", ""))) is None


def test_notices_hold_keys_and_codes_only_and_go_once(session):
    city = a_city(session)
    elder = an_elder(session, city, name="田桂芝")
    asked = undone(elder, Assignment("visitor", elder.unit_path, city.staff["visitor"].id))

    for _ in range(2):
        ladder_tells(session, "reminded_half", asked, asked.holder)
        ladder_tells(session, "late", asked, Assignment("village_desk", city.village.path))

    payloads = session.connection().scalars(select(outgoing.outgoing.c.payload).order_by(outgoing.outgoing.c.key)).all()
    assert payloads == [
        {
            "template": "late",
            "task": str(asked.task_id),
            "role": "village_desk",
            "unit_path": city.village.path,
        },
        {"template": "reminded_half", "task": str(asked.task_id), "person": city.staff["visitor"].id},
    ]


def test_whom_a_task_came_up_to_may_do_it_and_open_the_card_of_its_elder(session):
    city = a_city(session)
    elder = an_elder(session, city)
    desk = city.person(session, "city_desk")
    task_id = tasks.plain(
        session, name="探访", role="visitor", unit_path=elder.unit_path, subject_id=elder.id, assignee_id=1
    )
    assert access.parts(session, desk, elder) == frozenset()

    root = organisation.city(session).path
    session.execute(tasks.task.update().values(also_role="city_desk", also_unit_path=root))

    task = tasks.get(session, task_id)
    assert access.may(session, desk, "complete", task)
    assert not access.may(session, city.person(session, "district_desk"), "complete", task)
    assert access.parts(session, desk, elder) == CARD
