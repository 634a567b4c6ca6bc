"""P23 satisfaction, walked along each way out. Source: processes P23, 4.9; R-EVAL-03; K13."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from care import exits, surveys, visitors
from care.surveys import Survey
from engine import db, incoming, jobs
from tests import builders
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def drawn(town: Town) -> Town:
    town.start("satisfaction")
    return town


def row(town: Town) -> Survey:
    with db.reading() as session:
        found = session.scalars(select(Survey)).one()
        session.expunge_all()
        return found


def fails(town: Town, element: str = "call_back") -> None:
    town.does(element, way="phone", reached="no")


def ended(town: Town) -> str:
    assert town.live() == []
    return row(town).outcome


def test_the_surveyor_asks_and_never_the_visitor(drawn: Town):
    task = drawn.open()["call_back"]
    assert task.role == "surveyor" and drawn.doer(task) not in (drawn.staff["visitor"], drawn.staff["visitor_b"])
    drawn.does("call_back", **say.scored(5, as_agreed=5, attitude=4, handled=3, safe=5))

    found = row(drawn)
    assert ended(drawn) == "answered"
    assert (found.overall, found.as_agreed, found.attitude, found.handled, found.safe) == (5, 5, 4, 3, 5)


@pytest.mark.parametrize("name", ["case.archived", "referral.settled"])
def test_after_a_case_or_a_referral_three_days_later(town: Town, name: str):
    town.device_sends("sos")
    about: dict[str, Any] = {"case_id": town.case().id} if name == "case.archived" else {"referral_id": 7}
    town.message(name, "17", **about)
    assert "call_back" not in town.elements()
    town.waits(days=3)

    assert "call_back" in town.elements()
    assert (row(town).about, row(town).about_id) == (next(iter(about))[:-3], next(iter(about.values())))


def test_a_case_of_nobody_known_is_not_asked_about(town: Town):
    with jobs.transaction() as session:
        incoming.message(session, "case.archived", "18", {"case_id": 18, "elder_id": None})
    jobs.drain()

    assert town.live() == []


def test_three_tries_in_ten_days_then_unreachable(drawn: Town):
    fails(drawn)
    assert "call_back" not in drawn.elements()
    drawn.waits(days=3)
    fails(drawn)
    drawn.waits(days=3)
    fails(drawn)

    assert ended(drawn) == "unreachable" and row(drawn).tries == 3


def test_ten_days_end_it(drawn: Town):
    drawn.waits(days=10)

    assert ended(drawn) == "unreachable"


def test_declined(drawn: Town):
    drawn.does("call_back", way="phone", reached="declined")

    assert ended(drawn) == "declined"


def test_dissatisfied_is_mended_and_asked_again(drawn: Town):
    drawn.does("call_back", **say.scored(2, words="来得太少"))
    assert drawn.open()["improve"].role == "village_desk"
    drawn.does("improve", **say.note())
    drawn.does("second_call", **say.scored(4))

    assert ended(drawn) == "answered"
    assert (row(drawn).first_overall, row(drawn).overall) == (2, 4)


def test_the_second_call_may_be_in_vain(drawn: Town):
    drawn.does("call_back", **say.scored(1))
    drawn.does("improve", **say.note())
    fails(drawn, "second_call")

    assert ended(drawn) == "answered"  # the first answer stands


def test_an_elder_who_leaves_is_not_asked(drawn: Town):
    drawn.message("elder.exited", str(drawn.elder.id))

    assert ended(drawn) == "exited"


def test_who_dies_before_the_three_days_are_over_is_not_asked_nor_is_the_family(town: Town):
    town.message("referral.settled", "17", referral_id=7)
    assert town.live() == ["satisfaction"]

    with jobs.transaction() as session:
        exits.apply(session, session.merge(town.elder), {"reason": "death"})
    jobs.drain()
    town.waits(days=4)

    assert "call_back" not in town.elements()
    assert row(town).outcome == "exited"


def test_the_sample_is_five_percent_of_each_village_and_tier_on_the_first_of_a_month(town: Town):
    with jobs.transaction() as session:
        for _ in range(39):
            builders.an_elder(session, town.city, visited=False, contacts=False, consents=())
    with db.reading() as session:
        assert surveys.sample(session, date(2026, 8, 2), 100) == []
        first = surveys.sample(session, date(2026, 8, 1), 100)
        assert len(first) == 2  # of forty of one village and tier
        assert surveys.sample(session, date(2026, 8, 1), 100) == first


def test_each_quarter_one_elder_of_each_visitor_is_drawn(town: Town):
    with jobs.transaction() as session:
        for _ in range(39):
            builders.an_elder(session, town.city, visited=False, contacts=False, consents=())
        lone = builders.a_worker(session, "visitor", session.merge(town.city.village))
        theirs = builders.an_elder(session, town.city, visited=False, contacts=False, consents=())
        visitors.name(session, theirs, "visitor", lone.id)
        theirs_id = theirs.id
    with db.reading() as session:
        assert theirs_id in surveys.sample(session, date(2026, 10, 1), 100)
