"""Five whole visits without network, over the shipped diagram: each is four tasks, filled in ahead of their time.

Meanwhile everything goes wrong that may: the page is reloaded, the browser killed, the sign-in runs out, B is faster
with one task, the server finds a file that it cannot take, and one answer is lost on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import abort
from playwright.sync_api import FilePayload, Page, Playwright, expect
from sqlalchemy import func, select, update

from care import people
from care.visits import Visit
from engine import clock, db, incoming, jobs, run, submissions, tasks
from engine.jobs import transaction
from tests import builders
from tests.town import Town
from tests.web.browser.conftest import PICTURES, taken
from tests.web.browser.test_a_visit_in_a_browser import answer_all
from tests.web.browser.test_offline import Phone, said, state
from tests.web.conftest import PASSWORD
from web import attachments, sessions, task_page
from web.attachments import Attachment

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

NO_PICTURE: FilePayload = {"name": "IMG_1.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + bytes(64)}
NAMES = ("田桂芝", "孟淑兰", "宝音", "许志远", "韩福田")


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    """Five elders of one visitor; each is owed a visit today."""
    made = Town(name=NAMES[0])
    with database.writing() as session:
        for staff_id in made.staff.values():
            people.find_staff(session, staff_id).password_hash = people.hashed(PASSWORD)
        others = [builders.an_elder(session, made.city, name=name) for name in NAMES[1:]]
        wanted = [made.elder.id, *(each.id for each in others)]
    for elder_id in wanted:
        with transaction() as session:
            incoming.message(session, "visit.ordered", str(elder_id), {"elder_id": elder_id, "kind": "targeted"})
        jobs.drain()
    return made


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, address: str) -> Iterator[Phone]:
    made = Phone(playwright, tmp_path / "profile", address)
    yield made
    made.close()


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The first form that arrives is taken, and the phone never hears of it; its task."""
    found: list[UUID] = []
    onward = task_page._onward

    def silent(person: Any, done: Any, what: str) -> Any:
        if not found:
            found.append(done.task_id)
            abort(502)
        return onward(person, done, what)

    monkeypatch.setattr(task_page, "_onward", silent)
    return found


def ordered() -> dict[int, tasks.TaskRow]:
    """The open first task of each visit, by elder."""
    with db.reading() as session:
        rows = tasks.find(session, filters=tasks.Filters(process_id="home_visit"), limit=50).rows
    return {row.subject_id: row for row in rows if row.subject_id is not None}


def send(page: Page) -> None:
    for _ in range(40):
        if page.get_by_role("heading", name="已存在手机里").count():
            return
        page.locator("[data-send]").click()
        page.wait_for_timeout(80)
    raise AssertionError("the form was not kept")


def check_in(page: Page) -> None:
    """At home, met, by the phone's position."""
    for name, value in {"mode": "home", "met": "yes", "by": "position"}.items():
        page.locator(f'[name="{name}"][value="{value}"]').check(force=True)
    page.get_by_role("button", name="用手机定位").click()
    expect(page.locator('[name="position"]')).to_have_value("40.65000,109.84000 ±12m wgs84")


def record(page: Page, words: str, picture: Path | FilePayload) -> None:
    """What a record has beside its answers: the elder's words, a photo, a signature, a voice note."""
    page.locator('[name="elder_words"]').fill(words)
    page.locator('[name="confirm"][value="signature"]').check(force=True)
    page.locator("#f-photos [type=file]").set_input_files(picture)
    pad = page.locator("canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 50, steps=4)
    page.mouse.up()
    button = page.locator("#f-words_voice button.button")
    button.click()
    expect(button).to_have_text("停止录音")
    page.wait_for_timeout(400)
    button.click()
    expect(page.locator("#f-words_voice audio")).to_have_count(1)


def fill(page: Page, address: str, words: str, picture: Path | FilePayload) -> None:
    """Fill in one form of a visit as its questions ask, and send it; a record is reloaded before that."""
    page.goto(address)
    if page.locator("[data-locate]").count():
        check_in(page)
    answer_all(page)
    if page.locator("canvas").count():
        record(page, words, picture)
        page.wait_for_timeout(700)  # the draft is saved 0.4 s after the last change
        page.reload()
        expect(page.locator('[name="elder_words"]')).to_have_value(words)
        expect(page.locator(".photos .is-new")).to_have_count(3)
        page.wait_for_timeout(100)
    send(page)


def settles(phone: Phone, waiting: int, looking: int) -> None:
    """Until so many entries wait and so many are to be looked at; the engine goes on meanwhile."""
    page, counts = phone.page, [-1, -1]
    for _ in range(240):
        jobs.drain()
        counts = [page.locator(f"[data-group={name}] [data-t]").count() for name in ("wait", "look")]
        if counts == [waiting, looking]:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"wait, look: {counts}")


def test_a_check_in_by_photo_is_kept_only_with_the_photo_without_network_too(phone: Phone, town: Town) -> None:
    phone.sign_in(user_of(town, "visitor"))
    phone.keeps_pages(20)
    taken(phone.page, "phone-photo-of-a-visit")
    task = next(iter(ordered().values()))
    phone.offline()
    page = phone.page
    page.goto(f"/tasks/{task.id}/ahead/go")
    for name, value in {"mode": "home", "met": "yes", "by": "photo"}.items():
        page.locator(f'[name="{name}"][value="{value}"]').check(force=True)
    answer_all(page)

    page.locator("[data-send]").click()

    expect(page.locator("[data-faults]")).to_contain_text("门口照片")
    assert page.get_by_role("heading", name="已存在手机里").count() == 0
    taken(page, "phone-check-in-without-its-photo")
    page.locator("#f-photo [type=file]").set_input_files(PICTURES / "phone-photo-of-a-visit.png")
    expect(page.locator("#f-photo .is-new")).to_have_count(1)
    send(page)


def test_five_visits_without_network_arrive_once_whatever_happens(phone: Phone, town: Town, lost: list[UUID]) -> None:
    picture = PICTURES / "phone-photo-of-a-visit.png"
    user = user_of(town, "visitor")
    phone.sign_in(user)
    phone.keeps_pages(20)
    taken(phone.page, picture.stem)
    first = ordered()
    bs, *_, refused = first.values()
    phone.offline()

    for elder_id, task in first.items():
        photo = NO_PICTURE if task is refused else picture
        for where in ("", "/ahead/go", "/ahead/visit_form", "/ahead/elder_confirm"):
            fill(phone.page, f"/tasks/{task.id}{where}", f"原话 {elder_id}", photo)
    phone.kill()
    phone.start(offline=True)
    phone.page.goto("/outbox")
    expect(phone.page.locator("[data-group=wait] li")).to_have_count(20)
    expect(phone.page.locator("[data-group=wait] li").filter(has_text="照片 2 张，录音 1 段")).to_have_count(5)
    taken(phone.page, "phone-outbox-after-a-kill")

    with transaction() as session:  # B was faster with one of them
        run.complete_task(session, bs.id, {"by": "visitor"}, town.staff["visitor_b"])
    jobs.drain()
    with db.writing() as session:
        session.execute(update(sessions.WebSession).values(ends_at=clock.now()))
    phone.offline(False)
    phone.page.get_by_role("link", name="去登录").click()
    assert submitted() == 1, "B's; nothing goes out before the worker has signed in again"
    phone.gives_password(user)
    phone.page.wait_for_url("**/outbox")
    settles(phone, waiting=1, looking=2)

    taken(phone.page, "phone-outbox-to-look-at")
    look = phone.page.locator("[data-group=look] article")
    expect(look.filter(has_text="已有人办")).to_have_count(1)
    corrected = look.filter(has_text="要改")
    expect(corrected).to_contain_text("现场照片 这种文件不能用，请拍照片或录音。")
    expect(phone.page.locator("[data-net]")).to_have_text("待上传 1 · 要改 1")
    phone.page.evaluate("localStorage.clear()")  # a draft that a killed browser had not written to the disk yet
    expect(phone.page.locator("[data-group=wait] li")).to_contain_text("等前面一步")
    corrected.get_by_role("link", name="打开来改").click()
    correct(phone.page, f"原话 {refused.subject_id}", picture)
    phone.page.goto("/outbox")
    settles(phone, waiting=0, looking=1)
    phone.page.get_by_role("button", name="知道了").click()
    expect(phone.page.get_by_text("都交上来了")).to_be_visible()

    taken(phone.page, "phone-outbox-after-five-visits")
    assert lost, "one answer was lost, and its form came once more"
    assert submitted() == 5 * 4 + 1
    for task in first.values():
        assert state(task.id) == "done"
        assert [kept for kept, _ in said(task.id)] == (["accepted", "late"] if task is bs else ["accepted"])
    arrived(first)


def correct(page: Page, words: str, picture: Path) -> None:
    """The record that came back, with all that was typed: another photo in place of what is none."""
    expect(page.locator(".errors")).to_contain_text("现场照片：这种文件不能用，请拍照片或录音。")
    expect(page.locator('[name="elder_words"]')).to_have_value(words)
    expect(page.locator(".photos .is-new")).to_have_count(3)
    taken(page, "phone-visit-to-correct")
    page.locator("#f-photos .remove").click()
    page.locator("#f-photos [type=file]").set_input_files(picture)
    expect(page.locator("#f-photos .is-new")).to_have_count(1)
    page.wait_for_timeout(700)
    where = page.url
    for _ in range(40):
        page.locator("[data-send]").click()
        page.wait_for_timeout(80)
        if page.url != where or page.locator("[data-send][aria-busy]").count():
            break
    page.wait_for_url(lambda url: url != where)


def submitted() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(submissions.submission)) or 0


def arrived(first: dict[int, tasks.TaskRow]) -> None:
    """Each visit is recorded once, with its place, its words and its three files; and no file lies about besides."""
    files: list[str] = []
    with db.reading() as session:
        visits = session.scalars(select(Visit).where(Visit.state.in_(("recorded", "done")))).all()
        assert sorted(each.elder_id for each in visits) == sorted(first)
        for elder_id, task in first.items():
            assert task.instance_id is not None
            rows = [each for each in submissions.of_instance(session, task.instance_id) if each.state == "accepted"]
            assert sorted(each.element for each in rows) == ["accept_or_swap", "elder_confirm", "go", "visit_form"]
            bodies = {each.element: each.body for each in rows}
            assert bodies["go"]["position"] == "40.65000,109.84000 ±12m wgs84"
            record = bodies["visit_form"]
            assert record["elder_words"] == f"原话 {elder_id}"
            mine = [*record["photos"], record["signature"], record["words_voice"]]
            stored = [session.get_one(Attachment, UUID(each)) for each in mine]
            assert [each.kind for each in stored] == ["image/png", "image/png", "audio/webm"]
            assert all(attachments.kind_of(attachments.read(each)) == each.kind for each in stored)
            assert {each.subject_id for each in stored} == {elder_id}
            files += mine
        assert sorted(str(each) for each in session.scalars(select(Attachment.id))) == sorted(files)


def user_of(town: Town, role: str) -> str:
    with db.reading() as session:
        return people.find_staff(session, town.staff[role]).user_name
