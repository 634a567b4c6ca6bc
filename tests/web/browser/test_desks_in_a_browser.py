"""The pages of desks in Chromium: the board renews itself, diagrams show their tokens and their mark, all by axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine import settings
from engine.db import Database
from tests.web.browser.conftest import DESK, OpenPage, overhang, speak, taken
from tests.web.desks import Desks
from web import assets

Judge = Callable[[Page, str], None]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (Path(assets.__file__).parent / "static" / "built").exists(), reason="bundles not built"),
]
UNCOVERED = """mark => {
    const box = mark.getBoundingClientRect();
    const style = getComputedStyle(mark);
    const points = [[.1, .1], [.9, .1], [.5, .5], [.1, .9], [.9, .9]];
    return box.width > 30 && box.height > 10 && style.visibility === "visible" && Number(style.opacity) > 0.5 &&
        points.map(([x, y]) => document.elementFromPoint(box.x + x * box.width, box.y + y * box.height))
            .every(seen => mark.contains(seen));
}"""


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


def looked_at(page: Page, name: str) -> None:
    """As `judged`, leaving out what bpmn-js draws itself."""
    taken(page, name)
    found = Axe().run(page, context={"exclude": [[".djs-container"]]}).response["violations"]
    assert [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found] == []
    assert overhang(page) == 0


def mark_is_free(page: Page) -> None:
    """The bpmn.io mark is visible and nothing lies over it."""
    mark = page.locator(".bjs-powered-by")
    mark.scroll_into_view_if_needed()
    assert mark.evaluate(UNCOVERED)


def test_a_new_alarm_is_on_the_board_without_reloading(signed_in: OpenPage, desks: Desks) -> None:
    page = signed_in(desks.users["monitor_desk"], DESK)
    page.goto("/board/")
    expect(page.get_by_text("现在没有人在等救援")).to_be_visible()

    desks.alarm()

    expect(page.get_by_text("田桂芝").first).to_be_visible()
    expect(page.get_by_text("还没有人接")).to_be_visible()


def test_the_board_is_sound(signed_in: OpenPage, desks: Desks) -> None:
    desks.alarm()
    desks.alarm("smoke")
    desks.town.device_sends("sos", device="d999999")
    page = signed_in(desks.users["monitor_desk"], DESK)
    page.goto("/board/")

    looked_at(page, "desk-board")


@pytest.mark.parametrize("path", ["/cases/{case}", "/instances/{instance}"])
def test_the_diagram_opens_on_the_tokens_and_leaves_the_mark_free(signed_in: OpenPage, desks: Desks, path: str) -> None:
    case_id = desks.alarm()
    address = path.format(case=case_id, instance=desks.town.case().instance_id)
    page = signed_in(desks.users["district_desk"], DESK)
    page.goto(address)
    page.wait_for_selector("[data-diagram][data-ready]")

    expect(page.locator(".token").first).to_be_in_viewport()
    assert page.locator(".step-now").count() >= 4
    assert page.locator(".flow-done").count() >= 4
    mark_is_free(page)
    page.locator("#whole").click()
    mark_is_free(page)
    page.evaluate("scrollTo(0, 0)")
    looked_at(page, f"desk-{path.split('/')[1]}")


def test_the_mark_stays_on_paper(signed_in: OpenPage, desks: Desks) -> None:
    case_id = desks.alarm()
    page = signed_in(desks.users["monitor_desk"], DESK)
    page.goto(f"/cases/{case_id}")
    page.wait_for_selector("[data-diagram][data-ready]")

    page.emulate_media(media="print")

    expect(page.locator(".bjs-powered-by")).to_be_visible()


def test_the_case_file_prints_on_paper(signed_in: OpenPage, desks: Desks) -> None:
    case_id = desks.alarm()
    page = signed_in(desks.users["monitor_desk"], DESK)
    page.goto(f"/cases/{case_id}/file")
    looked_at(page, "desk-case-file")

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})

    expect(page.locator(".side")).to_be_hidden()
    expect(page.get_by_text("承办人签字")).to_be_visible()
    assert overhang(page) == 0
    taken(page, "desk-case-file-printed", full_page=True)


@pytest.mark.parametrize(
    ("role", "path", "name"),
    [
        ("district_desk", "/overview/", "desk-overview"),
        ("district_desk", "/overview/high", "desk-overview-list"),
        ("admin", "/instances/", "desk-instances"),
        ("designer", "/designer/", "desk-processes"),
    ],
)
@pytest.mark.parametrize("spoken", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_page_is_sound(signed_in: OpenPage, desks: Desks, role: str, path: str, name: str, spoken: str) -> None:
    desks.alarm()
    page = signed_in(desks.users[role], DESK)
    if spoken == "en":
        speak(page, "en")
    page.goto(path)

    looked_at(page, f"{name}-{spoken}")


def test_a_designer_draws_saves_is_told_and_deploys(
    signed_in: OpenPage, desks: Desks, request: pytest.FixtureRequest
) -> None:
    settings.change(release_by_two=False)
    request.addfinalizer(lambda: settings.change(release_by_two=True))
    page = signed_in(desks.users["designer"], DESK)
    page.goto("/designer/village_note")
    page.wait_for_selector("#canvas[data-ready]")
    mark_is_free(page)

    page.locator('.djs-shape[data-element-id="handle_note"] > .djs-hit').click()
    page.get_by_label("表单").select_option("")
    page.get_by_label("名称").click()
    page.locator("#save").click()
    told = page.locator("#findings .finding[data-level=error]")
    expect(told.first).to_contain_text("表单")
    expect(page.locator(".finding-mark[data-level=error]")).to_be_visible()
    taken(page, "desk-designer-finding")

    page.locator("#deploy").click()
    expect(page.locator("#designer-says")).to_have_text("没有部署：先改好标红的地方。")

    page.get_by_label("表单").select_option("note")
    page.get_by_label("名称").fill("村里处理上报")
    page.get_by_label("名称").blur()
    page.locator("#deploy").click()
    expect(page.locator("#designer-says")).to_contain_text("已部署第 2 版")
    looked_at(page, "desk-designer")


def test_the_modeler_speaks_chinese(signed_in: OpenPage, desks: Desks) -> None:
    page = signed_in(desks.users["designer"], DESK)
    page.goto("/designer/village_note")
    page.wait_for_selector("#canvas[data-ready]")

    for element in ("handle_note", "participant_village_note"):
        page.locator(f'.djs-shape[data-element-id="{element}"] > .djs-hit').first.click(
            force=True, position={"x": 8, "y": 8}
        )
        replace = page.locator(".djs-context-pad .entry[data-action=replace]")
        if replace.count():
            replace.click()
            page.wait_for_selector(".djs-popup")
            page.keyboard.press("Escape")

    titles = page.locator(".djs-palette .entry, .djs-context-pad .entry").evaluate_all(
        "all => all.map(each => each.title || each.getAttribute('aria-label') || '')"
    )
    assert [each for each in titles if each.isascii() and each] == []
    assert page.locator("#canvas").get_attribute("data-untranslated") is None


def test_the_layout_is_arranged_and_put_back(signed_in: OpenPage, desks: Desks) -> None:
    page = signed_in(desks.users["designer"], DESK)
    page.goto("/designer/closure")
    page.wait_for_selector("#canvas[data-ready]")
    where = "each => each.getAttribute('transform')"
    shapes = page.locator(".djs-shape")
    before = shapes.evaluate_all(f"all => all.map({where})")

    page.locator("#layout").click()
    expect(page.locator("#restore")).to_be_visible(timeout=20_000)
    page.locator("#restore").click()
    expect(page.locator("#designer-says")).to_have_text("已恢复原来的布局。")

    assert page.locator(".djs-shape").evaluate_all(f"all => all.map({where})") == before
