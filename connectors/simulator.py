"""Simulated devices for trying out: they sign, publish over MQTT, and repeat until their event is confirmed."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from connectors.mqtt import Address
from connectors.payloads import sign

REPEAT_SECONDS = 3.0


def payload(device: str, kind: str, key: bytes, at_ms: int, data: dict[str, Any] | None = None) -> tuple[str, bytes]:
    """(event id, signed payload) of one event."""
    event_id = uuid.uuid4().hex
    content = {"id": event_id, "device": device, "type": kind, "time": at_ms, "seq": at_ms, "data": data or {}}
    return event_id, sign(orjson.dumps(content), key)


def send(
    address: Address, device: str, event_id: str, body: bytes, site: str = "demo", patience_seconds: float = 30
) -> dict[str, Any] | None:
    """Publish until `confirm` comes; the confirmation, or None when patience ran out."""
    confirmed: list[dict[str, Any]] = []
    arrived, listening = threading.Event(), threading.Event()
    topic = f"{address.root}/{site}/{device}"
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{device}-{event_id[:8]}")
    if address.username:
        client.username_pw_set(address.username, address.password)

    def on_message(_client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        content = orjson.loads(message.payload)
        if content.get("id") == event_id:
            confirmed.append(content)
            arrived.set()

    client.on_message = on_message

    def on_connect(*_: Any) -> None:
        client.subscribe(f"{topic}/confirm", 1)

    def on_subscribe(*_: Any) -> None:
        listening.set()

    client.on_connect, client.on_subscribe = on_connect, on_subscribe
    client.connect(address.host, address.port)
    client.loop_start()
    try:
        listening.wait(5)
        until = time.monotonic() + patience_seconds
        while not arrived.is_set() and time.monotonic() < until:
            client.publish(f"{topic}/event", body, qos=1)
            arrived.wait(REPEAT_SECONDS)
    finally:
        client.disconnect()
        client.loop_stop()
    return confirmed[0] if confirmed else None
