"""The pages in Chromium: a phone and a desk, with and without script, both languages, large letters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from engine import submissions, tasks
from engine.db import Database
from tests.web.browser.conftest import DESK, PHONE, OpenPage, overhang, speak, taken
from tests.web.conftest import PASSWORD, Place, a_task

pytestmark = pytest.mark.browser

BUDGET = 40_000  # bytes: a phone's worklist or form, all files together, on a first visit

Judge = Callable[[Page, str], None]


def own_task(database: Database, place: Place, **facts: Any) -> UUID:
    with database.writing() as session:
        given: dict[str, Any] = {"assignee": place.ids["visitor"], "why": "your_elder", **facts}
        return a_task(session, "visitor", place.paths["village"], place.elder_id, **given)


def busy_day(database: Database, place: Place) -> UUID:
    """A worklist with something under every heading; the visit's task."""
    with database.writing() as session:
        a_task(
            session,
            "visitor",
            place.paths["village"],
            place.elder_id,
            assignee=place.ids["visitor"],
            name="上门查看",
            due=timedelta(minutes=12),
            priority="urgent",
            next_role="village_desk",
            why="your_elder",
            form="on_scene",
        )
    own_task(database, place, name="隐患复查", due=timedelta(days=-1))
    own_task(database, place, name="电话探访", due=timedelta(days=3))
    own_task(database, place, name="每月探访", due=timedelta(days=20))
    return own_task(database, place, name="每周探访", form="visit", next_role="village_desk")


def test_a_visitor_signs_in_on_a_phone_and_completes_a_task(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    task_id = own_task(database, place, name="隐患复查")
    page = signed_in(place.users["visitor"])
    page.context.clear_cookies()
    page.goto("/")
    page.fill("#name", place.users["visitor"])
    page.fill("#password", PASSWORD)
    page.locator("button.button-main").click()

    page.get_by_text("隐患复查").click()
    page.locator('[name="result"][value="done"]').check(force=True)
    page.locator('[name="text"]').fill("已铺防滑垫")
    page.locator("[data-send]").click()

    expect(page.locator(".toast > span")).to_have_text("已提交：隐患复查")
    expect(page.get_by_text("今天的都办完了")).to_be_visible()
    with database.reading() as session:
        assert tasks.get(session, task_id).state == "done"


def test_a_form_is_completed_without_script(signed_in: OpenPage, database: Database, place: Place) -> None:
    task_id = own_task(database, place, name="隐患复查")
    page = signed_in(place.users["visitor"], script=False)
    page.goto("/")

    page.get_by_text("隐患复查").click()
    page.locator("[data-send]").click()
    expect(page.locator(".errors")).to_be_visible()
    page.locator('[name="result"][value="done"]').check(force=True)
    page.locator('[name="text"]').fill("没有脚本也能填")
    page.locator("[data-send]").click()

    with database.reading() as session:
        (kept,) = submissions.of_task(session, task_id)
    assert kept.body["text"] == "没有脚本也能填"


def test_an_emergency_is_reported_without_script(signed_in: OpenPage, database: Database, place: Place) -> None:
    page = signed_in(place.users["visitor"], script=False)
    page.goto("/")

    page.locator(".bottom-bar .is-danger").click()
    page.locator("#who").select_option(str(place.elder_id))
    page.locator('[name="kinds"][value="fall"]').check(force=True)
    page.locator('[name="danger"][value="yes"]').check(force=True)
    page.get_by_role("button", name="立即上报").click()

    expect(page.get_by_text("已上报，社区正在接")).to_be_visible()


def test_new_tasks_wait_until_one_asks_for_them(signed_in: OpenPage, database: Database, place: Place) -> None:
    own_task(database, place, name="先来的事")
    page = signed_in(place.users["visitor"])
    page.goto("/")
    expect(page.locator("[data-id]")).to_have_count(1)

    own_task(database, place, name="后来的事")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_text("新来 1 条")).to_be_visible()
    expect(page.locator("[data-id]")).to_have_count(1)
    page.get_by_role("button", name="显示").click()
    expect(page.locator("[data-id]")).to_have_count(2)


def test_a_row_that_somebody_finished_turns_faint_and_stays(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    task_id = own_task(database, place)
    own_task(database, place, name="还在的事")
    page = signed_in(place.users["visitor"])
    page.goto("/")

    with database.writing() as session:
        tasks.follow(session, [], [(task_id, tasks.DONE, place.ids["village_desk"])])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("[data-gone]")).to_have_count(1)
    expect(page.locator("[data-id]")).to_have_count(2)


def test_a_draft_outlives_a_reload_and_is_gone_after_signing_out(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    task_id = own_task(database, place)
    page = signed_in(place.users["visitor"])
    page.goto(f"/tasks/{task_id}")
    page.locator('[name="text"]').fill("写了一半")
    page.wait_for_timeout(800)  # a draft is saved a moment after typing

    page.reload()
    expect(page.locator('[name="text"]')).to_have_value("写了一半")
    page.goto("/me")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="退出").click()

    expect(page.get_by_role("button", name="登录")).to_be_visible()
    assert asked == ["还有没交的草稿，退出会清掉。要退出吗？"]
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_masked_number_is_shown_in_place(signed_in: OpenPage, place: Place) -> None:
    page = signed_in(place.users["visitor"])
    page.goto(f"/elders/{place.elder_id}")

    masked = page.locator("[data-masked]").first
    first, last = re.findall(r"(\d{3})\*+(\d{4})", masked.inner_text())[0]
    masked.get_by_role("button").click()

    expect(masked).to_have_text(re.compile(rf"^{first}\d{{4}}{last}$"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_of_a_phone_hold_up(
    signed_in: OpenPage, judged: Judge, database: Database, place: Place, language: str
) -> None:
    task_id = busy_day(database, place)
    page = signed_in(place.users["visitor"])
    speak(page, language)

    for name, where in (
        ("worklist", "/tasks"),
        ("done", "/tasks?tab=done"),
        ("visit", f"/tasks/{task_id}"),
        ("elders", "/elders"),
        ("elder", f"/elders/{place.elder_id}"),
        ("report", f"/report?elder={place.elder_id}"),
        ("me", "/me"),
        ("missing", "/elders/999999"),
    ):
        if name != "missing":
            page.goto(where)
        judged(page, f"phone-{name}-{language}")


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_pages_of_a_desk_hold_up(
    signed_in: OpenPage, judged: Judge, database: Database, place: Place, language: str
) -> None:
    with database.writing() as session:
        task_id = a_task(
            session,
            "village_desk",
            place.paths["village"],
            place.elder_id,
            name="24小时反馈",
            next_role="township_desk",
            form="feedback",
        )
    page = signed_in(place.users["village_desk"], DESK)
    speak(page, language)

    for name, where in (
        ("worklist", "/tasks"),
        ("task", f"/tasks/{task_id}"),
        ("elders", "/elders"),
        ("elder", f"/elders/{place.elder_id}"),
        ("me", "/me"),
    ):
        page.goto(where)
        judged(page, f"desk-{name}-{language}")


def test_large_letters_and_narrow_phones_need_no_sideways_scroll(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    task_id = busy_day(database, place)
    page = signed_in(place.users["visitor"], {"width": 320, "height": 700})

    for where in ("/tasks", f"/tasks/{task_id}", f"/elders/{place.elder_id}", "/report", "/me", "/elders"):
        page.goto(where)
        page.evaluate("document.documentElement.style.fontSize = '130%'")
        assert overhang(page) == 0, where


def test_large_print_mode_keeps_everything_on_the_page(
    signed_in: OpenPage, judged: Judge, database: Database, place: Place
) -> None:
    task_id = busy_day(database, place)
    page = signed_in(place.users["visitor"])
    page.goto("/me")
    page.locator('[name="mode"][value="elder"]').click()

    for name, where in (("worklist", "/tasks"), ("visit", f"/tasks/{task_id}"), ("report", "/report")):
        page.goto(where)
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 20
        judged(page, f"phone-{name}-large")


def test_everything_to_press_is_large_enough_for_a_finger(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    busy_day(database, place)
    page = signed_in(place.users["visitor"])

    for where in ("/tasks", f"/elders/{place.elder_id}", "/report", "/me"):
        page.goto(where)
        small = page.evaluate(
            """() => [...document.querySelectorAll("main button, nav a, main a.button, main a.call, main select")]
                .filter((each) => each.offsetParent && !each.closest("[hidden]"))
                .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
                .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html]) => html)"""
        )
        assert small == [], where


def test_the_first_visit_of_a_phone_stays_small(signed_in: OpenPage, database: Database, place: Place) -> None:
    task_id = busy_day(database, place)

    for name, where in (("worklist", "/tasks"), ("form", f"/tasks/{task_id}")):
        page = signed_in(place.users["visitor"])
        page.context.clear_cookies(name="nothing")
        received = _bytes_of(page, where)
        print(f"{name}: {sum(received.values())} bytes {received}")
        assert sum(received.values()) < BUDGET, (name, received)


def _bytes_of(page: Page, where: str) -> dict[str, int]:
    """What came over the line for each address, headers included, with an empty cache."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.clearBrowserCache")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    names: dict[str, str] = {}
    received: dict[str, int] = {}
    line.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    line.on(
        "Network.loadingFinished",
        lambda event: received.update({names.get(event["requestId"], "?"): int(event["encodedDataLength"])}),
    )
    page.goto(where)
    page.wait_for_load_state("networkidle")
    line.detach()
    return {name.split("/", 3)[-1].split("?")[0]: size for name, size in received.items()}


def test_the_keyboard_reaches_the_first_task(signed_in: OpenPage, database: Database, place: Place) -> None:
    own_task(database, place, name="每周探访")
    page = signed_in(place.users["visitor"])
    page.goto("/tasks")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):  # tabs of lists, the bell and the day's way come first
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "card-main":
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="每周探访", level=1)).to_be_visible()
    assert PHONE["width"] == page.viewport_size["width"]  # type: ignore[index]


WORDS_TORN = """() => {
    const torn = [], texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[A-Za-z]{4,}/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size > 1) torn.push(word[0]);
    }
    return torn;
}"""


def test_english_words_stay_whole_on_the_narrowest_phone_with_large_letters(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    for days, name in ((-40, "核实赡养情况"), (-3, "确认第一联系人"), (1, "接探访单或转交"), (200, "复查隐患整改")):
        own_task(database, place, name=name, due=timedelta(days=days))
    page = signed_in(place.users["visitor"], {"width": 320, "height": 640})
    speak(page, "en")

    page.goto(f"/elders/{place.elder_id}")
    page.evaluate("document.documentElement.style.fontSize = '130%'")
    taken(page, "elder-narrow-english", full_page=True)

    assert page.evaluate(WORDS_TORN) == []
    rows = page.locator("[aria-labelledby=owed] li").all()
    assert len(rows) == 4
    for row in rows:  # the name has most of the row, or a line of its own
        room, name = row.bounding_box(), row.locator(".grow").bounding_box()
        assert room is not None and name is not None and name["width"] > room["width"] * 0.55
