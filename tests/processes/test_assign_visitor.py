"""P05 assign_visitor, walked along each way out. Source: processes P05; R-PRJ-12."""

from __future__ import annotations

from typing import Any

import pytest

from care import assignments, contacts, elders, people, visitors
from care.visitors import Responsibility
from engine import clock, db, jobs
from tests import builders
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def vacant(database: db.Database, monday: Any) -> Any:
    """An elder nobody is responsible for; two more visitors are in the village."""
    town = Town(visited=False)
    with jobs.transaction() as session:
        for name in ("new_a", "new_b"):
            worker = builders.a_worker(session, "visitor", session.merge(town.city.village), user_name=name, name=name)
            town.staff[name] = worker.id
    town.start("assign_visitor")
    yield town
    assert town.incidents() == []


def responsible(town: Town) -> tuple[int | None, int | None]:
    with db.reading() as session:
        return visitors.visitor(session, town.elder.id), visitors.visitor_b(session, town.elder.id)


def accepts(town: Town) -> None:
    town.does("accept", answer="accept", read=True)


def test_proposed_accepted_and_confirmed(vacant: Town):
    vacant.does("propose", **say.proposal("new_a", "new_b"))
    assert vacant.open()["accept"].assignee_id == vacant.staff["new_a"]
    accepts(vacant)
    assert responsible(vacant) == (None, None)
    assert vacant.open()["confirm"].role == "township_desk"
    vacant.does("confirm", answer="yes")

    assert responsible(vacant) == (vacant.staff["new_a"], vacant.staff["new_b"])
    assert "visitor.assigned" in vacant.messages()
    assert vacant.sent("liaison_card")
    assert vacant.live() == []


@pytest.mark.parametrize(
    ("a", "b", "problem"),
    [
        ("new_a", "new_a", "同一人"),
        ("nobody", "new_b", "A角"),
        ("new_a", "nobody", "B角"),
    ],
)
def test_a_proposal_that_breaks_a_rule_comes_back_with_its_reason(vacant: Town, a: str, b: str, problem: str):
    vacant.does("propose", **say.proposal(a, b))

    assert vacant.elements() == {"propose"}
    assert problem in vacant.open()["propose"].name


def test_a_relative_cannot_be_visitor_and_nobody_is_told_why(vacant: Town):
    with jobs.transaction() as session:
        contacts.add_supporter(session, elders.get(session, vacant.elder.id), "new_a", "child", alleged_abuser=True)

    vacant.does("propose", **say.proposal("new_a", "new_b"))

    assert vacant.open()["propose"].name == "重新提名：该人员不能任这位老人的责任人"


def test_beyond_thirty_elders_a_reason_is_needed(vacant: Town):
    with jobs.transaction() as session:
        for _ in range(30):
            other = builders.an_elder(session, vacant.city, visited=False, contacts=False, consents=())
            visitors.name(session, other, "visitor", vacant.staff["new_a"])

    vacant.does("propose", **say.proposal("new_a", "new_b"))
    assert "30位" in vacant.open()["propose"].name
    vacant.does("propose", **say.proposal("new_a", "new_b", overload_reason="同一栋楼"))

    assert vacant.elements() == {"accept"}


def test_whoever_declines_gives_way_to_another(vacant: Town):
    vacant.does("propose", **say.proposal("new_a", "new_b"))
    vacant.does("accept", answer="decline", reason="要调走了")

    assert "未接受" in vacant.open()["propose"].name
    vacant.does("propose", **say.proposal("new_b", "new_a"))
    assert vacant.open()["accept"].assignee_id == vacant.staff["new_b"]


def test_no_answer_in_two_working_days_is_a_no(vacant: Town):
    vacant.does("propose", **say.proposal("new_a", "new_b"))
    vacant.waits(days=3)

    assert "propose" in vacant.elements() and "accept" not in vacant.elements()


def test_the_township_sends_it_back(vacant: Town):
    vacant.does("propose", **say.proposal("new_a", "new_b"))
    accepts(vacant)
    vacant.does("confirm", answer="return", note="B住得太远")

    assert "退回" in vacant.open()["propose"].name
    assert responsible(vacant) == (None, None)


def test_until_then_the_village_desk_is_the_acting_visitor(vacant: Town):
    vacant.start("consent")

    task = vacant.open()["explain_and_sign"]
    assert (task.role, task.why) == ("village_desk", "acting_visitor")


def test_a_vacancy_begins_it_once_and_the_history_of_who_it_was_stays(town: Town):
    old = town.staff["visitor"]
    town.message("visitor.vacant", str(town.elder.id))
    town.message("visitor.vacant", str(town.elder.id))
    assert town.live() == ["assign_visitor"]
    with db.reading() as session:
        b_name = people.names(session, (town.staff["visitor_b"], old))

    town.does("propose", **say.proposal(b_name[town.staff["visitor_b"]], b_name[old], from_on="2026-08-20"))
    accepts(town)
    town.does("confirm", answer="yes")

    assert responsible(town) == (town.staff["visitor_b"], old)
    with db.reading() as session:
        ever = visitors.of_elder(session, town.elder.id, history=True)
        ended = [each for each in ever if isinstance(each, Responsibility) and each.until_on == clock.today()]
        assert {each.staff_id for each in ended} == {town.staff["visitor"], town.staff["visitor_b"]}


def test_without_family_the_card_is_brought(database: db.Database, monday: Any):
    town = Town(visited=False, contacts=False)
    with db.reading() as session:
        names = people.names(session, (town.staff["visitor"], town.staff["visitor_b"]))
    town.start("assign_visitor")
    town.does("propose", **say.proposal(*[names[town.staff[each]] for each in ("visitor", "visitor_b")]))
    accepts(town)
    town.does("confirm", answer="yes")

    assert town.open()["print_card"].role == "village_desk"
    assert town.incidents() == []


def test_after_five_working_days_it_climbs_to_the_township(vacant: Town):
    vacant.waits(days=12)

    assert vacant.open()["propose"].also_role == "township_desk"


def speaks(town: Town, **languages: str) -> None:
    """The elder speaks Mongolian; these workers speak this."""
    town.elder_is(language="蒙古语")
    with jobs.transaction() as session:
        for name, language in languages.items():
            people.find_staff(session, town.staff[name]).speaks = language


def test_two_who_do_not_understand_the_elder_are_sent_back(vacant: Town):
    speaks(vacant, new_b="汉语、蒙古语")
    vacant.does("propose", **say.proposal("visitor_x", "new_a"))  # unknown: sent back for that
    vacant.does("propose", **say.proposal("new_a", _other(vacant)))
    assert "都不会蒙古语" in vacant.open()["propose"].name

    vacant.does("propose", **say.proposal("new_a", "new_b"))
    assert "accept" in vacant.elements()


def test_how_the_elder_is_understood_may_be_written_instead(vacant: Town):
    speaks(vacant, new_b="汉语、蒙古语")
    vacant.does("propose", **say.proposal("new_a", _other(vacant), language_reason="女儿在场翻译"))

    assert "accept" in vacant.elements()


def test_where_nobody_speaks_it_the_elder_is_not_left_without_visitors(vacant: Town):
    speaks(vacant)
    vacant.does("propose", **say.proposal("new_a", "new_b"))

    assert "accept" in vacant.elements()  # the gap list shows it


def test_who_speaks_the_language_comes_first_and_volunteers_last(vacant: Town):
    speaks(vacant, new_b="汉语、蒙古语")
    with jobs.transaction() as session:
        people.find_staff(session, vacant.staff["visitor"]).team = "volunteers"
        people.find_staff(session, vacant.staff["new_a"]).team = "visiting"
        found = [each.staff_id for each in assignments.candidates(session, elders.get(session, vacant.elder.id))]

    assert found[0] == vacant.staff["new_b"] and found[-1] == vacant.staff["visitor"]


def _other(town: Town) -> str:
    """The user name of a visitor who speaks Chinese only."""
    with db.reading() as session:
        return people.find_staff(session, town.staff["visitor"]).user_name
