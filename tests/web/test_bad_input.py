"""What goes wrong while a form is on its way: each has its sentence in both languages, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from engine import db, submissions, tasks
from tests.web.conftest import Browser, Place, a_task
from web import attachments
from web.attachments import Attachment

WRITTEN = "Written for an hour"
NOTE = {"result": "done", "text": WRITTEN}
LARGE = b"\xff\xd8\xff" + b"x" * attachments.LARGEST


@pytest.fixture
def task_id(place: Place) -> UUID:
    with db.writing() as session:
        return a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="Visit"
        )


@pytest.fixture(params=["zh", "en"])
def told(request: pytest.FixtureRequest, site: Browser, place: Place) -> Callable[[TestResponse, str, str], None]:
    """The visitor is signed in, in each language; told(answer, zh, en): the page says so in that language."""
    site.sign_in(place.users["visitor"])
    site.post("/language", {"language": request.param})

    def says(answer: TestResponse, zh: str, en: str) -> None:
        assert (zh if request.param == "zh" else en) in answer.text

    return says


def opened(site: Browser, task_id: UUID) -> dict[str, Any]:
    """The hidden fields of the form as a browser sends them."""
    page = site.get(f"/tasks/{task_id}").text
    return {name: value for name in ("submission", "ticket", "form_version") for value in _hidden(page, name)}


def _hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def send(site: Browser, task_id: UUID, **fields: Any) -> TestResponse:
    return site.post(f"/tasks/{task_id}", {**NOTE, **fields}, content_type="multipart/form-data")


def kept(task_id: UUID) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(each.state, each.body["text"]) for each in submissions.of_task(session, task_id)]


@pytest.mark.parametrize(
    ("body", "zh", "en"),
    [
        (LARGE, "文件太大，最大 8 MB。", "too large"),
        (b"%PDF-1.7", "这种文件不能用", "This kind of file is not taken"),
        (b"\xff\xd8\xff\xe1\xff", "这张照片打不开，请重新拍一张。", "could not be opened"),
    ],
    ids=["large", "kind", "torn"],
)
def test_a_file_that_is_not_taken(site: Browser, told: Any, task_id: UUID, body: bytes, zh: str, en: str) -> None:
    form = opened(site, task_id)

    answer = send(site, task_id, **form, **{"attachments[]": (BytesIO(body), "a.jpg")})

    assert answer.status_code == 422 and WRITTEN in answer.text
    told(answer, zh, en)
    page = site.post(f"/tasks/{task_id}/do/attach", {"file": (BytesIO(body), "a.jpg"), "why": WRITTEN})
    assert page.status_code == 409 and WRITTEN in page.text
    told(page, zh, en)


def test_more_than_a_request_may_carry(
    site: Browser, told: Any, task_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = opened(site, task_id)
    monkeypatch.setitem(site.client.application.config, "MAX_CONTENT_LENGTH", 4096)

    answer = send(site, task_id, **form, **{"attachments[]": (BytesIO(b"\xff\xd8\xff" + b"x" * 9000), "a.jpg")})

    assert answer.status_code == 413
    told(answer, "照片最大 8 MB", "Photos up to 8 MB")


def test_where_a_photo_was_taken_is_not_kept(site: Browser, told: Any, task_id: UUID) -> None:
    exif = Image.Exif()
    exif[0x0110] = "SECRET-PHONE"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 39.0, 7.5), 3: "E", 4: (109.0, 50.0, 25.0)})
    body = BytesIO()
    Image.new("RGB", (16, 8), "red").save(body, "JPEG", exif=exif)
    assert Image.open(BytesIO(body.getvalue())).getexif().get_ifd(0x8825)
    form = opened(site, task_id)
    told(site.get(f"/tasks/{task_id}"), "照片里藏的位置和机型会去掉", "place and device hidden in photos")

    send(site, task_id, **form, **{"attachments[]": (BytesIO(body.getvalue()), "a.jpg")})

    with db.reading() as session:
        [row] = session.query(Attachment).all()
        stored = attachments.read(row)
    assert not Image.open(BytesIO(stored)).getexif().get_ifd(0x8825) and b"SECRET" not in stored


def test_a_form_of_an_old_version(site: Browser, told: Any, task_id: UUID) -> None:
    form = opened(site, task_id) | {"form_version": "0", "weather": "Clear and cold"}

    answer = send(site, task_id, **form)

    assert answer.status_code == 422 and WRITTEN in answer.text
    told(answer, "这张表换了新版", "new version")
    assert "Clear and cold" in answer.text, "what has no place in the new form is shown"
    assert send(site, task_id, **opened(site, task_id)).status_code == 302


def test_the_same_form_twenty_times(site: Browser, told: Any, task_id: UUID) -> None:
    form = opened(site, task_id)

    answers = [send(site, task_id, **form) for _ in range(20)]

    assert {each.status_code for each in answers} == {302} and kept(task_id) == [("accepted", WRITTEN)]
    told(site.get("/tasks"), "已提交", "Sent")
    told(send(site, task_id, **{**form, "text": "Something else"}), "内容以第一次为准", "the first content stands")
    assert kept(task_id) == [("accepted", WRITTEN)]


def test_a_task_that_went_to_somebody_else_meanwhile(site: Browser, told: Any, place: Place, task_id: UUID) -> None:
    form = opened(site, task_id)
    with db.writing() as session:
        tasks.hand_over(session, task_id, place.ids["hotline"], "hotline", place.paths["city"], "handed_over")

    answer = send(site, task_id, **form)

    assert answer.status_code == 409 and kept(task_id) == [("late", WRITTEN)]
    told(answer, "这件事已转给别人办。你写的没有丢", "What you wrote is kept")


@pytest.mark.parametrize("state", [tasks.CANCELLED, tasks.DONE])
def test_a_task_that_is_over_meanwhile(site: Browser, told: Any, place: Place, task_id: UUID, state: str) -> None:
    form = opened(site, task_id)
    with db.writing() as session:
        tasks.follow(session, [], [(task_id, state, place.ids["village_desk"] if state == tasks.DONE else None)])

    answer = send(site, task_id, **form)

    assert answer.status_code == 409 and WRITTEN in answer.text and kept(task_id) == [("late", WRITTEN)]
    told(answer, "你写的没有丢", "What you wrote is kept")
    if state == tasks.CANCELLED:
        told(answer, "这件事不用办了", "This need not be done any more")
    else:
        told(answer, "已办完", "finished it")
    waits = site.post(f"/tasks/{task_id}", {**NOTE, **form}, headers={"Accept": "application/json"})
    assert waits.json["state"] == "late", "what the phone's outbox hears"


def test_a_phone_says_that_its_clock_is_wrong_or_its_sign_in_over(site: Browser, told: Any) -> None:
    """field.js shows these lines; tests/web/browser/test_offline*.py see it do so."""
    page = site.get("/outbox")

    told(page, "手机时间不准，差 5 分钟以上。提交照常", "clock is wrong by more than 5 minutes")
    told(page, "登录到期了。没交的都在手机里，登录后自动交。", "Your sign-in has ended")
    assert site.get("/phone/hello").json["now"]
    assert re.search(r"<p [^>]*data-clock hidden", page.text) and re.search(r"<p [^>]*data-signin hidden", page.text)
