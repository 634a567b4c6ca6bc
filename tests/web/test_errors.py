from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DataError, OperationalError

from engine import db
from engine.db import Database
from tests.builders import a_city, an_elder
from tests.web.conftest import Browser, Place
from web.app import create_app


def test_a_missing_page_says_what_one_may_do_instead(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = site.get("/nowhere")

    assert answer.status_code == 404
    assert "没有找到" in answer.text and "回首页" in answer.text


def test_programs_get_json(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = site.get("/elders/99999", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert answer.json is not None and answer.json["error"] == 404


def test_a_request_that_is_too_large_is_refused_in_words(site: Browser, place: Place) -> None:
    site.client.application.config["MAX_CONTENT_LENGTH"] = 1000
    site.sign_in(place.users["visitor"])

    answer = site.post("/report", {"words": "字" * 2000})

    assert answer.status_code == 413 and "文件太大" in answer.text


def test_what_is_not_foreseen_gets_a_number_and_tells_nothing(
    database: Database, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({"RATELIMIT_ENABLED": False, "PROPAGATE_EXCEPTIONS": False})

    def broken() -> str:
        raise RuntimeError("secret inside")

    app.view_functions["me.index"] = broken
    with app.test_client() as client:
        browser = Browser(client)
        browser.get("/sign-in")
        browser.post("/sign-in", {"name": place.users["visitor"], "password": "passt-genau"})
        answer = browser.get("/me")

    assert answer.status_code == 500 and "secret" not in answer.text
    number = answer.text.split("报给管理员的编号：")[1].split("<")[0]
    assert number in caplog.text


def test_names_with_marks_of_html_do_no_harm(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        city = a_city(session)
        an_elder(session, city, name='<script>alert("x")</script>', address="<b>楼</b>")
        user = city.staff["village_desk"]
        from care import people

        user.password_hash = people.hashed("passt-genau")
        name = user.user_name
    site.sign_in(name)

    shown = site.get("/elders").text

    assert "<script>alert" not in shown and "<b>楼</b>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("role", ["visitor", "village_desk", "city_manager", "designer", "admin", "hotline"])
def test_everybody_has_a_first_page(site: Browser, place: Place, role: str) -> None:
    site.sign_in(place.users[role])

    assert site.client.get("/", follow_redirects=True).status_code == 200


def test_files_of_the_pages_are_kept_for_a_year_by_their_content(site: Browser) -> None:
    page = site.get("/sign-in").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    answer = site.get(address, headers={"Accept-Encoding": "gzip"})

    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers["Vary"]
    assert "immutable" not in site.get("/static/look.css").headers["Cache-Control"]
    assert site.get("/static/../app.py").status_code == 404
    assert site.get("/static/%2e%2e/app.py").status_code == 404


def full() -> OperationalError:
    fault = sqlite3.OperationalError("database or disk is full")
    fault.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("INSERT", {}, fault)


def away() -> OperationalError:
    return OperationalError("SELECT", {}, psycopg.errors.AdminShutdown("terminating connection"))


@pytest.mark.parametrize(("fault", "status", "words"), [(full(), 507, "磁盘满了"), (away(), 503, "等几秒再试")])
def test_a_database_in_trouble_is_said_in_a_sentence_and_not_asked_again(
    site: Browser, place: Place, monkeypatch: pytest.MonkeyPatch, fault: OperationalError, status: int, words: str
) -> None:
    site.sign_in(place.users["visitor"])

    def no_database(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(db, "reading", no_database)

    page, program = site.get("/tasks"), site.get("/tasks", headers={"Accept": "application/json"})

    assert page.status_code == status and words in page.text
    assert program.status_code == status and program.json is not None and words in program.json["message"]
    assert page.headers["Retry-After"] == "2"


def test_values_that_no_database_takes_are_the_askers_fault(
    site: Browser, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sign_in(place.users["visitor"])

    def unfit() -> str:
        raise DataError("SELECT", {}, psycopg.DataError("cannot contain NUL"))

    monkeypatch.setitem(site.client.application.view_functions, "me.index", unfit)

    assert site.get("/me").status_code == 400
