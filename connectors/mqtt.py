"""Device messages in, from any MQTT 3.1.1 or 5 broker.

For whoever is on call: a message is acknowledged to the broker only after it is committed, so a broker that still
holds messages sends them again after any failure here. While the database is away nothing is acknowledged and the
batch is tried again each second; nothing is dropped. `health()` shows the last message and what waits.

The network thread only puts messages in a queue. One thread per lane (events; readings and heartbeats) commits
batches and acknowledges. Packet ids are used again after a reconnect: an acknowledgement of an earlier connection is
never sent.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy.exc import DBAPIError

from connectors.heartbeats import Heartbeats
from connectors.intake import Answer, Arrival, take
from connectors.payloads import Payload, read, unhandled

logger = logging.getLogger(__name__)

BATCH = 200
QUEUE_LIMIT = 5_000
RETRY_SECONDS = 1.0
POISON_AFTER = 5


@dataclass(frozen=True)
class Address:
    """Where the broker is. `ties_devices`: its access list ties each topic to its user, so unsigned events count."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    root: str = "care/v1"
    ties_devices: bool = False


@dataclass(frozen=True)
class _Message:
    generation: int
    mid: int
    qos: int
    topic: str
    body: bytes


@dataclass(frozen=True)
class Topic:
    site: str
    device: str
    use: str


def parse_topic(root: str, topic: str) -> Topic | None:
    """`<root>/<site>/<device>/<use>`, or None."""
    levels = topic.removeprefix(root + "/").split("/")
    if not topic.startswith(root + "/") or len(levels) != 3 or not all(levels):
        return None
    return Topic(*levels)


class Lane:
    """One connection to the broker with its own queue, thread and lasting session."""

    def __init__(self, name: str, address: Address, uses: dict[str, int], heard: Callable[[dict[str, Any]], None]):
        self.name = name
        self._address = address
        self._uses = uses
        self._heard = heard
        self._queue: queue.Queue[_Message] = queue.Queue(QUEUE_LIMIT)
        self._generation = 0
        self._stopping = threading.Event()
        self._client = self._make_client()
        self._worker = threading.Thread(target=self._work, name=f"mqtt-{name}", daemon=True)
        self.last_message_at: float | None = None

    def start(self) -> None:
        self._worker.start()
        self._client.connect_async(self._address.host, self._address.port, keepalive=30)
        self._client.loop_start()

    def stop(self) -> None:
        self._stopping.set()
        self._client.disconnect()
        self._client.loop_stop()
        self._worker.join(5)

    def health(self) -> dict[str, Any]:
        """Connected or not, how many messages wait to be stored, when the last one came (epoch seconds)."""
        return {
            "connected": self._client.is_connected(),
            "waiting": self._queue.qsize(),
            "last_message_at": self.last_message_at,
        }

    def _make_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"visitflow-{self.name}",
            clean_session=False,
            manual_ack=True,
        )
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        client.reconnect_delay_set(1, 15)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: paho.Client, *rest: Any) -> None:
        if getattr(rest[2], "is_failure", False):
            logger.error("broker refused the connection lane=%s reason=%s", self.name, rest[2])
            return
        client.subscribe([(f"{self._address.root}/+/+/{use}", qos) for use, qos in self._uses.items()])
        logger.info("connected to the broker lane=%s", self.name)

    def _on_disconnect(self, *rest: Any) -> None:
        self._generation += 1
        if not self._stopping.is_set():
            logger.warning("lost the broker, will connect again lane=%s", self.name)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        # Whatever is raised here would end the network thread silently, so nothing is done here.
        self.last_message_at = time.time()
        self._queue.put(_Message(self._generation, message.mid, message.qos, message.topic, bytes(message.payload)))

    def _work(self) -> None:
        while not self._stopping.is_set():
            batch = self._next_batch()
            if batch:
                self._store(batch)

    def _next_batch(self) -> list[_Message]:
        try:
            batch = [self._queue.get(timeout=0.5)]
        except queue.Empty:
            return []
        while len(batch) < BATCH:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _store(self, batch: list[_Message]) -> None:
        pairs = [(message, arrival) for message in batch if (arrival := self._arrival(message)) is not None]
        answers = self._take([arrival for _, arrival in pairs])
        for (message, arrival), answer in zip(pairs, answers, strict=True):
            self._confirm(message, arrival, answer)
        for message in batch:
            if message.qos and message.generation == self._generation:
                self._client.ack(message.mid, message.qos)

    def _take(self, arrivals: list[Arrival]) -> list[Answer]:
        """Store all, however long the database is away; a payload that fails alone five times is kept as unreadable."""
        if not arrivals:
            return []
        try:
            return take(arrivals)
        except Exception:
            logger.exception("could not store a batch lane=%s size=%d", self.name, len(arrivals))
        return [self._take_one(arrival) for arrival in arrivals]

    def _take_one(self, arrival: Arrival) -> Answer:
        pause, faults = RETRY_SECONDS, 0
        while not self._stopping.is_set():
            try:
                return take([arrival])[0]
            except DBAPIError:
                logger.exception("the database does not answer, will try again lane=%s", self.name)
            except Exception:
                logger.exception("could not store a message lane=%s", self.name)
                faults += 1
                if faults == POISON_AFTER:
                    arrival = replace(arrival, content=unhandled(arrival.content))
            self._stopping.wait(pause)
            pause = min(pause * 2, 30)
        raise SystemExit  # stopping: nothing is acknowledged, the broker keeps it

    def _arrival(self, message: _Message) -> Arrival | None:
        topic = parse_topic(self._address.root, message.topic)
        if topic is not None and topic.use == "hb":
            self._heartbeat(topic, message.body)
            return None
        reading = topic is not None and topic.use == "reading"
        return Arrival(
            content=read(message.body, needs_type=not reading),
            channel="mqtt",
            topic_device=topic.device if topic else "",
            proved=self._address.ties_devices,
            reading=reading,
        )

    def _heartbeat(self, topic: Topic, body: bytes) -> None:
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if isinstance(content, dict):
            self._heard({topic.device: content.get("data", content)})

    def _confirm(self, message: _Message, arrival: Arrival, answer: Answer) -> None:
        """Tell the device that its event is stored; never for what is refused."""
        topic = parse_topic(self._address.root, message.topic)
        if topic is None or answer.answer == "refused" or not isinstance(arrival.content, Payload):
            return
        self._client.publish(
            f"{self._address.root}/{topic.site}/{topic.device}/confirm",
            orjson.dumps({"id": answer.id, "case": answer.case, "answer": answer.answer}),
            qos=1,
        )


class Listener:
    """Both lanes of device messages: events apart, so that a flood of readings never delays an alarm."""

    def __init__(self, address: Address) -> None:
        self.heartbeats = Heartbeats()
        self.lanes = [
            Lane("event", address, {"event": 1}, self.heartbeats.heard),
            Lane("reading", address, {"reading": 1, "hb": 0}, self.heartbeats.heard),
        ]

    def start(self) -> None:
        for lane in self.lanes:
            lane.start()
        self.heartbeats.start()

    def stop(self) -> None:
        for lane in self.lanes:
            lane.stop()
        self.heartbeats.stop()

    def health(self) -> dict[str, Any]:
        return {lane.name: lane.health() for lane in self.lanes}
