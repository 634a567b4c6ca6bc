"""A sender of the storm: a process of its own, a gateway of a site, with a ledger of what it sent and was told.

`python -m tests.bench.storm_sender PLAN.json`. It sends by the clock, whatever comes back: what it was due to send at a
moment counts from that moment, also when it was late itself. What is not confirmed within five seconds is sent again
under the same id, as devices do. At the end the ledger is written: id → [what, device, due, confirmed, answer, case].
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from connectors.payloads import sign
from tests.bench.storm_town import CUT, DISTRICTS, SECRET, device

REPEAT_SECONDS = 5.0
PATIENCE_SECONDS = 90.0
KEY = bytes.fromhex(SECRET)
OPEN_CASES = 50
FIRST_SOS = 100


@dataclass(frozen=True)
class Plan:
    """What one sender does; rates are per second and its own. `number` of `of` senders."""

    port: int
    user: str
    password: str
    number: int
    of: int
    events: float
    sos: float
    heartbeats: float
    seconds: float
    begin_at: float
    devices: int
    ledger: str


class Sender:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sent: dict[str, list[Any]] = {}
        self.waiting: dict[str, tuple[float, str, bytes]] = {}
        self._lock = threading.Lock()
        self._seq = 0
        self._sos = 0
        self.late = 0.0
        self._ready = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"storm-{plan.user}")
        self.client.username_pw_set(plan.user, plan.password)
        self.client.max_inflight_messages_set(2000)
        self.client.on_connect = lambda client, *_: client.subscribe(f"care/v1/{plan.user}/+/confirm", 1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._confirmed

    def run(self) -> None:
        self.client.connect("127.0.0.1", self.plan.port)
        self.client.loop_start()
        assert self._ready.wait(20), "no connection to the broker"
        self._open_cases()
        time.sleep(max(0.0, self.plan.begin_at - time.time()))
        self._storm()
        self._wait_for_the_rest()
        Path(self.plan.ledger).write_text(json.dumps({"sent": self.sent, "late": self.late}))
        self.client.disconnect()
        self.client.loop_stop()

    def _open_cases(self) -> None:
        """The cases that the storm's repeats join."""
        for number in range(1 + self.plan.number, OPEN_CASES + 1, self.plan.of):
            self._event("opened", device(number), "fall", time.time())

    def _storm(self) -> None:
        events = beats = 0
        begin = time.time()
        while (passed := time.time() - begin) < self.plan.seconds:
            self.late = max(self.late, passed - events / self.plan.events)
            while events < passed * self.plan.events:
                self._next(events, begin + events / self.plan.events)
                events += 1
            while beats < passed * self.plan.heartbeats:
                self._heartbeat(beats)
                beats += 1
            self._repeat()
            time.sleep(0.004)

    def _next(self, number: int, due: float) -> None:
        """An SOS of another elder at its rate; of the rest half repeats open cases, half is the power cut."""
        plan = self.plan
        if number * plan.sos >= self._sos * plan.events:
            self._event("sos", device(FIRST_SOS + self._sos * plan.of + plan.number), "sos", due)
            self._sos += 1
        elif number % 2:
            self._event("repeat", device(1 + (number * 7 + plan.number) % OPEN_CASES), "fall", due)
        else:
            meters = plan.devices // 2 // DISTRICTS - 1
            at = plan.devices // 2 // DISTRICTS + 1 + (number // 2 * plan.of + plan.number) % meters
            self._event("cut", device(at * DISTRICTS + CUT), ("power_loss", "offline")[number // 2 % 2], due)

    def _event(self, what: str, name: str, kind: str, due: float) -> None:
        self._seq += 1
        event_id = uuid.uuid4().hex
        said = {"id": event_id, "device": name, "type": kind, "time": int(due * 1000), "seq": self._seq, "data": {}}
        body = sign(orjson.dumps(said), KEY)
        topic = f"care/v1/{self.plan.user}/{name}/event"
        with self._lock:
            self.sent[event_id] = [what, name, due, None, None, None]
            self.waiting[event_id] = (time.time() + REPEAT_SECONDS, topic, body)
        self.client.publish(topic, body, qos=1)

    def _heartbeat(self, number: int) -> None:
        name = device(1 + (number * self.plan.of + self.plan.number) % self.plan.devices)
        self.client.publish(f"care/v1/{self.plan.user}/{name}/hb", b'{"data":{"bat":87,"rssi":-70}}', qos=0)

    def _repeat(self) -> None:
        now = time.time()
        with self._lock:
            again = [(key, each) for key, each in self.waiting.items() if each[0] < now]
            for key, (_, topic, body) in again:
                self.waiting[key] = (now + REPEAT_SECONDS, topic, body)
        for _, (_, topic, body) in again:
            self.client.publish(topic, body, qos=1)

    def _wait_for_the_rest(self) -> None:
        until = time.time() + PATIENCE_SECONDS
        while self.waiting and time.time() < until:
            self._repeat()
            time.sleep(0.05)

    def _confirmed(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        now, said = time.time(), orjson.loads(message.payload)
        with self._lock:
            if self.waiting.pop(said["id"], None) is not None:
                self.sent[said["id"]][3:] = [now, said["answer"], said["case"]]


if __name__ == "__main__":
    Sender(Plan(**json.loads(Path(sys.argv[1]).read_text()))).run()
