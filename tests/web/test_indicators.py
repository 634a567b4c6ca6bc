"""The pages of indicators and of oversight: every number with its list, closed months, receipts, nobody across."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from care import indicators, oversight
from care.indicators import INDICATORS, Month
from care.visits import VisitObligation
from engine import db, jobs
from engine.db import Database
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements

JULY = Month(date(2026, 7, 1))


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    """July with two obligations, one of them met, in the first district; the second one without anybody."""
    found = Desks(deployed=False, with_second=True)
    with jobs.transaction() as session:
        for state, ends_on in (("fulfilled", date(2026, 7, 12)), ("missed", date(2026, 7, 19))):
            session.add(an_obligation(found, state, ends_on))
    return found


def an_obligation(desks: Desks, state: str, ends_on: date) -> VisitObligation:
    elder = desks.town.elder
    return VisitObligation(
        elder_id=elder.id, unit_path=elder.unit_path, tier="high", period="week", starts_on=date(2026, 7, 6),
        ends_on=ends_on, context=state, required=1, done=int(state == "fulfilled"), state=state,
    )  # fmt: skip


def test_every_number_leads_to_its_list_and_what_is_missing_says_why(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_lead"])

    text = site.get("/indicators/?month=2026-07").text

    assert all(each.zh in text for each in INDICATORS.values())
    assert "50.0%" in text and re.search(r">1 / 2</a>", text)
    assert "上线后才有数" in text  # volunteers, training: later processes
    [address] = set(re.findall(r'href="(/indicators/K04\?[^"]*month=2026-07)"', text))
    shown = site.get(address.replace("&amp;", "&")).text
    assert shown.count("田桂芝") == 2 and "50.0%（1 / 2）" in shown
    missed = site.get(address.replace("&amp;", "&") + "&only=missed").text
    assert missed.count("田桂芝") == 1


def test_a_unit_where_nothing_was_counted_shows_a_dash(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["district_lead"])

    text = site.get("/indicators/K04?month=2026-07").text

    assert "0.0%" not in text and "100" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
    assert "一个也没有" in text and "—" in text


def test_a_closed_month_keeps_its_figures(site: Browser, desks: Desks) -> None:
    with jobs.transaction() as session:
        indicators.freeze(session, JULY)
        for row in session.query(VisitObligation):
            row.state = "missed"
    site.sign_in(desks.users["city_manager"])

    text = site.get("/indicators/?month=2026-07").text

    assert "2026-07 已定格" in text and ">1 / 2</a>" in text
    assert "还没有定格" in site.get("/indicators/?month=2026-08").text


def test_the_city_reads_no_names(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["city_manager"])

    assert "田桂芝" not in site.get("/indicators/K04?month=2026-07").text


@pytest.mark.parametrize(
    "address", ["/indicators/?unit={}", "/indicators/K04?unit={}", "/indicators/K99", "/indicators/?month=x"]
)
def test_units_of_others_and_things_that_are_not_there_are_not_found(site: Browser, desks: Desks, address: str) -> None:
    site.sign_in(desks.elsewhere["township_desk"])

    assert site.get(address.format(desks.town.city.township.path)).status_code == 404


def test_the_page_asks_as_many_questions_for_many_elders_as_for_few(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_lead"])
    site.get("/indicators/?month=2026-07")
    with counted_statements() as few:
        site.get("/indicators/?month=2026-07")
    with jobs.transaction() as session:
        for _ in range(30):
            builders.an_elder(session, desks.town.city, contacts=False, consents=())
    with counted_statements() as many:
        site.get("/indicators/?month=2026-07")

    assert len(many) == len(few)


def test_a_published_bulletin_is_read_by_districts_with_a_receipt_and_names_nobody(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        report = oversight.open_report(session, "bulletin", date(2026, 4, 1), desks.town.city.city.path, None)
        report.content = {**report.content, "ranking": oversight.ranking(session, report.months, {})}
        report_id = report.id
    site.sign_in(desks.users["district_lead"])
    assert site.get(f"/oversight/{report_id}").status_code == 404  # not published yet
    with db.writing() as session:
        oversight.get(session, report_id).published_at = datetime.fromisoformat("2026-08-03T09:00:00+08:00")

    text = site.get(f"/oversight/{report_id}").text
    site.get(f"/oversight/{report_id}")

    assert "第一区" in text and "第二区" in text and "田桂芝" not in text
    with db.reading() as session:
        said = oversight.statements(session, report_id)
        assert [(each.kind, each.unit_path) for each in said] == [("read", desks.town.city.district.path)]
    assert "/oversight/" in site.get("/oversight/").text
