"""P06 contact_determination, walked along each way out. Source: processes P06; policy 3.6; R-FAM-01, R-FAM-06."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import contacts, elders, renewals
from care.contacts import Supporter
from engine import clock, db, jobs
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    """A check of the contacts is under way; daughter and son are on file."""
    town.start("contact_determination")
    return town


def order(town: Town) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(each.name, each.relation) for each in contacts.ordered(session, town.elder.id)]


def supporters(town: Town) -> dict[str, Supporter]:
    with db.reading() as session:
        return {each.name: each for each in contacts.supporters_of(session, town.elder.id)}


def agrees(town: Town, yes: bool = True) -> None:
    town.does("contact_consents", way="phone", agrees=yes)


def test_the_nearest_child_who_answers_is_first_and_agrees(asked: Town):
    near, far = say.supporter("儿子", distance="area"), say.supporter("女儿", distance="far", phone="13700002222")
    asked.does("list_supporters", **say.listed(far, near))
    assert asked.open()["call_check"].assignee_id == asked.staff["visitor"]

    asked.does("call_check", **say.calls(儿子=True, 女儿=True))
    assert asked.sent("contact_agree")
    agrees(asked)

    assert order(asked) == [("儿子", "child"), ("女儿", "child")]
    assert supporters(asked)["女儿"].duties == {"money": "yes"}
    assert asked.live() == []


def test_the_written_wish_of_the_elder_goes_before_distance(asked: Town):
    near, far = say.supporter("儿子", distance="area"), say.supporter("女儿", distance="far", phone="13700002222")
    asked.does("list_supporters", **say.listed(near, far, wish="女儿", wish_reason="儿子上夜班"))
    asked.does("call_check", **say.calls(儿子=True, 女儿=True))

    assert order(asked)[0] == ("女儿", "child")
    assert supporters(asked)["女儿"].wish_reason == "儿子上夜班"


def test_nobody_at_all_and_the_village_takes_it(asked: Town):
    asked.does("list_supporters", **say.listed())
    assert "call_check" not in asked.elements()

    asked.does("name_duty_contact", phone="04721234567", cadre="王主任")

    assert order(asked) == [("王主任", "community")]
    assert asked.live() == []


def test_a_child_who_cannot_be_reached_is_looked_into_and_the_village_stands_in(asked: Town):
    asked.does("list_supporters", **say.listed(say.supporter("儿子")))
    asked.does("call_check", **say.calls(儿子=False))

    assert "duty.suspected" in asked.messages()
    asked.does("name_duty_contact", phone="04721234567", cadre="王主任")
    assert order(asked) == [("王主任", "community")]
    assert asked.live() == ["supporter_duty"]


def test_a_spouse_needs_a_second_contact_outside_the_home(asked: Town):
    asked.does("list_supporters", **say.listed(say.supporter("老伴", "spouse", distance="home")))
    asked.does("call_check", **say.calls(老伴=True))

    asked.does("add_second", name="老李", relation="neighbour", phone="13600003333", outside_home=True)
    agrees(asked)

    assert order(asked) == [("老伴", "spouse"), ("老李", "neighbour")]


def test_who_declines_gives_way_to_the_next_and_then_to_the_village(asked: Town):
    first, second = say.supporter("女儿"), say.supporter("儿子", phone="13700002222", distance="far")
    asked.does("list_supporters", **say.listed(first, second))
    asked.does("call_check", **say.calls(女儿=True, 儿子=True))

    agrees(asked, False)
    assert order(asked)[0] == ("儿子", "child")
    agrees(asked, False)
    asked.does("name_duty_contact", phone="04721234567", cadre="王主任")

    assert order(asked) == [("王主任", "community")]
    with db.reading() as session:
        first_now = contacts.first(session, asked.elder.id)
        assert first_now is not None and first_now.relation == "community"
    assert asked.live() == []


def test_an_alleged_abuser_is_neither_called_nor_chosen_nor_told(asked: Town):
    with jobs.transaction() as session:
        for each in contacts.supporters_of(session, asked.elder.id):
            each.alleged_abuser = each.name == "儿子"

    asked.does("list_supporters", **say.listed(say.supporter("女儿")))
    asked.does("call_check", **say.calls(女儿=True))
    agrees(asked)

    assert ("儿子", "child") not in order(asked)
    assert supporters(asked)["儿子"].alleged_abuser
    assert {each["to"] for each in asked.sent("contact_agree")} == {"13700001111"}


def test_a_contact_out_of_reach_starts_the_check_once(town: Town):
    town.message("contact.unreachable", str(town.elder.id))
    town.message("contact.unreachable", str(town.elder.id))

    assert town.live() == ["contact_determination"]


def test_the_check_has_five_working_days_and_then_climbs(asked: Town):
    due = asked.open()["list_supporters"].due_at
    assert due is not None and clock.local(due).date().isoformat() == "2026-08-10"

    asked.waits(days=8)

    assert "list_supporters" in asked.elements()
    assert asked.sent("late")


def test_after_six_months_the_night_begins_a_check_and_a_fresh_one_keeps_it_quiet(town: Town):
    day = clock.today() + timedelta(days=200)
    assert renewals.begin_due(day)["contact_determination"] == 1
    town.does("list_supporters", **say.listed())
    town.does("name_duty_contact", phone="04721234567", cadre="王主任")

    assert renewals.begin_due(clock.today() + timedelta(days=170))["contact_determination"] == 0


def test_a_child_known_only_as_a_contact_is_on_the_list_and_gone_once_taken_off(town: Town):
    with db.writing() as session:
        elder = elders.get(session, town.elder.id)
        daughter = contacts.new_contact(elder, 1, "女儿", "child", "13700002222")
        neighbour = contacts.new_contact(elder, 2, "老李", "neighbour", "13700003333")
        contacts.set_order(session, elder, [daughter, neighbour])
    town.start("contact_determination")
    assert "女儿" in supporters(town)

    town.does("list_supporters", **say.listed(say.supporter("儿子")))
    town.does("call_check", **say.calls(儿子=True))
    agrees(town)

    assert order(town) == [("儿子", "child"), ("老李", "neighbour")]
    with db.reading() as session:
        assert [each["id"] for each in contacts.decision_input(session, town.elder.id)["children"]] == [
            supporters(town)["儿子"].id
        ]
