"""Special periods, calls, published answers, leave and the agenda in Chromium, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from care import calls, complaints, oversight, referrals
from care.elders import Elder
from engine import clock, jobs
from engine.db import Database
from tests.web.browser.conftest import DESK, PHONE, OpenPage
from tests.web.desks import Desks

pytestmark = pytest.mark.browser


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    """A running cold wave, one that waits, a published answer, a need on the agenda."""
    found = Desks()
    town = found.town
    with jobs.transaction() as session:
        elder = session.get_one(Elder, town.elder.id)
        row = complaints.open_complaint(session, elder.unit_path)
        row.anonymous = True
        complaints.find(session, row, "partly")
        complaints.answered(session, row, "反映的两次探访间隔过长部分属实，已补访，并调整了排班。")
        need = referrals.open_referral(session, elder, "meals", False, None, None)
        need.coordination = True
        oversight.open_report(session, "dispatch", date(2026, 7, 1), town.city.city.path, None)
    return found


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), pytest.param(PHONE, "phone", marks=pytest.mark.slow)])
def test_a_period_is_begun_and_ended_by_hand(
    signed_in: OpenPage, judged: Callable[[Page, str], None], desks: Desks, size: dict[str, int], name: str
) -> None:
    page = signed_in(desks.users["district_desk"], size)
    page.goto("/periods/")
    until = clock.local(clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page.select_option("#kind", "cold_wave")
    page.fill("#name", "入冬第一场寒潮")
    page.fill("#until", until)
    page.get_by_role("button", name="开启").click()
    jobs.drain()
    page.goto("/periods/")
    expect(page.locator("#running")).to_be_visible()
    judged(page, f"periods-{name}")
    page.locator("details summary").first.click()
    page.fill("input[name=reason]", "预警已解除")
    page.locator("button.button-danger").click()
    jobs.drain()
    page.goto("/periods/")
    expect(page.get_by_text("预警已解除")).to_be_visible()
    judged(page, f"periods-over-{name}")


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), pytest.param(PHONE, "phone", marks=pytest.mark.slow)])
def test_who_calls_opens_by_itself_and_is_taken_up(
    signed_in: OpenPage, judged: Callable[[Page, str], None], desks: Desks, size: dict[str, int], name: str
) -> None:
    page = signed_in(desks.users["hotline"], size)
    page.goto("/calls/")
    judged(page, f"calls-none-{name}")
    with jobs.transaction() as session:
        calls.arrived(session, "c1", f"136{desks.town.elder.id:08d}")
        calls.arrived(session, "c2", "13000000000")
    jobs.drain()
    expect(page.get_by_text(desks.town.elder.number)).to_be_visible()
    judged(page, f"calls-{name}")
    page.get_by_role("link", name="接听登记").last.click()
    expect(page.locator("input[name=elder], textarea[name=elder]").first).to_be_attached()


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), pytest.param(PHONE, "phone", marks=pytest.mark.slow)])
def test_answers_leave_and_agenda_stand_on_both_screens(
    signed_in: OpenPage, judged: Callable[[Page, str], None], desks: Desks, size: dict[str, int], name: str
) -> None:
    page = signed_in(desks.users["city_desk"], size)
    for path, picture in (
        ("/answers/", "answers"), ("/answers/?number=C0", "answers-none"), ("/oversight/1", "agenda"),
        ("/indicators/K10", "false-alarms"), ("/me/leave", "leave"),
    ):  # fmt: skip
        page.goto(path)
        judged(page, f"{picture}-{name}")
