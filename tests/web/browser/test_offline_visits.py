"""Five whole visits without network, over the shipped diagram: each is four tasks, filled in ahead of their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect
from sqlalchemy import select

from care import people
from care.visits import Visit
from engine import db, incoming, jobs, run, submissions, tasks
from engine.jobs import transaction
from tests import builders
from tests.town import Town
from tests.web.browser.conftest import PICTURES, taken
from tests.web.browser.test_a_visit_in_a_browser import answer_all
from tests.web.browser.test_offline import Phone, said, state
from tests.web.conftest import PASSWORD
from web import sessions
from web.attachments import Attachment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHOTO = Path(__file__).parents[3] / "web" / "static" / "mark.svg"


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    """Five elders of one visitor; each is owed a visit today."""
    made = Town(name="田桂芝")
    with database.writing() as session:
        for staff_id in made.staff.values():
            people.find_staff(session, staff_id).password_hash = people.hashed(PASSWORD)
        others = [builders.an_elder(session, made.city, name=name) for name in ("孟淑兰", "宝音", "许志远", "韩福田")]
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
    made.kill()


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


def fill(page: Page, address: str, picture: Path) -> None:
    """Fill in one form of a visit as its questions ask, with a photo, a voice note, a signature, a position."""
    page.goto(address)
    choose = {"mode": "home", "met": "yes", "by": "position"} if page.locator("[data-locate]").count() else {}
    for name, value in choose.items():
        page.locator(f'[name="{name}"][value="{value}"]').check(force=True)
    if choose:
        page.get_by_role("button", name="用手机定位").click()
        expect(page.locator('[name="position"]')).to_have_value("40.65000,109.84000 ±12m wgs84")
    answer_all(page)
    if page.locator("canvas").count():
        page.locator('[name="confirm"][value="signature"]').check(force=True)
        page.locator('[name="photos"][type=file], [name="photos[]"][type=file]').first.set_input_files(picture)
        pad = page.locator("canvas").first
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 90, box["y"] + 50, steps=4)
        page.mouse.up()
        record = (
            page.locator("[data-files=voice]").filter(has=page.locator('[name="words_voice"]')).locator("button.button")
        )
        record.click()
        page.wait_for_timeout(400)
        record.click()
    page.wait_for_timeout(700)
    send(page)


def test_five_visits_without_network_are_five_visits(phone: Phone, town: Town) -> None:
    picture = PICTURES / "phone-photo-of-a-visit.png"
    phone_user = user(town, "visitor")
    phone.sign_in(phone_user)
    phone.keeps_pages(20)
    taken(phone.page, picture.stem)
    first = ordered()
    phone.offline()

    for task in first.values():
        fill(phone.page, f"/tasks/{task.id}", picture)
        for element in ("go", "visit_form", "elder_confirm"):
            fill(phone.page, f"/tasks/{task.id}/ahead/{element}", picture)
        phone.page.reload()
    phone.page.goto("/outbox")
    expect(phone.page.locator("[data-group=wait] li")).to_have_count(20)
    phone.kill()
    phone.start()
    with transaction() as session:  # B was faster with one of them
        run.complete_task(session, first[town.elder.id].id, {"by": "visitor"}, town.staff["visitor_b"])
    jobs.drain()
    with db.writing() as session:
        sessions.revoke_all(session, town.staff["visitor"])
    phone.page.goto("/tasks")
    phone.sign_in(phone_user)
    phone.page.goto("/outbox")
    expect(phone.page.locator("[data-group=wait]")).to_be_hidden(timeout=60_000)
    phone.page.wait_for_timeout(1500)
    jobs.drain()

    taken(phone.page, "phone-outbox-after-five-visits")
    for elder_id, task in first.items():
        assert state(task.id) == "done"
        kept = [each for each, _ in said(task.id)]
        assert kept == (["accepted", "late"] if elder_id == town.elder.id else ["accepted"])
    with db.reading() as session:
        visits = session.scalars(select(Visit).where(Visit.state.in_(("recorded", "done")))).all()
        assert {each.elder_id for each in visits} == set(first)
        records = session.connection().execute(
            select(submissions.submission.c.body).where(
                submissions.submission.c.element == "visit_form", submissions.submission.c.state == "accepted"
            )
        )
        bodies = [row.body for row in records]
        files = session.scalars(select(Attachment.kind)).all()
    assert len(bodies) == 5
    assert all(body["signature"] and body["words_voice"] for body in bodies)
    assert sorted(files) == sorted(["image/png"] * 10 + ["audio/webm"] * 5)


def user(town: Town, role: str) -> str:
    with db.reading() as session:
        return people.find_staff(session, town.staff[role]).user_name
