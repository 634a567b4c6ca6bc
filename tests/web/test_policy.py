"""The pages of policies: choosing with floor and what-if, the change list, and why an elder has a tier."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from sqlalchemy import select

from care import elders
from care.district_policies import PolicyChoice
from care.elders import TierResult
from engine import db, jobs
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks

SAID = {"policy": "draft-2026", "from_on": "2026-08-17", "document": "包民发9号", "reason": "试点"}


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    found = Desks(with_second=True)
    with jobs.transaction() as session:
        elder = elders.get(session, found.town.elder.id)
        elder.born_on, elder.facts = (
            date(1951, 3, 1),
            {"living_alone": True, "has_children": False, "has_partner": False},
        )
        elders.retier(session, elder, "registration")
    return found


def proposed(site: Browser, desks: Desks, **more: str) -> str:
    site.sign_in(desks.users["district_lead"])
    unit = desks.town.city.district.path
    site.get(f"/policy/choose?unit={unit}")
    return site.post("/policy/choose", {**SAID, "unit": unit, **more}).text


def choices() -> list[PolicyChoice]:
    with db.reading() as session:
        rows = list(session.scalars(select(PolicyChoice)))
        session.expunge_all()
        return rows


def test_the_draft_shows_its_floor_in_red_and_what_would_change_and_writes_nothing(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_lead"])

    text = site.get(f"/policy/choose?unit={desks.town.city.district.path}&policy=draft-2026&from_on=2026-08-17").text

    assert re.search(r'data-is="danger"[^§]*低于正式文件的底线，共 3 处', text)
    assert "D 四（1）：一般每季度不少于1次" in text and "每月探访关爱不少于1次" in text
    assert "现在 2.2 次，差 -1.2" in text
    assert choices() == []
    with db.reading() as session:
        assert len(list(session.scalars(select(TierResult)))) == 1


def test_below_the_floor_is_asked_a_second_time(site: Browser, desks: Desks) -> None:
    assert "逐项看过以后，勾选确认再提交" in proposed(site, desks)
    assert choices() == []

    proposed(site, desks, floor_confirmed="yes")

    assert [(row.state, row.floor_confirmed, len(row.floor)) for row in choices()] == [("proposed", True, 3)]


def test_the_change_list_clicks_through_to_why(site: Browser, desks: Desks) -> None:
    proposed(site, desks, floor_confirmed="yes")
    desks.town.does("approve", approved=True, floor_confirmed=True, words="同意")
    desks.town.waits(days=14)
    [row] = choices()
    site.sign_in(desks.users["district_lead"])

    text = site.get(f"/policy/choices/{row.id}").text
    assert "田桂芝" in text and "每两周 → 每月" in text
    why = re.search(r'href="(/elders/\d+/tier)#r\d+"', text)
    assert why is not None
    story = site.get(why[1]).text

    assert "D 四（1）：70周岁以上独居空巢留守" in story and "P 四（一）：70周岁以上独居空巢留守" in story
    assert "征求意见稿" in story and "单独居住" in story
    assert f"/policy/choices/{row.id}" in story


def test_the_city_reads_the_list_without_names(site: Browser, desks: Desks) -> None:
    proposed(site, desks, floor_confirmed="yes")
    desks.town.does("approve", approved=True, floor_confirmed=True, words="同意")
    desks.town.waits(days=14)
    [row] = choices()
    site.sign_in(desks.users["city_desk"])

    text = site.get(f"/policy/choices/{row.id}").text

    assert "变化名单" in text and "田桂芝" not in text


def test_another_district_and_those_who_see_no_figures_are_refused(site: Browser, desks: Desks) -> None:
    proposed(site, desks, floor_confirmed="yes")
    [row] = choices()
    for user, codes in ((desks.elsewhere["district_lead"], (404, 404)), (desks.users["visitor"], (403, 403))):
        site.get("/me")
        site.post("/sign-out")
        site.sign_in(user)
        found = site.get(f"/policy/choices/{row.id}").status_code
        other = site.get(f"/policy/choose?unit={desks.town.city.district.path}").status_code
        assert (found, other) == codes


def test_an_approved_switch_is_called_back_on_its_page(site: Browser, desks: Desks) -> None:
    proposed(site, desks, floor_confirmed="yes")
    desks.town.does("approve", approved=True, floor_confirmed=True, words="同意")
    [row] = choices()

    site.get(f"/policy/choices/{row.id}")
    site.post(f"/policy/choices/{row.id}/withdraw")
    jobs.drain()

    assert [each.state for each in choices()] == ["withdrawn"]
    assert "已撤回" in site.get("/policy/").text
