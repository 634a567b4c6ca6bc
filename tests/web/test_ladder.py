"""The ladder of lateness as people see it: who comes next, what came up to them, what was finished late."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from engine import history, jobs, tasks
from engine.db import Database
from tests.web.conftest import Browser, Place
from tests.web.desks import Desks
from web.joined import join

join()


@pytest.fixture
def task_id(database: Database, place: Place) -> UUID:
    """A plain task of the village desk about the elder, due in two hours."""
    with database.writing() as session:
        made = tasks.plain(
            session,
            name="需求转介",
            role="village_desk",
            unit_path=place.paths["village"],
            subject_id=place.elder_id,
            form_version=1,
            priority=None,
            why="your_village",
            due_in=timedelta(hours=2),
        )
    assert made is not None
    return made


def test_a_plain_task_of_the_village_says_who_gets_it_next(site: Browser, place: Place, task_id: UUID) -> None:
    site.sign_in(place.users["village_desk"])

    said = "老人住在你的嘎查村（社区）。12:00 前没办，转苏木乡镇（街道）。"
    assert said in site.get("/tasks").text
    shown = site.get(f"/tasks/{task_id}").text
    assert said in shown and "没办成：苏木乡镇（街道）" in shown


def test_the_township_sees_it_after_half_its_time_more_and_the_village_keeps_it(
    site: Browser, place: Place, task_id: UUID
) -> None:
    site.sign_in(place.users["township_desk"])
    jobs.move_clock(timedelta(hours=2, minutes=59))
    assert "需求转介" not in site.get("/tasks").text

    jobs.move_clock(timedelta(minutes=1))

    assert "原办理人到时没办完，也转到你这里。13:00 前没办，转旗县区民政。" in site.get("/tasks").text
    site.post("/sign-out")
    site.sign_in(place.users["village_desk"])
    assert "老人住在你的嘎查村（社区）。13:00 前没办，转旗县区民政。" in site.get("/tasks").text


def test_the_township_may_take_it_over(site: Browser, place: Place, task_id: UUID) -> None:
    jobs.move_clock(timedelta(hours=3))
    site.sign_in(place.users["township_desk"])
    assert "我接手" in site.get(f"/tasks/{task_id}").text

    site.post(f"/tasks/{task_id}/claim")

    with_form = site.get(f"/tasks/{task_id}").text
    assert 'name="submission"' in with_form and "原办理人到时没办完" in with_form


def test_what_is_finished_late_is_marked(site: Browser, place: Place, task_id: UUID) -> None:
    jobs.move_clock(timedelta(hours=3))
    site.sign_in(place.users["township_desk"])
    site.get(f"/tasks/{task_id}")

    answer = site.post(f"/tasks/{task_id}", {"text": "已转村医，明天上门。", "result": "handed_on"})

    assert answer.status_code == 302, answer.text
    assert "超期办完" in site.get("/tasks?tab=done").text
    assert "超期办完" in site.get(f"/tasks/{task_id}").text


def test_the_case_tells_what_was_late_and_who_heard_of_it(site: Browser, database: Database, monday: datetime) -> None:
    desks = Desks()
    case_id = desks.alarm("inactivity")
    desks.town.waits(minutes=40)
    with database.reading() as session:
        late = session.connection().execute(select(history.history).where(history.history.c.what == "late")).all()
    assert late
    site.sign_in(desks.users["monitor_desk"])

    shown = site.get(f"/cases/{case_id}").text

    assert "到时没办完，已记超期、已告知：" in shown
