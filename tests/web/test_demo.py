from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from connectors.broker import EmbeddedBroker
from connectors.mqtt import Address
from connectors.payloads import signature_of
from engine import clock, settings
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Iterator[Desks]:
    settings.change(demo=True)
    yield Desks()
    settings.change(demo=False)


@pytest.fixture
def site(site: Browser, desks: Desks) -> Browser:
    site.sign_in(desks.users["admin"])
    return site


def test_devices_stand_with_what_they_can_send(site: Browser, desks: Desks) -> None:
    text = site.get("/demo/").text

    assert desks.town.device in text
    assert "按 SOS" in text
    assert "田桂芝" not in text


def test_a_press_goes_out_signed_over_mqtt(site: Browser, desks: Desks) -> None:
    broker = EmbeddedBroker(19850)
    broker.start()
    heard: list[bytes] = []
    arrived, listening = threading.Event(), threading.Event()
    listener = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")

    def hear(client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        heard.append(message.payload)
        client.publish(message.topic.replace("/event", "/confirm"), json.dumps({"id": json.loads(heard[0])["id"]}))
        arrived.set()

    listener.on_message = hear
    listener.on_connect = lambda client, *_: client.subscribe("care/v1/+/+/event", 1)
    listener.on_subscribe = lambda *_: listening.set()
    listener.connect("127.0.0.1", broker.port)
    listener.loop_start()
    assert listening.wait(30)
    site.client.application.config["MQTT"] = Address("127.0.0.1", broker.port)

    answer = site.post("/demo/press", {"device": desks.town.device, "event": "sos"})

    assert answer.status_code == 302
    assert arrived.wait(30)
    text, _, signature = heard[0].rpartition(b',"sig":"')
    assert signature_of(text + b"}", bytes.fromhex("ab" * 32)).encode() == signature[:32]
    time.sleep(0.5)  # the device hears the confirmation and hangs up
    listener.disconnect()
    listener.loop_stop()
    broker.stop()


def test_a_press_without_a_broker_says_so(site: Browser, desks: Desks) -> None:
    assert site.post("/demo/press", {"device": desks.town.device, "event": "sos"}).status_code == 503


@pytest.mark.parametrize(
    ("device", "event", "status"), [("d999999", "sos", 404), ("", "sos", 404), ("x", "nonsense", 400)]
)
def test_what_does_not_exist_cannot_be_pressed(site: Browser, device: str, event: str, status: int) -> None:
    assert site.post("/demo/press", {"device": device, "event": event}).status_code == status


def test_the_clock_moves_on_and_what_falls_due_happens(site: Browser, desks: Desks) -> None:
    desks.alarm()
    before = clock.now()

    answer = site.post("/demo/clock", {"step": "+5m"})

    assert answer.status_code == 302
    assert (clock.now() - before).total_seconds() == 300
    assert "village_backup" in desks.town.elements()
    assert "时钟现在是 2026-08-03 09:05" in site.get("/demo/").text


@pytest.mark.parametrize("step", ["", "-5m", "+1y", "x"])
def test_the_clock_takes_no_other_step(site: Browser, step: str) -> None:
    assert site.post("/demo/clock", {"step": step}).status_code == 400


def test_outside_a_demonstration_there_is_no_such_page(site: Browser) -> None:
    settings.change(demo=False)

    assert site.get("/demo/").status_code == 404
    assert site.post("/demo/clock", {"step": "+5m"}).status_code == 404
