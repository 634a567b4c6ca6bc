"""The page of «2565»: numbers by mechanism and project open their lists. Source: R-GOV-03."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def test_every_number_opens_the_tasks_behind_it(site: Browser, desks: Desks) -> None:
    desks.alarm()
    site.sign_in(desks.users["city_manager"])  # some of these tasks are the city's
    text = site.get("/programme/").text
    row = text[text.index("闭环应急处置机制") :]
    found = re.search(r'href="(/programme/m5[^"]*)">(\d+)<', row)
    assert found is not None and int(found[2]) == len(desks.town.open())

    listed = site.get(found[1].replace("&amp;", "&")).text
    assert listed.count('<th scope="row">') == len(desks.town.open())
    assert "田桂芝" not in listed


def test_what_is_late_is_counted_and_listed_alone(site: Browser, desks: Desks) -> None:
    desks.town.message("need.raised", str(desks.town.elder.id), category="meals", items=["meals"])
    site.sign_in(desks.users["district_desk"])
    assert "late=1" not in site.get("/programme/").text

    desks.town.waits(days=3)
    site.sign_in(desks.users["district_desk"])
    assert "/programme/m4?" in site.get("/programme/").text and "late=1" in site.get("/programme/").text
    assert "核实需求" in site.get("/programme/m4", query_string={"late": 1}).text


def test_an_indicator_opens_its_own_page(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["township_desk"])
    text = site.get("/programme/").text
    address = re.search(r'href="(/indicators/K06[^"]*)"', text)

    assert address is not None and site.get(address[1].replace("&amp;", "&")).status_code == 200


def test_another_district_counts_nothing_of_it_and_an_unknown_tag_is_none(site: Browser, desks: Desks) -> None:
    desks.alarm()
    site.sign_in(desks.elsewhere["district_desk"])
    text = site.get("/programme/").text
    assert 'href="/programme/m5' not in text
    assert site.get("/programme/m5", query_string={"unit": desks.town.city.village.path}).status_code == 404
    assert site.get("/programme/m9").status_code == 404
