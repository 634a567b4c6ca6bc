"""Registers of meters as devices send them, to the rule that they break, to somebody at the door.

Source: contracts/device-events.md (`reading`); processes P20 (gate, habit of 14 days, outage); 5.2 (readings hidden).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import absences, consents, devices, elders, meter_readings, meter_watch, meters
from care.meter_readings import MeterState
from care.meters import Meter, MeterAnomaly
from engine import clock, db, incoming, jobs
from tests import builders
from tests.town import Town
from tests.web.desks import counted_statements


def a_meter(town: Town, kind: str = "water_meter", elder_id: int | None = None) -> str:
    """A meter in the elder's home, who agreed to it; its number."""
    with jobs.transaction() as session:
        elder = elders.get(session, elder_id or town.elder.id)
        if not consents.allows(session, elder.id, "meter_data"):
            consents.give(session, elder, "meter_data")
        return builders.a_device(session, elder, kind=kind).number


def says(numbers: list[str], total: Any, unit: str = "m3", at: datetime | None = None, **data: Any) -> None:
    """Readings of several meters that arrive together."""
    at = at or clock.now()
    with jobs.transaction() as session:
        events = []
        for number in numbers:
            name = f"{number}-{at.timestamp()}-{total}"
            said = {
                "id": name, "device": number, "topic_device": number, "type": "reading", "seq": None,
                "data": {"total": total, "unit": unit} | data, "sig": None, "time": int(at.timestamp() * 1000),
                "signed": None, "proved": True, "platform": None, "channel": "test",
            }  # fmt: skip
            events.append(incoming.Event("device", f"{number}:{name}", "device.reading", said, b"{}", "bulk"))
        incoming.record_all(session, events)
    jobs.drain()


def looks() -> None:
    """The hour's look, done at once."""
    with jobs.transaction() as session:
        silent = meter_watch.outages(session, clock.now())
        last: int | None = 0
        while last is not None:
            last = meter_watch.judge_some(session, last, set(silent))
    jobs.drain()


def found() -> list[str]:
    with db.reading() as session:
        return [each.rule for each in session.scalars(select(MeterAnomaly).order_by(MeterAnomaly.id))]


def put(number: str, points: list[tuple[float, float]], kind: str = "water_meter") -> None:
    """A day of registers written as `take` keeps them: (hours ago, register)."""
    with jobs.transaction() as session:
        held = devices.owner_at(session, devices.found(session, [number])[number], clock.now())
        assert held is not None
        said = [
            meter_readings.of_report(
                number, kind, held.id, held.unit_path, clock.now() - timedelta(hours=ago),
                {"total": total, "unit": meter_readings.KINDS[kind][1]},
            )
            for ago, total in points
        ]  # fmt: skip
        meter_readings.take(session, [each for each in said if each is not None])


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    return Town()


@pytest.fixture
def water(town: Town) -> Iterator[str]:
    yield a_meter(town)


def every_half_hour(count: float, use: float, start: float = 10.0) -> list[tuple[float, float]]:
    steps = int(count * 2)
    return [((steps - step) / 2, round(start + use * step, 4)) for step in range(steps + 1)]


def test_a_day_without_water_brings_somebody_to_the_telephone(town: Town, water: str) -> None:
    for _ in range(14):
        town.waits(hours=1)
        says([water], 10.0)
    looks()

    assert found() == ["water_none"]
    assert town.open()["phone_verify"].subject_id == town.elder.id
    assert "10.0" not in str(town.sent())


@pytest.mark.parametrize(
    ("kind", "use", "count", "expected"),
    [
        ("water_meter", 0.0, 13, {"water_none"}), ("water_meter", 0.0, 11, set()),
        ("water_meter", 0.02, 25, {"water_leak"}), ("water_meter", 0.02, 20, set()),
        ("water_meter", 0.09, 25, {"water_leak", "water_much"}), ("gas_meter", 0.01, 13, {"gas_flow"}),
        ("gas_meter", 0.0, 13, set()), ("electricity_meter", 0.0, 25, set()),
    ],
)  # fmt: skip
def test_what_the_rules_find_in_the_readings(
    town: Town, kind: str, use: float, count: float, expected: set[str]
) -> None:
    number = a_meter(town, kind)
    put(number, every_half_hour(count, use), kind)
    looks()

    assert set(found()) == expected


def test_electricity_is_judged_by_the_homes_own_habit_after_fourteen_days(town: Town) -> None:
    number = a_meter(town, "electricity_meter")
    ago = [(24.0 * day, 100.0 - 3 * day) for day in range(30, 1, -1)]  # 3 kWh a day
    for count, expected in ((13, []), (14, ["electricity_below"])):
        with jobs.transaction() as session:
            for row in session.scalars(select(MeterState)):
                session.delete(row)
        kept = ago[-(count - 1) :]  # with the two days without use that follow
        last = kept[-1][1]
        put(number, [*kept, *((hour, last) for hour in range(25, -1, -1))], "electricity_meter")
        looks()
        assert found() == expected


def test_an_anomaly_is_reported_once_a_day_and_not_while_it_is_looked_into(town: Town, water: str) -> None:
    put(water, every_half_hour(13, 0.0))
    looks()
    looks()
    assert found() == ["water_none"]
    town.does("phone_verify", reached="yes", cause="saving")
    put(water, [(0, 10.0)])
    looks()
    assert found() == ["water_none"]
    town.waits(hours=25)
    put(water, every_half_hour(13, 0.0))
    looks()

    assert found() == ["water_none", "water_none"]


def test_a_silent_meter_is_not_a_silent_home(town: Town, water: str) -> None:
    put(water, [(ago + 4, 10.0) for ago, _ in every_half_hour(13, 0.0)])
    looks()

    assert found() == []


def test_a_village_that_is_silent_is_one_task_and_nobodys_alarm(town: Town) -> None:
    with jobs.transaction() as session:
        ids = [builders.an_elder(session, town.city).id for _ in range(9)]
    numbers = [a_meter(town, elder_id=each) for each in ids]
    for order, number in enumerate(numbers):
        late = 4 if order < 6 else 0  # six fell silent four hours ago, three say that nothing is used
        put(number, [(ago + late, 10.0) for ago, _ in every_half_hour(13, 0.0)])
    meter_watch.keep_watching()
    town.waits(hours=1)

    assert found() == []
    task = town.open()["meter_outage"]
    assert task.role == "district_emergency" and task.subject_id is None
    assert town.incidents() == []


def test_what_comes_late_twice_or_from_a_new_register_raises_nothing(town: Town, water: str) -> None:
    put(water, every_half_hour(13, 0.02))
    put(water, [(5, 10.16), (5, 10.16), (7.5, 99.0)])  # late, the same again, and impossible
    with db.reading() as session:
        (state,) = session.scalars(select(MeterState))
        slots = dict(map(tuple, state.readings["slots"]))
    assert max(slots.values()) < 11
    put(water, [(0, 0.5)])  # the meter was exchanged
    looks()

    assert found() == []


@pytest.mark.parametrize(
    "data",
    [
        {"total": -1}, {"total": "12"}, {"total": True}, {"total": float("nan")}, {"total": 1e12}, {"unit": "kWh"},
        {"total": None},
    ],
)  # fmt: skip
def test_what_is_no_register_is_kept_nowhere(town: Town, water: str, data: dict[str, Any]) -> None:
    says([water], **({"total": 1.0} | data))

    with db.reading() as session:
        assert list(session.scalars(select(MeterState))) == []


def test_without_consent_no_reading_is_kept_and_withdrawn_it_is_wiped(town: Town, water: str) -> None:
    put(water, every_half_hour(13, 0.0))
    with jobs.transaction() as session:
        consents.withdraw(session, elders.get(session, town.elder.id), "meter_data")
    says([water], 10.5)
    looks()

    with db.reading() as session:
        (state,) = session.scalars(select(MeterState))
        assert state.readings == {} and session.scalars(select(Meter)).one().base is None
    assert found() == []


def test_who_is_away_is_written_down_and_nobody_is_sent(town: Town, water: str) -> None:
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        absences.register(session, elder, "family", clock.now() + timedelta(days=5))
    put(water, every_half_hour(13, 0.0))
    looks()

    with db.reading() as session:
        assert [each.gate for each in session.scalars(select(MeterAnomaly))] == ["absent"]
    assert town.elements() == set()


def test_a_meter_that_moves_to_another_home_forgets_the_first(town: Town, water: str) -> None:
    put(water, every_half_hour(13, 0.0))
    with jobs.transaction() as session:
        other = builders.an_elder(session, town.city)
        devices.place(session, devices.found(session, [water])[water], other)
        consents.give(session, other, "meter_data")
        other_id = other.id
    town.waits(minutes=31)
    says([water], 10.0)
    looks()

    with db.reading() as session:
        row = session.scalars(select(Meter)).one()
        assert (row.elder_id, found()) == (other_id, [])


def test_the_look_asks_as_much_for_fifty_meters_as_for_five(town: Town) -> None:
    numbers = [a_meter(town)]
    asked = []
    for more in (5, 50):
        with jobs.transaction() as session:
            ids = [builders.an_elder(session, town.city).id for _ in range(more)]
        numbers += [a_meter(town, elder_id=each) for each in ids]
        town.waits(hours=1)
        with counted_statements() as taken:
            says(numbers, 10.0)
        with counted_statements() as ran, db.writing() as session:
            meter_watch.outages(session, clock.now())
            meter_watch.judge_some(session, 0, set())
        asked.append((len([each for each in ran if "SELECT" in each]), len(taken)))

    assert asked[0][0] == asked[1][0] <= 8
    assert asked[1][1] <= asked[0][1] + 2


def test_the_hour_comes_round_by_itself_in_pieces(town: Town, water: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with jobs.transaction() as session:
        others = [builders.an_elder(session, town.city).id for _ in range(4)]
    numbers = [water, *(a_meter(town, elder_id=each) for each in others)]
    for number in numbers[3:]:
        put(number, every_half_hour(13, 0.0))
    for number in numbers[:3]:
        put(number, every_half_hour(13, 0.003))
    monkeypatch.setattr(meter_watch, "AT_ONCE", 2)
    meter_watch.keep_watching()
    meter_watch.keep_watching()
    town.waits(hours=1)

    assert found() == ["water_none"] * 2
    assert meters.RULES["water_none"][0]
