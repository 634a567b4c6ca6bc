"""P17a-d, each walked along each way out. Source: draft annex 5 part two; processes P17."""

from __future__ import annotations

import pytest

from care import absences
from engine import db
from tests.processes import answers as say
from tests.town import Town


def rescue(town: Town, *kinds: str) -> None:
    """An urgent case of these kinds, the family already told."""
    town.message(
        "emergency.offline",
        f"{town.elder.id}:{kinds[0]}",
        kind=kinds[0],
        kinds=list(kinds),
        danger=True,
        channel="visit",
    )
    town.does("report_community", **say.taken())
    town.does("notify_family", **say.family())
    town.does("onsite_first_aid", **say.on_scene())


@pytest.mark.parametrize(
    ("result", "message"),
    [("home", "major_change.reported"), ("admitted", "elder.absent"), ("died", "person.death")],
)
def test_the_hospital_result_decides_what_follows(town: Town, result: str, message: str):
    rescue(town, "illness")
    town.does("call_120", **say.called("120"))
    town.does("escort", **say.escort())

    town.does("hospital_result", **say.hospital(result))

    assert message in town.messages()
    assert "feedback_24h" in town.elements()
    assert "doctor_informs" not in town.elements()  # the end of the rescue takes back what is left of it


def test_a_stay_in_hospital_is_registered_as_an_absence(town: Town):
    rescue(town, "fall")
    town.does("call_120", **say.called("120"))
    town.does("escort", **say.escort())
    town.does("hospital_result", **say.hospital("admitted"))

    with db.reading() as session:
        away = absences.current(session, town.elder.id)
    assert away is not None and away.kind == "hospital"


def test_nobody_calls_for_ten_minutes_and_the_district_hears(town: Town):
    rescue(town, "illness")

    town.waits(minutes=10)

    assert town.open()["rescue_not_called"].role == "district_emergency"


@pytest.mark.parametrize(
    ("found", "then"),
    [
        ("safe", {"feedback_24h"}),
        ("hurt", {"call_missing_110", "police_station", "call_120", "doctor_informs", "escort"}),
        ("dead", {"feedback_24h", "confirm_exit"}),
        ("not_found", {"feedback_24h", "not_found"}),
    ],
)
def test_a_search_ends_in_four_ways(town: Town, found: str, then: set[str]):
    rescue(town, "missing")
    assert {"call_missing_110", "police_station", "search_team"} <= town.elements()
    assert len(town.sent("missing_notice")) == 1

    town.does("search_team", **say.found(found))

    assert town.elements() == then


def test_a_search_reports_every_two_hours_and_the_city_hears_after_a_day(town: Town):
    rescue(town, "lost_contact")
    town.does("call_missing_110", **say.called("110"))

    town.waits(hours=2)
    assert "search_status" in town.elements()
    town.waits(hours=22)

    assert town.open()["missing_24h"].role == "city_desk"
    assert town.case_notes().count("desk_search_status") == 12


def test_after_fire_or_gas_the_hazard_the_lodging_and_the_hurt(town: Town):
    rescue(town, "gas")
    town.does("call_119", **say.called("119"))
    for element in ("property", "family_community"):
        town.does(element, **say.on_scene())

    town.does("fire_result", **say.fire(hazard_left=True, lodging_needed=True, hurt=True))

    assert {"hazard.found", "need.raised"} <= set(town.messages())
    assert "call_120" in town.elements()
    town.does("call_120", **say.called("120"))
    town.does("escort", **say.escort())
    town.does("hospital_result", **say.hospital())
    assert "feedback_24h" in town.elements()


def test_a_dispute_is_mediated_by_the_township_within_a_working_day(town: Town):
    rescue(town, "dispute")
    assert town.case().restricted
    town.does("judge_danger", kind="dispute", danger=False)

    task = town.open()["joint_desk"]
    assert task.role == "township_desk"
    assert task.due_at is not None and task.due_at.isoformat() == "2026-08-04T15:59:59+00:00"
    town.does("joint_desk", **say.mediation(duty_breach=True, duty_kind="care", legal_aid=True))

    assert {"duty.suspected", "need.raised"} <= set(town.messages())
    assert "feedback_24h" in town.elements()


def test_danger_in_a_dispute_calls_the_police_and_finds_a_safe_place(town: Town):
    rescue(town, "abuse")
    town.does("judge_danger", kind="abuse", danger=True)
    town.does("call_dispute_110", **say.called("110"))
    town.does("safe_place", **say.on_scene())
    town.does("joint_desk", **say.mediation())

    assert "feedback_24h" in town.elements()
