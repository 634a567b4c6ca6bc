"""Where a new worker hesitated in Chromium: a village desk on a phone, a number out of bounds, an empty report."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from engine.db import Database
from tests.web.browser.conftest import PHONE, OpenPage, overhang
from tests.web.conftest import Place, a_task

pytestmark = pytest.mark.browser


def test_a_village_desk_opens_its_most_urgent_task_on_a_phone(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    """Rows of the desk's list are cards there: nothing lies over anything and the way in can be hit."""
    with database.writing() as session:
        for name, priority in (("上报社区接报", "urgent"), ("核实需求", None)):
            a_task(
                session, "village_desk", place.paths["village"], place.elder_id, name=name, priority=priority,
                due=timedelta(minutes=9),
            )  # fmt: skip
    page = signed_in(place.users["village_desk"], PHONE)
    page.goto("/tasks")

    cells = page.locator("[data-id] > *").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect()).map(box => [box.top, box.bottom, box.left, box.right])"
    )
    over = [
        (one, other)
        for at, one in enumerate(cells)
        for other in cells[:at]
        if one[0] < other[1] - 1 and other[0] < one[1] - 1 and one[2] < other[3] - 1 and other[2] < one[3] - 1
    ]
    assert over == [] and overhang(page) == 0
    row = page.locator("[data-id]").first
    assert row.bounding_box()["height"] < 260
    row.locator("a.button").click()
    expect(page.get_by_role("heading", name="上报社区接报").first).to_be_visible()


def test_a_number_out_of_bounds_is_said_at_once_and_the_word_goes_with_the_fault(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    with database.writing() as session:
        task = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], form="visit"
        )
    page = signed_in(place.users["visitor"], PHONE)
    page.goto(f"/tasks/{task}")
    page.locator('[name="mode"][value="home"]').check(force=True)
    page.locator("#s-living > summary").click()
    meals = page.locator('[name="living.meals"]')

    meals.fill("99")
    meals.blur()
    expect(page.locator("#s-living .error")).to_have_text("太大，最大 9")
    expect(page.locator("#s-living .tick")).to_have_text("!")
    meals.fill("3")
    meals.blur()
    expect(page.locator("#s-living .error")).to_have_count(0)

    while page.locator("[data-send]").inner_text().startswith("下一项"):
        page.locator("[data-send]").click()
    page.locator("[data-send]").click()
    faults = page.locator("[data-faults]")
    expect(faults.get_by_role("heading", name="生活状况")).to_be_visible()
    top, bar = faults.bounding_box()["y"], page.locator(".app-bar").bounding_box()
    assert bar["y"] + bar["height"] - 1 <= top < 300, "the list is read from its beginning, under the bar"


def test_an_empty_report_says_what_is_missing(signed_in: OpenPage, place: Place) -> None:
    page = signed_in(place.users["visitor"], PHONE)
    page.goto("/report")
    page.wait_for_function("navigator.serviceWorker.controller !== undefined")

    page.get_by_role("button", name="立即上报").click()

    box = page.get_by_role("alert")
    expect(box.locator("a")).to_have_count(3)
    expect(box).to_contain_text("什么事：至少选一样。")
    expect(page.locator("[data-net]")).not_to_contain_text("待上传")


def test_a_time_with_its_date_stays_in_its_column(signed_in: OpenPage, database: Database, place: Place) -> None:
    with database.writing() as session:
        task = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="电话探访",
            due=timedelta(days=3), next_role="village_desk",
        )  # fmt: skip
    page = signed_in(place.users["visitor"], PHONE)
    page.goto(f"/tasks/{task}")
    page.locator(".timeline time").first.evaluate("each => { each.textContent = '11月30日 15:57'; }")

    time, title = page.locator(".timeline time").first, page.locator(".timeline li > div").first
    assert time.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert time.bounding_box()["x"] + time.bounding_box()["width"] <= title.bounding_box()["x"]
