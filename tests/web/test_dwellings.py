"""The page of an elder's dwellings. Source: R-USR-03."""

from __future__ import annotations

from datetime import datetime

import pytest

from care import dwellings, elders
from engine import db
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks

FORM = {"season": "summer", "from_day": "05-20", "address": "夏营地北滩", "road": "track", "road_km": "40"}


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def test_a_desk_writes_a_dwelling_and_the_visitor_reads_the_way(site: Browser, desks: Desks) -> None:
    address = f"/elders/{desks.town.elder.id}/dwellings"
    site.sign_in(desks.users["village_desk"])
    assert address in site.get(f"/elders/{desks.town.elder.id}").text
    site.get(address)
    site.post(address, FORM | {"helper": "巴图 13900000000", "now": "yes"})
    site.sign_in(desks.users["visitor"])

    text = site.get(address).text
    assert "40 公里，草原自然路，约 120 分钟" in text and "巴图" in text and "现在住这里" in text
    with db.reading() as session:
        assert elders.get(session, desks.town.elder.id).address == "夏营地北滩"


@pytest.mark.parametrize("wrong", [{"from_day": "五月"}, {"address": " "}, {"position": "北"}, {"season": "x"}])
def test_what_makes_no_sense_is_told(site: Browser, desks: Desks, wrong: dict[str, str]) -> None:
    address = f"/elders/{desks.town.elder.id}/dwellings"
    site.sign_in(desks.users["village_desk"])
    site.get(address)
    site.post(address, FORM | wrong)

    with db.reading() as session:
        assert dwellings.of_elder(session, desks.town.elder.id) == []


def test_nobody_reads_where_an_elder_of_elsewhere_lives(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["village_desk"])

    assert site.get(f"/elders/{desks.town.elder.id}/dwellings").status_code == 404
    assert site.post(f"/elders/{desks.town.elder.id}/dwellings", FORM).status_code == 404
