"""The desk in Chromium: by keyboard, dead while one types, templates, sound until somebody takes it, nothing jumps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from care import people
from engine import clock, db, tasks
from engine.db import Database
from tests.web.browser.conftest import DESK, PHONE, OpenPage
from tests.web.conftest import Place, a_task
from web import desk_kept

pytestmark = pytest.mark.browser
COMPOSING = """([key, ctrlKey]) => document.body.dispatchEvent(
    new KeyboardEvent('keydown', {key, ctrlKey, isComposing: true, bubbles: true}))"""
COUNT_RINGS = (
    "document.addEventListener('rang', () => (document.body.dataset.rang = +(document.body.dataset.rang || 0) + 1))"
)
Judge = Callable[[Page, str], None]


def owed(place: Place, name: str, **facts: Any) -> UUID:
    with db.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id, name=name, **facts)


def busy(place: Place) -> list[UUID]:
    """Four tasks of the village desk in the order of its list."""
    return [
        owed(place, "上门查看", priority="urgent", due=timedelta(minutes=9)),
        owed(place, "答应回电", due=timedelta(hours=2)),
        owed(place, "设备离线", due=timedelta(hours=5)),
        owed(place, "隐患复查", due=timedelta(days=3)),
    ]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id || document.activeElement.id"))


def test_a_day_by_keyboard(signed_in: OpenPage, database: Database, place: Place, judged: Judge) -> None:
    first, second, third, _ = busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto("/desk/")

    page.keyboard.press("j")
    assert focused(page) == str(first)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page) == str(second)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/?queue=all&task={second}")
    page.keyboard.press("c")
    page.wait_for_load_state("networkidle")
    with database.reading() as session:
        assert tasks.get(session, second).claimed_by == place.ids["village_desk"]
    judged(page, "desk")

    page.locator('#form [name="result"][value="called"]').check(force=True)
    page.locator('#form [name="text"]').fill("家里有人")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**task={first}")
    with database.reading() as session:
        assert tasks.get(session, second).state == "done" and tasks.get(session, third).state == "open"


def test_single_keys_are_dead_where_one_types_and_when_turned_off(
    signed_in: OpenPage, database: Database, place: Place
) -> None:
    first, *_ = busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto(f"/desk/?task={first}")

    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.type("jck?")
    assert page.locator("#q").input_value() == "jck?" and not page.locator("#keys").is_visible()
    page.locator("#q").fill("")
    page.locator("#q").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#commands")).to_be_hidden()
    page.keyboard.press("Escape")
    assert focused(page) == ""
    for key, ctrl in (("?", False), ("k", True), ("Enter", True), ("c", False)):
        page.evaluate(COMPOSING, [key, ctrl])
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#commands")).to_be_hidden()

    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    page.locator("[data-single]").uncheck()
    page.locator("#keys button").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    with database.reading() as session:
        assert tasks.get(session, first).claimed_by is None


def test_commands_are_found_by_typing(signed_in: OpenPage, place: Place) -> None:
    busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto("/desk/")

    page.keyboard.press("Control+k")
    page.keyboard.type("紧急")
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/?queue=urgent")
    expect(page.locator("[data-rows] > li")).to_have_count(1)


@pytest.mark.parametrize("typed", ["转办", "zb", "Transf"])
def test_what_may_be_done_with_the_open_task_is_a_command(
    signed_in: OpenPage, place: Place, judged: Judge, typed: str
) -> None:
    _, second, *_ = busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto(f"/desk/?task={second}")
    offered = page.eval_on_selector_all("[data-verb]", "all => all.map(each => each.textContent)")

    page.keyboard.press("Control+k")
    shown = page.locator(".commands li").all_inner_texts()
    assert shown[0] == "接手" and [each.split()[0] for each in shown[1 : len(offered) + 1]] == offered
    if typed == "zb":
        judged(page, "desk-commands")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/tasks/{second}/do/transfer")


def test_what_is_typed_here_is_the_draft_at_another_device(signed_in: OpenPage, place: Place) -> None:
    _, second, *_ = busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto(f"/desk/?task={second}")
    with page.expect_response(f"**/tasks/{second}/draft") as answered:
        page.locator('#form [name="text"]').fill("在这台写的")
    assert answered.value.ok

    other = signed_in(place.users["village_desk"], DESK)
    other.goto(f"/tasks/{second}")
    expect(other.locator('[name="text"]')).to_have_value("在这台写的")
    expect(other.locator("[data-saved]")).to_contain_text("草稿")
    clock.move_by(timedelta(minutes=1))
    with other.expect_response(f"**/tasks/{second}/draft"):
        other.locator('[name="text"]').fill("在那台改的")
    page.reload()

    expect(page.locator('#form [name="text"]')).to_have_value("在那台改的")


def test_a_template_is_written_where_one_was_writing(signed_in: OpenPage, place: Place) -> None:
    _, second, *_ = busy(place)
    with db.writing() as session:
        who = people.person(session, place.ids["village_desk"])
        assert who is not None
        desk_kept.keep(session, who, "note", "没打通", "打了三次没人接", False)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto(f"/desk/?task={second}")

    page.locator('#form [name="text"]').fill("上午：")
    page.get_by_role("button", name="没打通", exact=True).click()

    expect(page.locator('#form [name="text"]')).to_have_value("上午：打了三次没人接")


def test_two_desks_see_each_other_on_one_task(signed_in: OpenPage, database: Database, place: Place) -> None:
    _, second, *_ = busy(place)
    with db.writing() as session:
        desk_kept.look(session, _person(session, place, "township_desk"), second)
        name = _person(session, place, "township_desk").name
    page = signed_in(place.users["village_desk"], DESK)
    page.goto(f"/desk/?task={second}")

    expect(page.locator("[data-looking]")).to_have_text(f"{name} 也在看")


def test_new_tasks_wait_behind_a_button_while_the_list_is_read(signed_in: OpenPage, place: Place) -> None:
    busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.goto("/desk/")
    before = page.locator("[data-rows] > li").first.bounding_box()

    newer = owed(place, "新来的急事", priority="urgent", due=timedelta(minutes=1))
    page.evaluate("document.dispatchEvent(new Event('ask'))")
    expect(page.locator("[data-new] b")).to_have_text("1")
    held = page.locator(f'[data-id="{newer}"]').count()
    page.locator("[data-new] button").click()

    assert before is not None and held == 0
    expect(page.locator(f'[data-id="{newer}"]')).to_have_count(1)


def test_an_emergency_rings_until_somebody_takes_it(signed_in: OpenPage, database: Database, place: Place) -> None:
    page = signed_in(place.users["village_desk"], DESK)
    page.goto("/desk/")
    page.evaluate(COUNT_RINGS)
    page.locator("[data-sound]").click()
    urgent = owed(place, "上门查看", priority="urgent", due=timedelta(minutes=9))

    page.evaluate("document.dispatchEvent(new Event('ask'))")
    expect(page.locator("body")).to_have_attribute("data-rang", "1")
    expect(page.locator("[data-ringing]")).to_have_text("有新警，还没人接手")
    page.evaluate("document.dispatchEvent(new Event('renewed'))")
    expect(page.locator("body")).to_have_attribute("data-rang", "1")  # the same emergency rings again after 20 s only
    page.locator("[data-mute]").click()
    expect(page.locator("[data-mute]")).to_contain_text("静音到")
    with db.writing() as session:
        tasks.claim(session, urgent, place.ids["village_desk"])
    page.evaluate("document.dispatchEvent(new Event('ask'))")

    expect(page.locator("[data-mute]")).to_be_hidden()
    expect(page.locator("[data-ringing]")).to_have_text("")


def test_the_desk_narrows_to_a_phones_width(signed_in: OpenPage, place: Place, judged: Judge) -> None:
    first, *_ = busy(place)
    page = signed_in(place.users["village_desk"], DESK)
    page.set_viewport_size(PHONE)
    page.goto(f"/desk/?task={first}")

    judged(page, "desk-narrow")


def _person(session: Any, place: Place, role: str) -> people.Person:
    found = people.person(session, place.ids[role])
    assert found is not None
    return found
