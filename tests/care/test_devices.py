"""Whose a device was when it called, consents per purpose, and absences."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import absences, consents, devices
from care.errors import RuleBroken
from engine import clock
from tests.builders import a_city, a_device, a_platform, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


@pytest.fixture
def city(session):
    return a_city(session)


def test_an_event_belongs_to_whoever_had_the_device_then(session, city):
    first, second = an_elder(session, city), an_elder(session, city)
    device = a_device(session, first)
    before = clock.now()
    clock.move_by(timedelta(hours=1))

    devices.place(session, device, second)

    assert devices.owner_at(session, device, before) is first
    assert devices.owner(session, device) is second
    assert [each.number for each, _ in devices.of_elder(session, second.id)] == [device.number]


def test_a_device_taken_away_is_nobodys(session, city):
    device = a_device(session, an_elder(session, city))

    devices.take_away(session, device)

    assert devices.owner(session, device) is None
    assert device.custody == "returned"


def test_a_number_is_registered_once(session, city):
    a_device(session, number="d1")

    with pytest.raises(RuleBroken):
        a_device(session, number="d1")


def test_an_older_sign_of_life_never_overwrites_a_newer(session):
    device = a_device(session)
    devices.heard(device, clock.now(), battery=80, seq=7)

    devices.heard(device, clock.now() - timedelta(minutes=5), battery=90, seq=6)

    assert (device.battery, device.last_seq, device.last_heard_at) == (80, 7, clock.now())
    assert devices.is_online(device)
    clock.move_by(timedelta(hours=25))
    assert not devices.is_online(device)


def test_a_platform_speaks_for_its_prefix(session):
    a_platform(session, "ctwing", "ct-")
    platform = devices.platform(session, "ctwing")

    assert devices.may_push(platform, "ct-1") and not devices.may_push(platform, "d000001")
    platform.active = False
    assert devices.platform(session, "ctwing") is None


def test_the_secret_is_bytes_and_unknown_devices_have_none(session):
    a_device(session, number="d1", secret="ab" * 32)

    assert devices.secret_of(session, "d1") == b"\xab" * 32
    assert devices.secret_of(session, "d2") is None


def test_the_newest_consent_counts_and_never_asked_is_no(session, city):
    elder = an_elder(session, city, consents=())
    assert not consents.allows(session, elder.id, "device_monitoring")

    consents.give(session, elder, "device_monitoring")
    assert consents.allows(session, elder.id, "device_monitoring")

    consents.withdraw(session, elder, "device_monitoring")
    assert not consents.allows(session, elder.id, "device_monitoring")
    assert not consents.allows(session, elder.id, "meter_data")
    assert len(consents.history(session, elder.id)) == 2
    assert consents.of_elder(session, elder.id)["device_monitoring"].withdrawn


def test_a_purpose_nobody_knows_is_refused(session, city):
    with pytest.raises(ValueError):
        consents.give(session, an_elder(session, city), "advertising")


def test_an_absence_holds_until_its_day_or_the_return(session, city):
    elder = an_elder(session, city)
    absences.register(session, elder, "hospital", clock.now() + timedelta(days=5), place="人民医院")
    assert (elder.status, absences.current(session, elder.id).kind) == ("absent", "hospital")

    clock.move_by(timedelta(days=1))
    absences.returned(session, elder)
    assert (elder.status, absences.current(session, elder.id)) == ("in_register", None)


def test_an_absence_that_is_over_by_its_day_quiets_nothing(session, city):
    elder = an_elder(session, city)
    absences.register(session, elder, "family", clock.now() + timedelta(days=2))

    clock.move_by(timedelta(days=2))

    assert absences.current(session, elder.id) is None


@pytest.mark.parametrize("days", [-1, 0, 61])
def test_an_absence_lasts_at_most_sixty_days(session, city, days):
    with pytest.raises(RuleBroken):
        absences.register(session, an_elder(session, city), "travel", clock.now() + timedelta(days=days))


@pytest.mark.parametrize(("kind", "worn"), [("bracelet", True), ("pendant", True), ("door", False), ("novel", False)])
def test_only_worn_devices_stay_loud_during_an_absence(kind, worn):
    assert devices.is_worn(kind) is worn
