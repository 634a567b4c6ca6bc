"""What is told on the screen: the count, the list, and that everybody reads their own notices only."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from care import notices, people, screen_notices
from care.screen_notices import Notice
from connectors import recorder  # noqa: F401  (answers the other channels)
from engine import clock, db, jobs, outgoing
from engine.db import Database
from tests.web.conftest import Browser, Place, a_task
from tests.web.desks import counted_statements


def told(person: int, about: str, key: str, **facts: object) -> None:
    """As a diagram tells one person, and the worker delivers it."""
    with jobs.transaction() as session:
        notices.person(session, person, about, key, **facts)
    jobs.drain()


def rows_of(person: int) -> list[tuple[str, bool]]:
    with db.reading() as session:
        asked = select(Notice).where(Notice.reader_id == person).order_by(Notice.id)
        return [(row.template, row.read_at is not None) for row in session.scalars(asked)]


@pytest.fixture
def task_id(database: Database, place: Place) -> UUID:
    with database.writing() as session:
        return a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="隐患复查"
        )


def test_who_is_told_sees_a_count_and_a_list(site: Browser, place: Place, task_id: UUID) -> None:
    told(place.ids["visitor"], "reminded_soon", "a", task=str(task_id))
    site.sign_in(place.users["visitor"])

    assert 'aria-label="通知，1 条未读"' in site.get("/tasks").text
    shown = site.get("/notices/").text
    assert "任务快到期了" in shown and "隐患复查，田桂芝" in shown and "未读" in shown


def test_a_notice_is_read_when_it_is_opened(site: Browser, place: Place, task_id: UUID) -> None:
    told(place.ids["visitor"], "reminded_soon", "a", task=str(task_id))
    site.sign_in(place.users["visitor"])
    address = re.search(r'href="(/notices/\d+)"', site.get("/notices/").text)
    assert address is not None

    answer = site.get(address[1])

    assert answer.headers["Location"] == f"/tasks/{task_id}"
    assert rows_of(place.ids["visitor"]) == [("reminded_soon", True)]
    assert 'aria-label="通知"' in site.get("/tasks").text


def test_nobody_opens_the_notice_of_somebody_else(site: Browser, place: Place, task_id: UUID) -> None:
    told(place.ids["visitor"], "reminded_soon", "a", task=str(task_id))
    with db.reading() as session:
        notice_id = session.scalar(select(Notice.id))
    site.sign_in(place.users["village_desk"])

    assert "任务快到期了" not in site.get("/notices/").text
    assert site.get(f"/notices/{notice_id}").status_code == 404
    site.post("/notices/read", {"newest": str(notice_id)})
    assert rows_of(place.ids["visitor"]) == [("reminded_soon", False)]


def test_what_may_not_be_seen_any_more_is_not_named(site: Browser, place: Place, task_id: UUID) -> None:
    told(place.ids["designer"], "urged", "a", task=str(task_id))
    told(place.ids["designer"], "visit_due_today", "b", elder=place.elder_id)
    site.sign_in(place.users["designer"])

    shown = site.get("/notices/").text

    assert "有人催办" in shown and "今天要探访" in shown
    assert "田桂芝" not in shown and "隐患复查" not in shown and not re.search(r'href="/notices/\d+"', shown)


def test_a_notice_to_a_role_reaches_its_holders_of_that_day_once(database: Database, place: Place) -> None:
    for _ in range(2):
        with jobs.transaction() as session:
            notices.unit_notice(session, place.paths["village"], "village_desk", "bulletin", "same")
        jobs.drain()
    with db.reading() as session:
        row = session.execute(select(outgoing.outgoing).where(outgoing.outgoing.c.channel == "screen")).one()
    screen_notices.deliver(row.payload, row.key)  # a crash between sending and marking

    assert rows_of(place.ids["village_desk"]) == [("bulletin", False)]
    assert rows_of(place.ids["visitor"]) == []


def test_who_stands_in_is_told_as_well(database: Database, place: Place) -> None:
    desk, there = place.ids["village_desk"], place.ids["grid_worker"]
    with jobs.transaction() as session:
        people.away(session, desk, clock.now(), None, stand_in_id=there)
    whom = {"role": "village_desk", "unit_path": place.paths["village"]}

    screen_notices.deliver({"template": "bulletin", **whom}, "same")

    assert rows_of(desk) == rows_of(there) == [("bulletin", False)]


def test_the_list_goes_on_page_by_page_and_everything_can_be_read_at_once(site: Browser, place: Place) -> None:
    me = place.ids["visitor"]
    for number in range(35):
        told(me, "praised", f"n{number}")
    site.sign_in(place.users["visitor"])

    first = site.get("/notices/").text
    older = re.search(r'href="(/notices/\?before=\d+)"', first)
    newest = re.search(r'name="newest" value="(\d+)"', first)
    assert older is not None and newest is not None
    assert first.count("收到群众表扬") == 30 and site.get(older[1]).text.count("收到群众表扬") == 5
    told(me, "praised", "meanwhile")
    site.post("/notices/read", {"newest": newest[1]})

    assert [is_read for _, is_read in rows_of(me)] == [True] * 35 + [False]


def test_a_page_of_notices_asks_the_same_few_questions_however_long_it_is(site: Browser, place: Place) -> None:
    for number in range(20):
        told(place.ids["visitor"], "visit_due_today", f"n{number}", elder=place.elder_id)
        if number == 1:
            site.sign_in(place.users["visitor"])
            site.get("/notices/")
            with counted_statements() as of_two:
                site.get("/notices/")

    with counted_statements() as of_twenty:
        site.get("/notices/")

    assert len(of_twenty) == len(of_two)


def test_old_notices_go(database: Database, place: Place) -> None:
    told(place.ids["visitor"], "praised", "old")
    clock.move_by(timedelta(days=91))
    told(place.ids["visitor"], "urged", "new")

    screen_notices.forget()

    assert rows_of(place.ids["visitor"]) == [("urged", False)]
