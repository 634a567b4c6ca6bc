"""What a new worker looked for on the first day and did not find at once: each place of hesitation, mended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care.elders import Elder
from care.people import Staff
from engine import db, tasks
from engine.db import Database
from tests.web.conftest import Browser, Place, a_task
from tests.web.desks import Desks
from tests.web.test_report import the_number


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


def test_what_i_reported_stands_among_what_i_began(site: Browser, desks: Desks) -> None:
    """The page after the report says who and what; «我发起的» says who has it now."""
    elder = desks.town.elder
    site.sign_in(desks.users["visitor"])
    number = the_number(site.get("/report").text)
    told = site.post("/report", {"submission": number, "elder": elder.id, "kinds": ["fall"], "danger": "yes"})
    desks.town.waits(seconds=1)

    after = site.get(told.location).text
    assert elder.name in after and "跌倒受伤" in after
    page = site.get("/tasks/started").text
    assert "线下应急" in page and elder.name in page and "还没有发起过" not in page


def test_a_family_name_alone_finds_who_has_it(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    with database.reading() as session:
        name = session.get_one(Elder, place.elder_id).name

    assert name in site.get(f"/elders?q={name[0]}").text
    assert name not in site.get(f"/elders?q={name[1]}").text, "the second sign is no family name"
    assert name not in site.get("/elders?q=x").text, "a single letter finds nobody"


def test_what_is_overdue_does_not_stand_under_today(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        for name, due in (("昨天的", -1), ("明天的", 1)):
            a_task(
                session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name=name,
                due=timedelta(days=due),
            )  # fmt: skip
    site.sign_in(place.users["visitor"])

    page = site.get("/tasks").text

    assert page.index('id="group-late"') < page.index("昨天的") < page.index("明天的")
    assert 'id="group-today"' not in page[: page.index("昨天的")]


def test_a_task_that_is_done_shows_whose_it_was_and_what_was_written(
    site: Browser, database: Database, place: Place
) -> None:
    with database.writing() as session:
        task = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="隐患复查",
            form="note",
        )  # fmt: skip
        elder = session.get_one(Elder, place.elder_id).name
    site.sign_in(place.users["visitor"])
    sent = site.post(f"/tasks/{task}", {"form_version": 1, "result": "done", "text": "已铺防滑垫"})
    assert sent.status_code == 302, sent.text

    assert "已提交：隐患复查" in site.get("/tasks").text
    page = site.get(f"/tasks/{task}").text

    assert elder in page and "已铺防滑垫" in page
    with db.reading() as session:
        assert tasks.get(session, task).state == tasks.DONE


def test_who_may_get_a_task_is_named_with_place_and_the_elders_own_people_first(
    site: Browser, database: Database, place: Place
) -> None:
    with database.writing() as session:
        task = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="上门"
        )
        name = session.get_one(Elder, place.elder_id).name
    site.sign_in(place.users["visitor"])

    page = site.get(f"/tasks/{task}/do/transfer").text
    options = [line for line in page.splitlines() if "<option" in line and "·" in line]

    assert name in page, "the page says whose task it is"
    assert options and all("，" in line for line in options), "each with its place"
    assert not any("探访责任人、探访责任人" in line for line in options), "a role is said once"
    with database.reading() as session:
        someone = session.scalar(select(Staff.id).where(Staff.user_name == place.users["village_desk"]))
    told = site.post(f"/tasks/{task}/do/transfer", {"person": someone})
    assert told.status_code == 302
    with database.reading() as session:
        who = session.get_one(Staff, someone).name
    assert f"已转办：{who}" in site.get("/tasks").text
