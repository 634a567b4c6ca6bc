"""External events: what was held, refused or late is seen by whoever looks after devices, in their units only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine import clock, incoming, jobs
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def spoofed(device: str, event_id: str) -> None:
    """An event that comes on the topic of another device."""
    said = {
        "id": event_id, "device": device, "topic_device": "another", "type": "sos", "data": {}, "proved": True,
        "time": int(clock.now().timestamp() * 1000), "seq": None, "sig": None, "signed": None, "platform": None,
    }  # fmt: skip
    with jobs.transaction() as session:
        incoming.record(session, "device", f"{device}:{event_id}", "device.sos", said, raw=b"{}", lane="alarm")


def test_held_refused_and_late_events_are_shown_with_their_reasons(site: Browser, desks: Desks) -> None:
    desks.town.device_sends("sos", device="nobody-knows", event_id="from-nobody")
    desks.town.device_sends("sos", ago=timedelta(minutes=-30), event_id="too-early")
    desks.town.device_sends("sos", ago=timedelta(minutes=9), event_id="nine-late")
    site.sign_in(desks.users["admin"])

    held, late = site.get("/events/").text, site.get("/events/?what=late").text

    assert "外部事件" in held and "nobody-knows" in held and "设备不在册" in held
    assert "设备时间比现在晚" in held and "too-early" in held and "nine-late" not in held
    assert "nine-late" in late and "from-nobody" not in late
    assert "田桂芝" not in held + late


def test_a_refused_event_is_shown_and_its_sender_is_counted(site: Browser, desks: Desks) -> None:
    for number in range(3):
        spoofed(desks.town.device, f"r{number}")
    site.sign_in(desks.users["admin"])

    text = site.get("/events/?what=refused").text

    assert "设备与主题不符" in text and "r2" in text
    assert "最近一周谁发得最多" in text
    assert site.get("/events/?what=held").text.count("<tbody><tr>") == 0


def test_a_desk_sees_the_devices_of_its_own_elders_only(site: Browser, desks: Desks) -> None:
    desks.town.device_sends("sos", ago=timedelta(minutes=-30), event_id="mine")
    desks.town.device_sends("sos", device="nobody-knows", event_id="unknown")

    site.sign_in(desks.users["village_desk"])
    own = site.get("/events/").text
    site.sign_in(desks.elsewhere["village_desk"])
    foreign = site.get("/events/").text

    assert "mine" in own and "unknown" not in own
    assert "mine" not in foreign and "unknown" not in foreign


def test_who_has_no_devices_to_look_after_is_turned_away(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])

    assert site.get("/events/").status_code == 403


def test_an_unknown_kind_of_list_is_not_found(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["admin"])

    assert site.get("/events/?what=all").status_code == 404
    assert site.get("/events/?at=yesterday").status_code == 400
