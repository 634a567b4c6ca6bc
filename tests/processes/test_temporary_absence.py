"""P35 temporary_absence, walked along each way out. Source: processes P35, 4.9; rulings 9.30."""

from __future__ import annotations

from datetime import date

import pytest

from care import absences, changes, elders, renewals
from engine import db
from tests.town import Town


@pytest.fixture
def away(town: Town) -> Town:
    """The elder is with the daughter until 10 August."""
    town.start("temporary_absence")
    town.does("register_absence", kind="family", from_on="2026-08-03", until_on="2026-08-10", place="女儿家")
    return town


@pytest.fixture
def due(away: Town) -> Town:
    """The day of return has come and the night asks."""
    away.waits(days=7)
    assert renewals.begin_due(date(2026, 8, 9))["temporary_absence"] == 0
    assert renewals.begin_due(date(2026, 8, 10))["temporary_absence"] == 1
    return away


def status(town: Town) -> str:
    with db.reading() as session:
        return elders.get(session, town.elder.id).status


def test_an_absence_is_registered_and_told_to_the_visits(away: Town):
    assert status(away) == "absent"
    assert "elder.absent" in away.messages()
    assert away.live() == []


def test_back_home_ends_it(due: Town):
    due.does("confirm_back", answer="back")

    assert status(due) == "in_register"
    assert "elder.returned" in due.messages()
    assert "temporary_absence" not in due.live()


@pytest.mark.parametrize(("kind", "changed"), [("hospital", True), ("travel", False)])
def test_who_comes_home_from_hospital_is_in_a_major_change(town: Town, kind: str, changed: bool):
    """出院 is one of its kinds: confirmed within two hours, visited within a day. Source: processes P10."""
    town.start("temporary_absence")
    town.does("register_absence", kind=kind, from_on="2026-08-03", until_on="2026-08-10", place="外面")
    town.start("temporary_absence")  # he is back before the day
    town.does("confirm_back", answer="back")

    assert status(town) == "in_register"
    assert ("confirm_change" in town.elements()) is changed
    with db.reading() as session:
        assert [each.kinds for each in changes.of_elder(session, town.elder.id)] == [["hospital"]] * changed


def test_staying_longer_is_renewed_for_sixty_days_at_most(due: Town):
    due.does("confirm_back", answer="longer", until_on="2027-01-31")

    with db.reading() as session:
        now = absences.current(session, due.elder.id)
    assert now is not None and now.until_at - now.from_at == absences.LONGEST
    assert status(due) == "absent"


@pytest.mark.parametrize("how", ["said", "nobody confirms"])
def test_not_back_and_not_reached_is_an_emergency(due: Town, how: str):
    if how == "said":
        due.does("confirm_back", answer="lost")
    else:
        due.waits(hours=24)

    assert "emergency_offline" in due.live()
    assert due.case().kind == "lost_contact"


def test_the_night_asks_once(due: Town):
    renewals.begin_due(date(2026, 8, 11))

    assert due.live().count("temporary_absence") == 1
