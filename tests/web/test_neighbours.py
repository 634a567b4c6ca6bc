"""Reports from a poster's QR: nobody signed in, nobody's data shown, the village answers; posters by their desks."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from care import report_codes
from care.cases import Case
from care.cases.tables import CaseEntry
from engine import db, jobs
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web.app import create_app


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    return Desks(with_second=True)


def poster(site: Browser, desks: Desks) -> str:
    """The address behind a fresh poster of the village, made by its desk."""
    site.sign_in(desks.users["village_desk"])
    site.get("/posters/")
    made = site.post("/posters/", {"unit": desks.town.city.village.path, "place": "5号楼门厅"})
    assert made.status_code == 302
    with db.reading() as session:
        (row,) = report_codes.of_units(session, [desks.town.city.city.path])
        token = row.token
    assert "<svg" in site.get(made.location).text
    site.post("/sign-out")
    return f"/n/{token}"


def a_report(**changes: object) -> dict[str, object]:
    return {
        "place": "3号楼2单元",
        "kinds": ["fall"],
        "danger": "yes",
        "words": "老人倒在楼道",
        "who": "快递小哥 13900000009",
        "submission": str(uuid4()),
    } | changes


def test_a_courier_reports_and_the_village_is_called(site: Browser, desks: Desks) -> None:
    address = poster(site, desks)
    shown = site.get(address)
    answer = site.post(address, a_report())
    jobs.drain()

    assert shown.status_code == 200 and "田桂芝" not in shown.text
    assert "谢谢" in site.get(answer.location).text
    with db.reading() as session:
        case = session.scalars(select(Case)).one()
        assert (case.channel, case.kind, case.place, case.report) == ("neighbour", "fall", "3号楼2单元", "老人倒在楼道")
        assert case.unit_path == desks.town.city.village.path
        texts = list(session.scalars(select(CaseEntry.text).where(CaseEntry.what == "reporter")))
    assert texts == ["5号楼门厅：快递小哥 13900000009"]
    task = desks.town.open()["report_community"]
    assert task.unit_path == desks.town.city.village.path
    site.sign_in(desks.users["village_desk"])
    assert "上报社区接报" in site.get("/tasks").text


def test_the_same_report_twice_is_one_case(site: Browser, desks: Desks) -> None:
    address = poster(site, desks)
    site.get(address)
    for _ in range(3):
        sent = site.post(address, a_report(submission="0190a1b2-0000-7000-8000-000000000001"))
    jobs.drain()

    assert sent.status_code == 302
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_what_is_missing_is_said_and_what_was_typed_stays(site: Browser, desks: Desks) -> None:
    address = poster(site, desks)
    site.get(address)
    answer = site.post(address, a_report(place="", kinds=[], danger="maybe"))

    assert answer.status_code == 422
    assert "写明在哪里" in answer.text and "至少选一样" in answer.text and "老人倒在楼道" in answer.text
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_a_revoked_or_invented_code_names_the_hotline(site: Browser, desks: Desks) -> None:
    address = poster(site, desks)
    site.sign_in(desks.users["village_desk"])
    site.get("/posters/")
    site.post("/posters/1/revoke")
    site.post("/sign-out")

    for each in (address, "/n/invented"):
        shown = site.get(each)
        assert shown.status_code == 404 and "96111" in shown.text
        assert site.post(each, a_report()).status_code in (400, 404)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_ten_reports_an_hour_from_one_address(database: db.Database, desks: Desks) -> None:
    with create_app({"TESTING": True, "RATELIMIT_ENABLED": True}).test_client() as client:
        site = Browser(client)
        address = poster(site, desks)
        site.get(address)
        codes = [site.post(address, a_report()).status_code for _ in range(11)]

    assert codes == [302] * 10 + [429]


def test_posters_are_their_villages_alone(site: Browser, desks: Desks) -> None:
    poster(site, desks)
    site.sign_in(desks.elsewhere["village_desk"])

    assert "5号楼门厅" not in site.get("/posters/").text
    assert site.get("/posters/1").status_code == 404
    assert site.post("/posters/1/revoke").status_code == 404
    assert site.post("/posters/", {"unit": desks.town.city.village.path, "place": "x"}).status_code == 404


def test_the_engine_gets_no_words_and_no_names(site: Browser, desks: Desks) -> None:
    address = poster(site, desks)
    site.get(address)
    site.post(address, a_report())
    jobs.drain()

    with db.reading() as session:
        tables = [
            each
            for name, each in db.Base.metadata.tables.items()
            if name in ("incoming", "work", "instance", "history")
        ]
        held = "".join(str(row) for each in tables for row in session.execute(each.select()))
    assert not re.search("快递小哥|13900000009|倒在楼道", held)
