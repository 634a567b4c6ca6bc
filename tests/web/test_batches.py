"""Several tasks at once with forms that differ: group by group, one outcome for each, nothing is lost."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import db, definitions, jobs, run, submissions, tasks, verbs
from tests.engine.drawing import Drawing
from tests.web.conftest import Browser, Place, a_task
from tests.web.test_api import Program
from web.api import tokens
from web.joined import join

NOTE = {"result": "done", "text": "都看过了"}


@pytest.fixture(autouse=True)
def _joined() -> None:
    join()


def owed(place: Place, form: str = "note", **facts: Any) -> UUID:
    with db.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id, form=form, **facts)


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def sent(page: str, **answers: str) -> dict[str, Any]:
    """What the browser sends of the page of a batch."""
    names = ("id", "later", "ticket", "submission", "form_version")
    return {**{name: hidden(page, name) for name in names if hidden(page, name)}, **answers}


def state(task_id: UUID) -> str:
    with db.reading() as session:
        return tasks.get(session, task_id).state


def kept(task_id: UUID) -> list[str]:
    with db.reading() as session:
        return [each.state for each in submissions.of_task(session, task_id)]


def test_different_forms_are_filled_in_one_after_the_other(site: Browser, place: Place) -> None:
    notes, confirms = [owed(place), owed(place)], [owed(place, "confirm"), owed(place, "confirm")]
    site.sign_in(place.users["village_desk"])
    chosen = [str(each) for each in (notes[0], confirms[0], notes[1], confirms[1])]

    page = site.get("/tasks/batch", query_string={"id": chosen}).text
    assert hidden(page, "id") == [str(each) for each in notes] and "另有 2 件要填别的表" in page
    outcomes = site.post("/tasks/batch", sent(page, **NOTE)).text

    assert "办完 2 件，共 4 件" in outcomes and outcomes.count("还没办，要填另一张表") == 2
    assert [state(each) for each in notes] == ["done"] * 2 and [state(each) for each in confirms] == ["open"] * 2
    rest = site.get("/tasks/batch", query_string={"id": hidden(outcomes, "id")}).text
    assert hidden(rest, "id") == [str(each) for each in confirms] and not hidden(rest, "later")
    assert "都看过了" not in rest


def test_versions_of_one_form_are_groups_of_their_own(site: Browser, place: Place) -> None:
    drawing = Drawing("one").user("only", role="village_desk", form="note", due="PT8H").path("start", "only", "end")
    with jobs.transaction() as session:
        definitions.deploy(session, {"one.bpmn": drawing.xml()}, None)
        run.start(session, "one", {"elder_id": place.elder_id})
    newest = owed(place)
    with db.reading() as session:
        [bound] = [each.id for each in tasks.find(session, filters=tasks.Filters(process_id="one")).rows]
    site.sign_in(place.users["village_desk"])

    page = site.get("/tasks/batch", query_string={"id": [str(newest), str(bound)]}).text

    assert (hidden(page, "id"), hidden(page, "later")) == ([str(newest)], [str(bound)])


def test_what_was_written_for_a_task_that_went_to_somebody_else_is_kept(site: Browser, place: Place) -> None:
    mine, gone = owed(place), owed(place, assignee=place.ids["village_desk"])
    site.sign_in(place.users["village_desk"])
    page = site.get("/tasks/batch", query_string={"id": [str(mine), str(gone)]}).text
    with db.writing() as session:
        tasks.hand_over(session, gone, place.ids["visitor"], "visitor", place.paths["grid"], "handed_over")

    outcomes = site.post("/tasks/batch", sent(page, **NOTE)).text

    assert "办完 1 件，共 2 件" in outcomes and "已转给别人，你写的留作补充" in outcomes
    assert (state(mine), state(gone)) == ("done", "open")
    assert kept(gone) == ["late"]
    site.post("/tasks/batch", sent(page, **NOTE))
    assert kept(gone) == ["late"], "sent twice, kept once"


def test_what_was_written_for_a_task_that_another_took_is_kept_or_stands_on_the_page(
    site: Browser, place: Place
) -> None:
    taken = owed(place)
    site.sign_in(place.users["village_desk"])
    page = site.get("/tasks/batch", query_string={"id": [str(taken)]}).text
    with jobs.transaction() as session:
        verbs.claim(session, taken, place.ids["township_desk"])

    with_ticket = site.post("/tasks/batch", sent(page, **NOTE)).text
    without = site.post("/tasks/batch", {**sent(page, **NOTE), "ticket": []}).text

    assert "已转给别人，你写的留作补充" in with_ticket and kept(taken) == ["late"]
    assert "别人已接手" in without and "都看过了" in without and state(taken) == "open"


def test_a_program_gets_an_outcome_for_each_whatever_their_forms(site: Browser, place: Place) -> None:
    note, other, foreign = owed(place), owed(place, "visit"), uuid4()
    with db.writing() as session:
        _, text = tokens.make(session, place.ids["village_desk"], "Mini program", tuple(tokens.SCOPES))
    program = Program(site.client, text)
    body = {"submission": str(uuid4()), "tasks": [str(note), str(other), str(foreign)], "answers": NOTE}

    answers = [program.post("/batches", body).json["items"] for _ in range(20)]

    assert [each["state"] for each in answers[0]] == ["done", "wrong", "refused"]
    assert all(each["message"] for each in answers[0]) and answers.count(answers[0]) == 20
    assert kept(note) == ["accepted"] and state(other) == "open"
