"""The gap list and the register of who is away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care import contacts, elders, people, visitors
from care.visits import VisitObligation
from engine import clock, db, jobs
from engine.db import Database
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def listed(site: Browser, gap: str) -> str:
    return site.get("/gaps/", query_string={"gap": gap}).text


def test_each_gap_is_listed_until_it_is_filled(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        builders.an_elder(session, desks.town.city, name="赵无人", visited=False, contacts=False)
        lonely = builders.an_elder(session, desks.town.city, name="钱都有")
        for elder in (lonely, elders.get(session, desks.town.elder.id)):
            session.add(
                VisitObligation(
                    elder_id=elder.id, unit_path=elder.unit_path, tier="high", period="week",
                    starts_on=clock.today(), ends_on=clock.today() + timedelta(days=6), required=1,
                )
            )  # fmt: skip
    site.sign_in(desks.users["village_desk"])

    for gap in ("visitor", "visitor_b", "contact", "visit"):
        text = listed(site, gap)
        assert "赵无人" in text and "钱都有" not in text, gap


def test_a_visitor_without_an_account_is_no_visitor(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        people.find_staff(session, desks.town.staff["visitor"]).until_on = clock.today()
    site.sign_in(desks.users["village_desk"])

    assert "田桂芝" in listed(site, "visitor") and "田桂芝" not in listed(site, "visitor_b")


def test_a_contact_who_is_left_out_is_none(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        for each in contacts.ordered(session, desks.town.elder.id):
            each.excluded = True
    site.sign_in(desks.users["village_desk"])

    assert "田桂芝" in listed(site, "contact")


def test_in_a_category_without_a_tier(site: Browser, desks: Desks) -> None:
    desks.town.elder_is(tier="none")
    site.sign_in(desks.users["village_desk"])
    assert "田桂芝" in listed(site, "tier")

    desks.town.elder_is(categories=[])
    assert "田桂芝" not in listed(site, "tier")


def test_another_district_sees_none_of_it(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        visitors.end(session, desks.town.elder.id, "visitor")
    site.sign_in(desks.elsewhere["village_desk"])

    assert "田桂芝" not in listed(site, "visitor")


def test_visitors_have_no_gap_list(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])

    assert site.get("/gaps/").status_code == 403


def test_the_number_of_statements_does_not_grow_with_the_list(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["village_desk"])
    counts = []
    for number in (1, 12):
        with db.writing() as session:
            for _ in range(number):
                builders.an_elder(session, desks.town.city, visited=False, contacts=False)
        listed(site, "visitor")
        with counted_statements() as ran:
            listed(site, "visitor")
        counts.append(len(ran))

    assert counts[0] == counts[1]


def test_a_worker_registered_as_away_hands_everything_over(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.start("visit_ordered")
    site.sign_in(desks.users["village_desk"])
    until = (clock.today() + timedelta(days=3)).isoformat()
    answer = site.post("/gaps/away", {"worker": desks.users["visitor"], "reason": "absent", "until": until})
    jobs.drain()

    assert answer.status_code == 302
    assert town.open()["accept_or_swap"].assignee_id == town.staff["visitor_b"]
    assert "不在岗" in site.get("/gaps/").text


@pytest.mark.parametrize("wrong", [{"worker": "没有这人"}, {"until": "2020-01-01"}, {"until": "明天"}])
def test_what_is_wrong_is_said_and_nobody_is_away(site: Browser, desks: Desks, wrong: dict[str, str]) -> None:
    site.sign_in(desks.users["village_desk"])
    site.post("/gaps/away", {"worker": desks.users["visitor"], "reason": "absent", "until": ""} | wrong)
    jobs.drain()

    with db.reading() as session:
        assert not people.is_absent(session, desks.town.staff["visitor"])


def test_a_worker_of_another_district_cannot_be_sent_away(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["village_desk"])
    site.post("/gaps/away", {"worker": desks.elsewhere["visitor"], "reason": "left", "until": ""})
    jobs.drain()

    with db.reading() as session:
        assert session.scalars(select(people.StaffAbsence)).first() is None


def test_an_elder_whom_neither_visitor_understands_is_a_gap(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        builders.an_elder(session, desks.town.city, name="其其格", language="蒙古语")
    site.sign_in(desks.users["village_desk"])
    assert "其其格" in listed(site, "language") and "田桂芝" not in listed(site, "language")

    with db.writing() as session:
        people.find_staff(session, desks.town.staff["visitor_b"]).speaks = "汉语、蒙古语"
    assert "其其格" not in listed(site, "language")
