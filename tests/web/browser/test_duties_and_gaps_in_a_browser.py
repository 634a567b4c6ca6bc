"""The closed files, the gap list and the longest of their forms in Chromium, on a phone and a desk, both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from care import handovers
from engine import clock, db, jobs
from engine.db import Database
from tests import builders
from tests.web.browser.conftest import DESK, PHONE, OpenPage, speak
from tests.web.desks import Desks

pytestmark = pytest.mark.browser
Judge = Callable[[Page, str], None]


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    """A duty file with a step done, a call that waits, an elder without anybody, a visitor away."""
    found = Desks()
    town = found.town
    town.message("duty.suspected", str(town.elder.id), kind="abuse")
    town.does("assess_crime", suspected=False, finding="现场没有伤情，邻里说常有争吵")
    town.message("call.arrived", "call-1")
    with db.writing() as session:
        builders.an_elder(session, town.city, name="赵无人", visited=False, contacts=False)
    with jobs.transaction() as session:
        handovers.announce(session, town.staff["visitor"], clock.now().replace(day=20))
    jobs.drain()
    return found


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("spoken", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_pages_and_forms(signed_in: OpenPage, judged: Judge, desks: Desks, size: dict[str, int], spoken: str) -> None:
    page = signed_in(desks.users["village_desk"], size)
    if spoken == "en":
        speak(page, "en")
    name = f"{size['width']}-{spoken}"
    page.goto("/duties/")
    page.get_by_role("link", name="田桂芝").click()
    judged(page, f"duty-file-{name}")
    page.goto("/gaps/?gap=visitor")
    expect(page.get_by_text("赵无人")).to_be_visible()
    judged(page, f"gaps-{name}")
    page.goto(f"/tasks/{desks.town.open()['verify'].id}")
    judged(page, f"duty-verify-{name}")


@pytest.mark.parametrize("spoken", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_operators_form(signed_in: OpenPage, judged: Judge, desks: Desks, spoken: str) -> None:
    page = signed_in(desks.users["hotline"], DESK)
    if spoken == "en":
        speak(page, "en")
    page.goto(f"/tasks/{desks.town.open()['answer'].id}")
    page.select_option("select[name=kind]", "urgent")
    judged(page, f"ticket-{spoken}")
