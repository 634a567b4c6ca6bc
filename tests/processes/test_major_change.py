"""P10 major_change, walked along each way out. Source: processes P10, 4.9; R-FREQ-04, R-FREQ-05."""

from __future__ import annotations

from datetime import date

import pytest

from care import changes, planner, visits
from care.changes import MajorChange
from engine import clock, db, jobs
from tests.processes import answers as say
from tests.processes.test_visits import record
from tests.town import Town


@pytest.fixture
def told(town: Town) -> Town:
    """A bereavement is reported of an elder of the key tier."""
    town.elder_is(tier="key")
    town.message("major_change.reported", str(town.elder.id), kind="bereavement", items=["bereavement"])
    return town


def row(town: Town) -> MajorChange:
    with db.reading() as session:
        return changes.of_elder(session, town.elder.id)[0]


def confirms(town: Town, *kinds: str) -> None:
    town.does("confirm_change", who_told="visitor", confirmed=True, kinds=list(kinds or ("bereavement",)))


def visits_now(town: Town) -> None:
    town.does("accept_or_swap", by="visitor")
    town.does("go", **say.arrived(mode="phone", by=None))
    town.does("visit_form", **record(kind="major_change"))
    town.does("elder_confirm", satisfaction="good")
    if "village_check" in town.elements():
        town.does("village_check", way="phone", answer="ok")


def accompanied(town: Town, *kinds: str) -> None:
    confirms(town, *kinds)
    visits_now(town)
    town.does("plan_update", **say.plan())


def judged(town: Town, stable: bool, **more: bool) -> None:
    town.waits(days=7)
    town.does("judge_stable", stable=stable, words="情绪好多了", **more)


def test_confirmed_within_two_hours_and_visited_within_a_day(told: Town):
    due = told.open()["confirm_change"].due_at
    assert due is not None and (due - row(told).reported_at).total_seconds() == 2 * 3600
    confirms(told)

    assert "major_change.opened" in told.messages()
    visit = told.open()["accept_or_swap"]
    assert visit.due_at == row(told).first_due_at
    visits_now(told)
    assert (row(told).duty_hours, row(told).first_visit_at is not None) == (24, True)
    assert told.elements() == {"plan_update"}


def test_what_is_not_so_ends_and_changes_nothing(told: Town):
    told.does("confirm_change", who_told="elder", confirmed=False, why_not="听错了")

    assert row(told).outcome == "unfounded"
    assert told.live() == []


def test_twenty_hours_tell_the_township_and_twenty_four_the_district(told: Town):
    told.waits(hours=19)
    assert not {"first_visit_20h", "first_visit_24h"} & told.elements()
    told.waits(hours=1)
    assert told.open()["first_visit_20h"].role == "township_desk"
    told.waits(hours=4)

    assert told.open()["first_visit_24h"].role == "district_desk"
    assert "confirm_change" in told.elements()


def test_a_visit_in_time_is_in_time_though_its_check_takes_three_days(told: Town):
    confirms(told)
    told.does("accept_or_swap", by="visitor")
    told.does("go", **say.arrived(mode="phone", by=None))
    told.does("visit_form", **record(kind="major_change"))
    told.does("elder_confirm", satisfaction="good")
    visited_at = clock.now()
    told.waits(hours=30)

    assert "village_check" in told.elements()
    assert not {"first_visit_20h", "first_visit_24h"} & told.elements()
    told.does("village_check", way="phone", answer="ok")
    assert row(told).first_visit_at == visited_at


def test_after_a_bereavement_thirty_days_at_least_and_periods_are_denser(told: Town):
    accompanied(told)
    planner.plan(date(2026, 8, 10), 1)
    jobs.drain()
    with db.reading() as session:
        owed = visits.obligations_of(session, told.elder.id)[0]
    assert (owed.period, owed.context, owed.required) == ("week", "major_change", 1)

    for _ in range(4):
        judged(told, True)
        assert row(told).closed_at is None
    judged(told, True)

    assert row(told).outcome == "stabilised"
    assert "major_change" not in told.live()


def test_other_kinds_last_fourteen_days(town: Town):
    town.message("major_change.reported", str(town.elder.id), kind="fall_fracture")
    accompanied(town, "fall_fracture")

    judged(town, True)
    assert row(town).closed_at is None
    judged(town, True)

    assert row(town).outcome == "stabilised"


@pytest.mark.parametrize(("renew", "goes_on"), [(False, False), (True, True)])
def test_ninety_days_are_the_most_without_a_renewal(town: Town, renew: bool, goes_on: bool):
    town.message("major_change.reported", str(town.elder.id), kind="defrauded")
    accompanied(town, "defrauded")
    for _ in range(12):
        judged(town, False)

    judged(town, False, renew=renew)

    assert ("major_change" in town.live()) is goes_on


def test_another_report_joins_and_is_not_lost(told: Town):
    told.message("major_change.reported", str(told.elder.id), kind="moved")
    assert row(told).kinds == ["bereavement", "moved"]
    accompanied(told)
    before = row(told).not_before
    told.waits(days=6)

    told.message("major_change.reported", str(told.elder.id), kind="extreme_mood", items=["extreme_mood"])
    told.message("major_change.reported", str(told.elder.id), kind="bereavement")

    assert row(told).kinds == ["bereavement", "moved", "extreme_mood"]
    assert row(told).not_before > before
    assert told.live().count("major_change") == 1


@pytest.mark.parametrize("news", ["elder.exited", "elder.suspended"])
@pytest.mark.parametrize("when", ["first_day", "later"])
def test_an_elder_who_leaves_or_lives_in_an_institution_ends_it(told: Town, when: str, news: str):
    if when == "later":
        accompanied(told)
    told.message(news, str(told.elder.id))

    assert row(told).outcome == "exited"
    assert "major_change" not in told.live()
