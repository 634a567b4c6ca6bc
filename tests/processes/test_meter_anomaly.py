"""P20 meter_anomaly, walked along each way out; the table meter_rules. Source: processes P20, 4.9; R-PRJ-22."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import absences, consents, elders, meters
from care.meters import Meter, MeterAnomaly
from care.roles import FULL, Part
from engine import clock, db, jobs
from tests import builders
from tests.town import Town


def a_meter(town: Town, kind: str = "water", elder_id: int | None = None, **facts: Any) -> int:
    with jobs.transaction() as session:
        elder = elders.get(session, elder_id or town.elder.id)
        row = Meter(elder_id=elder.id, unit_path=elder.unit_path, number=f"m{elder.id}{kind}", kind=kind, **facts)
        session.add(row)
        session.flush()
        return row.id


def reported(town: Town, meter_id: int, rule: str = "water_none") -> None:
    with jobs.transaction() as session:
        meters.report(session, session.get_one(Meter, meter_id), rule, {"used": 0.004, "hours": 24})
    jobs.drain()


@pytest.fixture
def silent(town: Town) -> Town:
    """No water was used for a day."""
    reported(town, a_meter(town))
    return town


def row(town: Town) -> MeterAnomaly:
    with db.reading() as session:
        found = session.scalars(select(MeterAnomaly).order_by(MeterAnomaly.id.desc())).first()
        assert found is not None
        session.expunge_all()
        return found


def test_the_family_hears_first_and_no_figure(silent: Town):
    (told,) = silent.sent("meter_check")

    assert told["to"] == f"137{silent.elder.id:08d}"
    assert "0.004" not in str(told)
    assert silent.open()["phone_verify"].role == "monitor_desk"


@pytest.mark.parametrize("cause", ["cleaning", "guests", "saving", "device", "normal"])
def test_reached_and_well(silent: Town, cause: str):
    silent.does("phone_verify", reached="yes", cause=cause)

    found = row(silent)
    assert (found.outcome, found.cause) == ("normal", cause) and found.phoned_at is not None
    assert silent.live() == []


def test_away_is_registered(silent: Town):
    silent.does("phone_verify", reached="yes", cause="away")
    assert row(silent).outcome == "away"
    silent.does("register_absence", kind="family", from_on="2026-08-03", until_on="2026-08-10")

    assert silent.live() == [] and "elder.absent" in silent.messages()


def test_a_leak_becomes_a_hazard(silent: Town):
    silent.does("phone_verify", reached="yes", cause="leak")

    assert row(silent).outcome == "leak" and "hazard.found" in silent.messages()


def test_not_reached_the_family_knows(silent: Town):
    silent.does("phone_verify", reached="no")
    silent.does("ask_family", reached="yes", cause="guests")

    assert row(silent).outcome == "normal"


def to_the_door(town: Town) -> None:
    town.does("phone_verify", reached="no")
    town.does("ask_family", reached="no")


def test_somebody_goes_to_the_door_within_two_hours(silent: Town):
    to_the_door(silent)
    task = silent.open()["door_check"]
    assert task.due_at is not None and task.due_at - task.created_at == timedelta(hours=2)
    silent.does("door_check", reached="yes", cause="saving")

    assert row(silent).door_at is not None and row(silent).outcome == "normal"


def test_nobody_at_home_is_an_emergency(silent: Town):
    to_the_door(silent)
    silent.does("door_check", reached="no")

    assert row(silent).outcome == "emergency" and silent.case().kind == "lost_contact"


def test_nobody_went_to_the_door_is_an_emergency(silent: Town):
    to_the_door(silent)
    silent.waits(hours=2)

    assert row(silent).outcome == "emergency" and silent.case().kind == "lost_contact"


@pytest.mark.parametrize("where", ["phone_verify", "ask_family", "door_check"])
def test_hurt_is_a_medical_emergency(silent: Town, where: str):
    for element in ("phone_verify", "ask_family", "door_check"):  # in vain until then
        silent.does(element, reached="hurt" if element == where else "no")
        if element == where:
            break

    assert silent.case().kind == "illness" and row(silent).outcome == "emergency"


def test_two_hours_without_a_call_send_somebody_to_the_door(silent: Town):
    silent.waits(hours=2)

    assert "door_check" in silent.elements() and "phone_verify" not in silent.elements()


@pytest.mark.parametrize(
    ("tier", "at", "due"),
    [
        ("general", "2026-08-03T02:00:00+00:00", "2026-08-03T04:00:00+00:00"),
        ("general", "2026-08-03T15:00:00+00:00", "2026-08-03T23:00:00+00:00"),  # 23:00 in the city, then 07:00
        ("general", "2026-08-03T18:00:00+00:00", "2026-08-03T23:00:00+00:00"),  # 02:00 in the city
        ("high", "2026-08-03T18:00:00+00:00", "2026-08-03T20:00:00+00:00"),
    ],
)
def test_at_night_it_waits_until_seven_but_not_for_the_high_tier(town: Town, tier: str, at: str, due: str):
    town.elder_is(tier=tier)
    with db.reading() as session:
        elder = elders.get(session, town.elder.id)
        found = meters.phone_due_at(elder, datetime.fromisoformat(at))

    assert found.astimezone(UTC) == datetime.fromisoformat(due)


# --- the gate ---


def test_without_consent_nobody_is_asked(town: Town):
    with jobs.transaction() as session:
        consents.withdraw(session, elders.get(session, town.elder.id), "meter_data")
    reported(town, a_meter(town))

    assert town.live() == [] and row(town).outcome == "no_consent" and town.sent("meter_check") == []


def test_an_elder_who_is_away_raises_nothing(town: Town):
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        absences.register(session, elder, "family", clock.now() + timedelta(days=9))
    reported(town, a_meter(town))

    assert town.live() == [] and row(town).outcome == "absent"


def test_an_outage_of_the_area_is_one_task_and_no_alarms(town: Town):
    ids = []
    for _ in range(8):
        with jobs.transaction() as session:
            ids.append(builders.an_elder(session, town.city).id)
    made = [a_meter(town, elder_id=each) for each in ids]
    for each in made:
        reported(town, each)

    with db.reading() as session:
        gates = [each.gate for each in session.scalars(select(MeterAnomaly).order_by(MeterAnomaly.id))]
    assert gates == ["go"] * 4 + ["outage"] * 4
    assert [each for each in town.open() if each == "meter_outage"] == ["meter_outage"]


def test_the_same_meter_again_begins_no_second_check(silent: Town):
    with db.reading() as session:
        meter_id = session.scalars(select(Meter.id)).one()
    reported(silent, meter_id, "water_much")

    assert silent.live() == ["meter_anomaly"]


# --- who sees the figures ---


def test_figures_are_for_who_may_see_readings(silent: Town):
    found = row(silent)

    assert meters.seen(found, FULL) == {}
    assert meters.seen(found, FULL | {Part.READINGS}) == {"used": 0.004, "hours": 24}


# --- the table ---


@pytest.mark.parametrize(
    ("kind", "window", "habit", "rules"),
    [
        ("water", {"hours": 12, "used": 0.0}, {}, ["water_none"]),
        ("water", {"hours": 12, "used": 0.01}, {}, []),
        ("water", {"hours": 11, "used": 0.0}, {}, []),
        ("water", {"hours": 24, "used": 2.5}, {}, ["water_much"]),
        ("water", {"hours": 24, "used": 2.0}, {}, []),
        ("water", {"hours": 24, "used": 3.0, "flow_hours": 24}, {}, ["water_much", "water_leak"]),
        ("electricity", {"hours": 24, "used": 0.4}, {"base": 3.0, "history_days": 14}, ["electricity_below"]),
        ("electricity", {"hours": 24, "used": 0.4}, {"base": 3.0, "history_days": 13}, []),
        ("electricity", {"hours": 24, "used": 0.4}, {}, []),
        ("electricity", {"hours": 24, "used": 2.0}, {"base": 3.0, "history_days": 30}, []),
        ("gas", {"hours": 8, "used": 1.0, "flow_hours": 6}, {}, ["gas_flow"]),
        ("gas", {"hours": 24, "used": 0.0}, {}, []),
    ],
)
@pytest.mark.parametrize("policy", ["issued-2026-37", "draft-2026"])
def test_meter_rules(kind: str, window: dict[str, Any], habit: dict[str, Any], rules: list[str], policy: str):
    meter = Meter(kind=kind, **({"history_days": 0, "base": None} | habit))

    assert meters.judge(meter, window, policy) == rules
