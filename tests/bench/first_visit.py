"""How long a phone waits on a slow line: the first visit, and from what it keeps. `python -m tests.bench.first_visit`.

Chromium with the line of 400 kbit/s and 400 ms that issue-writers ask for (Chrome DevTools Protocol): from the
navigation until the page can be used (DOMContentLoaded: text, styles and scripts are there) and until it has loaded,
and the bytes that came over the line, heads of answers included.
Figures for people; no test asserts them. What tests hold is what makes them: tests/web/browser BUDGET.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests import builders
from tests.bench.measuring import Spread
from tests.databases import databases
from tests.web.browser.conftest import CHROMIUM, PHONE
from tests.web.conftest import PASSWORD, a_task
from tests.web.form_site import served
from web.app import create_app

LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # ms, bytes/s
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
ROUNDS = 5
PAGES = {"worklist": "/tasks", "trip": "/trip", "report": "/report", "me": "/me"}
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        made = databases()
        made.emptied(Path(folder))
        user, visit = _town()
        with served(create_app({"TESTING": True, "RATELIMIT_ENABLED": False})) as address:
            context = playwright.chromium.launch_persistent_context(
                f"{folder}/profile", executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"],
                viewport=PHONE, base_url=address,
            )  # fmt: skip
            _measure(context, user, visit)
            context.close()
        made.close()


def _town() -> tuple[str, str]:
    """A visitor who can sign in, with ten tasks; the visit among them."""
    from care import people
    from engine import db

    with db.writing() as session:
        city = builders.a_city(session)
        staff = city.staff["visitor"]
        staff.password_hash = people.hashed(PASSWORD)
        elders = [builders.an_elder(session, city, name=f"老人{number}") for number in range(10)]
        session.flush()
        ids = [
            a_task(session, "visitor", city.village.path, elder.id, assignee=staff.id, form="visit") for elder in elders
        ]
        return staff.user_name, str(ids[0])


def _measure(context: BrowserContext, user: str, visit: str) -> None:
    page = context.pages[0]
    page.goto("/sign-in")
    page.fill("#name", user)
    page.fill("#password", PASSWORD)
    page.locator("button.button-main").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.wait_for_load_state("networkidle")
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    received: list[int] = []
    line.on("Network.loadingFinished", lambda said: received.append(int(said["encodedDataLength"])))
    print(f"| page | how | usable, ms | loaded, ms | KB |\n|{'---|' * 5}")
    for name, address in (PAGES | {"visit form": f"/tasks/{visit}"}).items():
        for how, prepare in (("first visit", _first), ("from what is kept, offline", _offline)):
            found = [_once(page, line, address, prepare, received) for _ in range(ROUNDS)]
            usable, loaded, size = (Spread([each[place] for each in found]) for place in range(3))
            print(f"| {name} | {how} | {_whole(usable)} | {_whole(loaded)} | {max(size.values):.1f} |")


def _once(page: Page, line: Any, address: str, prepare: Any, received: list[int]) -> tuple[float, float, float]:
    prepare(page, line, address)
    received.clear()
    page.goto(address, wait_until="load")
    page.wait_for_timeout(50)  # the load event ends a moment after its handlers began
    return page.evaluate(USABLE), page.evaluate(LOADED), sum(received) / 1000


def _whole(spread: Spread) -> str:
    return f"{spread.median:.0f} ({min(spread.values):.0f}–{max(spread.values):.0f})"


def _first(page: Page, line: Any, address: str) -> None:
    """An empty cache, no service worker, the slow line."""
    line.send("Network.emulateNetworkConditions", LINE)
    line.send("Network.setBypassServiceWorker", {"bypass": True})
    line.send("Network.clearBrowserCache")


def _offline(page: Page, line: Any, address: str) -> None:
    """The page was opened once with network; now there is none."""
    line.send("Network.emulateNetworkConditions", FAST)
    line.send("Network.setBypassServiceWorker", {"bypass": False})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    line.send("Network.emulateNetworkConditions", {**LINE, "offline": True})
    page.goto("about:blank")


if __name__ == "__main__":
    main()
