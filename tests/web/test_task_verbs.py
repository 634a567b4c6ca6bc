"""The verbs as people use them: what is offered, what each page asks, refusals in words, lists and what others see."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care import people, task_verbs
from engine import clock, db, definitions, jobs, run, submissions, tasks, verbs
from engine.db import Database
from engine.outgoing import outgoing
from engine.tasks import signers, words
from tests.engine.drawing import Drawing
from tests.web.conftest import Browser, Place, a_task
from tests.web.desks import counted_statements
from web.joined import join

SAME = {"role": "village_desk", "form": "note", "due": "PT8H"}
DONE = {"result": "done", "text": "办好了"}


@pytest.fixture(autouse=True)
def _joined() -> None:
    join()


@pytest.fixture
def matter(database: Database, place: Place) -> UUID:
    """A process of three steps for the village desk about the elder, begun by the township desk."""
    drawing = Drawing("three").user("first", **SAME).user("second", **SAME).user("third", **SAME)
    drawing.path("start", "first", "second", "third", "end")
    with jobs.transaction() as session:
        definitions.deploy(session, {"three.bpmn": drawing.xml()}, None)
        return run.start(session, "three", {"elder_id": place.elder_id}, by=place.ids["township_desk"])


def current(matter: UUID) -> tasks.TaskRow:
    with db.reading() as session:
        [row] = [each for each in tasks.of_instance(session, matter) if each.state == tasks.OPEN]
    return row


def complete(matter: UUID, by: int) -> UUID:
    row = current(matter)
    with jobs.transaction() as session:
        run.complete_task(session, row.id, DONE, by)
    return row.id


def desk_task(database: Database, place: Place, **facts: Any) -> UUID:
    with database.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id, **facts)


def offered(site: Browser, task_id: UUID) -> list[str]:
    return re.findall(r'data-verb="(\w+)"', site.get(f"/tasks/{task_id}").text)


def do(site: Browser, task_id: UUID, verb: str, **fields: Any) -> Any:
    site.get(f"/tasks/{task_id}/do/{verb}")
    return site.post(f"/tasks/{task_id}/do/{verb}", fields)


def row(task_id: UUID) -> tasks.TaskRow:
    with db.reading() as session:
        return tasks.get(session, task_id)


def notices() -> list[tuple[str, Any]]:
    with db.reading() as session:
        rows = session.execute(select(outgoing.c.payload).where(outgoing.c.channel == "screen").order_by(outgoing.c.id))
        return [(each["template"], each.get("person")) for (each,) in rows]


def test_a_holder_is_offered_what_can_be_done_and_nothing_else(site: Browser, place: Place, matter: UUID) -> None:
    site.sign_in(place.users["village_desk"])
    task_id = current(matter).id

    assert offered(site, task_id) == ["transfer", "delegate", "sign", "copy", "comment", "attach", "snooze"]
    site.post(f"/tasks/{task_id}/claim")
    assert "release" in offered(site, task_id)
    complete(matter, place.ids["village_desk"])
    assert "send_back" in offered(site, current(matter).id)
    assert offered(site, task_id) == ["comment", "attach", "withdraw"]


def test_transferred_to_a_colleague_of_the_role_it_leaves_the_list(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    shown = site.get(f"/tasks/{task_id}/do/transfer").text
    assert f'value="{place.ids["township_desk"]}"' in shown, "the level above"
    assert f'value="{place.ids["visitor"]}"' not in shown, "another role"

    answer = do(site, task_id, "transfer", person=place.ids["township_desk"], why="出差")

    assert answer.location == "/tasks"
    page = site.get("/tasks").text
    assert "已转办" in page and f"/tasks/{task_id}/do/undo" in page
    assert row(task_id).assignee_id == place.ids["township_desk"]
    assert notices() == [("transferred", place.ids["township_desk"])]


def test_undone_from_the_toast_it_is_back(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    do(site, task_id, "transfer", person=place.ids["township_desk"])

    answer = site.post(f"/tasks/{task_id}/do/undo")

    assert answer.location == f"/tasks/{task_id}"
    assert row(task_id).assignee_id is None


def test_a_person_who_is_not_listed_is_refused_with_everything_typed(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])

    answer = do(site, task_id, "transfer", person=place.ids["visitor"], why="写了半天的原因")

    assert answer.status_code == 409
    assert "只能选列出来的同事" in answer.text and "写了半天的原因" in answer.text
    assert row(task_id).assignee_id is None


def test_programs_hear_the_same_as_json(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    site.get(f"/tasks/{task_id}/do/transfer")
    asked = {"Accept": "application/json"}

    refused = site.post(f"/tasks/{task_id}/do/transfer", {"person": place.ids["visitor"]}, headers=asked)
    done = site.post(f"/tasks/{task_id}/do/transfer", {"person": place.ids["township_desk"]}, headers=asked)

    assert (refused.status_code, refused.json["state"]) == (409, "refused")
    assert (done.status_code, done.json["state"], done.json["task"]) == (200, "done", str(task_id))


def test_delegated_and_confirmed_with_what_the_delegate_wrote(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    with jobs.transaction() as session:
        verbs.delegate(session, task_id, place.ids["village_desk"], place.ids["township_desk"])
        run.complete_task(session, task_id, {"result": "called", "text": "电话里说好"}, place.ids["township_desk"])
    site.sign_in(place.users["village_desk"])

    shown = site.get(f"/tasks/{task_id}").text

    assert "你委派的办完了，请确认" in shown and "电话里说好" in shown
    assert re.search(r'value="called"[^>]*checked', shown)


def test_what_comes_back_to_somebody_who_left_is_the_stand_ins(database: Database, place: Place) -> None:
    away, stand_in = place.ids["village_desk"], place.ids["township_desk"]
    task_id = desk_task(database, place)
    with jobs.transaction() as session:
        verbs.delegate(session, task_id, away, place.ids["township_lead"])
        task_verbs.leave(session, people.person(session, away), stand_in, None)
        run.complete_task(session, task_id, DONE, place.ids["township_lead"])

    assert row(task_id).assignee_id == stand_in


def test_a_co_signer_signs_on_the_usual_page_and_the_holder_sees_it(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    do(site, task_id, "sign", people=[place.ids["township_desk"]], part="before")
    with db.reading() as session:
        [asked] = signers.of(session, task_id)
    assert "会签（未签）" in site.get(f"/tasks/{task_id}").text
    refused = site.post(f"/tasks/{task_id}", {**DONE})
    assert refused.status_code == 409 and "还有人没有会签" in refused.text and "办好了" in refused.text

    site.sign_in(place.users["township_desk"])
    assert "请你会签" in site.get(f"/tasks/{asked.id}").text
    site.post(f"/tasks/{asked.id}", {"opinion": "agree"})

    site.sign_in(place.users["village_desk"])
    assert "会签（已签）" in site.get(f"/tasks/{task_id}").text
    assert site.post(f"/tasks/{task_id}", {**DONE}).status_code == 302
    assert row(task_id).state == tasks.DONE


def test_what_waits_for_co_signers_says_so_and_can_be_taken_back(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    do(site, task_id, "sign", people=[place.ids["township_desk"]], part="after")
    site.post(f"/tasks/{task_id}", {**DONE})

    shown = site.get(f"/tasks/{task_id}").text
    assert "等会签的人签完" in shown and 'name="result"' not in shown
    assert f'data-id="{task_id}"' not in site.get("/tasks").text
    assert offered(site, task_id) == ["unsign", "urge", "comment", "attach", "withdraw"]
    do(site, task_id, "withdraw")

    again = site.get(f"/tasks/{task_id}").text
    assert 'name="result"' in again and "办好了" in again


def test_sent_back_with_a_reason_and_what_was_written_stands_in_the_form(
    site: Browser, place: Place, matter: UUID
) -> None:
    complete(matter, place.ids["village_desk"])
    task_id = current(matter).id
    site.sign_in(place.users["village_desk"])
    assert "first" in site.get(f"/tasks/{task_id}/do/send_back").text

    without = do(site, task_id, "send_back", step="three.first")
    assert without.status_code == 409 and "请写退回的原因" in without.text
    nowhere = do(site, task_id, "send_back", why="少一张照片")
    assert nowhere.status_code == 409 and "请选退到哪一步" in nowhere.text and "少一张照片" in nowhere.text
    do(site, task_id, "send_back", step="three.first", why="少一张照片")

    again = current(matter)
    assert (again.element_id, again.assignee_id) == ("first", place.ids["village_desk"])
    shown = site.get(f"/tasks/{again.id}").text
    assert "退回给你，请重办" in shown and "办好了" in shown and "少一张照片" in shown


def test_withdrawn_from_the_page_of_what_is_done(site: Browser, place: Place, matter: UUID) -> None:
    done = complete(matter, place.ids["village_desk"])
    site.sign_in(place.users["village_desk"])

    answer = do(site, done, "withdraw", why="填错了")

    again = current(matter)
    assert (again.element_id, answer.location) == ("first", f"/tasks/{again.id}")
    with db.reading() as session:
        assert submissions.of_task(session, done)[0].state == submissions.WITHDRAWN


def test_nobody_withdraws_what_somebody_else_did(site: Browser, place: Place, matter: UUID) -> None:
    done = complete(matter, place.ids["village_desk"])
    site.sign_in(place.users["township_desk"])

    assert do(site, done, "withdraw").status_code == 404
    assert current(matter).element_id == "second"


def test_a_copy_is_listed_may_be_read_and_nothing_more(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["hotline"])
    assert site.get(f"/tasks/{task_id}").status_code == 404
    with jobs.transaction() as session:
        verbs.copy(session, task_id, place.ids["village_desk"], [place.ids["hotline"]])

    listed = site.get("/tasks/copied").text
    assert "每周探访" in listed and "未读" in listed and "田桂芝" not in listed
    shown = site.get(f"/tasks/{task_id}")
    assert shown.status_code == 200 and 'name="result"' not in shown.text
    assert "未读" not in site.get("/tasks/copied").text
    assert do(site, task_id, "transfer", person=place.ids["township_desk"]).status_code == 403


def test_who_began_a_process_follows_it_and_urges(site: Browser, place: Place, matter: UUID) -> None:
    site.sign_in(place.users["township_desk"])
    task_id = current(matter).id

    assert f"/tasks/{task_id}/do/urge" in site.get("/tasks/started").text
    for _ in range(3):
        assert do(site, task_id, "urge").status_code == 302
    too_often = do(site, task_id, "urge")

    assert too_often.status_code == 409 and "一小时内已催办 3 次" in too_often.text
    assert [what for what, _ in notices()] == ["urged"] * 3


def owned(place: Place, tab: str, number: int) -> None:
    """One more thing that the township desk began, or has a copy of."""
    with jobs.transaction() as session:
        if tab == "started":
            run.start(session, "three", {"elder_id": place.elder_id}, by=place.ids["township_desk"])
        else:
            task_id = a_task(session, "village_desk", place.paths["village"], name=f"第{number}件")
            verbs.copy(session, task_id, place.ids["village_desk"], [place.ids["township_desk"]])
    clock.move_by(timedelta(minutes=1))


def pages_of(site: Browser, tab: str) -> list[tuple[list[str], list[str]]]:
    """Each page of the list: (the tasks that its rows lead to, in order; the statements that it asked)."""
    found = []
    address: str | None = f"/tasks/{tab}"
    while address:
        with counted_statements() as asked:
            text = site.get(address).text
        found.append((list(dict.fromkeys(re.findall(r"/tasks/([0-9a-f-]{36})", text))), asked))
        more = re.search(rf'href="(/tasks/{tab}\?after=[^"]+)"', text)
        address = html.unescape(more[1]) if more else None
    return found


@pytest.mark.parametrize("tab", ["started", "copied"])
def test_lists_of_what_one_began_and_got_are_paged_by_key(
    site: Browser, place: Place, matter: UUID, monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    from web import task_lists

    monkeypatch.setattr(task_lists, "PAGE", 2)
    clock.move_by(timedelta(minutes=1))
    for number in range(5 if tab == "copied" else 4):  # the matter itself is the fifth
        owned(place, tab, number)
    site.sign_in(place.users["township_desk"])

    pages = pages_of(site, tab)
    owned(place, tab, 5)
    with_one_more = pages_of(site, tab)

    rows = [row for shown, _ in pages for row in shown]
    assert [len(shown) for shown, _ in pages] == [2, 2, 1] and len(set(rows)) == 5
    assert [row for shown, _ in with_one_more for row in shown][1:] == rows, "newest first"
    full = [asked for _, asked in pages[:2]]
    assert len(full[0]) == len(full[1]), "the second page costs what the first does"
    assert not [each for _, asked in pages for each in asked if "count(" in each.lower()]


def test_a_comment_is_on_the_page_and_who_is_mentioned_may_read_it(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    do(site, task_id, "comment", why="家属明天到\n请留意", mentioned=[place.ids["township_desk"]])

    assert "家属明天到<br>请留意" in site.get(f"/tasks/{task_id}").text
    assert notices() == [("mentioned", place.ids["township_desk"])]
    with db.reading() as session:
        assert words.knows_of(session, task_id, place.ids["township_desk"])


def test_snoozed_it_comes_back_in_time(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    site.post(f"/tasks/{task_id}/claim")
    until = (clock.local(clock.now()) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")

    do(site, task_id, "snooze", until=until)
    assert f'data-id="{task_id}"' not in site.get("/tasks").text
    clock.move_by(timedelta(hours=2))
    assert f'data-id="{task_id}"' in site.get("/tasks").text


def test_a_task_is_not_given_back_to_nobody(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        task_id = a_task(session, "visitor", place.paths["grid"], place.elder_id, assignee=place.ids["visitor"])
        tasks.claim(session, task_id, place.ids["visitor"])
    site.sign_in(place.users["visitor"])

    answer = do(site, task_id, "release")

    assert answer.status_code == 409 and "这个岗位没有别人能接" in answer.text
    assert row(task_id).assignee_id == place.ids["visitor"]


def test_who_leaves_hands_everything_over(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        mine = [
            a_task(session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"])
            for _ in range(3)
        ]
    site.sign_in(place.users["visitor"])
    assert "离岗交接" in site.get("/me").text
    site.get("/me/leave")

    answer = site.post("/me/leave", {"stand_in": place.ids["visitor_b"], "until": "2026-08-10"})

    assert answer.location == "/me" and "已交接 3 件" in site.get("/me").text
    assert {row(each).assignee_id for each in mine} == {place.ids["visitor_b"]}
    refused = site.post("/me/leave", {"stand_in": place.ids["hotline"]})
    assert refused.status_code == 422


def test_a_leave_of_a_coming_day_is_shown_and_called_off(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        mine = a_task(session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"])
    site.sign_in(place.users["visitor"])
    site.get("/me/leave")
    said = {"stand_in": place.ids["visitor_b"], "since": "2026-08-10", "until": "2026-08-20"}

    site.post("/me/leave", said)

    text = site.get("/me").text
    assert "到时自动交接" in text and "已登记的离岗" in text
    assert row(mine).assignee_id == place.ids["visitor"]
    number = re.search(r'name="leave" value="(\d+)"', text)
    assert number
    site.sign_in(place.users["visitor_b"])
    assert site.post("/me/leave/off", {"leave": number[1]}).status_code == 404
    site.sign_in(place.users["visitor"])
    assert site.post("/me/leave/off", {"leave": number[1]}).status_code == 302
    assert "已登记的离岗" not in site.get("/me").text
    assert site.post("/me/leave", said | {"until": "2026-08-09"}).status_code == 422


def test_several_are_done_together_each_with_its_outcome(site: Browser, database: Database, place: Place) -> None:
    first, second, taken = (desk_task(database, place, name=f"回访{number}") for number in range(3))
    with jobs.transaction() as session:
        verbs.claim(session, taken, place.ids["township_desk"])
        run.complete_task(session, second, DONE, place.ids["township_desk"])
    site.sign_in(place.users["village_desk"])
    ids = [str(first), str(second), str(taken)]
    page = site.get("/tasks/batch", query_string={"id": [str(first), str(taken)]}).text
    number = re.search(r'name="submission" value="([^"]+)"', page)
    assert number and "一起办 2 件" in page

    sent = {"id": ids, "submission": number[1], **DONE}
    answer = site.post("/tasks/batch", sent, headers={"Accept": "application/json"})

    assert answer.status_code == 200, answer.text
    found = {each["task"]: each["state"] for each in answer.json["items"]}
    assert found == {str(first): "done", str(second): "late", str(taken): "taken"}
    assert row(first).done_by == place.ids["village_desk"]
    again = site.post("/tasks/batch", sent, headers={"Accept": "application/json"})
    assert again.json["items"][0]["state"] == "done"
    with db.reading() as session:
        assert len([each for each in submissions.of_task(session, first) if each.state == "accepted"]) == 1
        assert [each.state for each in submissions.of_task(session, second)] == ["accepted", "late"]


def test_tasks_that_share_a_form_are_there_to_choose(site: Browser, database: Database, place: Place) -> None:
    ids = [desk_task(database, place, name=f"回访{number}") for number in range(2)]
    alone = desk_task(database, place, form="confirm")
    urgent = desk_task(database, place, priority="urgent")
    site.sign_in(place.users["village_desk"])

    shown = site.get("/tasks/batch").text

    assert all(f'value="{each}"' in shown for each in ids)
    assert f'value="{alone}"' not in shown and f'value="{urgent}"' not in shown
    assert "/tasks/batch" in site.get("/tasks").text


def test_a_batch_with_faults_completes_nothing(site: Browser, database: Database, place: Place) -> None:
    task_id = desk_task(database, place)
    site.sign_in(place.users["village_desk"])
    site.get(f"/tasks/batch?id={task_id}")

    answer = site.post("/tasks/batch", {"id": [str(task_id)], "result": "done", "text": ""})

    assert answer.status_code == 422 and row(task_id).state == tasks.OPEN


def test_in_english_every_page_of_a_verb_speaks_english(site: Browser, place: Place, matter: UUID) -> None:
    complete(matter, place.ids["village_desk"])
    site.sign_in(place.users["village_desk"])
    site.post("/language", {"language": "en"})
    task_id = current(matter).id
    for verb in offered(site, task_id):
        text = re.sub(
            r'<option.*?</option>|<p class="whose">.*?</p>|<div class="picks">.*?</fieldset>'
            r'|<nav class="side".*?</nav>|<title>.*?</title>',
            "",
            site.get(f"/tasks/{task_id}/do/{verb}").text,
            flags=re.S,
        )
        assert not re.search("[\u4e00-\u9fff]", text), verb
