"""Device messages in, from any MQTT 3.1.1 or 5 broker.

For whoever is on call: a message is acknowledged to the broker only after it is committed, so a broker that still
holds messages sends them again after any failure here. While the database is away nothing is acknowledged and the
batch is tried again each second; nothing is dropped. `health()` shows the last message and what waits.

The network thread only puts messages in a queue. One thread per lane (events; readings and heartbeats) stores what
waits in batches, cries for help first, and acknowledges after the commit. Packet ids are used again after a reconnect:
an acknowledgement of an earlier connection is never sent.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from structlog.contextvars import bound_contextvars

from connectors.heartbeats import Heartbeats
from connectors.intake import Answer, Arrival, database_is_away, take_each
from connectors.payloads import LIFE_SAFETY, Payload, read
from engine import failpoints, jobs

logger = logging.getLogger(__name__)

BATCH = 100
QUEUE_LIMIT = 5_000
LINGER_SECONDS = 0.01
"""How long a lane that is busy waits for more before it stores; one that is idle stores the first message at once."""
RETRY_SECONDS = 1.0
FIRST = LIFE_SAFETY | {"sos_cancelled"}
"""Stored before what came earlier and can wait: a power cut of a district never delays an SOS."""


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


class _Waiting:
    """Messages that were read and are not stored yet."""

    def __init__(self) -> None:
        self._first: deque[tuple[_Message, Arrival]] = deque()
        self._then: deque[tuple[_Message, Arrival]] = deque()

    def __len__(self) -> int:
        return len(self._first) + len(self._then)

    def add(self, message: _Message, arrival: Arrival) -> None:
        content = arrival.content
        urgent = isinstance(content, Payload) and content.type in FIRST
        (self._first if urgent else self._then).append((message, arrival))

    def batch(self) -> list[tuple[_Message, Arrival]]:
        """The next to be stored, at most BATCH."""
        found: list[tuple[_Message, Arrival]] = []
        for waiting in (self._first, self._then):
            while waiting and len(found) < BATCH:
                found.append(waiting.popleft())
        return found


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
        self._waiting = _Waiting()
        self._busy = False
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
            "waiting": self._queue.qsize() + len(self._waiting),
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
        client.max_inflight_messages_set(500)  # confirmations on their way to devices
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
            jobs.follow_clock()
            self._receive()
            batch = self._waiting.batch()
            self._busy = len(batch) > 1
            if batch:
                self._store(batch)

    def _receive(self) -> None:
        """Read what has come; waits for a message when none waits to be stored."""
        if not self._waiting:
            try:
                self._read(self._queue.get(timeout=0.5))
            except queue.Empty:
                return
        if self._busy:
            self._stopping.wait(LINGER_SECONDS)
        while len(self._waiting) < QUEUE_LIMIT:
            try:
                self._read(self._queue.get_nowait())
            except queue.Empty:
                return

    def _read(self, message: _Message) -> None:
        """A heartbeat is noted at once; everything else waits to be stored."""
        arrival = self._arrival(message)
        if arrival is None:
            self._acknowledge(message)
        else:
            self._waiting.add(message, arrival)

    def _store(self, batch: list[tuple[_Message, Arrival]]) -> None:
        with bound_contextvars(batch=secrets.token_hex(4)):
            self._store_batch(batch)

    def _store_batch(self, batch: list[tuple[_Message, Arrival]]) -> None:
        answers = self._take([arrival for _, arrival in batch])
        if not answers:
            return  # stopping: the broker keeps it
        failpoints.reach("confirm.before")
        for (message, arrival), answer in zip(batch, answers, strict=True):
            self._confirm(message, arrival, answer)
        failpoints.reach("confirm.after")
        for message, _ in batch:
            self._acknowledge(message)

    def _acknowledge(self, message: _Message) -> None:
        if message.qos and message.generation == self._generation:
            self._client.ack(message.mid, message.qos)

    def _take(self, arrivals: list[Arrival]) -> list[Answer]:
        """Store all, however long the database is away; [] when the program stops before."""
        pause = RETRY_SECONDS
        while not self._stopping.is_set():
            try:
                return take_each(arrivals)
            except Exception as fault:
                away = database_is_away(fault)
                logger.exception("nothing stored, will try again lane=%s away=%s", self.name, away)
            self._stopping.wait(pause)
            pause = min(pause * 2, 15)
        return []

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
