"""Clients that send device events over HTTP and MQTT until they are acknowledged."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence

import orjson
import paho.mqtt.client as paho
import requests
from paho.mqtt.enums import CallbackAPIVersion

from connectors.payloads import sign
from connectors.push import signature
from tests.faults.ledger import Ledger

MOST_WAITING = 40
AGAIN_SECONDS = 4.0
KINDS = ("sos", "fall", "smoke", "door", "inactivity", "battery_low", "offline")


def event(device: str, key: bytes | None, number: int, kind: str = "") -> tuple[str, bytes]:
    """(id, payload) of an event, of any kind unless one is given; signed when a key is given."""
    event_id = uuid.uuid4().hex
    text = orjson.dumps(
        {
            "id": event_id,
            "device": device,
            "type": kind or random.choice(KINDS),
            "time": int(time.time() * 1000),
            "seq": number,
            "data": {},
        }
    )
    return event_id, text if key is None else sign(text, key)


class HttpSender(threading.Thread):
    """A platform: pushes one to three payloads at a time, and pushes them again until a 200 comes."""

    def __init__(
        self, address: Callable[[], str], kid: str, key: bytes, devices: Sequence[str], ledger: Ledger
    ) -> None:
        super().__init__(name="http-sender", daemon=True)
        self.address, self.kid, self.key, self.devices, self.ledger = address, kid, key, devices, ledger
        self.stopping = threading.Event()
        self.number = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            chosen = random.sample(list(self.devices), random.randint(1, 3))
            self.number += 1
            events = [(device, *event(device, None, self.number)) for device in chosen]
            self._until_acknowledged(events)
            self.stopping.wait(random.uniform(0.02, 0.2))

    def once(self, count: int) -> int:
        """Push so many events once; the status of the answer. What is acknowledged stands in the ledger."""
        events = [(device, *event(device, None, 0)) for device in random.choices(self.devices, k=count)]
        body = b"[" + b",".join(payload for _, _, payload in events) + b"]"
        head = {"X-Signature": signature(body, self.key, self.kid, int(time.time()))}
        answer = requests.post(f"{self.address()}/api/devices/events", data=body, headers=head, timeout=60)
        if answer.status_code == 200:
            for (device, event_id, _), said in zip(events, answer.json(), strict=True):
                self.ledger.event(device, event_id, said["answer"])
        return answer.status_code

    def press(self, device: str, kind: str) -> str:
        """Push one event of this kind until it is acknowledged; its key."""
        event_id, payload = event(device, None, 0, kind)
        self._until_acknowledged([(device, event_id, payload)])
        return f"{device}:{event_id}"

    def _until_acknowledged(self, events: list[tuple[str, str, bytes]]) -> None:
        body = b"[" + b",".join(payload for _, _, payload in events) + b"]"
        while True:
            head = {"X-Signature": signature(body, self.key, self.kid, int(time.time()))}
            try:
                answer = requests.post(f"{self.address()}/api/devices/events", data=body, headers=head, timeout=10)
                if answer.status_code == 200:
                    break
            except requests.RequestException:
                pass
            self.ledger.repeated()
            if self.stopping.wait(0.2):
                return
        for (device, event_id, _), said in zip(events, answer.json(), strict=True):
            self.ledger.event(device, event_id, said["answer"])


class MqttSender(threading.Thread):
    """A gateway: publishes signed events of its devices and repeats each until its `confirm` comes."""

    def __init__(self, port: int, keys: dict[str, bytes], ledger: Ledger, name: str) -> None:
        super().__init__(name=f"mqtt-sender-{name}", daemon=True)
        self.port, self.keys, self.ledger = port, keys, ledger
        self.stopping = threading.Event()
        self.waiting: dict[str, tuple[str, bytes, float]] = {}
        self._lock = threading.Lock()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"gateway-{name}-{uuid.uuid4().hex[:6]}")
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._subscribe
        self.client.on_message = self._confirmed

    def run(self) -> None:
        self.client.connect_async("127.0.0.1", self.port, keepalive=5)
        self.client.loop_start()
        number = 0
        while not self.stopping.wait(random.uniform(0.02, 0.2)):
            if len(self.waiting) < MOST_WAITING:
                number += 1
                self._press(number)
            self._send_what_waits()
        until = time.monotonic() + 60
        while self.waiting and time.monotonic() < until:
            self._send_what_waits()
            time.sleep(0.2)
        self.client.disconnect()
        self.client.loop_stop()

    def _press(self, number: int) -> None:
        device = random.choice(list(self.keys))
        event_id, body = event(device, self.keys[device], number)
        with self._lock:
            self.waiting[event_id] = (device, body, 0.0)

    def _send_what_waits(self) -> None:
        """Publish what is not confirmed; while there is no connection it waits here, not in the client."""
        if not self.client.is_connected():
            return
        now = time.monotonic()
        with self._lock:
            due = [(key, *value) for key, value in self.waiting.items() if now - value[2] > AGAIN_SECONDS][:50]
            for event_id, device, body, sent in due:
                self.waiting[event_id] = (device, body, now)
                if sent:
                    self.ledger.repeated()
        for _, device, body, _ in due:
            self.client.publish(f"care/v1/kill/{device}/event", body, qos=1)

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        client.subscribe("care/v1/kill/+/confirm", 1)

    def _confirmed(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        said = orjson.loads(message.payload)
        with self._lock:
            found = self.waiting.pop(said["id"], None)
        if found is not None:
            self.ledger.event(found[0], said["id"], said["answer"])
