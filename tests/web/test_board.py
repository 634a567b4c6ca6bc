from __future__ import annotations

import re
from datetime import datetime

import pytest

from care import cases
from engine import db, jobs
from engine.db import Database
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def test_a_new_alarm_stands_on_the_board_with_who_is_next_and_when(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["monitor_desk"])
    assert "现在没有人在等救援" in site.get("/board/").text

    desks.alarm()
    shown = site.get("/board/rows").text

    assert "田桂芝" in shown
    assert "紧急呼叫" in shown
    assert "还没有人接" in shown
    assert re.search(r"<td>09:0\d [\u4e00-\u9fff（）]+</td>", shown)


def test_who_took_the_task_stands_on_the_board(site: Browser, desks: Desks) -> None:
    desks.alarm()
    desks.town.takes("call_elder", by=desks.town.staff["monitor_desk"])
    site.sign_in(desks.users["monitor_desk"])

    shown = site.get("/board/").text

    assert "还没有人接" not in shown
    assert "监测席 工作者" in shown


def test_the_poll_is_answered_without_a_body_while_nothing_changed(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["monitor_desk"])
    first = site.get("/board/rows")
    again = site.get("/board/rows", headers={"If-None-Match": first.headers["ETag"]})
    desks.alarm()
    after = site.get("/board/rows", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert after.status_code == 200


def test_calls_without_a_process_stand_on_top(site: Browser, desks: Desks) -> None:
    desks.town.device_sends("sos", device="d999999")
    site.sign_in(desks.users["monitor_desk"])

    shown = site.get("/board/").text

    assert shown.index("马上打电话") < shown.index("进行中")


def test_a_case_moves_down_when_it_waits_for_feedback(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    with jobs.transaction() as session:
        cases.handled(session, cases.get(session, case_id))
    site.sign_in(desks.users["monitor_desk"])

    shown = site.get("/board/").text

    assert "现在没有人在等救援" in shown
    assert "24 小时反馈" in shown


def test_the_city_reads_masked_names_and_no_door(site: Browser, desks: Desks) -> None:
    desks.alarm()
    site.sign_in(desks.users["city_manager"])

    shown = site.get("/board/").text

    assert "田*芝" in shown
    assert "田桂芝" not in shown
    assert "2单元301" not in shown


def test_another_district_sees_nothing_of_it(site: Browser, desks: Desks) -> None:
    desks.alarm()
    site.sign_in(desks.elsewhere["district_desk"])

    shown = site.get("/board/").text

    assert "田" not in shown
    assert "现在没有人在等救援" in shown


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "designer", "admin"])
def test_whoever_watches_no_unit_has_no_board(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get("/board/").status_code == 403
    assert site.get("/board/rows").status_code == 403


def test_a_restricted_case_is_shown_to_its_team_alone(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    with jobs.transaction() as session:
        cases.restrict(session, cases.get(session, case_id))

    site.sign_in(desks.users["city_manager"])
    assert "田*芝" not in site.get("/board/").text
    site.post("/sign-out")
    site.sign_in(desks.users["township_desk"])
    assert "田桂芝" in site.get("/board/").text


def test_more_cases_need_no_more_questions(site: Browser, desks: Desks) -> None:
    desks.alarm()
    site.sign_in(desks.users["monitor_desk"])
    with counted_statements() as with_one:
        site.get("/board/rows")
    with db.writing() as session:
        for number in range(5):
            elder = builders.an_elder(session, desks.town.city, name=f"李测{number}")
            cases.open_case(session, elder_id=elder.id, unit_path=elder.unit_path, kind="sos", channel="device")
    with counted_statements() as with_six:
        shown = site.get("/board/rows").text

    assert shown.count("data-id") == 6
    assert len(with_six) <= len(with_one) + 1, sorted(set(with_six) - set(with_one))
    assert len(with_six) <= 16
