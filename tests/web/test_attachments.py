from __future__ import annotations

from io import BytesIO

from engine.db import Database
from tests.builders import a_city, an_elder
from tests.web.conftest import Browser, Place, a_task
from tests.web.test_pictures import a_photo


def sent(site: Browser, body: bytes, subject: int | None = None) -> tuple[int, dict[str, str]]:
    data = {"file": (BytesIO(body), "x.jpg"), **({"subject": subject} if subject else {})}
    answer = site.post("/attachments", data, content_type="multipart/form-data", headers={"Accept": "application/json"})
    return answer.status_code, answer.json or {}


def test_a_photo_is_read_by_its_sender_and_by_those_who_see_the_elder(
    site: Browser, database: Database, place: Place
) -> None:
    site.sign_in(place.users["visitor"])
    status, stored = sent(site, a_photo(), place.elder_id)
    address = f"/attachments/{stored['id']}"

    seen_by = {}
    for role in ("visitor", "village_desk", "designer", "hotline_lead"):
        site.sign_in(place.users[role])
        seen_by[role] = site.get(address).status_code
        site.post("/sign-out")

    assert status == 200
    assert seen_by == {"visitor": 200, "village_desk": 200, "designer": 404, "hotline_lead": 200}


def test_a_photo_about_nobody_is_its_senders_alone(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    _, stored = sent(site, a_photo())
    site.post("/sign-out")
    site.sign_in(place.users["village_desk"])

    assert site.get(f"/attachments/{stored['id']}").status_code == 404


def test_nothing_is_attached_to_an_elder_out_of_scope(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        other = an_elder(session, a_city(session)).id
    site.sign_in(place.users["visitor"])

    assert sent(site, a_photo(), other)[0] == 404


def test_files_lie_encrypted(site: Browser, place: Place) -> None:
    from engine.settings import settings

    site.sign_in(place.users["visitor"])
    _, stored = sent(site, a_photo())

    name = stored["id"].replace("-", "")
    body = (settings().home / "attachments" / name[-2:] / name).read_bytes()
    assert b"\xff\xd8\xff" not in body


def test_what_is_no_picture_and_what_is_too_large_is_refused_in_words(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    status, answer = sent(site, b"<svg onload=alert(1)>")
    assert status == 422 and "这种文件不能用" in answer["message"]
    status, answer = sent(site, b"\xff\xd8\xff" + b"x" * (8 * 1024 * 1024))
    assert status == 422 and "文件太大" in answer["message"]


def test_a_form_with_a_refused_file_keeps_its_words(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        task_id = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], form="note"
        )
    site.sign_in(place.users["visitor"])
    site.get(f"/tasks/{task_id}")

    answer = site.post(
        f"/tasks/{task_id}",
        {"result": "done", "text": "写了很多", "attachments[]": (BytesIO(b"MZ\x90"), "a.exe")},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 422
    assert "这种文件不能用" in answer.text and "写了很多" in answer.text
    assert '<a href="#f-attachments">' in answer.text, "the sentence leads to the field"
