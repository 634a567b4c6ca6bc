"""P34 elder_exit, walked along each way out. Source: processes P34, 4.9; rulings 10 no. 10."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import (
    absences,
    cases,
    consents,
    contacts,
    devices,
    elders,
    exits,
    meters,
    notices,
    planner,
    visitors,
    visits,
)
from care.elders import Elder, Household
from care.meters import Meter
from engine import clock, db, instances, jobs, outgoing
from engine.outgoing import outgoing as sent_rows
from tests import builders
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    town.start("elder_exit")
    return town


def elder(town: Town, elder_id: int | None = None) -> Elder:
    with db.reading() as session:
        return elders.get(session, elder_id or town.elder.id)


def confirms(town: Town, reason: str, **more: Any) -> None:
    town.does("confirm_exit", reason=reason, ground="派出所证明", **more)


def a_spouse(town: Town) -> int:
    with jobs.transaction() as session:
        other = builders.an_elder(session, town.city, visited=False)
        home = Household(unit_path=other.unit_path)
        session.add(home)
        session.flush()
        elders.get(session, town.elder.id).household_id = other.household_id = home.id
        return other.id


def test_a_death_stops_notices_at_the_confirmation_and_the_rest_at_the_approval(town: Town):
    spouse = a_spouse(town)
    town.message("person.death", str(town.elder.id))
    assert elder(town).status == "in_register"
    confirms(town, "death")
    with db.reading() as session:
        assert contacts.notifiable(session, town.elder.id) == []
        assert devices.of_elder(session, town.elder.id) != []
    town.does("approve", answer="yes")

    assert elder(town).status == "exited"
    with db.reading() as session:
        assert devices.of_elder(session, town.elder.id) == []
        assert visitors.visitor(session, town.elder.id) is None
    assert {"elder.exited", "major_change.reported", "facts.changed"} <= set(town.messages())
    assert town.open()["confirm_change"].subject_id == spouse
    assert elder(town, spouse).status == "in_register"


@pytest.mark.parametrize("reason", ["moved_out", "missing", "own_wish", "out_of_scope"])
def test_other_ways_out_leave_nobody_behind(asked: Town, reason: str):
    a_spouse(asked)
    confirms(asked, reason)
    asked.does("approve", answer="yes")

    assert elder(asked).status == "exited"
    assert "major_change.reported" not in asked.messages()
    assert asked.live() == ["device_health"]  # the pendant is fetched
    with db.reading() as session:
        assert contacts.notifiable(session, asked.elder.id) == []
        assert not any(each.given for each in consents.of_elder(session, asked.elder.id).values())


OPEN = {
    "consent": "explain_and_sign",
    "assign_visitor": "propose",
    "contact_determination": "list_supporters",
    "elder_registration": "collect_basic",
}


@pytest.mark.parametrize("reason", ["death", "institution"])
def test_open_work_about_the_elder_ends_with_the_approval(asked: Town, reason: str):
    """P01, P04, P05 and P06, also those that began on older diagrams; needs and hazards end by the message."""
    for process_id in OPEN:
        asked.start(process_id)
    asked.message("need.raised", f"{asked.elder.id}:meals", category="meals")
    asked.message("hazard.found", f"{asked.elder.id}:floor", item="floor", level="general")
    asked.message("aid.proposed", f"{asked.elder.id}:old_age", kind="old_age")
    asked.message("errand.asked", f"{asked.elder.id}:payment", kind="payment")
    for message in ("assessment.requested", "major_change.reported", "facts.changed"):  # P03, P10, P33
        asked.message(message, str(asked.elder.id))
    assert set(OPEN.values()) <= asked.elements()
    confirms(asked, reason)
    assert set(OPEN.values()) <= asked.elements()  # nothing ends before the township approves
    asked.does("approve", answer="yes")

    left = {"device_health"} | ({"elder_exit"} if reason == "institution" else set())
    assert set(asked.live()) == left
    assert asked.elements() == {"collect_device"}


@pytest.mark.parametrize("reason", ["death", "institution"])
def test_what_was_ordered_and_told_about_the_elder_ends_with_the_approval(asked: Town, reason: str):
    """An ordered visit, the question whether the elder is back, a meter, what the village was told, notes to desks."""
    asked.message("visit.ordered", str(asked.elder.id), kind="targeted")
    with jobs.transaction() as session:
        gone = elders.get(session, asked.elder.id)
        meter = Meter(elder_id=gone.id, unit_path=gone.unit_path, number="m1", kind="water")
        session.add(meter)
        session.flush()
        meters.report(session, meter, "water_leak", {"used": 3.0, "hours": 24})
        notices.elder_desk(session, gone, "village_desk", "print_card", "card:1")
    jobs.drain()
    with jobs.transaction() as session:
        gone = elders.get(session, asked.elder.id)
        absences.register(session, gone, "family", clock.now() + timedelta(hours=6))
    asked.start("temporary_absence")
    asked.start("village_note", title="上报事项")
    began = {"accept_or_swap", "confirm_back", "handle_note", "print_card", "phone_verify"}
    assert began <= asked.elements()
    confirms(asked, reason)
    asked.does("approve", answer="yes")
    asked.waits(days=2)

    assert asked.elements() == {"collect_device"}
    assert "emergency_offline" not in asked.live()  # nobody looks for somebody who has left


def test_nobody_asks_any_more_why_a_visit_was_missed_or_reviews_a_hospital_stay(town: Town):
    planner.plan(date(2026, 8, 3), 1)
    town.waits(days=7)
    with jobs.transaction() as session:
        gone = elders.get(session, town.elder.id)
        case = cases.open_case(session, elder_id=gone.id, unit_path=gone.unit_path, kind="fall", kinds=[],
                               channel="visit", danger=False, level="general").case  # fmt: skip
        notices.desk(session, case, "village_desk", "review_again")
    assert {"why_missed", "review_again"} <= town.elements()
    town.start("elder_exit")
    confirms(town, "death")
    town.does("approve", answer="yes")

    assert town.elements() == {"collect_device"}
    with db.reading() as session:
        assert visits.obligations_of(session, town.elder.id)[0].state == "missed"


def test_an_emergency_goes_on_until_people_close_it(asked: Town):
    asked.device_sends("sos")
    confirms(asked, "death")
    asked.does("approve", answer="yes")

    assert "call_elder" in asked.elements()


def test_a_text_that_waits_while_the_elder_dies_goes_to_nobody_and_is_no_incident(asked: Town):
    with jobs.transaction() as session:
        gone = elders.get(session, asked.elder.id)
        notices.ask_contact(session, contacts.ordered(session, gone.id)[0], "agree:1")
        notices.advice(session, gone, "heat", "advice:1")
        exits.keep(session, gone, {"reason": "death"})
    jobs.drain()

    with db.reading() as session:
        rows = session.connection().execute(select(sent_rows.c.state, sent_rows.c.error)).all()
    assert len(rows) == 3 and {row.state for row in rows} == {outgoing.GIVEN_UP}
    assert {row.error for row in rows} == {"the notices about this elder have stopped"}
    assert asked.incidents() == []


def test_who_moves_inside_the_city_keeps_what_is_open(asked: Town):
    asked.message("need.raised", f"{asked.elder.id}:meals", category="meals")
    with jobs.transaction() as session:
        builders.a_second_township(session, asked.city).village.name = "新居社区"
    confirms(asked, "moved_within", new_unit="新居社区", new_address="新居社区1号")
    asked.does("approve", answer="yes")

    assert "check_need" in asked.elements()
    with db.reading() as session:
        assert consents.allows(session, asked.elder.id, "visits_and_file")


def test_after_a_move_the_new_place_has_what_is_open_and_the_old_one_nothing(asked: Town):
    """The village there acts until a visitor is named within three days, and hands over to that one."""
    asked.message("need.raised", f"{asked.elder.id}:meals", category="meals")
    asked.message("visit.ordered", str(asked.elder.id), kind="targeted")
    asked.waits(hours=60)  # the check of the need is late: the township has it as well
    with jobs.transaction() as session:
        there = builders.a_second_township(session, asked.city)
        there.village.name = "新居社区"
        a, b = there.staff["visitor"], there.staff["visitor_b"]
        village, district = there.village.path, there.district.path
    confirms(asked, "moved_within", new_unit="新居社区", new_address="新居社区1号")
    moved_at = clock.now()
    asked.does("approve", answer="yes")

    opened = asked.open()
    assert {row.unit_path.startswith(district) for row in opened.values()} == {True}
    assert {row.also_unit_path.startswith(district) for row in opened.values() if row.also_unit_path} <= {True}
    acting = opened["accept_or_swap"]
    assert (acting.role, acting.unit_path, acting.assignee_id) == ("village_desk", village, None)
    with db.reading() as session:
        running = instances.find(session, subject_id=asked.elder.id)
    assert {each.unit_path for each in running} == {village}
    assert opened["propose"].due_at == moved_at + timedelta(days=3)

    asked.does("propose", **say.proposal(a.user_name, b.user_name, from_on=f"{clock.today()}"))
    asked.does("accept", answer="accept", read=True)
    asked.does("confirm", answer="yes")

    assert asked.open()["accept_or_swap"].assignee_id == a.id


def test_what_is_not_so_changes_nothing(town: Town):
    town.message("person.moved", str(town.elder.id))
    confirms(town, "not_so")

    assert elder(town).status == "in_register"
    assert town.live() == []


def test_the_township_sends_it_back(asked: Town):
    confirms(asked, "own_wish")
    asked.does("approve", answer="return", note="再问问老人")

    assert asked.elements() == {"confirm_exit"}


def test_a_move_inside_the_city_takes_file_and_history_along(asked: Town):
    with jobs.transaction() as session:
        there = builders.a_second_township(session, asked.city)
        there.village.name = "新居社区"
        path = there.village.path
    confirms(asked, "moved_within", new_unit="没有的社区", new_address="新居社区1号")
    assert "没有这个" in asked.open()["confirm_exit"].name
    confirms(asked, "moved_within", new_unit="新居社区", new_address="新居社区1号")
    asked.does("approve", answer="yes")

    assert (elder(asked).unit_path, elder(asked).status) == (path, "in_register")
    with db.reading() as session:
        assert {each.unit_path for each in contacts.ordered(session, asked.elder.id)} == {path}
    assert asked.open()["propose"].unit_path == path
    assert "elder.exited" not in asked.messages()


def test_an_institution_suspends_and_is_asked_every_half_year(asked: Town):
    confirms(asked, "institution")
    asked.does("approve", answer="yes")
    assert elder(asked).status == "suspended"
    assert "elder.suspended" in asked.messages()

    asked.waits(days=185)
    asked.does("ask_back", where="institution")
    assert "ask_back" not in asked.elements()
    asked.waits(days=185)
    asked.does("ask_back", where="home")

    assert elder(asked).status == "in_register"
    assert {"elder.resumed", "facts.changed"} <= set(asked.messages())


def test_from_the_institution_an_elder_may_leave_for_good(asked: Town):
    confirms(asked, "institution")
    asked.does("approve", answer="yes")
    asked.waits(days=185)
    asked.does("ask_back", where="left")

    assert asked.elements() - {"collect_device"} == {"confirm_exit"}


def test_three_working_days_each_and_then_the_ladder(asked: Town):
    due = asked.open()["confirm_exit"].due_at
    assert due is not None and clock.local(due).date().isoformat() == "2026-08-06"

    asked.waits(days=4)

    assert "confirm_exit" in asked.elements() and asked.sent("late")
