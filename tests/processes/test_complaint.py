"""P22 complaint, walked along each way out. Source: processes P22, 4.9; R-EVAL-02; K14."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from care import people
from care.complaints import Complaint
from care.organisation import Unit
from engine import db, forms, jobs, run
from tests import builders
from tests.town import Town


@pytest.fixture
def made(town: Town) -> Town:
    town.message("complaint.made", "complaint-1", channel="web")
    return town


def row(town: Town) -> Complaint:
    with db.reading() as session:
        found = session.scalars(select(Complaint)).one()
        session.expunge_all()
        return found


def registered(town: Town, **more: Any) -> None:
    said = {"channel": "web", "anonymous": False, "against": "village", "about": "late", "facts": "两周没来人"}
    town.does("register", **(said | more))


def found(town: Town, finding: str = "founded", element: str = "investigate") -> None:
    more = {"measures": "道歉并补访"} if finding in ("founded", "partly") else {}
    town.does(element, talked_with=["complainant"], findings="查看记录", finding=finding, **more)


def answered(town: Town) -> None:
    town.does("answer_complaint", answer="已补访", way="phone")


@pytest.mark.parametrize(
    ("against", "handler"),
    [
        ("worker", "township_desk"),
        ("village", "township_desk"),
        ("township", "district_desk"),
        ("district", "city_desk"),
        ("hotline", "city_desk"),
        ("city", "city_manager"),
    ],
)
def test_one_level_above_looks_into_it(made: Town, against: str, handler: str):
    registered(made, against=against)

    assert made.open()["investigate"].role == handler


def test_never_the_person_complained_about(made: Town):
    with jobs.transaction() as session:
        both = session.merge(made.city.staff["township_desk"])
        both.name = "双岗人"
    registered(made, against="village", worker="双岗人")

    assert made.open()["investigate"].role == "district_desk"


@pytest.mark.parametrize("finding", ["founded", "partly", "unfounded"])
def test_investigated_answered_and_satisfied(made: Town, finding: str):
    registered(made)
    found(made, finding)
    answered(made)
    made.does("ask_satisfied", satisfied="yes")

    said = row(made)
    assert (said.finding, said.satisfied) == (finding, True)
    assert None not in (said.registered_at, said.investigated_at, said.answered_at, said.closed_at)
    assert said.answered_at is not None and said.answered_at < said.answer_due_at
    assert made.live() == []


def test_taken_back(made: Town):
    registered(made)
    found(made, "withdrawn")

    assert made.live() == [] and row(made).finding == "withdrawn"


def test_an_anonymous_one_is_answered_and_nobody_is_asked(made: Town):
    registered(made, anonymous=True)
    found(made, "unfounded")
    made.does("answer_complaint", answer="已补访", way="public", published="经查不属实，已说明。")

    assert made.live() == [] and row(made).anonymous


def test_dissatisfied_is_reviewed_once_by_the_next_level(made: Town):
    registered(made)
    found(made, "unfounded")
    answered(made)
    made.does("ask_satisfied", satisfied="no")
    assert made.open()["review_complaint"].role == "district_desk"
    found(made, "founded", "review_complaint")

    said = row(made)
    assert (said.finding, said.satisfied, said.reviewed_at is not None) == ("founded", False, True)
    assert made.live() == []


def test_whoever_cannot_be_asked_is_not_dissatisfied(made: Town):
    registered(made)
    found(made)
    answered(made)
    made.does("ask_satisfied", satisfied="not_reached")

    assert made.live() == [] and row(made).satisfied is None


def test_fifteen_working_days_without_an_answer_reach_the_next_level(made: Town):
    registered(made)
    made.waits(days=22)

    assert made.sent("complaint_15wd")[0]["role"] == "district_desk"


def test_a_serious_one_suspends_the_worker_and_tells_the_leads(made: Town):
    with db.reading() as session:
        name = people.name_of(session, made.staff["visitor"])
    registered(made, against="worker", worker=name, about="money")

    assert {each["role"] for each in made.sent("serious_complaint")} == {"township_lead", "district_lead"}
    assert "worker.absent" in made.messages() and "handover" in made.live()
    made.start("visit_ordered")
    assert made.open()["accept_or_swap"].assignee_id == made.staff["visitor_b"]


def test_a_serious_one_against_nobody_known_only_tells_the_leads(made: Town):
    registered(made, about="abuse")

    assert "worker.absent" not in made.messages() and "investigate" in made.elements()


def test_a_letter_about_another_township_goes_to_that_township(town: Town):
    with jobs.transaction() as session:
        other = builders.a_second_township(session, town.city)
        session.get_one(Unit, other.village.id).name = "别处社区"
    with jobs.transaction() as session:
        run.start(session, "complaint", {"channel": "letter"})
    jobs.drain()
    registered(town, unit="别处社区")

    assert row(town).unit_path == other.village.path


# --- an anonymous one is answered in public ---


def refused(town: Town, **answers: Any) -> set[str]:
    with pytest.raises(forms.Invalid) as fault:
        town.does("answer_complaint", answer="已补访", **answers)
    return set(fault.value.faults)


def test_an_anonymous_complaint_is_answered_by_publishing_the_gist(made: Town):
    registered(made, anonymous=True)
    found(made)
    assert refused(made, way="phone") == {"way"}
    assert refused(made, way="public") == {"published"}
    made.does("answer_complaint", answer="已补访，已谈话", way="public", published="反映属实，已补访并整改。")

    said = row(made)
    assert (said.published, said.published_at) == ("反映属实，已补访并整改。", said.answered_at)
    assert "ask_satisfied" not in made.elements()


@pytest.mark.parametrize("words", ["请打13912345678", "身份证11010519491231002X", "电话0472-5551234", "张建国已被谈话"])
def test_what_is_published_names_nobody(made: Town, words: str):
    with jobs.transaction() as session:
        session.merge(made.city.staff["visitor"]).name = "张建国"
    registered(made, anonymous=True, against="worker", worker="张建国")
    found(made)

    assert refused(made, way="public", published=words) == {"published"}


def test_a_complaint_with_a_name_is_not_published(made: Town):
    registered(made)
    found(made)
    answered(made)

    assert row(made).published is None
