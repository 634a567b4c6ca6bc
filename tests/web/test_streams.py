"""The stream of events: who is signed in hears that something of theirs changed, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine import db
from engine.db import Database
from tests.builders import a_city
from tests.web.conftest import Browser, Place, a_task
from web import sessions, streams


class Page:
    """One open page: what the application sent it, and when it goes away."""

    def __init__(self, application: streams.Streams, cookie: str, last: str = "") -> None:
        self.application, self.sent, self.gone = application, [], asyncio.Event()
        headers = [(b"cookie", f"visitflow={cookie}".encode())] + ([(b"last-event-id", last.encode())] if last else [])
        self.scope = {"type": "http", "path": streams.ADDRESS, "method": "GET", "headers": headers}
        self.sent: list[dict[str, Any]] = []

    def open(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.application(self.scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.sent).decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; the test's own time limit ends what never does."""
        while not holds():
            await asyncio.sleep(0.01)


def _alone(hearing: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, run in a thread of its own: the browser tests' plugin keeps a loop in the main one."""
    with ThreadPoolExecutor(1) as own_thread:
        return own_thread.submit(asyncio.run, hearing).result()


def cookie_of(site: Browser, place: Place, role: str) -> str:
    site.sign_in(place.users[role])
    found = site.client.get_cookie("visitflow")
    assert found is not None
    site.client.delete_cookie("visitflow")
    return str(found.value)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOKS_EVERY", 0.02)
    monkeypatch.setattr(streams, "STILL_HERE", 0.1)


def open_task(role: str, path: str) -> None:
    with db.writing() as session:
        a_task(session, role, path)


def test_only_those_whom_it_concerns_hear_of_a_new_task(site: Browser, place: Place) -> None:
    with db.writing() as session:
        other = a_city(session).village.path
    desk, elsewhere = cookie_of(site, place, "village_desk"), cookie_of(site, place, "grid_worker")

    async def hears() -> tuple[str, str]:
        application = streams.Streams()
        mine, theirs = Page(application, desk), Page(application, elsewhere)
        running = [mine.open(), theirs.open()]
        await mine.until(lambda: application.watch._marks and len(application.listeners) == 2)
        open_task("village_desk", other)
        await mine.until(lambda: application.watch.number == 1)
        before = mine.text
        open_task("village_desk", place.paths["village"])
        await mine.until(lambda: "changed" in mine.text)
        for page, task in zip((mine, theirs), running, strict=True):
            page.gone.set()
            await task
        assert "changed" not in before and not application.listeners
        return mine.text, theirs.text

    heard, not_heard = _alone(hears())

    assert heard.startswith("retry: 3000") and "event: changed\ndata: {}" in heard
    assert "changed" not in not_heard
    assert "田桂芝" not in heard


def test_a_page_that_was_away_asks_at_once(site: Browser, place: Place) -> None:
    cookie = cookie_of(site, place, "village_desk")

    async def comes_back() -> str:
        application = streams.Streams()
        page = Page(application, cookie, last="3")
        running = page.open()
        await page.until(lambda: "changed" in page.text)
        page.gone.set()
        await running
        return page.text

    assert "event: changed" in _alone(comes_back())


def test_it_says_that_it_is_still_there_and_ends_with_the_sign_in(site: Browser, place: Place) -> None:
    cookie = cookie_of(site, place, "village_desk")

    async def lasts() -> tuple[str, dict[str, Any]]:
        application = streams.Streams()
        page = Page(application, cookie)
        running = page.open()
        await page.until(lambda: ":\n\n" in page.text)
        with db.writing() as session:
            sessions.revoke_all(session, place.ids["village_desk"])
        await running
        return page.text, page.sent[-1]

    text, last = _alone(lasts())

    assert ":\n\n" in text and last["more_body"] is False


@pytest.mark.parametrize("cookie", ["", "rubbish", "e30.aaaa.bbbb"])
def test_nobody_listens_without_a_sign_in(database: Database, place: Place, cookie: str) -> None:
    async def refused() -> int:
        page = Page(streams.Streams(), cookie)
        await page.open()
        return page.status

    assert _alone(refused()) == 401


def test_other_addresses_answer_404_and_a_full_process_503(
    site: Browser, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = cookie_of(site, place, "village_desk")
    monkeypatch.setattr(streams, "MOST", 0)

    async def answers() -> list[int]:
        application = streams.Streams()
        full, elsewhere, health = (Page(application, cookie) for _ in range(3))
        elsewhere.scope["path"], health.scope["path"] = "/tasks", "/health"
        for page in (full, elsewhere, health):
            await page.open()
        return [full.status, elsewhere.status, health.status]

    assert _alone(answers()) == [503, 404, 200]


def test_what_commits_late_is_still_told_once(database: Database, place: Place) -> None:
    watch = streams.Watch()
    watch.look()

    open_task("village_desk", place.paths["village"])
    first, again = watch.look(), watch.look()

    assert (place.paths["village"], None) in first and again == []


def test_pages_listen_only_in_a_city(site: Browser, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sign_in(place.users["village_desk"])
    alone = site.get("/desk/").text
    monkeypatch.setattr(streams, "address", lambda: streams.ADDRESS)

    assert "data-stream" not in alone and 'data-every="5"' in alone
    site_of_city = site.client.application
    monkeypatch.setitem(site_of_city.jinja_env.globals, "stream", streams.address)
    in_city = site.get("/desk/").text
    assert f'data-stream="{streams.ADDRESS}"' in in_city and 'data-every="30"' in in_city
