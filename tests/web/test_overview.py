from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from care import cases
from care.visits import VisitObligation
from engine import clock, db, jobs
from engine.db import Database
from tests import builders
from tests.web.conftest import Browser, a_task
from tests.web.desks import Desks, counted_statements
from web import figures


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    found = Desks(deployed=False, with_second=True)
    with db.writing() as session:
        for number, tier in enumerate(("high", "key", "general", "general")):
            builders.an_elder(session, found.town.city, name=f"赵测{number}", tier=tier)
    return found


def an_obligation(desks: Desks, state: str, days_ago: int) -> None:
    """A week of visits owed that ended so many days ago (negative: ends later)."""
    ends_on = clock.today() - timedelta(days=days_ago)
    with db.writing() as session:
        session.add(
            VisitObligation(
                elder_id=desks.town.elder.id,
                unit_path=desks.town.elder.unit_path,
                tier="high",
                period="week",
                starts_on=ends_on - timedelta(days=6),
                ends_on=ends_on,
                required=1,
                done=1 if state == "fulfilled" else 0,
                state=state,
            )
        )


def numbers_and_lists(text: str) -> list[tuple[str, str]]:
    """(address, number) of every figure in the table of units."""
    return re.findall(r'<a href="(/overview/\w+\?unit=[^"]+)">([\d,]+)</a>', text)


def test_the_city_drills_down_to_the_grid(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["city_manager"])

    address = "/overview/"
    seen = []
    for _ in range(4):
        text = site.get(address).text
        below = re.search(r'<th scope="row"><a href="(/overview/\?unit=[^"]+)">([^<]+)', text)
        if below is None:
            break
        address = below[1]
        seen.append(below[2])

    assert seen == ["第一区", "青山街道", "春光社区"]
    assert "第一网格" in site.get(address).text


def test_every_number_opens_a_list_of_as_many_rows(site: Browser, desks: Desks) -> None:
    for state, days_ago in (("fulfilled", 1), ("missed", 2), ("open", -3)):
        an_obligation(desks, state, days_ago)
    with db.writing() as session:
        a_task(session, "township_desk", desks.town.city.township.path, due=timedelta(hours=-2), name="跟进")
        cases.open_case(
            session, elder_id=desks.town.elder.id, unit_path=desks.town.elder.unit_path, kind="sos", channel="device"
        )
    site.sign_in(desks.users["district_desk"])

    found = numbers_and_lists(site.get("/overview/").text)

    assert {re.findall(r"/overview/(\w+)", address)[0] for address, _ in found} >= {
        "elders",
        "high",
        "key",
        "general",
        "due",
        "fulfilled",
        "missed",
        "cases",
        "late",
    }
    for address, number in found:
        listed = site.get(address.replace("&amp;", "&")).text
        assert len(re.findall(r"<tr><t", listed)) - 1 == int(number), address


def test_the_rate_of_the_month_is_shown_and_a_bad_one_is_amber(site: Browser, desks: Desks) -> None:
    an_obligation(desks, "fulfilled", 1)
    an_obligation(desks, "missed", 2)
    site.sign_in(desks.users["district_desk"])

    text = site.get("/overview/").text

    assert "50.0%" in text
    assert "1 / 2 次" in text
    assert 'data-is="warn"' in text


def test_nothing_due_is_a_dash_not_a_zero(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_desk"])

    assert "—" in site.get("/overview/").text


@pytest.mark.parametrize(
    ("rates", "path"),
    [
        ([], ""),
        ([(1, 2)], ""),
        ([(0, 0), (1, 2), (2, 2)], "M0 16.0 200 2.0"),
        ([(2, 2), (0, 0), (1, 2), (0, 4)], "M0 2.0 100 16.0 200 30.0"),
    ],
)
def test_a_sparkline_leaves_out_weeks_with_nothing_due(rates: list[tuple[int, int]], path: str) -> None:
    assert figures.sparkline(rates) == path


def test_the_city_reads_masked_names_and_the_township_full_ones(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["city_manager"])
    assert "田*芝" in site.get("/overview/high").text
    assert "田桂芝" not in site.get("/overview/high").text
    site.post("/sign-out")
    site.sign_in(desks.users["township_desk"])
    assert "田桂芝" in site.get("/overview/high").text


def test_restricted_cases_are_neither_counted_nor_listed(site: Browser, desks: Desks) -> None:
    with jobs.transaction() as session:
        cases.open_case(
            session, elder_id=desks.town.elder.id, unit_path=desks.town.elder.unit_path, kind="abuse", channel="report"
        )
    site.sign_in(desks.users["city_manager"])

    assert [row for row in numbers_and_lists(site.get("/overview/").text) if "/cases" in row[0]] == []
    assert "虐待" not in site.get("/overview/cases").text


def test_figures_of_another_unit_are_not_found(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["district_desk"])
    other = desks.town.city.township.path

    assert site.get(f"/overview/?unit={other}").status_code == 404
    assert site.get(f"/overview/high?unit={other}").status_code == 404
    assert site.get("/overview/?unit=/").status_code == 404
    assert site.get("/overview/nothing").status_code == 404
    assert site.get("/overview/high?after=x").status_code == 400


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "designer", "admin", "monitor_desk"])
def test_whoever_has_no_figures_has_no_overview(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get("/overview/").status_code == 403


def test_the_overview_asks_as_often_for_many_elders_as_for_few(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_desk"])
    with counted_statements() as few:
        site.get("/overview/")
    with db.writing() as session:
        for number in range(20):
            builders.an_elder(session, desks.town.city, name=f"孙测{number}")
    with counted_statements() as many:
        site.get("/overview/")

    assert len(many) == len(few)
