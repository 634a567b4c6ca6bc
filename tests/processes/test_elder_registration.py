"""P01 elder_registration, walked along each way out. Source: processes P01; R-ORG-06."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import elders, people, registrations, renewals
from care.elders import Elder
from engine import clock, db, instances, jobs
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    """The village begins a file; nobody is known yet."""
    town.start("elder_registration", elder_id=None, unit_path=town.city.grid.path)
    return town


def newest() -> Elder:
    with db.reading() as session:
        return session.scalars(select(Elder).order_by(Elder.id.desc())).first()


def names(town: Town) -> list[str]:
    with db.reading() as session:
        found = people.names(session, (town.staff["visitor"], town.staff["visitor_b"]))
    return [found[town.staff["visitor"]], found[town.staff["visitor_b"]]]


def up_to_confirmation(town: Town, **facts: Any) -> None:
    town.does("collect_willingness", willing="yes", wishes=["visits"])
    town.does("explain_and_sign", **say.consents())
    town.does("home_assessment", **say.assessed(**facts))
    town.does("care_plan", **say.plan())
    town.does("approve_plan", answer="yes")
    town.does("list_supporters", **say.listed())
    town.does("name_duty_contact", phone="04721234567", cadre="王主任")
    town.does("propose", **say.proposal(*names(town)))
    town.does("accept", answer="accept", read=True)
    town.does("confirm", answer="yes")


def test_from_the_door_to_the_register_and_the_first_visit_is_planned(asked: Town):
    assert asked.open()["collect_basic"].role == "grid_worker"
    asked.does("collect_basic", **say.basic())
    made = newest()
    assert (made.name, made.status, made.tier) == ("赵新登", "pending", "none")
    up_to_confirmation(asked)
    assert asked.open()["township_confirm"].subject_id == made.id
    asked.waits(days=1)
    asked.does("township_confirm", answer="yes")

    made = newest()
    assert (made.status, made.tier, made.registered_on) == ("in_register", "key", clock.today())
    assert "elder.registered" in asked.messages()
    assert "visit_cycle" in asked.live() and "elder_registration" not in asked.live()


def test_the_instance_is_the_elders_from_the_moment_the_elder_is_known(asked: Town):
    asked.does("collect_basic", **say.basic())

    with db.reading() as session:
        row = instances.find(session, process_ids=["elder_registration"])[0]
    assert row.subject_id == newest().id
    assert asked.open()["collect_willingness"].subject_id == newest().id


def test_the_file_says_that_two_go(asked: Town):
    asked.does("collect_basic", **say.basic(two_visitors=True))
    assert newest().two_visitors


def test_whoever_is_on_file_by_id_number_is_not_entered_twice(asked: Town):
    with jobs.transaction() as session:
        elders.set_id_number(elders.get(session, asked.elder.id), "11010519491231002X")

    asked.does("collect_basic", **say.basic())

    assert newest().id == asked.elder.id
    assert asked.live() == []


def test_without_an_id_number_name_birth_and_grid_tell(asked: Town):
    same = say.basic(name=asked.elder.name, born_on=asked.elder.born_on.isoformat(), id_number=None)
    asked.does("collect_basic", **same)

    assert newest().id == asked.elder.id
    assert asked.live() == []


def test_an_old_file_is_taken_up_again_after_an_exit(asked: Town):
    with jobs.transaction() as session:
        old = elders.get(session, asked.elder.id)
        elders.set_id_number(old, "11010519491231002X")
        old.status = "exited"

    asked.does("collect_basic", **say.basic())

    assert (newest().id, newest().status) == (asked.elder.id, "pending")
    assert "collect_willingness" in asked.elements()


@pytest.mark.parametrize(
    ("wrong", "problem"), [({"id_number": "110105194912310021"}, "校验"), ({"grid": "第九网格"}, "网格")]
)
def test_what_cannot_be_right_comes_back_with_the_reason(asked: Town, wrong: dict[str, str], problem: str):
    asked.does("collect_basic", **say.basic(**wrong))

    assert problem in asked.open()["collect_basic"].name
    assert newest().id == asked.elder.id


@pytest.mark.parametrize("said", ["no", "wait"])
def test_who_is_not_willing_is_looked_after_from_outside_and_asked_again(asked: Town, said: str):
    asked.does("collect_basic", **say.basic())
    asked.does("collect_willingness", willing=said, reason="不想麻烦人")
    assert asked.live() == []

    renewals.begin_due()
    assert asked.open()["look_from_outside"].role == "village_desk"
    renewals.begin_due(clock.today() + timedelta(days=89))
    assert "collect_basic" not in asked.elements()
    renewals.begin_due(clock.today() + timedelta(days=90))

    assert asked.open()["collect_basic"].subject_id == newest().id


def test_without_a_tier_the_file_stays_and_nothing_is_owed(asked: Town):
    asked.does("collect_basic", **say.basic())
    asked.does("collect_willingness", willing="yes")
    asked.does("explain_and_sign", **say.consents())
    asked.does("home_assessment", **say.assessed(living_alone="no", has_children="yes", children_same_area="yes"))

    assert (newest().status, newest().tier) == ("in_register", "none")
    assert "elder_registration" not in asked.live()
    assert "elder.registered" not in asked.messages()


def test_the_township_returns_it_and_it_begins_again_with_the_file(asked: Town):
    asked.does("collect_basic", **say.basic())
    up_to_confirmation(asked)
    asked.does("township_confirm", answer="return", note="住址不对")

    assert "退回" in asked.open()["collect_basic"].name
    asked.does("collect_basic", **say.basic(address="第一网格10号楼"))
    assert newest().address == "第一网格10号楼"
    with db.reading() as session:
        assert len(session.scalars(select(Elder.id)).all()) == 2


@pytest.mark.parametrize("message", ["survey.row", "person.hinted"])
def test_a_row_of_the_survey_and_a_hint_begin_it(town: Town, message: str):
    town.message(message, "hash-1", elder_id=None, unit_path=town.city.village.path)
    town.message(message, "hash-1", elder_id=None, unit_path=town.city.village.path)

    assert town.live() == ["elder_registration"]
    assert town.open()["collect_basic"].role == "village_desk"


def test_a_couple_shares_a_household(asked: Town):
    asked.does("collect_basic", **say.basic(household_of=asked.elder.number))

    with db.reading() as session:
        assert newest().household_id is not None
        assert elders.get(session, asked.elder.id).household_id == newest().household_id


def test_fifteen_working_days_in_all_and_three_for_the_township(asked: Town):
    due = asked.open()["collect_basic"].due_at
    assert due is not None and clock.local(due).date().isoformat() == "2026-08-24"
    asked.does("collect_basic", **say.basic())
    up_to_confirmation(asked)
    checked = asked.open()["township_confirm"].due_at
    assert checked is not None and clock.local(checked).date().isoformat() == "2026-08-06"

    asked.waits(days=4)

    assert asked.sent("late") and "township_confirm" in asked.elements()


def test_the_last_sign_of_an_id_number_is_checked():
    assert registrations.is_id_number("11010519491231002X")
    assert not registrations.is_id_number("110105194912310021")
