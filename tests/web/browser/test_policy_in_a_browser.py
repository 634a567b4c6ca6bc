"""The pages of policies, indicators and oversight in Chromium, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import Page

from care import district_policies, elders, indicators, oversight, policy_switches
from care.indicators import Month
from care.visits import VisitObligation
from engine import jobs
from engine.db import Database
from tests import builders
from tests.web.browser.conftest import DESK, PHONE, OpenPage
from tests.web.desks import Desks

pytestmark = pytest.mark.browser
ALONE = {"living_alone": True, "has_children": False, "has_partner": False}


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    """A district that went over to the draft, with two closed months and a published bulletin."""
    found = Desks(with_second=True)
    town = found.town
    with jobs.transaction() as session:
        for number in range(12):
            elder = builders.an_elder(
                session, town.city, born_on=date(1940 + 2 * number, 3, 1), facts=ALONE, consents=(), contacts=False
            )
            elders.retier(session, elder, "registration")
            for month in (6, 7):
                session.add(_obligation(elder, date(2026, month, 1), "fulfilled" if number % 4 else "missed"))
        policy_switches.begin(
            session, town.city.district, "draft-2026", date(2026, 8, 17), document="包民发〔2026〕9号",
            reason="试点一年", by=town.staff["district_lead"], floor_confirmed=True,
        )  # fmt: skip
    jobs.drain()
    town.does("approve", approved=True, floor_confirmed=True, words="同意")
    town.waits(days=14)
    with jobs.transaction() as session:
        for number in (6, 7):
            indicators.freeze(session, Month(date(2026, number, 1)))
        report = oversight.open_report(session, "bulletin", date(2026, 4, 1), town.city.city.path, None)
        report.content = {**report.content, "ranking": oversight.ranking(session, report.months, {})}
        report.words, report.published_at = "第二季度通报。", datetime.fromisoformat("2026-08-03T09:00:00+08:00")
        oversight.give_duty(session, report, "第一区", "未达标指标整改：K04", date(2026, 9, 16))
    return found


def _obligation(elder: elders.Elder, starts_on: date, state: str) -> VisitObligation:
    return VisitObligation(
        elder_id=elder.id, unit_path=elder.unit_path, tier=elder.tier, period="two_weeks", starts_on=starts_on,
        ends_on=starts_on.replace(day=14), required=1, done=int(state == "fulfilled"), state=state,
    )  # fmt: skip


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), pytest.param(PHONE, "phone", marks=pytest.mark.slow)])
def test_policies_and_figures_stand_on_both_screens(
    signed_in: OpenPage, judged: Callable[[Page, str], None], desks: Desks, size: dict[str, int], name: str
) -> None:
    page = signed_in(desks.users["district_lead"], size)
    district = desks.town.city.district.path
    for path, picture in (
        ("/policy/", "policy"),
        ("/policy/choices/1", "policy-choice"),
        ("/indicators/?month=2026-07", "indicators"),
        ("/indicators/K04?month=2026-07", "indicator"),
        ("/oversight/", "oversight"),
        ("/oversight/1", "oversight-report"),
    ):
        page.goto(path)
        judged(page, f"{picture}-{name}")

    page.goto("/policy/choices/1")
    page.get_by_text("规则与依据").first.click()
    page.wait_for_url("**/tier#*")
    judged(page, f"tier-{name}")
    page.goto(f"/policy/choose?unit={district}&policy=issued-2026-37")
    judged(page, f"policy-choose-{name}")


def test_the_floor_is_red_and_asked_about_twice(
    signed_in: OpenPage, judged: Callable[[Page, str], None], desks: Desks
) -> None:
    page = signed_in(desks.users["city_manager"], DESK)
    page.goto(f"/policy/choose?unit={_second(desks)}&policy=draft-2026&from_on=2026-10-01")
    page.fill("#document", "第10号")
    page.fill("#reason", "第二个试点")
    page.locator("button.button-danger").click()
    page.wait_for_selector("text=逐项看过以后")
    judged(page, "policy-floor")

    page.check("input[name=floor_confirmed]")
    page.locator("button.button-danger").click()

    page.wait_for_url("**/policy/choices/2")
    assert page.get_by_text("待审批").count() == 1


def _second(desks: Desks) -> str:
    """The district of the second township."""
    with jobs.transaction() as session:
        chosen = district_policies.choices(session)
        path = "/".join(desks.elsewhere_path.split("/")[:3]) + "/"
        assert chosen.at(path, date(2026, 10, 1)) == "issued-2026-37"
        return path
