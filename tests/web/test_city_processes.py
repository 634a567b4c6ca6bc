"""A city's parts as processes of their own on real servers: PostgreSQL, Redis, mosquitto with the shipped settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import psycopg
import pytest
import requests
from paho.mqtt.enums import CallbackAPIVersion

from connectors.payloads import sign
from connectors.push import signature
from tests.bench.storm_town import SECRET, device
from tests.broker import Shipped
from tests.faults.program import CHECKOUT, COMMAND, answers
from tests.faults.servers import Missing, Postgres, Redis

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]
BASE = 8570
KEY = bytes.fromhex(SECRET)
PATIENCE = 180.0
GUNICORN = ("gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "visitflow:create_app()")


class City:
    """The parts that a test starts; each of them is stopped at the end and must end with 0."""

    def __init__(self, home: Path) -> None:
        self.broker = Shipped(
            BASE, {"visitflow": "v", "site": "s", "self-test": "t", device(1): "one", device(2): "two"}
        )
        self.redis, self.postgres = Redis(BASE + 1), Postgres(BASE + 2)
        for server in (self.broker, self.redis, self.postgres):
            server.start()
        self.home = home
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
        self.environment = inherited | {
            "VISITFLOW_HOME": str(home),
            "VISITFLOW_DATABASE_URL": self.postgres.create("vf_storm_parts"),
            "VISITFLOW_REDIS_URL": self.redis.url,
            "VISITFLOW_MQTT_HOST": "127.0.0.1",
            "VISITFLOW_MQTT_PORT": str(BASE),
            "VISITFLOW_MQTT_USERNAME": "visitflow",
            "VISITFLOW_MQTT_PASSWORD": "v",
            "VISITFLOW_DEMO": "1",
            "VISITFLOW_LOG_LEVEL": "INFO",
            "VISITFLOW_SELF_TEST": "1",
            "VISITFLOW_SELF_TEST_PASSWORD": "t",
        }
        made = [sys.executable, "-m", "tests.bench.storm_town", "300", "300"]
        subprocess.run(made, env=self.environment, cwd=CHECKOUT, check=True, capture_output=True)
        self.rows = psycopg.connect(self.environment["VISITFLOW_DATABASE_URL"].replace("+psycopg", ""), autocommit=True)
        self._sent = 0

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [str(COMMAND.with_name(words[0]) if words[0] == "gunicorn" else COMMAND), *words]
        log = (self.home / f"{'-'.join(words).replace('/', '')}.log").open("ab")
        given = command if words[0] != "gunicorn" else [command[0], *words[1:]]
        return subprocess.Popen(given, env=self.environment, cwd=CHECKOUT, stdout=log, stderr=log)

    def all(self, asked: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.rows.execute(asked, values).fetchall()

    def sends(self, number: int, kind: str = "sos", patience: float = PATIENCE) -> dict[str, Any] | None:
        """An event of a device by its gateway, again and again until it is confirmed."""
        event_id, self._sent = uuid.uuid4().hex, self._sent + 1
        said = {"id": event_id, "device": device(number), "type": kind, "time": self.now_ms(), "seq": self._sent}
        body, heard = sign(orjson.dumps(said), KEY), []
        with mqtt("site", "s") as client:
            client.on_message = lambda c, u, message: heard.append(orjson.loads(message.payload))
            client.subscribe(f"care/v1/site/{device(number)}/confirm", 1)
            until = time.monotonic() + patience
            while not heard and time.monotonic() < until:
                client.publish(f"care/v1/site/{device(number)}/event", body, qos=1)
                wait(lambda: heard, 3)
        return heard[0] if heard else None

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    def task_of(self, number: int) -> bool:
        asked = (
            "SELECT 1 FROM task JOIN elder ON elder.id = task.subject_id WHERE elder.number = %s AND element_id ="
            " 'call_elder'"
        )
        return bool(self.all(asked, f"S{number:06d}"))

    def close(self) -> None:
        self.rows.close()
        for server in (self.broker, self.redis, self.postgres):
            server.close()


class mqtt:
    """A connected client of the broker."""

    def __init__(self, user: str, password: str) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        self.reasons: list[Any] = []

    def __enter__(self) -> paho.Client:
        self._client.on_connect = lambda c, u, f, reason, p: self.reasons.append(reason)
        self._client.connect("127.0.0.1", BASE)
        self._client.loop_start()
        assert wait(lambda: self.reasons)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def wait(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    try:
        made = City(tmp_path_factory.mktemp("city"))
    except Missing as fault:
        if os.environ.get("VISITFLOW_TEST_SERVICES") == "required":
            raise
        pytest.skip(str(fault))
    yield made
    made.close()


@pytest.fixture(scope="module")
def parts(city: City) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every part of docs/howto/deploy.md, the listener twice; whoever was not killed ends cleanly."""
    started = {
        "web": city.start("web", "--port", str(BASE + 3)),
        "alarm": city.start("worker", "--lanes", "alarm"),
        "human": city.start("worker", "--lanes", "human,normal"),
        "bulk": city.start("worker", "--lanes", "bulk"),
        "first listener": city.start("listen"),
        "second listener": city.start("listen"),
    }
    try:
        assert wait(lambda: answers(f"http://127.0.0.1:{BASE + 3}")), "the pages are not there"
        yield started
    finally:
        alive = {name: part for name, part in started.items() if part.poll() is None}
        for part in alive.values():
            part.send_signal(signal.SIGTERM)
        ends = {name: part.wait(PATIENCE) for name, part in alive.items()}
    assert {name: end for name, end in ends.items() if end != 0} == {}


def test_an_sos_comes_through_the_listener_and_the_alarm_lane_to_a_worklist(city, parts):
    confirmed = city.sends(1)

    assert confirmed is not None and confirmed["answer"] in ("accepted", "duplicate")
    assert confirmed["case"] is not None
    assert wait(lambda: city.task_of(1))


def test_the_test_alarm_comes_through_by_mqtt(city, parts):
    """Sent to the broker as user `self-test`, heard by the listener, a task by the alarm lane, ended by itself."""
    assert wait(lambda: city.all("SELECT 1 FROM self_test WHERE came_at IS NOT NULL"))

    assert city.all("SELECT failing_since FROM self_test") == [(None,)]
    [(answer, lane)] = city.all(
        "SELECT answer, lane FROM incoming WHERE device = 'self-test' ORDER BY stored_at LIMIT 1"
    )
    assert (answer, lane) == ("accepted", "alarm")
    assert city.all("SELECT 1 FROM alarm JOIN device ON device.id = device_id WHERE device.number = 'self-test'") == []


def test_only_one_of_two_listeners_is_at_the_broker_and_the_other_takes_over(city, parts):
    assert city.sends(2) is not None
    [(owner,)] = city.all("SELECT owner FROM lease WHERE name = 'listener'")
    active = next(name for name in ("first listener", "second listener") if f":{parts[name].pid}:" in owner)

    parts[active].kill()

    assert city.sends(3) is not None
    assert wait(lambda: city.task_of(3))
    assert city.all("SELECT owner FROM lease WHERE name = 'listener'") != [(owner,)]
    assert city.all("SELECT event_id FROM incoming GROUP BY event_id HAVING count(*) > 1") == []


def test_the_long_sweeps_are_one_processes(city, parts):
    assert wait(lambda: city.all("SELECT owner FROM lease WHERE name = 'sweeps'"))


def test_workers_go_on_by_sweeps_while_redis_is_away(city, parts):
    city.redis.kill()

    assert city.sends(4) is not None
    assert wait(lambda: city.task_of(4))
    city.redis.start()
    assert city.sends(5) is not None
    assert wait(lambda: city.task_of(5))


def test_every_part_follows_the_moved_clock(city, parts):
    moved = subprocess.run(
        [str(COMMAND), "demo", "clock", "+3m"], env=city.environment, capture_output=True, text=True, timeout=300
    )
    assert moved.returncode == 0, moved.stderr

    assert city.sends(6) is not None
    [(ahead,)] = city.all("SELECT max(stored_at) - now() FROM incoming WHERE device = %s", device(6))
    assert ahead > timedelta(minutes=2)


def test_gunicorn_serves_the_door_for_platforms_with_every_check(city, parts):
    city.rows.execute("DELETE FROM platform")
    path = city.home / "platforms.csv"
    path.write_text(f"kid,key,name,devices\ncloud,{'cd' * 16},试用,s\n")
    done = subprocess.run([str(COMMAND), "platforms", "import", str(path)], env=city.environment, capture_output=True)
    assert done.returncode == 0
    gunicorn = city.start(*GUNICORN, "-b", f"127.0.0.1:{BASE + 4}")
    address = f"http://127.0.0.1:{BASE + 4}"
    assert wait(lambda: answers(address))

    said = [
        {"id": uuid.uuid4().hex, "device": name, "type": "sos", "time": city.now_ms(), "data": {}}
        for name in (device(7), "z-unknown")
    ]
    body = json.dumps(said).encode()
    header = {"X-Signature": signature(body, bytes.fromhex("cd" * 16), "cloud", int(time.time()))}
    answer = requests.post(f"{address}/api/devices/events", body, headers=header, timeout=30)

    assert [each["answer"] for each in answer.json()] == ["accepted", "refused"]
    assert answer.json()[0]["case"] is not None
    assert wait(lambda: city.task_of(7))
    gunicorn.terminate()
    assert gunicorn.wait(PATIENCE) == 0


def test_the_shipped_broker_lets_a_device_speak_for_itself_alone_and_nobody_without_a_name(city):
    heard: list[str] = []
    with mqtt("visitflow", "v") as listening, mqtt(device(1), "one") as one, mqtt("site", "s") as site:
        listening.on_message = lambda c, u, message: heard.append(message.topic)
        subscribed: list[Any] = []
        listening.on_subscribe = lambda *said: subscribed.append(said)
        listening.subscribe("care/v1/+/+/reading", 1)
        assert wait(lambda: subscribed)
        for client, topic in (
            (one, f"care/v1/anywhere/{device(1)}/reading"),
            (one, f"care/v1/anywhere/{device(2)}/reading"),
            (site, f"care/v1/site/{device(2)}/reading"),
            (site, f"care/v1/elsewhere/{device(2)}/reading"),
        ):
            client.publish(topic, b"{}", qos=1)
        assert wait(lambda: len(heard) >= 2)
        time.sleep(0.5)
    nobody = mqtt("", "")
    with nobody:
        pass

    assert heard == [f"care/v1/anywhere/{device(1)}/reading", f"care/v1/site/{device(2)}/reading"]
    assert nobody.reasons[0].is_failure
