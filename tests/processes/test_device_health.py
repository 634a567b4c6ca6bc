"""P28 device_health and device_check, walked along each way out. Source: processes P28, 4.8, 4.9; K18."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from care import absences, device_checks, device_watch, devices, elders
from care.device_checks import DeviceCheck, DeviceDay
from care.devices import Device
from engine import clock, db, jobs
from tests import builders
from tests.town import Town


@pytest.fixture
def silent(town: Town) -> Town:
    """The pendant of the high-tier elder is reported offline."""
    town.message("device.offline", f"{town.elder.id}:{town.device}", device=town.device, kind="offline")
    return town


def row(town: Town) -> DeviceCheck:
    with db.reading() as session:
        return device_checks.of_elder(session, town.elder.id)[0]


def checks(town: Town, result: str = "works", **said: Any) -> None:
    more = {"done": "拆下带回"} if result in ("replace", "remove") else {"tested": True}
    town.does("check_device", result=result, **more, **said)


def held(town: Town, number: str) -> bool:
    with db.reading() as session:
        device = devices.find(session, number)
        assert device is not None
        return devices.owner(session, device) is not None


def heard(town: Town, ago: timedelta) -> None:
    with jobs.transaction() as session:
        device = devices.find(session, town.device)
        assert device is not None
        device.last_heard_at = clock.now() - ago


def looks() -> None:
    device_watch.keep_watching()
    jobs.move_clock(timedelta(hours=1))
    jobs.drain()


@pytest.mark.parametrize(("tier", "hours"), [("high", 24), ("key", 72), ("general", 72)])
def test_checked_within_a_day_or_three(town: Town, tier: str, hours: int):
    town.elder_is(tier=tier)
    town.message("device.offline", f"{town.elder.id}:{town.device}", device=town.device, kind="offline")

    task = town.open()["check_device"]
    assert task.due_at is not None and task.due_at - row(town).opened_at == timedelta(hours=hours)


@pytest.mark.parametrize("result", ["works", "fixed"])
def test_it_works_again(silent: Town, result: str):
    checks(silent, result, **({"done": "换电池"} if result == "fixed" else {}))

    assert row(silent).outcome == result
    assert silent.live() == []


def test_replaced_by_one_from_stock(silent: Town):
    with jobs.transaction() as session:
        new = builders.a_device(session).number
    checks(silent, "replace")
    silent.does("replace_device", number="没有的编号", tested=True)
    assert silent.open()["replace_device"].name.startswith("更换设备：编号不在库存")
    silent.does("replace_device", number=new, tested=True)

    assert (row(silent).outcome, held(silent, new), held(silent, silent.device)) == ("replaced", True, False)


@pytest.mark.parametrize(("result", "outcome"), [("collected", "collected"), ("lost", "lost")])
def test_taken_out_is_nobodys_at_once_and_fetched(silent: Town, result: str, outcome: str):
    checks(silent, "remove")
    assert not held(silent, silent.device)
    due = silent.open()["collect_device"].due_at
    assert due is not None and due.date() == date(2026, 8, 17)
    silent.does("collect_device", result=result, on="2026-08-10", **({"why": "搬家时丢了"} if result == "lost" else {}))

    assert row(silent).outcome == outcome


def test_of_the_high_tier_somebody_telephones_every_two_days(silent: Town):
    silent.waits(days=1, hours=23)
    assert "phone_contact" not in silent.elements()
    silent.waits(hours=1)
    silent.does("phone_contact", reached=True, state="好着呢")
    assert "phone_contact" not in silent.elements()
    silent.waits(days=2)
    assert "phone_contact" in silent.elements()
    assert "check_device" in silent.elements()


def test_of_others_nobody_has_to(town: Town):
    town.elder_is(tier="key")
    town.message("device.offline", f"{town.elder.id}:{town.device}", device=town.device, kind="offline")
    town.waits(days=2)

    assert "phone_contact" not in town.elements()


def test_an_elder_who_is_away_is_waited_for(silent: Town):
    with jobs.transaction() as session:
        until = clock.now() + timedelta(days=10)
        absences.register(session, elders.get(session, silent.elder.id), "family", until)
    silent.message("elder.absent", str(silent.elder.id))

    due = silent.open()["check_device"].due_at
    assert due is not None and due == until + timedelta(days=3)


def test_a_late_check_goes_up_the_ladder(silent: Town):
    silent.waits(days=3)

    assert silent.open()["check_device"].also_role is not None


@pytest.mark.parametrize(("kind", "reason"), [("battery_low", "battery_low"), ("tamper", "tamper")])
def test_what_a_device_says_of_itself_begins_a_check(town: Town, kind: str, reason: str):
    town.device_sends(kind)

    assert row(town).reason == reason
    assert "check_device" in town.elements()


def test_each_further_sign_joins(silent: Town):
    silent.device_sends("battery_low")
    silent.device_sends("tamper")

    assert row(silent).mentions == 3
    assert silent.live() == ["device_health"]


def test_found_faulty_on_a_visit(town: Town):
    town.message("device.offline", str(town.elder.id), items=["call_device", "smoke_alarm"])

    with db.reading() as session:
        every = device_checks.of_elder(session, town.elder.id)
    assert len(every) == 2
    assert sum(each.device_id is not None for each in every) == 1  # the pendant is the call device


def test_who_leaves_gives_the_devices_back(town: Town):
    """Unbound at once, fetched within ten working days; the exit itself does not end that. Source: P28, P34."""
    town.start("elder_exit")
    town.does("confirm_exit", reason="own_wish", ground="本人书面")
    town.does("approve", answer="yes")

    assert not held(town, town.device)
    assert row(town).reason == "unbound"
    assert "collect_device" in town.elements()


@pytest.mark.parametrize("message", ["elder.exited", "elder.suspended"])
def test_a_check_ends_with_the_elder(silent: Town, message: str):
    silent.message(message, str(silent.elder.id))

    assert row(silent).outcome == "exited"
    assert silent.live() == []


def test_whose_device_it_is_may_be_unknown(town: Town):
    from engine import incoming

    with jobs.transaction() as session:
        incoming.message(session, "device.unbound", "d9", {"elder_id": None, "device": "d9"})
    jobs.drain()
    town.does("handle_unknown", result="done", text="已查明")

    assert town.live() == []


@pytest.mark.parametrize(
    ("tier", "hours", "reported"), [("high", 5, 0), ("high", 7, 1), ("key", 20, 0), ("key", 25, 1)]
)
def test_the_hourly_look_finds_who_is_silent(town: Town, tier: str, hours: int, reported: int):
    """24 hours without a heartbeat, 6 of the high tier."""
    town.elder_is(tier=tier)
    heard(town, timedelta(hours=hours - 1))
    looks()

    assert town.live().count("device_health") == reported
    looks()
    assert len(town.live()) <= 1


def test_most_of_a_district_silent_at_once_is_one_outage(town: Town):
    for _ in range(device_checks.OUTAGE_FROM):
        town.another_device("smoke")
    with jobs.transaction() as session:
        session.execute(update(Device).values(last_heard_at=clock.now() - timedelta(hours=30)))
    looks()
    looks()

    assert town.live() == []
    assert town.open()["district_incident"].role == "district_emergency"


def test_the_day_is_counted_for_the_share_online(town: Town):
    town.another_device("smoke")
    heard(town, timedelta(hours=1))
    with jobs.transaction() as session:
        assert device_checks.count_day(session, clock.today()) == 1
        assert device_checks.count_day(session, clock.today()) == 0
    with db.reading() as session:
        day = session.query(DeviceDay).one()
        assert (day.installed, day.online) == (2, 1)


def test_without_monitoring_is_who_has_only_silent_devices(town: Town):
    heard(town, timedelta(hours=30))
    with db.reading() as session:
        assert device_checks.unmonitored(session, [town.elder.id]) == {town.elder.id}
    heard(town, timedelta(hours=1))
    with db.reading() as session:
        assert device_checks.unmonitored(session, [town.elder.id]) == set()
