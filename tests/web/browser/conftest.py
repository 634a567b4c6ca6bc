"""Chromium of this machine, a served site, and what every page is held to: axe, width, own scripts only."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as BrowserError

from engine import settings
from engine.db import Database
from tests.web.conftest import PASSWORD, application
from tests.web.form_site import served

PICTURES = Path(__file__).parents[3] / "test-results"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

expect.set_options(timeout=20_000)  # a test says what is seen, never how soon


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, unless the services are required."""
    if CHROMIUM or settings.environment("VISITFLOW_TEST_SERVICES") == "required":
        return
    for item in items:
        if "browser" in Path(item.path).parts:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage"
    return {"executable_path": CHROMIUM, "args": [*flags.split(), "--font-render-hinting=none"]}


OpenPage = Callable[..., Page]


@pytest.fixture
def address(database: Database) -> Iterator[str]:
    """The address of the site, served for one test."""
    with served(application()) as found:
        yield found.rstrip("/")


@pytest.fixture
def signed_in(browser: Browser, address: str) -> Iterator[OpenPage]:
    """signed_in(user, size, script=True): an empty tab of that person; what the browser complains of fails the test."""
    contexts, wrong = [], []

    def open_page(user: str, size: dict[str, int] = PHONE, script: bool = True) -> Page:
        context = browser.new_context(
            viewport=size, java_script_enabled=script, locale="zh-CN", base_url=address, has_touch=size is PHONE
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(f"{said.text} {said.location['url']}") if said.type == "error" else None,
        )
        page.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url))
        sign_in(context, user)
        return page

    yield open_page
    complaints = [each for each in wrong if "422" not in each and "409" not in each]
    for context in contexts:  # what is on its way now goes out without its cookies: no complaint of the page
        context.close()
    assert complaints == []


def sign_in(context: BrowserContext, user: str) -> None:
    """What the sign-in page sends, without drawing it."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', context.request.get("/sign-in").text())
    assert token is not None
    answer = context.request.post("/sign-in", form={"csrf_token": token[1], "name": user, "password": PASSWORD})
    assert "/sign-in" not in answer.url


def speak(page: Page, language: str) -> None:
    """The language of this person's pages, by the switch on their own page."""
    page.goto("/me")
    page.locator(f'main [name="language"][value="{language}"]').click()


@pytest.fixture
def judged() -> Callable[[Page, str], None]:
    """judged(page, name): axe finds nothing, nothing hangs over the side, and the picture lies in test-results."""

    def judge(page: Page, name: str) -> None:
        taken(page, name)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found] == []
        assert overhang(page) == 0

    return judge


def taken(page: Page, name: str, full_page: bool = False) -> None:
    """A picture of the page in test-results; Chromium on a loaded machine fails to take one now and then, so thrice."""
    PICTURES.mkdir(exist_ok=True)
    for left in (2, 1, 0):
        try:
            page.screenshot(path=PICTURES / f"{name}.png", full_page=full_page)
            return
        except BrowserError as failed:
            if not left or "Unable to capture" not in str(failed):
                raise
            page.wait_for_timeout(500)


def overhang(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return int(wider)
