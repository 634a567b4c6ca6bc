from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from care.files import AccessLog
from engine import submissions, tasks
from engine.db import Database
from tests.web.conftest import Browser, Place, a_task
from web.attachments import Attachment

JSON = {"Accept": "application/json"}


def open_task(database: Database, place: Place, **facts: Any) -> UUID:
    """A task of visitor A about the elder, with the form F-NOTE."""
    with database.writing() as session:
        given: dict[str, Any] = {"assignee": place.ids["visitor"], "name": "隐患复查", **facts}
        return a_task(session, "visitor", place.paths["village"], place.elder_id, **given)


def shared_task(database: Database, place: Place, **facts: Any) -> UUID:
    with database.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id, name="上报社区接报", **facts)


def submission_in(text: str) -> str:
    found = re.search(r'name="submission" value="([^"]+)"', text)
    assert found, "the form carries the number of its submission"
    return found[1]


def ticket_in(text: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', text)
    assert found, "the form carries the proof that it was given to this person"
    return found[1]


def test_the_page_shows_the_elder_the_reason_and_the_form(site: Browser, database: Database, place: Place) -> None:
    task_id = open_task(database, place, why="your_elder", next_role="village_desk")
    site.sign_in(place.users["visitor"])

    shown = site.get(f"/tasks/{task_id}").text

    assert "田桂芝，82 岁" in shown and place.address in shown
    assert "高血压" in shown and "青霉素" in shown, "what one must know before the door"
    assert "你是该老人的专属探访责任人。09:16 前没办，转嘎查村（社区）。" in shown
    assert 'name="result"' in shown
    assert "137****" in shown, "telephones are masked"


def test_completing_goes_on_to_the_list_and_the_task_is_done(site: Browser, database: Database, place: Place) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])
    number = submission_in(site.get(f"/tasks/{task_id}").text)

    answer = site.post(f"/tasks/{task_id}", {"submission": number, "result": "done", "text": "地面已铺防滑垫"})

    assert answer.location == "/tasks"
    assert "已提交" in site.get("/tasks").text
    with database.reading() as session:
        row = tasks.get(session, task_id)
        kept = submissions.of_task(session, task_id)
    assert (row.state, row.done_by) == ("done", place.ids["visitor"])
    assert kept[0].body["text"] == "地面已铺防滑垫"
    assert "隐患复查" in site.get("/tasks?tab=done").text


def test_a_double_click_is_one_completion(site: Browser, database: Database, place: Place) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])
    form = {"submission": submission_in(site.get(f"/tasks/{task_id}").text), "result": "done", "text": "好了"}

    first = site.post(f"/tasks/{task_id}", form)
    second = site.post(f"/tasks/{task_id}", form)

    assert first.status_code == second.status_code == 302
    with database.reading() as session:
        assert len(submissions.of_task(session, task_id)) == 1


def test_a_form_with_faults_comes_back_with_what_was_typed(site: Browser, database: Database, place: Place) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])
    number = submission_in(site.get(f"/tasks/{task_id}").text)

    answer = site.post(f"/tasks/{task_id}", {"submission": number, "result": "", "text": "还没写完"})

    assert answer.status_code == 422
    assert "还没写完" in answer.text
    assert "还有 1 处要改" in answer.text and 'class="error"' in answer.text
    assert submission_in(answer.text) == number, "the number stays, so that sending again is not twice"


def test_a_task_that_somebody_finished_says_who_and_when_and_keeps_the_text(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = shared_task(database, place)
    site.sign_in(place.users["village_desk"])
    number = submission_in(site.get(f"/tasks/{task_id}").text)
    with database.writing() as session:
        tasks.follow(session, [], [(task_id, tasks.DONE, place.ids["township_desk"])])

    answer = site.post(f"/tasks/{task_id}", {"submission": number, "result": "done", "text": "我也去过了"})

    assert answer.status_code == 409
    assert "09:00 已办完" in answer.text
    assert "我也去过了" in answer.text and "作为补充" in answer.text
    with database.reading() as session:
        kept = submissions.of_task(session, task_id)
    assert [(each.state, each.body["text"]) for each in kept] == [("late", "我也去过了")]


def test_who_takes_a_shared_task_is_seen_by_the_others(site: Browser, database: Database, place: Place) -> None:
    task_id = shared_task(database, place, priority="urgent")
    site.sign_in(place.users["village_desk"])
    site.get(f"/tasks/{task_id}")

    site.post(f"/tasks/{task_id}/claim")

    with database.reading() as session:
        assert tasks.get(session, task_id).claimed_by == place.ids["village_desk"]
    assert "我接手" not in site.get(f"/tasks/{task_id}").text


def test_a_task_that_another_took_shows_no_form(site: Browser, database: Database, place: Place) -> None:
    task_id = shared_task(database, place)
    site.sign_in(place.users["township_desk"])
    with database.writing() as session:
        tasks.claim(session, task_id, place.ids["village_desk"])

    shown = site.get(f"/tasks/{task_id}")

    assert shown.status_code == 200, "the township sees what lies below it"
    assert 'name="result"' not in shown.text and "已接手" in shown.text


def test_tasks_of_others_are_not_found(site: Browser, database: Database, place: Place) -> None:
    task_id = shared_task(database, place)
    site.sign_in(place.users["grid_worker"])

    assert site.get(f"/tasks/{task_id}").status_code == 404
    assert site.post(f"/tasks/{task_id}", {"result": "done", "text": "x"}).status_code == 404
    assert site.post(f"/tasks/{task_id}/claim").status_code == 404
    assert site.get(f"/tasks/{uuid4()}").status_code == 404


def test_a_photo_sent_with_the_form_is_kept_without_the_cameras_data(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])
    number = submission_in(site.get(f"/tasks/{task_id}").text)
    picture = b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00secret..\xff\xdb\x00\x04ab\xff\xda\x00\x02scan\xff\xd9"

    answer = site.post(
        f"/tasks/{task_id}",
        {"submission": number, "result": "done", "text": "拍了", "attachments[]": (BytesIO(picture), "a.jpg")},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 302
    with database.reading() as session:
        stored = session.query(Attachment).one()
        (kept,) = submissions.of_task(session, task_id)
        assert kept.body["attachments"] == [str(stored.id)]
        address = f"/attachments/{stored.id}"
    shown = site.get(address)
    assert b"secret" not in shown.data and shown.data.endswith(b"scan\xff\xd9")
    assert shown.headers["Content-Disposition"].startswith("attachment")


def test_opening_a_task_alone_is_not_reading_a_file(site: Browser, database: Database, place: Place) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])

    site.get(f"/tasks/{task_id}")

    with database.reading() as session:
        assert session.query(AccessLog).count() == 0


def test_a_plain_task_says_what_it_is_about_in_one_language(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        task_id = tasks.plain(
            session,
            name="未核实呼叫：请立即联系 Unverified call: contact now",
            role="monitor_desk",
            unit_path=place.paths["city"],
            form_version=1,
            detail={"device": "d000999", "kind": "sos", "reason": "unknown device"},
        )
    site.sign_in(place.users["monitor_desk"])

    chinese = site.get(f"/tasks/{task_id}").text
    site.post("/language", {"language": "en"})
    english = site.get(f"/tasks/{task_id}").text

    assert "未核实呼叫：请立即联系<" in chinese and "设备不在册" in chinese and "紧急呼叫" in chinese
    assert "Unverified call: contact now<" in english and "The device is not on file" in english
    assert "未核实" not in english


def test_a_form_of_a_task_that_was_handed_on_is_kept_however_often_and_changed(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = open_task(database, place)
    site.sign_in(place.users["visitor"])
    shown = site.get(f"/tasks/{task_id}").text
    form = {"submission": submission_in(shown), "ticket": ticket_in(shown), "result": "done"}
    with database.writing() as session:
        tasks.hand_over(session, task_id, place.ids["visitor_b"], "visitor", place.paths["village"], "stands_in_for_a")

    sent = ("在路上写的", "在路上写的", "在路上又改了", "在路上又改了")
    told = [site.post(f"/tasks/{task_id}", {**form, "text": text}, headers=JSON).json for text in sent]
    nobody = site.post(f"/tasks/{task_id}", {**form, "text": "没有凭证", "ticket": "x"}, headers=JSON)

    assert [each and each["state"] for each in told] == ["moved"] * 4
    assert nobody.status_code == 404
    with database.reading() as session:
        kept = submissions.of_task(session, task_id)
        looked_at = [row for row in tasks.find(session).rows if row.element_id == "look_at_supplement"]
    assert [(each.state, each.body["text"]) for each in kept] == [("late", "在路上写的"), ("late", "在路上又改了")]
    assert len(looked_at) == 2
