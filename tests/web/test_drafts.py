"""Drafts of task forms: one for each person and task, of pages and programs; what was saved last counts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import clock, db, jobs, run, verbs
from tests.web.conftest import Browser, Place, a_task
from tests.web.test_api import Program
from web.api import tokens
from web.joined import join

DONE = {"result": "done", "text": "办好了"}


@pytest.fixture(autouse=True)
def _joined() -> None:
    join()


@pytest.fixture
def task_id(site: Browser, place: Place) -> UUID:
    with db.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id)


@pytest.fixture
def program(site: Browser, place: Place, task_id: UUID) -> Program:
    with db.writing() as session:
        _, text = tokens.make(session, place.ids["village_desk"], "Mini program", tuple(tokens.SCOPES))
    site.sign_in(place.users["village_desk"])
    return Program(site.client, text)


def saved(program: Program, task_id: UUID, answers: dict[str, Any]) -> str:
    return str(program.ask("PUT", f"/tasks/{task_id}/draft", json={"answers": answers}).json["saved_at"])


def typed(site: Browser, task_id: UUID, **fields: str) -> Any:
    page = site.get(f"/tasks/{task_id}").text
    keep = re.search(r'data-keep="([^"]+)"', page)
    assert keep is not None
    return site.post(keep[1], {"form_version": "1", **fields}, headers={"Accept": "application/json"})


@pytest.mark.parametrize("address", ["/tasks/{}", "/desk/?task={}"])
def test_what_a_program_saved_stands_on_the_page_with_its_time(
    site: Browser, program: Program, task_id: UUID, address: str
) -> None:
    saved(program, task_id, {"result": "called", "text": "打过电话，写到一半"})
    clock.move_by(timedelta(minutes=12))

    page = site.get(address.format(task_id)).text

    assert "打过电话，写到一半" in page and re.search(r'value="called"[^>]*checked', page)
    assert "草稿，09:00 存的" in page


def test_what_was_typed_on_the_page_is_the_programs_draft(site: Browser, program: Program, task_id: UUID) -> None:
    answer = typed(site, task_id, result="done", text="页面上写的")

    kept = program.get(f"/tasks/{task_id}/draft").json
    assert kept["answers"] == {"result": "done", "text": "页面上写的"}
    assert answer.json["saved_at"] == kept["saved_at"]
    assert program.get(f"/tasks/{task_id}").json["draft"] == kept["answers"]


def test_what_was_saved_last_counts(site: Browser, program: Program, task_id: UUID) -> None:
    typed(site, task_id, text="先写的")
    clock.move_by(timedelta(minutes=1))
    saved(program, task_id, {"text": "后写的"})
    clock.move_by(timedelta(minutes=1))
    assert "后写的" in site.get(f"/tasks/{task_id}").text

    typed(site, task_id, text="最后写的")

    assert "最后写的" in site.get(f"/tasks/{task_id}").text
    assert program.get(f"/tasks/{task_id}/draft").json["answers"] == {"text": "最后写的"}


def test_a_draft_is_its_persons_own_and_goes_with_the_form(
    site: Browser, program: Program, place: Place, task_id: UUID
) -> None:
    typed(site, task_id, text="我的草稿")
    site.sign_in(place.users["township_desk"])
    assert "我的草稿" not in site.get(f"/tasks/{task_id}").text

    site.sign_in(place.users["village_desk"])
    site.get(f"/tasks/{task_id}")
    site.post(f"/tasks/{task_id}", {"submission": str(uuid4()), **DONE})

    assert program.get(f"/tasks/{task_id}/draft").json["answers"] == {}
    assert site.post(f"/tasks/{task_id}/draft", {"text": "来晚了"}).status_code == 409


def test_what_a_delegate_wrote_stands_before_an_older_draft(
    site: Browser, program: Program, place: Place, task_id: UUID
) -> None:
    typed(site, task_id, text="委派前写的")
    with jobs.transaction() as session:
        verbs.delegate(session, task_id, place.ids["village_desk"], place.ids["township_desk"])
    clock.move_by(timedelta(minutes=5))
    with jobs.transaction() as session:
        run.complete_task(session, task_id, DONE, place.ids["township_desk"])

    page = site.get(f"/tasks/{task_id}").text

    assert "办好了" in page and "委派前写的" not in page


@pytest.mark.parametrize(
    "answers", [{"text": {"a": 1}}, {"text": ["x"], "nobody_knows": 3}, {"result": 7, "text": True}]
)
def test_a_programs_draft_of_another_shape_opens_the_page_all_the_same(
    site: Browser, program: Program, task_id: UUID, answers: dict[str, Any]
) -> None:
    saved(program, task_id, answers)

    assert site.get(f"/tasks/{task_id}").status_code == 200


def test_in_english_the_draft_has_its_time(site: Browser, program: Program, task_id: UUID) -> None:
    saved(program, task_id, {"text": "half"})
    site.post("/language", {"language": "en"})

    assert "Draft saved" in site.get(f"/tasks/{task_id}").text
