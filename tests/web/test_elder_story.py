"""«全部经过»: an elder's whole story by months and days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from lxml import html

from engine import clock, db, history
from engine.db import Database
from tests.processes import answers as say
from tests.web.conftest import Browser, Place
from tests.web.desks import Desks


def happened(elder_id: int, days: int, who: int, each_day: int = 1) -> None:
    """On each of so many days up to today somebody dealt with notes for a desk; the machine did more between."""
    rows = [
        {**history.row_of(what, who=by, name=f"第{day}天第{number}件", element="note", subject_id=elder_id),
         "at": clock.now() - timedelta(days=days - day)}
        for day in range(1, days + 1) for number in range(1, each_day + 1)
        for what, by in (("completed", who), ("completed", None), ("ended", None))
    ]  # fmt: skip
    with db.writing() as session:
        history.write_all(session, rows)


def lines(text: str) -> list[tuple[str, str]]:
    """(month, «12月1日 提醒 …») of each line of a page."""
    shown = html.fromstring(text)
    return [
        (month.xpath("./h2")[0].text_content(), " ".join(line.text_content().split()))
        for month in shown.xpath("//main//section")
        for line in month.xpath(".//li")
    ]


def test_a_long_life_is_read_page_by_page_and_no_day_is_torn(
    site: Browser, database: Database, place: Place, monday: datetime
) -> None:
    happened(place.elder_id, 100, place.ids["visitor"], each_day=4)
    site.sign_in(place.users["visitor"])

    pages, address = [], f"/elders/{place.elder_id}/story"
    while address:
        text = site.get(address).text
        pages.append(lines(text))
        address = next(
            (link.get("href") for link in html.fromstring(text).xpath("//a[contains(@href, 'before=')]")), ""
        )

    told = [line for each in pages for line in each]
    assert len(pages) == 3 and len(told) == 400
    assert "第100天第4件" in told[0][1] and "第1天第1件" in told[-1][1]
    assert (told[0][0], told[-1][0]) == ("2026年8月", "2026年4月")
    days = [{line[1].split("提醒")[0] for line in each} for each in pages]
    assert not days[0] & days[1] and not days[1] & days[2]


def test_the_file_shows_the_last_steps_of_people_however_much_the_machine_did(
    site: Browser, database: Database, place: Place, monday: datetime
) -> None:
    happened(place.elder_id, 9, place.ids["visitor"])
    with db.writing() as session:
        noise = [history.row_of("completed", element="gate", subject_id=place.elder_id) for _ in range(200)]
        history.write_all(session, noise)
    site.sign_in(place.users["visitor"])

    shown = html.fromstring(site.get(f"/elders/{place.elder_id}").text)

    recent = shown.xpath("//section[@aria-labelledby='recent']//li//b")
    assert [each.text for each in recent] == [f"第{day}天第1件" for day in range(9, 1, -1)]
    assert shown.xpath(f"//a[@href='/elders/{place.elder_id}/story']")


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


def test_a_matter_of_a_day_is_one_line_with_what_it_led_to(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.message("major_change.reported", str(town.elder.id), kind="bereavement", items=["bereavement"])
    town.does("confirm_change", who_told="visitor", confirmed=True, kinds=["bereavement"])
    town.does("accept_or_swap", by="visitor")
    town.does("go", **say.arrived(mode="phone", by=None))
    site.sign_in(desks.users["visitor"])

    told = lines(site.get(f"/elders/{town.elder.id}/story").text)

    assert len(told) == 1 and told[0][0] == "2026年8月"
    assert (
        told[0][1].startswith("8月3日重大变故核实变故，亲人去世，工作者")
        and "；接探访单或转交，到户签到，" in told[0][1]
    )


def test_nothing_of_a_closed_file_is_told_to_whom_it_does_not_name(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.message("duty.suspected", str(town.elder.id), kind="abuse")
    town.does("assess_crime", suspected=False, finding="现场没有伤情")

    address = f"/elders/{town.elder.id}/story"
    site.sign_in(desks.users["visitor"])
    to_the_visitor = site.get(address)
    site.sign_in(desks.users["township_lead"])
    to_the_lead = site.get(address)

    assert to_the_visitor.status_code == 200 and "判断是否涉嫌犯罪" not in to_the_visitor.text
    assert "判断是否涉嫌犯罪" in to_the_lead.text


def test_to_whom_the_elder_is_a_stranger_there_is_no_story(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    assert site.get(f"/elders/{place.elder_id + 1}/story").status_code == 404
