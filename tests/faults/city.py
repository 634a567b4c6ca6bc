"""A city under test: two web processes, workers by lane, the device listener, each watched and started again.

The watcher does what systemd or a container platform does: a part that ended is started at once. It measures how long
each killed part took until it was back: pages answer, a worker has said that it lives, the listener is at the broker.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.jobs.parts import program as alive
from tests.faults.program import CHECKOUT, COMMAND, NotBack, Program, answers
from tests.faults.servers import Mosquitto, Postgres, Redis

BUSY = os.getloadavg()[0] > (os.cpu_count() or 1)
"""Whether others kept this machine busy before the script began."""


@dataclass
class Part:
    """One process; `is_back` says whether it does its work again."""

    name: str
    words: tuple[str, ...]
    log_path: Path
    is_back: Callable[[Part], bool]
    process: subprocess.Popen[bytes] | None = None
    away_since: float | None = None  # killed then, and not back yet
    log_from: int = 0
    log: IO[bytes] | None = None

    def spawn(self, environment: dict[str, str]) -> None:
        self.log = self.log or self.log_path.open("ab")
        self.log_from = self.log_path.stat().st_size
        self.process = subprocess.Popen(
            [str(COMMAND), *self.words], env=environment, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def said(self, words: bytes) -> bool:
        """Whether it has logged this since it was started."""
        with self.log_path.open("rb") as log:
            log.seek(self.log_from)
            return words in log.read()


@dataclass
class Away:
    """How long killed parts were away, in seconds; `queued` is what of it they waited for a processor."""

    times: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)

    @property
    def judged(self) -> list[float]:
        """On a machine that others keep busy the waiting for a processor says nothing about the program."""
        return [away - queued for away, queued in zip(self.times, self.queued, strict=True)] if BUSY else self.times

    def note(self, away: float, queued: float) -> None:
        self.times.append(away)
        self.queued.append(queued)

    def sentence(self) -> str:
        if not self.times:
            return "nothing was away"
        ordered = sorted(self.judged)
        said = f"back after {ordered[len(ordered) // 2]:.1f} s (median), {ordered[-1]:.1f} s at most"
        return f"{said} without the waiting for a busy machine (with it {max(self.times):.1f} s)" if BUSY else said


def queued_seconds(pid: int) -> float:
    """How long the process has been ready to run and had no processor; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class City(Program):
    """The parts of docs/howto/deploy.md as processes on one machine; `postgres` None: on one SQLite file."""

    def __init__(
        self, home: Path, port: int, broker: Mosquitto, redis: Redis | None, postgres: Postgres | None
    ) -> None:
        super().__init__(home, port, broker.port)
        self.environment |= {
            "VISITFLOW_MQTT_HOST": "127.0.0.1",
            "VISITFLOW_MQTT_PORT": str(broker.port),
            "VISITFLOW_LOG_LEVEL": "INFO",
            "VISITFLOW_DEMO": "1",
        }
        if redis is not None:
            self.environment["VISITFLOW_REDIS_URL"] = redis.url
        if postgres is not None:
            self.environment["VISITFLOW_DATABASE_URL"] = postgres.create("vf_faults_city")
        self.engine = create_engine(self.database, poolclass=NullPool)
        self.ports = (port, port + 1)
        self.away = Away()
        self._wanted = False
        self.parts = [
            *(self._part(f"web {at}", self._web(at), "web", "--port", str(at)) for at in self.ports),
            self._part("alarm worker", self._worker, "worker", "--lanes", "alarm"),
            self._part("worker", self._worker, "worker", "--lanes", "human,normal,bulk"),
            self._part("listener", self._listener, "listen"),
        ]
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def _part(self, name: str, is_back: Callable[[Part], bool], *words: str) -> Part:
        return Part(name, words, self.home / f"{name.replace(' ', '-')}.log", is_back)

    def pick(self) -> str:
        """The address of one of the web processes, as a load balancer that checks nothing gives it."""
        return f"http://127.0.0.1:{random.choice(self.ports)}"

    def start(self, patience_seconds: float = 180) -> float:
        """Tables, district, diagrams; then all parts, and wait until each is there."""
        began = time.monotonic()
        made = [sys.executable, "-m", "tests.faults.prepared"]
        subprocess.run(made, env=self.environment, cwd=CHECKOUT, stdout=self.log, stderr=self.log, check=True)
        self._wanted = True
        self._watcher.start()
        until = time.monotonic() + patience_seconds
        while not self.is_whole():
            if time.monotonic() > until:
                raise NotBack(f"not all parts are there after {patience_seconds} s; see {self.home}")
            time.sleep(0.05)
        self.away = Away()
        return time.monotonic() - began

    def is_whole(self) -> bool:
        return all(part.process is not None and part.away_since is None for part in self.parts)

    def kill_one(self) -> str:
        """kill -9 of one part that is there; its name, empty when none is."""
        there = [part for part in self.parts if part.away_since is None]
        if not there:
            return ""
        part = random.choice(there)
        self._signal(part, signal.SIGKILL)
        return part.name

    def kill(self) -> None:
        """kill -9 of all parts at once."""
        for part in self.parts:
            self._signal(part, signal.SIGKILL)

    def stop(self) -> None:
        self._wanted = False
        for part in self.parts:
            self._signal(part, signal.SIGTERM)
        for part in self.parts:
            if part.process is not None:
                try:
                    part.process.wait(15)
                except subprocess.TimeoutExpired:
                    self._signal(part, signal.SIGKILL)

    def _signal(self, part: Part, number: int) -> None:
        if part.process is not None and part.process.poll() is None:
            part.away_since = part.away_since or time.monotonic()
            os.killpg(part.process.pid, number)

    def _watch(self) -> None:
        while True:
            if self._wanted:
                for part in self.parts:
                    self._look_after(part)
            time.sleep(0.02)

    def _look_after(self, part: Part) -> None:
        if part.process is None or part.process.poll() is not None:
            part.away_since = part.away_since or time.monotonic()
            part.spawn(self.environment)
        elif part.away_since is not None and part.is_back(part):
            self.away.note(time.monotonic() - part.away_since, queued_seconds(part.process.pid))
            part.away_since = None

    def _web(self, port: int) -> Callable[[Part], bool]:
        return lambda part: answers(f"http://127.0.0.1:{port}")

    def _worker(self, part: Part) -> bool:
        assert part.process is not None
        asked = select(func.count()).select_from(alive).where(alive.c.owner.like(f"%:{part.process.pid}:%"))
        try:
            with self.engine.connect() as rows:
                return bool(rows.execute(asked).scalar_one())
        except SQLAlchemyError:
            return False

    def _listener(self, part: Part) -> bool:
        return part.said(b"connected to the broker lane=event")
