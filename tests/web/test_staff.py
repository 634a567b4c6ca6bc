"""The page of workers by kind and team, and what it changes. Source: R-SUP-01, R-SUP-02, R-PRJ-11."""

from __future__ import annotations

from datetime import datetime

import pytest

from care import people
from engine import db
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def set_kind(desks: Desks, role: str, kind: str, team: str) -> None:
    with db.writing() as session:
        staff = people.find_staff(session, desks.town.staff[role])
        staff.kind, staff.team = kind, team


def test_every_number_opens_the_workers_behind_it(site: Browser, desks: Desks) -> None:
    set_kind(desks, "visitor", "community", "visiting")
    set_kind(desks, "visitor_b", "party_veteran", "volunteers")
    site.sign_in(desks.users["village_desk"])
    with db.reading() as session:
        names = people.names(session, [desks.town.staff["visitor"], desks.town.staff["visitor_b"]])
    a, b = names[desks.town.staff["visitor"]], names[desks.town.staff["visitor_b"]]

    for query, inside, outside in (
        ({"team": "visiting"}, a, b),
        ({"kind": "party_veteran"}, b, a),
        ({"kind": "none"}, "嘎查村（社区）", a),
    ):
        text = site.get("/staff/", query_string=query).text
        rows = text[text.index("<tbody>") : text.index("</tbody>")]
        assert inside in rows and outside not in rows, query


def test_the_township_sets_kind_team_and_language_and_a_village_reads(site: Browser, desks: Desks) -> None:
    worker = desks.town.staff["visitor"]
    site.sign_in(desks.users["township_desk"])
    site.get("/staff/")
    site.post(f"/staff/{worker}", {"kind": "social_worker", "team": "care", "speaks": "汉语、蒙古语"})
    with db.reading() as session:
        staff = people.find_staff(session, worker)
        assert (staff.kind, staff.team, staff.speaks) == ("social_worker", "care", "汉语、蒙古语")

    site.sign_in(desks.users["village_desk"])
    assert "更改</summary>" not in site.get("/staff/").text
    assert site.post(f"/staff/{worker}", {"kind": "", "team": ""}).status_code == 404


def test_workers_of_elsewhere_are_neither_listed_nor_changed(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["township_desk"])
    with db.reading() as session:
        name = people.name_of(session, desks.town.staff["visitor"])
    assert f">{name}<" not in site.get("/staff/").text
    assert site.post(f"/staff/{desks.town.staff['visitor']}", {"kind": "", "team": ""}).status_code == 404


def test_a_kind_that_is_none_is_refused(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["township_desk"])
    site.get("/staff/")
    assert site.post(f"/staff/{desks.town.staff['visitor']}", {"kind": "x", "team": ""}).status_code == 400
    assert site.get("/staff/", query_string={"kind": "x"}).status_code == 404
