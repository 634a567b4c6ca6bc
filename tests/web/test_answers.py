"""The public page of answers to anonymous complaints. Source: processes P22; R-EVAL-02."""

from __future__ import annotations

from datetime import datetime

import pytest

from care import complaints, hotline
from engine import clock, db
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import answers


@pytest.fixture
def desks(database: db.Database, monday: datetime) -> Desks:
    return Desks()


def a_complaint(desks: Desks, words: str = "", number: str = "") -> str:
    """One about the elder of the town, found founded; its number."""
    with db.writing() as session:
        row = complaints.open_complaint(session, desks.town.city.village.path, elder_id=desks.town.elder.id)
        row.number = number or row.number
        row.anonymous, row.facts, row.against = True, "我亲眼看见的", "village"
        complaints.find(session, row, "founded")
        complaints.answered(session, row, words)
        return row.number


def test_anybody_reads_the_answer_by_the_number_and_no_person_in_it(site: Browser, desks: Desks) -> None:
    number = a_complaint(desks, "已补访并整改。")
    text = site.get(f"/answers/?number={number.lower()}").text

    assert number in text and "已补访并整改。" in text and "属实" in text
    elder = desks.town.elder
    for hidden in (elder.name, elder.number, elder.address, "我亲眼看见的", desks.town.city.village.name):
        assert hidden not in text


def test_what_was_not_published_is_as_unknown_as_any_number(site: Browser, desks: Desks) -> None:
    number = a_complaint(desks)

    secret, unknown = (site.get(f"/answers/?number={each}").text for each in (number, "C000"))

    assert "没有这个编号的公示" in secret and secret.replace(number, "") == unknown.replace("C000", "")
    assert number not in site.get("/answers/").text


def test_the_newest_come_first_and_the_rest_behind(site: Browser, desks: Desks) -> None:
    for order in range(answers.PAGE + 3):
        a_complaint(desks, f"第{order}件已整改", f"C{order:03d}")
    first = site.get("/answers/").text
    last = f"第{answers.PAGE + 2}件已整改"

    assert last in first and "第2件已整改" not in first
    behind = first.split("before=")[1].split('"')[0]
    assert "第2件已整改" in site.get(f"/answers/?before={behind}").text
    assert site.get("/answers/?before=x").status_code == 400
    assert clock.now()


def test_two_of_one_moment_have_numbers_of_their_own(desks: Desks) -> None:
    with db.writing() as session:
        path = desks.town.city.village.path
        numbers = [complaints.open_complaint(session, path).number for _ in range(3)]
        numbers += [hotline.open_ticket(session).number for _ in range(3)]

    assert len(set(numbers)) == 6 and [each[:13] for each in numbers] == ["C260803010000"] * 3 + ["T260803010000"] * 3
