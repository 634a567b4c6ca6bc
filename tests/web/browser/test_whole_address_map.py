"""Every page that answers GET, on phone and desk: axe finds nothing, nothing hangs over the side at 320 px, and
on a phone's page every target is a finger wide; in both languages, at normal text, at 130 % and in elder mode.

The pages are those of the application's own address map: a new address without a value here fails the first test. The
whole product of languages and sizes takes many minutes; the shorter one tries every page once, turn and turn about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from engine.db import Database
from tests.web.browser.conftest import DESK, PHONE, overhang
from tests.web.browser.test_every_page import NARROW, TARGETS
from tests.web.conftest import PASSWORD
from tests.web.form_site import served
from tests.web.whole_town import WholeTown
from web.app import create_app

pytestmark = pytest.mark.browser

TURNS = [("zh", "100%"), ("en", "100%"), ("zh", "130%"), ("en", "130%")]
NO_PAGE = (  # data, files, parts of pages, what dials or redirects, what programs ask
    "/api/", "/static/", "/attachments/", "/health", "/metrics", "/ready", "/sw.js", "/manifest.webmanifest",
    "/phone/hello", "/board/rows", "/calls/rows", "/desk/rows", "/tasks/rows", "/elders/number/", "/cards/photos/",
)  # fmt: skip
NO_PAGE_ENDS = (".xlsx", ".bpmn", "/call/<what>", "/notices/<int:notice_id>")
STACKED = ("/providers/", "/rota/")  # tables of a desk that are read on phones too
SWIPED = """() => [...document.querySelectorAll('.scroll')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.scrollWidth}>${each.clientWidth} ${each.outerHTML.slice(0, 120)}`)"""
NOBODY = ""  # who has not signed in
PHONE_ROLES = ("visitor",)
DESK_ROLES = (
    "township_desk", "village_desk", "district_desk", "township_lead", "hotline", "monitor_desk", "city_desk", "admin",
    "designer", "auditor", "district_lead",
)  # fmt: skip


class Walk:
    """A town with something on every page, and for each page the people who may open it, by shell."""

    def __init__(self) -> None:
        town = WholeTown()
        self.users, self.values = town.users, town.values
        self.pages = self.found()

    def addresses(self) -> list[str]:
        """Every page of the address map, once for each value of its arguments."""
        app = create_app({"TESTING": True})
        made = {"/tasks?tab=done", "/outbox", "/desk/?queue=all", "/desk/?q=田", "/elders?q=x"}
        for rule in app.url_map.iter_rules():
            if not is_page(rule.rule) or "GET" not in (rule.methods or ()):
                continue
            sets: list[dict[str, Any]] = [{}]
            for name in sorted(rule.arguments):
                sets = [{**each, name: value} for each in sets for value in self.values[name]]
            with app.test_request_context():
                made |= {str(app.url_map.bind("").build(rule.endpoint, each)) for each in sets}
        return sorted(made)

    def found(self) -> list[tuple[str, str, bool]]:
        """(address, role, whether it is a phone's page): the first of each shell who may open it."""
        app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
        clients = {}
        for role in (each for each in (*PHONE_ROLES, *DESK_ROLES) if each in self.users):
            clients[role] = app.test_client()
            page = clients[role].get("/sign-in").get_data(as_text=True)
            token = page.split('name="csrf-token" content="')[1].split('"')[0]
            form = {"name": self.users[role], "password": PASSWORD, "csrf_token": token}
            assert clients[role].post("/sign-in", data=form).status_code == 302
        pages = [("/sign-in", NOBODY, True)]
        for address in self.addresses():
            for roles in (PHONE_ROLES, DESK_ROLES):
                for role in (each for each in roles if each in clients):
                    answer = clients[role].get(address)
                    if answer.status_code == 200 and answer.mimetype == "text/html":
                        pages.append((address, role, roles is PHONE_ROLES))
                        break
        return pages


def is_page(rule: str) -> bool:
    return not rule.startswith(NO_PAGE) and not rule.endswith(NO_PAGE_ENDS)


@pytest.fixture
def walk(database: Database, monday: datetime) -> Walk:
    return Walk()


class Walker:
    """One browser for all: a page for each person."""

    def __init__(self, browser: Browser, address: str, users: dict[str, str]) -> None:
        self.browser, self.address, self.users = browser, address, users
        self.pages: dict[str, Page] = {}

    def page(self, role: str, phone: bool) -> Page:
        if role not in self.pages:
            context = self.browser.new_context(
                viewport=PHONE if phone else DESK, locale="zh-CN", base_url=self.address, has_touch=phone,
                service_workers="block",
            )  # fmt: skip
            page = self.pages[role] = context.new_page()
            page.goto("/sign-in")
            if role != NOBODY:
                page.fill("#name", self.users[role])
                page.fill("#password", PASSWORD)
                page.locator("button.button-main").click()
                page.wait_for_url(lambda url: "/sign-in" not in url)
        return self.pages[role]

    def speak(self, role: str, language: str) -> None:
        """The language of that person's pages, by the same switch as theirs."""
        page = self.pages[role]
        page.set_viewport_size(DESK)
        page.goto("/me" if role != NOBODY else "/sign-in")
        if not page.evaluate("wanted => document.documentElement.lang.startsWith(wanted)", language):
            page.locator(f'button[name="language"][value="{language}"]:visible').first.click()
        page.wait_for_function("wanted => document.documentElement?.lang.startsWith(wanted)", arg=language)

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


@pytest.fixture
def walker(browser: Browser, walk: Walk) -> Iterator[Walker]:
    with served(create_app({"TESTING": True, "RATELIMIT_ENABLED": False})) as address:
        walker = Walker(browser, address.rstrip("/"), walk.users)
        yield walker
        walker.close()


def faults_of(page: Page, phone: bool, size: str, with_axe: tuple[dict[str, int], ...]) -> list[str]:
    """What is wrong with the page that is open, at this size of text."""
    if size == "elder":
        page.evaluate("document.documentElement.dataset.mode = 'elder'")
    else:
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
    found = []
    for window in with_axe:
        page.set_viewport_size(window)
        violations = Axe().run(page).response["violations"]
        found += [f"axe {each['id']}: {each['nodes'][0]['html'][:160]}" for each in violations]
    page.set_viewport_size(NARROW)
    if overhang(page):
        found.append(f"{overhang(page)} px over the side at 320")
    if phone or page.url.partition("?")[0].endswith(STACKED):
        found += [f"scrolls sideways at 320: {each}" for each in page.evaluate(SWIPED)]
    if phone:
        found += [f"small {each}" for each in page.evaluate(TARGETS)]
    return found


def test_every_page_of_the_address_map_is_walked(walk: Walk) -> None:
    app = create_app({"TESTING": True})
    walked = {address for address, _, _ in walk.pages}
    adapter = app.url_map.bind("")
    rules = {adapter.match(each.partition("?")[0], return_rule=True)[0].rule for each in walked}

    left = {
        rule.rule for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and is_page(rule.rule) and rule.rule not in rules
    }  # fmt: skip

    assert left <= NEEDS_MORE, left - NEEDS_MORE


NEEDS_MORE = {"/", "/demo/"}
"""What redirects, and what only the demonstration has."""


@pytest.mark.slow
@pytest.mark.parametrize(("language", "size"), TURNS)
def test_every_page_once_turn_and_turn_about(walk: Walk, walker: Walker, language: str, size: str) -> None:
    """Each page in one language, at one size of text and in its own window; the neighbours have the others."""
    wrong = {}
    mine = walk.pages[TURNS.index((language, size)) :: len(TURNS)]
    for role, phone in dict.fromkeys((role, phone) for _, role, phone in mine):
        page = walker.page(role, phone)
        walker.speak(role, language)
        for at, address in enumerate(address for address, who, _ in mine if who == role):
            page.set_viewport_size(PHONE if phone else DESK)
            page.goto(address)
            found = faults_of(page, phone, size, (PHONE if phone or at % 3 == 0 else DESK,))
            if found:
                wrong[f"{role} {address}"] = found

    assert wrong == {}
    assert len(walk.pages) > 100


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_in_every_window_and_size(walk: Walk, walker: Walker, language: str, part: int) -> None:
    wrong = {}
    mine = walk.pages[part::4]
    for role, phone in dict.fromkeys((role, phone) for _, role, phone in mine):
        page = walker.page(role, phone)
        walker.speak(role, language)
        for address in (address for address, who, _ in mine if who == role):
            page.goto(address)
            found = faults_of(page, phone, "100%", (PHONE, DESK))
            found += [f"130%: {each}" for each in faults_of(page, phone, "130%", ())]
            found += [f"elder: {each}" for each in faults_of(page, phone, "elder", (PHONE,) if phone else ())]
            if found:
                wrong[f"{role} {address}"] = found

    assert wrong == {}
