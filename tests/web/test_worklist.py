from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event, insert, update

from engine import clock
from engine.db import Database
from engine.tasks import task
from engine.tasks.words import task_copy
from tests.builders import a_city, an_elder
from tests.web.conftest import Browser, Place, a_task


def of_the_visitor(database: Database, place: Place, elder_id: int | None = None, **facts: Any) -> None:
    with database.writing() as session:
        a_task(
            session,
            "visitor",
            place.paths["village"],
            elder_id or place.elder_id,
            assignee=place.ids["visitor"],
            **facts,
        )


def test_urgent_stands_on_top_then_late_today_this_week_later(site: Browser, database: Database, place: Place) -> None:
    for name, due, priority in (
        ("以后的事", timedelta(days=20), None),
        ("今天的事", timedelta(hours=8), None),
        ("周四的事", timedelta(days=3), None),
        ("急事", timedelta(minutes=12), "urgent"),
        ("昨天的事", timedelta(days=-1), None),
    ):
        of_the_visitor(database, place, name=name, due=due, priority=priority)

    site.sign_in(place.users["visitor"])
    shown = site.get("/tasks").text

    order = [
        shown.index(text)
        for text in (
            "紧急</span>",
            "急事",
            "已超期</span>",
            "昨天的事",
            "今天要办</span>",
            "今天的事",
            "本周</span>",
            "周四的事",
            "以后</span>",
            "以后的事",
        )
    ]
    assert order == sorted(order)
    assert "还剩 12 分钟" in shown and "已超 1 天" in shown and "周四" in shown


def test_a_row_says_who_where_until_when_and_who_comes_next(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        a_task(
            session,
            "grid_worker",
            place.paths["grid"],
            place.elder_id,
            name="上门查看",
            due=timedelta(minutes=12),
            priority="urgent",
            next_role="village_desk",
            why="your_grid",
        )

    site.sign_in(place.users["grid_worker"])
    shown = site.get("/tasks").text

    assert "田桂芝，82 岁，独居" in shown
    assert place.address in shown
    assert "09:16 前没办，转嘎查村（社区）。" in shown


def test_a_row_without_a_successor_says_by_when(site: Browser, database: Database, place: Place) -> None:
    of_the_visitor(database, place, due=timedelta(minutes=5), priority="urgent", why="your_elder")

    site.sign_in(place.users["visitor"])

    assert "你是该老人的专属探访责任人。09:05 前办完。" in site.get("/tasks").text


def test_elders_of_others_are_masked_and_show_no_door(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        a_task(session, "hotline", place.paths["city"], place.elder_id, name="答应回电")

    site.sign_in(place.users["hotline"])
    shown = site.get("/tasks").text

    assert "田*芝" in shown and "田桂芝" not in shown
    assert place.address not in shown and "春光社区" in shown


def test_a_list_takes_the_same_number_of_questions_however_long_it_is(
    site: Browser, database: Database, place: Place
) -> None:
    of_the_visitor(database, place)
    site.sign_in(place.users["visitor"])

    few = _questions(database, lambda: site.get("/tasks"))
    with database.writing() as session:
        other_city = a_city(session)
        others = [an_elder(session, other_city).id for _ in range(20)]
    for other in others:
        of_the_visitor(database, place, other)

    assert _questions(database, lambda: site.get("/tasks")) == few


def _questions(database: Database, act: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)


def test_long_lists_go_on_after_the_last_row_and_repeat_none(site: Browser, database: Database, place: Place) -> None:
    for number in range(45):
        of_the_visitor(database, place, name=f"第{number}件")
    site.sign_in(place.users["visitor"])

    first = site.get("/tasks").text
    after = first.split('href="/tasks?tab=open&amp;after=')[1].split('"')[0]
    second = site.get(f"/tasks?tab=open&after={after}").text

    assert first.count("data-id=") == 40 and second.count("data-id=") == 5
    assert not set(_ids(first)) & set(_ids(second))
    assert site.get("/tasks?after=rubbish").status_code == 200


def _a_long_past(database: Database, place: Place) -> None:
    """45 tasks that the visitor did, five of them at one moment, copied to the visitor as well; one still open."""
    with database.writing() as session:
        for number in range(46):
            task_id = a_task(session, "visitor", place.paths["village"], assignee=place.ids["visitor"], form=None)
            if number:
                told = {"number": number, "task_id": task_id, "person_id": place.ids["visitor"], "kind": "copy"}
                who = {"who": place.ids["village_desk"], "at": clock.now()}
                session.connection().execute(insert(task_copy).values(**told, **who))
                at = clock.now() - timedelta(minutes=min(number, 41))
                over = {"state": "done", "done_by": place.ids["visitor"], "done_at": at}
                session.connection().execute(update(task).where(task.c.id == task_id).values(**over))


@pytest.mark.parametrize("address", ["/tasks?tab=done", "/tasks/copied"])
def test_done_and_copied_go_on_after_the_last_row_and_repeat_none(
    site: Browser, database: Database, place: Place, address: str
) -> None:
    _a_long_past(database, place)
    site.sign_in(place.users["visitor"])

    first = site.get(address).text
    [onward] = [part.split('"')[0] for part in first.split('href="')[1:] if "after=" in part.split('"')[0]]
    second = site.get(unescape(onward)).text

    assert (len(_ids(first)), len(_ids(second)), len({*_ids(first), *_ids(second)})) == (40, 5, 45)
    assert "after=" not in second


@pytest.mark.parametrize("address", ["/tasks?tab=done", "/tasks", "/tasks/started", "/tasks/copied"])
def test_an_address_that_no_page_gave_shows_the_first_page(site: Browser, place: Place, address: str) -> None:
    site.sign_in(place.users["visitor"])
    with_key = f"{address}{'&' if '?' in address else '?'}after="
    no_zone, no_rank = ([0, "2026-03-02T09:00:00", str(UUID(int=1))], [10**9, clock.now(), UUID(int=1)])
    keys = [urlsafe_b64encode(orjson.dumps(each)).decode() for each in (no_zone, no_rank, [1, 2, 3], {})]

    for key in (*keys, "9" * 40, "-1", "2026-03-02_" + str(UUID(int=1)), "rubbish"):
        assert site.get(with_key + key).status_code == 200, key


def _ids(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('data-id="')[1:]]


def test_asking_again_answers_304_until_something_changes(site: Browser, database: Database, place: Place) -> None:
    of_the_visitor(database, place)
    site.sign_in(place.users["visitor"])

    first = site.get("/tasks/rows?tab=open")
    same = site.get("/tasks/rows?tab=open", headers={"If-None-Match": first.headers["ETag"]})
    of_the_visitor(database, place, name="新来的事")
    changed = site.get("/tasks/rows?tab=open", headers={"If-None-Match": first.headers["ETag"]})

    assert same.status_code == 304 and not same.data
    assert "新来的事" in changed.text


def test_a_fragment_asked_for_after_signing_out_answers_401(site: Browser, database: Database, place: Place) -> None:
    assert site.get("/tasks/rows", headers={"X-Fragment": "1"}).status_code == 401


def test_an_empty_list_says_that_this_is_good(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    assert "今天的都办完了" in site.get("/tasks").text


def test_the_list_speaks_english(site: Browser, database: Database, place: Place) -> None:
    of_the_visitor(database, place, due=timedelta(minutes=9))
    site.sign_in(place.users["visitor"])

    site.post("/language", {"language": "en"})
    shown = site.get("/tasks").text

    assert "9 min left" in shown and "High risk" in shown and "aged 82" in shown
