"""The processes of the storm: its own servers, the parts of a city, senders; and what each costs in processor time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.storm_sender import Plan
from tests.broker import Shipped
from tests.faults.program import CHECKOUT, COMMAND, answers
from tests.faults.servers import Postgres, Redis

TICKS = os.sysconf("SC_CLK_TCK")
LISTENER = ("visitflow", "listener-secret")


@dataclass
class Part:
    name: str
    process: subprocess.Popen[bytes]

    def seconds(self) -> float:
        """Processor time so far, children included."""
        return _seconds(self.process.pid)


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(each) for each in fields[11:15]) / TICKS


class Parts:
    """Everything that runs; `base` is the first of forty free ports."""

    def __init__(self, base: int, senders: int) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="visitflow-storm-"))
        self.sites = [f"site{number}" for number in range(senders)]
        self.broker = Shipped(base, dict([LISTENER]) | {site: f"{site}-secret" for site in self.sites})
        self.redis, self.postgres = Redis(base + 1), Postgres(base + 2)
        self.ports = (base + 3, base + 4)
        for server in (self.broker, self.redis, self.postgres):
            server.start()
        self.address = self.postgres.create("vf_storm_city")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
        self.environment = inherited | {
            "VISITFLOW_HOME": str(self.home),
            "VISITFLOW_DATABASE_URL": self.address,
            "VISITFLOW_REDIS_URL": self.redis.url,
            "VISITFLOW_MQTT_HOST": "127.0.0.1",
            "VISITFLOW_MQTT_PORT": str(base),
            "VISITFLOW_MQTT_USERNAME": LISTENER[0],
            "VISITFLOW_MQTT_PASSWORD": LISTENER[1],
            "VISITFLOW_LOG_LEVEL": "WARNING",
        }
        self.parts: list[Part] = []
        self.senders: list[Part] = []

    def prepare(self, elders: int, devices: int) -> None:
        made = [sys.executable, "-m", "tests.bench.storm_town", str(elders), str(devices)]
        subprocess.run(made, env=self.environment, cwd=CHECKOUT, check=True)

    def start(self) -> None:
        for port in self.ports:
            self._start(f"web {port}", "web", "--port", str(port))
        self._start("alarm worker", "worker", "--lanes", "alarm")
        self._start("worker", "worker", "--lanes", "human,normal")
        self._start("bulk worker", "worker", "--lanes", "bulk")
        self._start("listener", "listen")
        time.sleep(3)
        self._start("listener standing by", "listen")
        until = time.monotonic() + 300
        while not all(answers(f"http://127.0.0.1:{port}") for port in self.ports):
            assert time.monotonic() < until, f"the pages are not there; see {self.home}"
            time.sleep(0.2)

    def _start(self, name: str, *words: str) -> None:
        log = (self.home / f"{name.replace(' ', '-')}.log").open("ab")
        process = subprocess.Popen([str(COMMAND), *words], env=self.environment, stdout=log, stderr=log)
        self.parts.append(Part(name, process))

    def send(self, plan: Plan) -> None:
        """Start one sender."""
        path = self.home / f"{plan.user}.json"
        path.write_text(json.dumps(asdict(plan)))
        words = [sys.executable, "-m", "tests.bench.storm_sender", str(path)]
        self.senders.append(Part(plan.user, subprocess.Popen(words, env=self.environment, cwd=CHECKOUT)))

    def costs(self) -> dict[str, float]:
        """Processor seconds so far by part."""
        found = {part.name: part.seconds() for part in self.parts}
        found["senders"] = sum(part.seconds() for part in self.senders)
        found["mosquitto"] = _seconds(self.broker._process.pid) if self.broker._process else 0.0
        found["redis"] = _seconds(self.redis._process.pid) if self.redis._process else 0.0
        found["postgresql"] = self._postgres()
        return found

    def _postgres(self) -> float:
        """The server's processes that live, and those of it that ended."""
        main = (self.postgres.data / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return _seconds(int(main)) + sum(_seconds(int(child)) for child in children)

    def stop(self, name: str) -> float:
        """SIGTERM; seconds until it ended."""
        began = time.monotonic()
        for part in self.parts:
            if part.name == name and part.process.poll() is None:
                part.process.send_signal(signal.SIGTERM)
                part.process.wait(60)
        return time.monotonic() - began

    def close(self) -> None:
        for part in [*self.senders, *self.parts]:
            if part.process.poll() is None:
                part.process.terminate()
        for part in [*self.senders, *self.parts]:
            try:
                part.process.wait(20)
            except subprocess.TimeoutExpired:
                part.process.kill()
        for server in (self.broker, self.redis, self.postgres):
            server.close()
