from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from care import cases, notices
from engine import jobs
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import case_story


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def facts(text: str) -> dict[str, Any]:
    """What the page tells the viewer of the diagram."""
    found = re.search(r'id="diagram-facts">(.*?)</script>', text, re.S)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


def stages_of_steps(text: str) -> list[tuple[str, str]]:
    """(stage, title) of each line of the timeline."""
    return re.findall(r'<li data-stage="(\w+)"><time>[^<]*</time><div><b>([^<]*)</b>', text)


def test_the_page_shows_what_happened_what_stands_now_and_who_is_next(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    site.sign_in(desks.users["monitor_desk"])

    text = site.get(f"/cases/{case_id}").text

    steps = stages_of_steps(text)
    assert ("done", "立案") in steps
    assert ("done", "已告知第一联系人") in steps
    assert ("now", "联系老人") in steps
    assert any(stage == "next" and title.startswith("没办成：") for stage, title in steps)
    assert re.search(r'data-stage="now"[^>]*>处置', text)


def test_what_somebody_did_and_what_time_took_away_stand_in_the_timeline(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm("inactivity")
    town = desks.town
    town.waits(minutes=4)
    site.sign_in(desks.users["monitor_desk"])

    steps = stages_of_steps(site.get(f"/cases/{case_id}").text)

    assert ("missed", "联系老人") in steps
    assert any(stage == "now" for stage, _ in steps)


def test_tokens_stand_at_open_tasks_and_at_the_call_of_another_diagram(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    site.sign_in(desks.users["monitor_desk"])

    drawn = facts(site.get(f"/cases/{case_id}").text)

    texts = {token["element"]: token["text"] for token in drawn["tokens"]}
    assert texts["call_elder"] == "监测席，09:03 前"
    assert texts["send_grid_worker"] == "1 项在办"
    assert "send_grid_worker" in drawn["marks"]["step-now"]
    assert "grid_worker_responds" not in drawn["marks"]["step-now"], "the same process, called from another place"
    assert "alarm_raised" in drawn["marks"]["step-done"]
    assert drawn["marks"]["flow-done"]


def test_inside_the_called_diagram_the_token_stands_at_its_task(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    site.sign_in(desks.users["monitor_desk"])

    drawn = facts(site.get(f"/cases/{case_id}?diagram=onsite_check").text)

    assert [token["element"] for token in drawn["tokens"]] == ["grid_worker_check"]


def test_a_missed_step_is_marked_and_the_way_on_is_drawn(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm("inactivity")
    desks.town.waits(minutes=4)
    site.sign_in(desks.users["monitor_desk"])

    marks = facts(site.get(f"/cases/{case_id}").text)["marks"]

    assert "contact_elder" in marks["step-missed"]
    assert "contact_elder" not in marks["step-done"]


def test_only_own_tasks_can_be_opened_from_the_case(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()

    site.sign_in(desks.users["monitor_desk"])
    assert 'href="/tasks/' in site.get(f"/cases/{case_id}").text
    site.post("/sign-out")
    site.sign_in(desks.users["township_desk"])
    others = site.get(f"/cases/{case_id}").text
    assert 'href="/tasks/' not in others and "没有。谁在办" in others


@pytest.mark.parametrize("role", ["district_desk", "village_desk", "visitor", "grid_worker"])
def test_another_unit_does_not_find_the_case(site: Browser, desks: Desks, role: str) -> None:
    case_id = desks.alarm()
    site.sign_in(desks.elsewhere[role])

    assert site.get(f"/cases/{case_id}").status_code == 404
    assert site.get(f"/cases/{case_id}/file").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("village_desk", 200),
        ("township_desk", 200),
        ("district_desk", 200),
        ("district_emergency", 404),
        ("city_manager", 404),
        ("city_desk", 404),
        ("hotline", 404),
        ("designer", 404),
    ],
)
def test_a_restricted_case_is_for_its_team(site: Browser, desks: Desks, role: str, status: int) -> None:
    case_id = desks.alarm()
    with jobs.transaction() as session:
        cases.restrict(session, cases.get(session, case_id))
    site.sign_in(desks.users[role])

    assert site.get(f"/cases/{case_id}").status_code == status
    assert site.get(f"/cases/{case_id}/file").status_code == status


def test_the_city_reads_the_name_only_while_the_emergency_is_open(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    site.sign_in(desks.users["city_manager"])
    assert "田桂芝" in site.get(f"/cases/{case_id}").text

    with jobs.transaction() as session:
        cases.close_false_alarm(session, cases.get(session, case_id), "test", None)
    text = site.get(f"/cases/{case_id}").text

    assert "田*芝" in text
    assert "田桂芝" not in text


def test_the_case_file_holds_every_line_of_the_record(site: Browser, desks: Desks) -> None:
    case_id = desks.alarm()
    with jobs.transaction() as session:
        case = cases.get(session, case_id)
        cases.handled(session, case)
        cases.feed_back(session, case, desks.town.staff["township_desk"], "已送医，家属陪同")
    site.sign_in(desks.users["township_desk"])

    text = site.get(f"/cases/{case_id}/file").text

    for words in ("各轮处置", "立案", "处置完成", "已反馈", "已送医，家属陪同", "承办人签字", "盖章"):
        assert words in text


def test_every_code_of_the_record_has_its_words() -> None:
    codes = [*case_story.SAID, "rescue_medical_missing", *(f"told_{about}" for about in notices.TEMPLATES)]

    silent = [code for code in codes if not re.search(r"[\u4e00-\u9fff]", case_story.in_words(code))]

    assert silent == []


def test_a_case_that_is_not_there_is_not_found(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["monitor_desk"])

    assert site.get("/cases/999").status_code == 404
