"""The norm of visiting work: shipped, written anew by the city from a day on, beside the items of the visit form."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from care import visiting_norm
from care.errors import RuleBroken
from engine import clock, db, forms
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import formview


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    return Desks(deployed=False)


def test_the_shipped_text_has_an_item_for_each_of_the_five_four_and_three() -> None:
    sections = visiting_norm.shipped().sections
    of_form = [each.id for each in forms.form("visit").sections if each.part]

    assert [each.id for each in sections] == of_form
    assert [sum(each.part == part for each in sections) for part in ("know", "help", "check")] == [5, 4, 3]
    assert all(each.text[0] and each.text[1] for each in sections)
    assert "水电气暖" in next(each.text[0] for each in sections if each.id == "home_safety")


def test_everybody_reads_and_prints_it(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])

    shown = site.get("/norm/").text

    assert "第1版，2026年6月25日起执行" in shown and "五了解" in shown and "征求意见稿附件4" in shown
    assert "写新版本" not in shown
    assert "/norm/" in site.get("/me").text


def test_it_stands_beside_the_items_of_the_visit_form() -> None:
    helped = visiting_norm.shipped().help(0)
    view = formview.build(forms.form("visit"), action="", norm=helped)

    shown = {each.section.id: each.norm for part in view.parts for each in part.stretches}
    assert shown["living"].startswith("掌握老年人饮食起居") and shown["arrival"] == ""
    assert set(helped) == {name for name, text in shown.items() if text}


def new_text(site: Browser, **changes: str) -> dict[str, str]:
    norm = visiting_norm.shipped()
    sent = {
        "from_on": "2026-09-01",
        "note": "市民政局第3号通知",
        "zh.preamble": norm.preamble[0],
        "en.preamble": norm.preamble[1],
    }
    for each in norm.sections:
        sent |= {f"zh.{each.id}": each.text[0], f"en.{each.id}": each.text[1]}
    return sent | {name.replace("__", "."): value for name, value in changes.items()}


def test_the_city_writes_a_version_that_holds_from_its_day(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["city_desk"])
    site.get("/norm/new")
    answer = site.post("/norm/new", new_text(site, zh__living="先问吃睡，再问来往。"))
    assert answer.status_code == 302

    shown = site.get(answer.location).text
    assert "先问吃睡，再问来往。" in shown and "不是现行版本" in shown and "市民政局第3号通知" in shown
    with db.reading() as session:
        before = visiting_norm.in_force(session, date(2026, 8, 31))
        after = visiting_norm.in_force(session, date(2026, 9, 1))
    assert (before.number, after.number) == (1, 2)
    assert after.help(0)["living"] == "先问吃睡，再问来往。" and after.help(0)["health"] == before.help(0)["health"]
    assert site.get("/norm/?number=1").status_code == 200 and site.get("/norm/?number=9").status_code == 404


@pytest.mark.parametrize("role", ["visitor", "village_desk", "district_lead", "auditor"])
def test_nobody_else_writes_it(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])
    site.get("/norm/")

    assert site.get("/norm/new").status_code == 403
    assert site.post("/norm/new", new_text(site, zh__living="别的")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "没有改动"),
        ({"zh__living": " "}, "每一条都要有内容"),
        ({"zh__living": "别的", "from_on": "2026-08-02"}, "不能早于今天"),
        ({"zh__living": "别的", "from_on": "soon"}, "写明从哪天起"),
        ({"zh__living": "别的", "note": "改"}, "修改依据"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    site: Browser, desks: Desks, changes: dict[str, str], says: str
) -> None:
    site.sign_in(desks.users["city_desk"])
    site.get("/norm/new")

    answer = site.post("/norm/new", new_text(site, **changes))

    assert answer.status_code == 422 and says in answer.text
    if changes.get("zh__living") == "别的":
        assert "别的</textarea>" in answer.text


def test_the_later_of_two_versions_of_a_day_holds(desks: Desks) -> None:
    with db.writing() as session:
        by = desks.town.staff["city_desk"]
        for words in ("甲", "乙"):
            visiting_norm.write(session, by, clock.today() + timedelta(days=1), {"living": (words, "")}, "第三号通知")
        found = visiting_norm.in_force(session, clock.today() + timedelta(days=1))
        with pytest.raises(RuleBroken):
            visiting_norm.write(session, by, clock.today(), {}, "第三号通知")

    assert found.help(0)["living"] == "乙" and found.help(1)["living"] == "乙" and found.number == 3
