"""The page of going out alone. Source: R-USR-10."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from care import lone_trips, people
from engine import clock, db, jobs
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def leaves(site: Browser, **changes: str) -> None:
    later = clock.local(clock.now()) + timedelta(hours=3)
    form = {"place": "沿河路到北营子", "day": later.date().isoformat(), "hour": f"{later:%H:%M}"}
    site.get("/out/")
    site.post("/out/", form | changes)
    jobs.drain()


def test_a_visitor_leaves_the_desk_sees_it_and_the_call_knows_where(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    leaves(site)
    assert "我回来了" in site.get("/out/").text
    with db.reading() as session:
        name = people.name_of(session, desks.town.staff["visitor"])

    site.sign_in(desks.users["village_desk"])
    assert name in site.get("/out/").text and "沿河路到北营子" in site.get("/out/").text
    desks.town.waits(hours=3, minutes=31)
    site.sign_in(desks.users["village_desk"])
    text = site.get(f"/tasks/{desks.town.open()['call_visitor'].id}").text
    assert "沿河路到北营子" in text and name in text


def test_back_again_is_said_by_one_button(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    leaves(site)
    site.post("/out/back")
    jobs.drain()

    assert "我要出门" in site.get("/out/").text and desks.town.live() == []


@pytest.mark.parametrize("wrong", [{"place": " "}, {"hour": "晚上"}, {"day": "2020-01-01"}])
def test_what_makes_no_sense_is_told_and_nothing_begins(site: Browser, desks: Desks, wrong: dict[str, str]) -> None:
    site.sign_in(desks.users["visitor"])
    leaves(site, **wrong)

    with db.reading() as session:
        assert lone_trips.current(session, desks.town.staff["visitor"]) is None


def test_desks_of_elsewhere_do_not_read_who_is_out(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    leaves(site)
    site.sign_in(desks.elsewhere["village_desk"])

    assert "沿河路到北营子" not in site.get("/out/").text
