"""P14 hazard_rectification and hazard_work, walked along each way out. Source: processes P14, 4.9; K12."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from care import hazards, policies
from care.hazards import Hazard
from engine import db
from tests.town import Town


def found(town: Town, item: str = "electricity", level: str = "general", **data: Any) -> None:
    key = f"{town.elder.id}:{item}"
    town.message("hazard.found", key, item=item, items=[{"item": item, "level": level}], **data)


@pytest.fixture
def told(town: Town) -> Town:
    """A worn cable was found and elder and family were told."""
    found(town)
    reminds(town)
    return town


def reminds(town: Town, **more: Any) -> None:
    town.does("remind_on_site", what="厨房插座发黑", told=["elder", "family"], **more)


def mends(town: Town, result: str = "done") -> None:
    said = {
        "done": {"done": "换了插座", "done_on": "2026-08-04"},
        "refused": {"why": "嫌贵"},
        "transferred": {"to": "供电所，回执12号"},
    }
    town.does("rectify", result=result, **said[result])


def rechecks(town: Town, fixed: bool) -> None:
    said: dict[str, Any] = {"seen_on": "2026-08-05", "fixed": fixed}
    town.does("recheck", **said, **({} if fixed else {"left": "线还裸着"}))


def row(town: Town) -> Hazard:
    with db.reading() as session:
        return hazards.of_elder(session, town.elder.id)[0]


def twice_not_fixed(town: Town) -> None:
    for _ in range(2):
        mends(town)
        rechecks(town, False)


def test_mended_and_seen_to_be_mended(told: Town):
    mends(told)
    assert row(told).closed_at is None
    rechecks(told, True)

    assert (row(told).outcome, row(told).rechecked_at is not None) == ("fixed", True)
    assert told.live() == []


def test_not_mended_is_mended_again(told: Town):
    mends(told)
    rechecks(told, False)
    assert row(told).round == 2
    mends(told)
    rechecks(told, True)

    assert row(told).outcome == "fixed"


def test_the_second_time_the_township_decides(told: Town):
    twice_not_fixed(told)
    assert told.open()["township_decides"].role == "township_desk"
    told.does("township_decides", decision="again", party="property", note="换单位")

    assert (row(told).party, row(told).round) == ("property", 4)
    assert "rectify" in told.elements()


def test_a_risk_is_accepted_by_the_district_alone(told: Town):
    twice_not_fixed(told)
    told.does("township_decides", decision="accept_risk", note="危房待拆迁")
    assert told.open()["approve_risk"].role == "district_desk"
    told.does("approve_risk", answer="return", reason="先加固")
    told.does("township_decides", decision="accept_risk", note="已加固")
    told.does("approve_risk", answer="agree", reason="年内拆迁")

    assert row(told).outcome == "accepted_risk"


def test_the_township_hands_it_over(told: Town):
    twice_not_fixed(told)
    told.does("township_decides", decision="transferred", note="移交住建")

    assert row(told).outcome == "transferred"


def test_a_family_that_refuses_is_noted_for_the_duty_of_support(told: Town):
    mends(told, "refused")

    assert "duty.suspected" in told.messages()
    assert row(told).refused_at is not None
    assert "township_decides" in told.elements()


def test_handed_over_by_who_should_mend(told: Town):
    mends(told, "transferred")

    assert row(told).outcome == "transferred"


def test_what_cannot_wait_is_an_emergency_at_once(town: Town):
    found(town, "gas", "immediate")

    assert town.case().kind == "gas"
    assert "remind_on_site" in town.elements()
    due = town.open()["remind_on_site"].due_at
    assert due is not None and due - row(town).found_at == timedelta(hours=2)
    reminds(town)
    assert "hazard_overdue" in town.elements()  # at once means now


@pytest.mark.parametrize(("level", "days"), [("major", 3), ("general", 30)])
def test_the_township_hears_when_the_time_is_over(town: Town, level: str, days: int):
    found(town, level=level)
    reminds(town)
    assert row(town).due_at - row(town).found_at == timedelta(days=days)
    town.waits(days=days, minutes=-1)
    assert "hazard_overdue" not in town.elements()
    town.waits(minutes=1)

    assert town.open()["hazard_overdue"].role == "township_desk"
    assert "rectify" in town.elements()


def test_the_recheck_is_within_seven_days(told: Town):
    mends(told)
    task = told.open()["recheck"]

    assert task.due_at is not None and task.due_at - task.created_at == timedelta(days=7)


@pytest.mark.parametrize(
    ("day", "is_season"), [("2026-10-14", 0), ("2026-10-15", 1), ("2027-04-15", 1), ("2027-04-16", 0)]
)
def test_heating_has_its_season(day: str, is_season: int):
    assert hazards.is_heating_season(date.fromisoformat(day)) is bool(is_season)


def test_heating_in_its_season_is_major(town: Town):
    town.waits(days=90)  # November
    found(town, "heating")

    assert row(town).level == "major"


def test_several_hazards_of_a_visit_are_several(town: Town):
    pairs = [{"item": "floor", "level": "general"}, {"item": "gas", "level": "major"}]
    town.message("hazard.found", str(town.elder.id), item="floor", items=pairs)

    with db.reading() as session:
        every = {each.item: each.level for each in hazards.of_elder(session, town.elder.id)}
    assert every == {"floor": "general", "gas": "major"}


def test_found_again_joins_and_a_worse_level_shortens_the_time(told: Town):
    before = row(told).due_at
    found(told, level="major")

    assert (row(told).mentions, row(told).level) == (2, "major")
    assert row(told).due_at < before
    assert told.live().count("hazard_rectification") == 1


def test_the_cause_of_a_fire_is_a_hazard_of_the_home(town: Town):
    town.message("hazard.found", str(town.elder.id), item="stove", level="major", case_id=1)

    assert (row(town).item, row(town).level) == ("heating", "major")


@pytest.mark.parametrize(
    ("item", "area", "party"),
    [
        ("heating", "town", "heating_company"), ("heating", "rural", "family"), ("gas", "town", "gas_company"),
        ("electricity", "rural", "power_company"), ("water", "town", "water_company"), ("floor", "town", "family"),
        ("fire_equipment", "town", "property"), ("fire_equipment", "rural", "village"), ("other", "rural", "village"),
        ("structure", "town", "housing"), ("call_device", "town", "village"),
    ],
)  # fmt: skip
def test_who_has_to_mend_it(item: str, area: str, party: str):
    for policy in policies.policy_sets():
        assert policies.decide("hazard_party", {"hazard_item": item, "area": area}, policy) == party


def test_whom_the_visitor_names_goes_before_the_table(town: Town):
    found(town)
    reminds(town, party="landlord")

    assert row(town).party == "landlord"


@pytest.mark.parametrize("message", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_ends_it(told: Town, message: str):
    told.message(message, str(told.elder.id))

    assert row(told).outcome == "exited"
    assert told.live() == []


def test_whose_hazard_it_is_may_be_unknown(town: Town):
    from engine import incoming, jobs

    with jobs.transaction() as session:
        incoming.message(session, "hazard.found", "case:7", {"elder_id": None, "item": "gas"})
    jobs.drain()
    town.does("handle_unknown", result="done", text="已查明")

    assert town.live() == []
