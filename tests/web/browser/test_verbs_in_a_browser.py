"""The pages of verbs in Chromium, on a phone and at a desk, held to axe and to the width of the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from engine import db, definitions, jobs, run, tasks, verbs
from engine.db import Database
from tests.engine.drawing import Drawing
from tests.web.browser.conftest import DESK, PHONE
from tests.web.conftest import Place, a_task
from web.joined import join

pytestmark = pytest.mark.browser
ROLE = {"phone": "visitor", "desk": "village_desk"}
SIZE = {"phone": PHONE, "desk": DESK}


@pytest.fixture
def matter(database: Database, place: Place, screen: str) -> UUID:
    """The second step of a process about the elder, with a comment, a co-signer and a copy; its task."""
    join()
    same = {"role": ROLE[screen], "form": "note", "due": "PT8H"}
    drawing = Drawing("three").user("first", Name="登记隐患", **same).user("second", Name="隐患复查", **same)
    drawing.path("start", "first", "second", "end")
    me = place.ids[ROLE[screen]]
    with jobs.transaction() as session:
        definitions.deploy(session, {"three.bpmn": drawing.xml()}, None)
        instance_id = run.start(session, "three", {"elder_id": place.elder_id}, by=place.ids["township_desk"])
        [first] = tasks.of_instance(session, instance_id)
        run.complete_task(session, first.id, {"result": "done", "text": "门口有冰"}, me)
        second = next(each for each in tasks.of_instance(session, instance_id) if each.state == tasks.OPEN)
        verbs.comment(session, second.id, me, "家属明天到，请留意", [place.ids["township_desk"]])
        verbs.copy(session, second.id, me, [place.ids["township_lead"]], "请知悉")
        for number in range(2):
            a_task(
                session, ROLE[screen], place.paths["village"], place.elder_id, assignee=me, name=f"第{number + 1}次回访"
            )
    return second.id


@pytest.mark.parametrize("screen", ["phone", pytest.param("desk", marks=pytest.mark.slow)])
def test_every_page_of_a_verb(
    signed_in: Callable[..., Page], judged: Callable[[Page, str], None], place: Place, matter: UUID, screen: str
) -> None:
    page = signed_in(place.users[ROLE[screen]], SIZE[screen])
    page.goto(f"/tasks/{matter}")
    if screen == "phone":
        page.get_by_text("更多", exact=True).click()
    expect(page.get_by_role("link", name="转办")).to_be_visible()
    judged(page, f"verbs-{screen}-task")
    for verb in page.eval_on_selector_all("[data-verb]", "all => all.map(each => each.dataset.verb)"):
        page.goto(f"/tasks/{matter}/do/{verb}")
        judged(page, f"verbs-{screen}-{verb}")
    for name, address in (("choose", "/tasks/batch"), ("leave", "/me/leave"), ("started", "/tasks/started")):
        page.goto(address)
        judged(page, f"verbs-{screen}-{name}")


@pytest.mark.parametrize("screen", ["phone", pytest.param("desk", marks=pytest.mark.slow)])
def test_transferred_and_undone_by_the_toast(
    signed_in: Callable[..., Page], judged: Callable[[Page, str], None], place: Place, matter: UUID, screen: str
) -> None:
    page = signed_in(place.users[ROLE[screen]], SIZE[screen])
    before = _holder(matter)
    page.goto(f"/tasks/{matter}/do/transfer")
    page.select_option("#person", index=1)
    page.fill("#why", "今天在外地")
    page.get_by_role("button", name="转办").click()
    undo = page.get_by_role("button", name="撤销")
    expect(undo).to_be_visible()
    judged(page, f"verbs-{screen}-toast")
    assert _holder(matter) != before

    undo.click()

    page.wait_for_url(re.compile(str(matter)))
    assert _holder(matter) == before


def _holder(task_id: UUID) -> Any:
    with db.reading() as session:
        return tasks.get(session, task_id).assignee_id


@pytest.mark.parametrize("screen", ["desk"])
def test_copies_of_who_watches(
    signed_in: Callable[..., Page], judged: Callable[[Page, str], None], place: Place, matter: UUID, screen: str
) -> None:
    page = signed_in(place.users["township_desk"], DESK)
    page.goto("/tasks/copied")
    expect(page.get_by_text("在留言里提到你")).to_be_visible()
    judged(page, "verbs-desk-copied")
    page.goto("/tasks/started")
    judged(page, "verbs-desk-begun")


@pytest.mark.parametrize("screen", ["phone"])
def test_several_done_together_on_a_phone(
    signed_in: Callable[..., Page], judged: Callable[[Page, str], None], place: Place, matter: UUID, screen: str
) -> None:
    page = signed_in(place.users["visitor"], PHONE)
    page.goto("/tasks/batch")
    for each in page.locator("input[name=id]").all():
        each.check()
    page.get_by_role("button", name="选的一起办").click()
    judged(page, "verbs-phone-batch")
    page.get_by_label("已办好").check(force=True)
    page.fill("[name=text]", "都看过了")
    page.get_by_role("button", name="都这样办").click()
    expect(page.get_by_text("办完 2 件，共 2 件")).to_be_visible()
    judged(page, "verbs-phone-outcomes")
