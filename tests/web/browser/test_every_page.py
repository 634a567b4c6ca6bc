"""Every page of a phone and of a desk, in both languages and at 130 % text: axe finds nothing, nothing hangs over the
side at 320 px, and every target of a phone is a finger wide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from engine import db
from engine.db import Database
from tests.web.browser.conftest import DESK, OpenPage, overhang
from tests.web.browser.test_pages_in_a_browser import busy_day, speak
from tests.web.conftest import Place, a_task

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NARROW = {"width": 320, "height": 700}
LEAST = 44  # px, both ways; links within a line of text are as wide as their words
TARGETS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [role=button]')]
  .filter((each) => each.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) && !each.disabled)
  .filter((each) => !each.closest('.sr, .skip, dialog:not([open])'))
  .filter((each) => !/^(radio|checkbox|hidden|file)$/.test(each.type))
  .filter((each) => getComputedStyle(each).display !== 'inline')
  .map((each) => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1)
  .filter(([, box]) => Math.round(box.height) < 44 || Math.round(box.width) < 44)
  .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""


def faults_of(page: Page, targets: bool) -> list[str]:
    found = [f"axe {each['id']}: {each['nodes'][0]['html'][:120]}" for each in Axe().run(page).response["violations"]]
    found += [f"small {each}" for each in page.evaluate(TARGETS)] if targets else []
    return found + ([f"{overhang(page)} px over the side"] if overhang(page) else [])


def judge(page: Page, addresses: list[str], targets: bool) -> dict[str, list[str]]:
    """What is wrong, by language, size of text and address."""
    wrong: dict[str, list[str]] = {}
    for language in ("zh", "en"):
        speak(page, language)
        for address in addresses:
            for size in ("100%", "130%"):
                page.goto(address)
                page.evaluate("size => document.documentElement.style.fontSize = size", size)
                found = faults_of(page, targets)
                if found:
                    wrong[f"{language} {size} {address}"] = found
    return wrong


def test_every_page_of_a_phone(signed_in: OpenPage, database: Database, place: Place) -> None:
    visit = busy_day(database, place)
    page = signed_in(place.users["visitor"], NARROW)
    addresses = ["/tasks", "/tasks?tab=done", "/trip", f"/tasks/{visit}", "/elders", f"/elders/{place.elder_id}"]
    addresses += ["/report", "/report/sent", "/me", "/norm/", "/outbox", "/phone/no-network"]

    assert judge(page, addresses, targets=True) == {}


@pytest.mark.parametrize("role", ["village_desk", "township_desk", "civil_affairs", "designer", "admin"])
def test_every_page_of_a_desk(signed_in: OpenPage, database: Database, place: Place, role: str) -> None:
    if role not in place.users:
        pytest.skip(f"the small city has no {role}")
    with db.writing() as session:
        urgent = a_task(
            session, role, place.paths["village"], place.elder_id, assignee=place.ids[role], name="上门查看",
            priority="urgent", due=timedelta(minutes=9),
        )  # fmt: skip
    page = signed_in(place.users[role], DESK)
    links = page.locator("nav.side li a").evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    addresses = [*links, f"/desk/?task={urgent}", f"/tasks/{urgent}"]
    page.set_viewport_size(NARROW)

    assert judge(page, [each for each in addresses if each != "/demo"], targets=False) == {}
