"""Forms in Chromium, on a phone: show rules, drafts, progress, errors, files; and the same without script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from engine import forms
from tests.engine.form_files import a_form
from tests.web.form_site import served, site
from tests.web.test_form_pages import KNOWN, LAST

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
RULES = json.loads((Path(__file__).parents[2] / "engine" / "show_rules.json").read_text(encoding="utf-8"))
CHECKED = "input:checked"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage"
    return {"executable_path": "/usr/bin/chromium", "args": flags.split()}


@pytest.fixture
def accepted() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def visit(browser: Browser, accepted: list[dict[str, Any]]) -> Iterator[Page]:
    """The visit form on a phone with script."""
    yield from _page(browser, accepted, forms.form("visit"), known=KNOWN, last=LAST)


@pytest.fixture
def plain_visit(browser: Browser, accepted: list[dict[str, Any]]) -> Iterator[Page]:
    """The visit form on a phone without script."""
    yield from _page(browser, accepted, forms.form("visit"), script=False, known=KNOWN)


@pytest.fixture
def call(browser: Browser, accepted: list[dict[str, Any]]) -> Iterator[Page]:
    yield from _page(browser, accepted, a_form(), known={"elder": {"knows": True}})


@pytest.fixture
def family(browser: Browser, accepted: list[dict[str, Any]]) -> Iterator[Page]:
    """The list of supporters with the two that are on file."""
    both = [
        {"name": name, "relation": "child", "phone": phone, "adult": True, "capable": True}
        for name, phone in (("赵女儿", "13700000001"), ("赵儿子", "13600000002"))
    ]
    yield from _page(browser, accepted, forms.form("supporters"), known={"supporters": {"listed": both}})


def _page(
    browser: Browser, accepted: list[dict[str, Any]], form: Any, script: bool = True, **about: Any
) -> Iterator[Page]:
    app, _ = site(form, accepted=accepted, **about)
    context = browser.new_context(viewport=PHONE, java_script_enabled=script, locale="zh-CN")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    with served(app) as address:
        page.goto(address)
        yield page
        context.close()
    assert wrong == []


def choose(page: Page, name: str, value: str) -> None:
    """Tap a choice; the input lies unseen over its words."""
    page.locator(f'[name="{name}"][value="{value}"]').check(force=True)


def open_section(page: Page, name: str) -> None:
    page.locator(f"#s-{name} > summary").click()


def test_the_scripts_rules_are_the_servers(visit: Page) -> None:
    source = (Path(forms.__file__).resolve().parents[2] / "web/static/form.js").read_text(encoding="utf-8")

    wrong = visit.evaluate(
        """([source, cases]) => {
            const own = {};
            new Function("document", "globalThis", source)(undefined, own);
            return cases.filter((c) => own.holds(c.rule, c.answers, c.beside || []) !== c.shown).map((c) => c.why);
        }""",
        [source, RULES],
    )

    assert wrong == []


def test_the_mode_shortens_the_form_at_once(visit: Page) -> None:
    expect(visit.locator("[data-total]")).to_have_text("13")

    choose(visit, "mode", "monitoring")
    expect(visit.locator("[data-total]")).to_have_text("2")
    open_section(visit, "monitoring")
    expect(visit.get_by_label("我看过这些数据")).to_be_visible()

    choose(visit, "mode", "phone")
    expect(visit.locator("[data-total]")).to_have_text("7")
    expect(visit.locator("#s-home_safety")).to_be_hidden()
    expect(visit.locator("#f-checkin")).to_be_hidden()


def test_a_finding_opens_under_its_line_and_danger_offers_the_report(visit: Page) -> None:
    open_section(visit, "home_safety")
    choose(visit, "home_safety.gas.level", "major")
    expect(visit.locator("#f-home_safety-gas-note")).to_be_visible()

    choose(visit, "home_safety.gas.level", "immediate")
    expect(visit.get_by_role("link", name="有危险，马上上报")).to_be_visible()

    choose(visit, "home_safety.gas.level", "normal")
    expect(visit.locator("#f-home_safety-gas-note")).to_be_hidden()
    expect(visit.get_by_role("link", name="有危险，马上上报")).to_have_count(0)


def test_one_tap_answers_the_rest_as_normal(visit: Page) -> None:
    open_section(visit, "home_safety")
    choose(visit, "home_safety.heating.level", "general")

    visit.get_by_role("button", name="没填的都正常 · 11").click()

    assert visit.locator("#s-home_safety input[value=normal]:checked").count() == 11
    expect(visit.locator('[name="home_safety.heating.level"][value=general]')).to_be_checked()


def test_same_as_last_time_fills_in_and_is_undone_by_a_change(visit: Page) -> None:
    open_section(visit, "living")

    visit.get_by_label("与上次相同").check()
    expect(visit.locator('[name="living.self_care"][value=full]')).to_be_checked()
    expect(visit.locator('[name="living.attention"]:checked')).to_have_count(0)

    choose(visit, "living.appetite", "poor")
    expect(visit.get_by_label("与上次相同")).not_to_be_checked()


def test_the_main_button_walks_through_the_sections_and_back(visit: Page) -> None:
    visit.get_by_role("button", name="下一项：生活状况").click()
    expect(visit.locator("#s-living")).to_have_attribute("open", "")
    expect(visit.locator("#s-arrival")).not_to_have_attribute("open", "")

    visit.get_by_role("button", name="上一项").click()
    expect(visit.locator("#s-arrival")).to_have_attribute("open", "")


def test_a_draft_outlives_the_page_with_its_files(visit: Page) -> None:
    open_section(visit, "close")
    visit.locator('[name="next_attention"]').fill("下次看暖气")
    visit.locator('[name="photos[]"]').set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff not really"}
    )
    choose(visit, "mode", "video")
    visit.wait_for_timeout(700)
    choose(visit, "mode", "home")
    visit.wait_for_timeout(700)

    visit.reload()

    expect(visit.locator('[name="next_attention"]')).to_have_value("下次看暖气")
    expect(visit.locator("[data-saved]")).to_contain_text("已存")
    visit.wait_for_function("document.querySelector('[name=\"photos[]\"]').files.length === 1")
    open_section(visit, "close")
    visit.locator("#f-photos .remove").click()
    visit.locator('[name="photos[]"]').set_input_files(
        {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff another"}
    )
    names = "[...document.querySelector('[name=\"photos[]\"]').files].map((each) => each.name)"
    assert visit.evaluate(names) == ["b.jpg"], "what was taken out stays out"


def test_a_signature_becomes_a_file(visit: Page, accepted: list[dict[str, Any]]) -> None:
    open_section(visit, "close")
    choose(visit, "confirm", "signature")
    box = visit.locator(".signature canvas").bounding_box()
    assert box
    visit.mouse.move(box["x"] + 20, box["y"] + 20)
    visit.mouse.down()
    visit.mouse.move(box["x"] + 90, box["y"] + 60, steps=4)
    visit.mouse.up()

    visit.wait_for_function("document.querySelector('[name=signature]').files.length === 1")
    visit.get_by_role("button", name="重签").click()
    assert visit.evaluate("document.querySelector('[name=signature]').files.length") == 0


def test_what_is_missing_is_told_on_top_and_each_link_leads_there(visit: Page) -> None:
    choose(visit, "mode", "phone")
    open_section(visit, "close")

    visit.get_by_role("button", name="提交").click()

    summary = visit.locator("[data-faults]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="和上次比的变化：还没填").click()
    expect(visit.locator("#s-feelings")).to_have_attribute("open", "")
    expect(visit.locator('[name="feelings.change"]')).to_be_focused()


def test_a_short_form_is_sent_in_one_go_with_added_rows(call: Page, accepted: list[dict[str, Any]]) -> None:
    choose(call, "reached", "no")
    choose(call, "tries.0.way", "door")
    call.get_by_role("button", name="再加一行").click()
    choose(call, "tries.1.way", "phone")
    call.locator('[name="tries.1.number"]').fill("120")

    call.get_by_role("button", name="提交").click()

    expect(call).to_have_title("done")


def test_a_row_that_was_filled_in_is_taken_off(family: Page, accepted: list[dict[str, Any]]) -> None:
    choose(family, "none", "false")

    family.get_by_role("button", name="去掉这一行").first.click()
    expect(family.locator('[name="supporters.0.name"]')).to_be_hidden()
    family.get_by_role("button", name="提交").click()

    expect(family).to_have_title("done")
    assert [each["name"] for each in accepted[0]["supporters"]] == ["赵儿子"]


def test_without_script_everything_can_be_filled_in_and_sent(plain_visit: Page) -> None:
    page = plain_visit
    choose(page, "mode", "monitoring")
    open_section(page, "monitoring")
    page.get_by_label("我看过这些数据").check()

    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("link", name="判断：还没选")).to_be_visible()
    expect(page.get_by_label("我看过这些数据")).to_be_checked()

    choose(page, "monitoring.conclusion", "normal")
    page.get_by_role("button", name="提交").click()
    expect(page).to_have_title("done")


@pytest.mark.parametrize(("text_size", "width"), [("100%", 390), ("130%", 320)])
def test_the_visit_page_has_no_fault_for_those_who_see_or_move_badly(visit: Page, text_size: str, width: int) -> None:
    visit.set_viewport_size({"width": width, "height": 844})
    visit.evaluate("size => document.documentElement.style.fontSize = size", text_size)
    open_section(visit, "home_safety")
    choose(visit, "home_safety.gas.level", "immediate")
    visit.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")

    violations = Axe().run(visit).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in violations] == []
    assert visit.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.evaluate(_TOO_SMALL) == []


_TOO_SMALL = """[...document.querySelectorAll("input,button,a,select,textarea,summary")]
  .filter((each) => each.offsetParent && each.type !== "hidden")
  .map((each) => [each, (each.closest(".tick-box label") || each.closest(".add") || each).getBoundingClientRect()])
  .filter(([, box]) => box.width < 43.5 || box.height < 43.5)
  .map(([each]) => each.outerHTML.slice(0, 80))"""
