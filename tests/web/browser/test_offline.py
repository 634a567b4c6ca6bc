"""A phone without network: what is filled in stays on it, through reloads and a closed browser, and arrives once.

The whole of it, with a killed browser, is in test_offline_visits.py.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from sqlalchemy import func, select

from engine import clock, db, submissions, tasks
from engine.db import Database
from engine.jobs import transaction
from engine.run import complete_task
from tests.web.browser.conftest import CHROMIUM, PHONE, taken
from tests.web.conftest import PASSWORD, Place, a_task
from web import sessions

pytestmark = pytest.mark.browser


class Phone:
    """A phone with a lasting profile: it can lose its network, be killed and started again."""

    def __init__(self, playwright: Playwright, profile: Path, address: str) -> None:
        self._playwright, self._profile, self._address = playwright, profile, address
        self.context: BrowserContext
        self.start()

    def start(self, offline: bool = False) -> None:
        flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage"
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=CHROMIUM,
            args=[*flags.split(), "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
            viewport=PHONE,
            locale="zh-CN",
            base_url=self._address,
            offline=offline,
            has_touch=True,
            permissions=["microphone", "geolocation"],
            geolocation={"latitude": 40.65, "longitude": 109.84, "accuracy": 12},
        )

    @property
    def page(self) -> Page:
        return self.context.pages[0]

    def close(self) -> None:
        self.context.close()

    def kill(self) -> None:
        """The browser ends at once, as when the phone runs empty: nothing more is written, nobody is told."""
        with self.context.expect_event("close"):
            os.kill(self._process(), signal.SIGKILL)

    def _process(self) -> int:
        """The browser's own process; its helpers carry a --type."""
        profile = f"--user-data-dir={self._profile}".encode()
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = each.read_bytes().split(b"\0")
                if profile in words and not any(word.startswith(b"--type=") for word in words):
                    return int(each.parent.name)
        raise LookupError(profile)

    def offline(self, off: bool = True) -> None:
        self.context.set_offline(off)

    def sign_in(self, user: str) -> None:
        self.page.goto("/sign-in")
        self.gives_password(user)
        self.page.wait_for_url("**/tasks")

    def gives_password(self, user: str) -> None:
        self.page.fill("#name", user)
        self.page.fill("#password", PASSWORD)
        self.page.locator("button.button-main").click()

    def keeps_pages(self, least: int) -> None:
        """Wait until that many pages are on the phone and the service worker runs."""
        expect(self.page.locator("body[data-keeps]")).to_have_count(1, timeout=30_000)
        assert int(self.page.locator("body").get_attribute("data-keeps") or 0) >= least
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.reload()

    def waits_with(self, count: int) -> None:
        expect(self.page.locator("[data-net]")).to_contain_text(f"待上传 {count}")

    def arrived(self) -> None:
        """Wait until nothing waits any more."""
        self.page.goto("/outbox")
        expect(self.page.get_by_text("都交上来了")).to_be_visible(timeout=20_000)


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, address: str) -> Iterator[Phone]:
    made = Phone(playwright, tmp_path / "profile", address)
    yield made
    made.close()


@pytest.fixture
def five(database: Database, place: Place) -> list[UUID]:
    """Five tasks of the grid worker for today."""
    with database.writing() as session:
        return [
            a_task(session, "grid_worker", place.paths["grid"], place.elder_id, name=f"看望 {number}")
            for number in range(1, 6)
        ]


def fill(page: Page, task: UUID, words: str) -> None:
    page.goto(f"/tasks/{task}")
    page.locator('[name="result"]').first.check(force=True)
    page.locator("textarea").first.fill(words)
    page.wait_for_timeout(600)  # the draft is saved 0.4 s after typing
    page.locator("[data-send]").click()


def said(task: UUID) -> list[tuple[str, Any]]:
    with db.reading() as session:
        rows = session.connection().execute(
            select(submissions.submission.c.state, submissions.submission.c.body)
            .where(submissions.submission.c.task_id == task)
            .order_by(submissions.submission.c.number)
        )
        return [(row.state, row.body) for row in rows]


def state(task: UUID) -> str:
    with db.reading() as session:
        return tasks.get(session, task).state


def test_five_forms_without_network_arrive_once(phone: Phone, place: Place, five: list[UUID]) -> None:
    phone.sign_in(place.users["grid_worker"])
    phone.keeps_pages(5)
    phone.offline()

    for number, task in enumerate(five):
        fill(phone.page, task, f"看过了 {number}")
        expect(phone.page.get_by_role("heading", name="已存在手机里")).to_be_visible()
    phone.page.goto("/tasks")
    phone.waits_with(5)
    phone.page.goto("/outbox")
    expect(phone.page.locator("[data-group=wait] li")).to_have_count(5)
    taken(phone.page, "phone-outbox-offline")
    phone.close()
    phone.start()
    phone.page.goto("/tasks")
    phone.arrived()

    assert [state(task) for task in five] == ["done"] * 5
    assert [len(said(task)) for task in five] == [1] * 5
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(submissions.submission)) == 5
    taken(phone.page, "phone-outbox-sent")
    assert clock.now() is not None


def test_a_task_that_another_finished_meanwhile_keeps_both(phone: Phone, place: Place, five: list[UUID]) -> None:
    phone.sign_in(place.users["grid_worker"])
    phone.keeps_pages(5)
    phone.offline()
    fill(phone.page, five[0], "我也看过了")
    expect(phone.page.get_by_role("heading", name="已存在手机里")).to_be_visible()
    with transaction() as session:
        complete_task(session, five[0], {"result": "done", "text": "B 先到"}, place.ids["village_desk"])

    phone.offline(False)
    phone.page.goto("/outbox")

    expect(phone.page.locator("[data-group=look] .tag")).to_have_text("已有人办", timeout=20_000)
    assert [kept for kept, _ in said(five[0])] == ["accepted", "late"]
    phone.page.get_by_role("button", name="知道了").click()
    expect(phone.page.get_by_text("都交上来了")).to_be_visible()


def test_an_expired_sign_in_keeps_the_forms_until_the_same_person_is_back(
    phone: Phone, place: Place, five: list[UUID], database: Database
) -> None:
    phone.sign_in(place.users["grid_worker"])
    phone.keeps_pages(5)
    phone.offline()
    fill(phone.page, five[1], "登录过期前填的")
    with database.writing() as session:
        sessions.revoke_all(session, place.ids["grid_worker"])
    phone.offline(False)
    expect(phone.page.get_by_text("登录到期了")).to_be_visible(timeout=20_000)
    assert state(five[1]) == "open"

    phone.sign_in(place.users["visitor"])
    phone.page.goto("/outbox")
    expect(phone.page.get_by_text("都交上来了")).to_be_visible()
    assert state(five[1]) == "open", "nobody else sends it"
    phone.page.goto("/me")
    phone.page.get_by_role("button", name="退出").click()
    phone.page.wait_for_url("**/sign-in*")
    phone.sign_in(place.users["grid_worker"])
    phone.arrived()

    assert state(five[1]) == "done"


def test_a_phone_whose_clock_is_wrong_is_told(phone: Phone, place: Place) -> None:
    phone.sign_in(place.users["grid_worker"])  # the server's clock stands in August

    phone.page.goto("/outbox")

    expect(phone.page.get_by_text("手机时间不准")).to_be_visible()
