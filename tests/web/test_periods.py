"""The page of special periods: begun by hand or by a warning, ended early with a reason, festivals by themselves.

Source: processes P09 (manual start, T1), 4.9; calendar 7; R-FREQ-03.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from care import renewals
from care.special_periods import PeriodContact, SpecialPeriod
from engine import clock, db, jobs
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: db.Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def typed(desks: Desks, **changes: Any) -> dict[str, Any]:
    until = clock.local(clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    unit = desks.town.city.district.path
    return {"unit": unit, "kind": "cold_wave", "level": "", "name": "入冬寒潮", "until": until} | changes


def rows() -> list[SpecialPeriod]:
    with db.reading() as session:
        found = session.query(SpecialPeriod).order_by(SpecialPeriod.id).all()
        session.expunge_all()
        return found


def begins(site: Browser, desks: Desks, who: str = "district_desk", **changes: Any) -> str:
    """The page after somebody sent the form."""
    site.sign_in(desks.users[who])
    site.get("/periods/")
    answer = site.post("/periods/", typed(desks, **changes))
    jobs.drain()
    return site.get("/periods/").text if answer.status_code == 302 else answer.text


def test_what_the_district_begins_opens_at_once_and_every_elder_is_owed_a_contact(site: Browser, desks: Desks) -> None:
    text = begins(site, desks)

    (row,) = rows()
    assert (row.state, row.kind, row.name, row.owed) == ("open", "cold_wave", "入冬寒潮", 1)
    assert "已开启" in text and "入冬寒潮" in text
    assert "confirm_period" not in desks.town.elements()
    assert desks.town.open()["progress_watch"].role == "township_desk"


def test_what_the_city_begins_the_district_confirms_in_two_hours(site: Browser, desks: Desks) -> None:
    text = begins(site, desks, "city_desk")

    task = desks.town.open()["confirm_period"]
    assert (task.role, task.due_at) == ("district_desk", task.created_at + timedelta(hours=2))
    assert rows()[0].state == "proposed" and "等旗县区确认" in text
    until = clock.local(clock.now() + timedelta(days=3)).date().isoformat()
    desks.town.does("confirm_period", confirmed=True, until_on=until)
    assert rows()[0].state == "open"


@pytest.mark.parametrize(
    ("kind", "level", "state"),
    [
        ("rainstorm", "red", "open"),
        ("heat", "yellow", "open"),
        ("gale", "yellow", "ignored"),
        ("heat", "blue", "ignored"),
    ],
)
def test_a_warning_typed_in_counts_by_its_level_and_kind(
    site: Browser, desks: Desks, kind: str, level: str, state: str
) -> None:
    text = begins(site, desks, kind=kind, level=level)

    assert rows()[0].state == state
    assert ("这个级别不加密" in text) is (state == "ignored")


def test_the_same_form_sent_twice_begins_one(site: Browser, desks: Desks) -> None:
    said = {"submission": "a" * 32}
    begins(site, desks, **said)
    begins(site, desks, **said)

    assert len(rows()) == 1


def test_a_second_one_at_the_same_time_joins_the_first(site: Browser, desks: Desks) -> None:
    begins(site, desks)
    text = begins(site, desks, name="暴雪", kind="blizzard", level="red")

    assert [row.state for row in rows()] == ["open", "joined"] and "已并入" in text
    with db.reading() as session:
        assert session.query(PeriodContact).count() == 1


def test_it_is_ended_early_with_a_reason_and_the_district_reports(site: Browser, desks: Desks) -> None:
    begins(site, desks)
    (row,) = rows()
    site.post(f"/periods/{row.id}/end", {"reason": "  "})
    assert rows()[0].state == "open" and "写明为什么" in site.get("/periods/").text
    site.post(f"/periods/{row.id}/end", {"reason": "预警已解除"})
    jobs.drain()

    (row,) = rows()
    assert (row.state, row.end_reason, row.ended_by) == ("cancelled", "预警已解除", desks.town.staff["district_desk"])
    assert row.closed_at == clock.now() and row.until_at == clock.now()
    assert "close_report" in desks.town.elements() and "progress_watch" not in desks.town.elements()
    assert "预警已解除" in site.get("/periods/").text
    site.post(f"/periods/{row.id}/end", {"reason": "再来一次"})
    assert rows()[0].end_reason == "预警已解除"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"until": ""}, "写明到什么时候"), ({"until": "2020-01-01T08:00"}, "结束要在开始和现在之后"),
        ({"until": "2027-01-01T08:00"}, "一次最多14天"), ({"until": "明天"}, "日期和时间看不懂"),
        ({"kind": "war"}, "选一种天气"), ({"kind": "other", "name": ""}, "写明是什么情况"),
        ({"level": "pink"}, "预警级别不对"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    site: Browser, desks: Desks, changes: dict[str, str], sentence: str
) -> None:
    text = begins(site, desks, source="包气预警9号", **changes)

    assert sentence in text and "包气预警9号" in text
    assert rows() == []


def test_festivals_come_by_themselves(site: Browser, desks: Desks) -> None:
    desks.town.waits(days=(datetime(2026, 9, 10, 12, tzinfo=clock.zone()) - clock.now()).days)
    site.sign_in(desks.users["district_desk"])
    assert "中秋节" in site.get("/periods/").text and rows() == []
    desks.town.waits(days=14)
    if not rows():
        renewals.begin_due()
        jobs.drain()

    assert {row.name for row in rows()} == {"中秋节"}
    site.sign_in(desks.users["district_desk"])  # two weeks later
    assert "进行中" in site.get("/periods/").text


def test_another_district_neither_sees_nor_ends_it(site: Browser, desks: Desks) -> None:
    begins(site, desks)
    (row,) = rows()
    site.sign_in(desks.elsewhere["district_desk"])

    assert "入冬寒潮" not in site.get("/periods/").text
    assert site.post(f"/periods/{row.id}/end", {"reason": "不归我管"}).status_code == 404
    assert site.post("/periods/", typed(desks)).status_code == 404
    assert [each.state for each in rows()] == ["open"]


@pytest.mark.parametrize("who", ["village_desk", "township_desk", "hotline", "auditor"])
def test_who_may_not_begin_one_has_no_such_page(site: Browser, desks: Desks, who: str) -> None:
    site.sign_in(desks.users[who])

    assert site.get("/periods/").status_code == 403
    assert site.post("/periods/", typed(desks)).status_code == 403
    assert "/periods/" not in site.get("/me").text
