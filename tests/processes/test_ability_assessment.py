"""P03 ability_assessment, walked along each way out. Source: processes P03, 4.9; GB/T 42195-2022 as the norm named."""

from __future__ import annotations

import pytest

from care import elders
from engine import clock, db
from tests import builders
from tests.processes import answers as say
from tests.town import Town

RESULT = {
    "outcome": "assessed", "level": "2", "institution": "示范评估中心", "assessor_number": "A-17",
    "assessed_on": "2026-08-10",
}  # fmt: skip


@pytest.fixture
def asked(town: Town) -> Town:
    from engine import jobs

    with jobs.transaction() as session:
        worker = builders.a_worker(session, "assessor", session.merge(town.city.district))
        town.staff["assessor"] = worker.id
    town.message("assessment.requested", str(town.elder.id))
    return town


def books(town: Town) -> None:
    town.does("book_assessor", outcome="booked", institution="示范评估中心", appointment=say.NOW)


def facts(town: Town) -> dict[str, object]:
    with db.reading() as session:
        return dict(elders.get(session, town.elder.id).facts)


def test_a_level_is_assessed_checked_and_kept(asked: Town):
    books(asked)
    assert asked.open()["assess"].role == "assessor"
    asked.does("assess", **RESULT)
    asked.does("check_report", answer="yes")

    known = facts(asked)
    assert (known["ability_level"], known["ability_assessed_by_professional"]) == (2, True)
    assert known["suspected_disability"] is False
    assert "facts.changed" in asked.messages()
    assert "ability_assessment" not in asked.live()


def test_a_report_with_a_fault_goes_back_to_the_assessor(asked: Town):
    books(asked)
    asked.does("assess", **RESULT)
    asked.does("check_report", answer="return", note="缺编号")

    assert asked.elements() == {"assess"}
    assert "ability_level" not in facts(asked)


@pytest.mark.parametrize("where", ["book_assessor", "assess"])
def test_whoever_refuses_stays_suspected_and_is_asked_again_in_180_days(asked: Town, where: str):
    if where == "assess":
        books(asked)
    asked.does(where, outcome="refused", reason="不想折腾")
    assert facts(asked)["suspected_disability"] is True
    assert asked.elements() == set()

    asked.waits(days=179)
    assert "book_assessor" not in asked.elements()
    asked.waits(days=1)

    assert "book_assessor" in asked.elements()


def test_each_week_the_township_is_reminded(asked: Town):
    asked.waits(days=7)
    assert len(asked.sent("ability_pending")) == 1

    asked.waits(days=7)
    assert len(asked.sent("ability_pending")) == 2


def test_after_twenty_working_days_the_district_is_told_and_it_still_has_to_be_done(asked: Town):
    books(asked)
    due = asked.open()["assess"].due_at
    assert due is not None and clock.local(due).date().isoformat() == "2026-08-31"

    asked.waits(days=29)

    assert asked.open()["ability_late"].role == "district_desk"
    assert "assess" in asked.elements()


@pytest.mark.parametrize("news", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_or_is_in_an_institution_is_not_assessed_any_more(asked: Town, news: str):
    asked.message(news, str(asked.elder.id))

    assert asked.live() == [] and asked.elements() == set()


@pytest.mark.parametrize("news", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_or_is_in_an_institution_is_not_asked_again(asked: Town, news: str):
    asked.does("book_assessor", outcome="refused", reason="不想折腾")
    asked.message(news, str(asked.elder.id))

    assert asked.live() == []


def test_a_second_request_joins_the_first(asked: Town):
    asked.message("assessment.requested", str(asked.elder.id))

    assert asked.live() == ["ability_assessment"]
