"""A whole visit on a phone, from the order to what follows from an urgent finding, over the shipped diagrams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from care import people
from engine import db, jobs
from tests.town import Town
from tests.web.browser.conftest import DESK, OpenPage
from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.browser

Judge = Callable[[Page, str], None]

# Answers what is still asked on the page as a worker in a hurry would: the first choice, a word, now.
ANSWER = """() => {
    let answered = 0;
    const seen = (each) => each.offsetParent !== null || each.type === "radio" || each.type === "checkbox";
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const frame of document.querySelectorAll("[data-need]")) {
        if (frame.closest("[hidden]")) continue;
        const all = [...frame.querySelectorAll("input, select, textarea")];
        const inputs = all.filter((each) => seen(each) && !each.disabled);
        const choices = inputs.filter((each) => each.type === "radio" || each.type === "checkbox");
        if (choices.length) {
            if (choices.some((each) => each.checked)) continue;
            choices[0].click();
        } else {
            const field = inputs.find((each) => each.type !== "file");
            if (!field || field.value) continue;
            field.value = field.tagName === "SELECT" ? field.options[1].value
                : field.type === "datetime-local" ? "2026-08-03T09:30"
                : field.type === "date" ? "2026-08-03"
                : field.type === "number" || field.inputMode === "numeric" ? "20" : "好";
            field.dispatchEvent(new Event("input", { bubbles: true }));
            field.dispatchEvent(new Event("change", { bubbles: true }));
        }
        answered += 1;
    }
    return answered;
}"""


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    made = Town(name="田桂芝")
    with database.writing() as session:
        for staff_id in made.staff.values():
            people.find_staff(session, staff_id).password_hash = people.hashed(PASSWORD)
    return made


def user(town: Town, role: str) -> str:
    with db.reading() as session:
        return people.find_staff(session, town.staff[role]).user_name


def answer_all(page: Page) -> None:
    for _ in range(12):
        if page.evaluate(ANSWER) == 0:
            return


def send(page: Page) -> None:
    """Press the main button until the form is gone: a long form walks through its sections first."""
    where = page.url
    for _ in range(40):
        page.locator("[data-send]").click()
        page.wait_for_timeout(60)
        if page.url != where or page.locator("[data-send][aria-busy]").count():
            break
    page.wait_for_url(lambda url: url != where)
    jobs.drain()


def test_a_visit_on_a_phone_and_the_emergency_that_it_finds(signed_in: OpenPage, judged: Judge, town: Town) -> None:
    town.message("visit.ordered", str(town.elder.id), kind="targeted")
    page = signed_in(user(town, "visitor"))

    for _ in range(3):  # the order is accepted, the visitor checks in at the door, then comes the record
        page.goto("/tasks")
        page.locator(".card-main").first.click()
        page.wait_for_url("**/tasks/*")
        if page.locator('[name="home_safety.gas.level"]').count():
            break
        answer_all(page)
        send(page)
    judged(page, "phone-visit-of-the-diagram")
    answer_all(page)
    page.locator('[name="home_safety.gas.level"][value="immediate"]').check(force=True)
    answer_all(page)
    send(page)

    assert "report_community" in town.elements(), "the urgent finding starts the emergency at once"
    desk = signed_in(user(town, "village_desk"), DESK)
    desk.goto("/tasks")
    expect(desk.get_by_role("link", name="上报社区接报", exact=True)).to_be_visible()
    expect(desk.get_by_text("田桂芝").first).to_be_visible()
    judged(desk, "desk-worklist-after-the-visit")
