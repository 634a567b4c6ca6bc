"""kill -9 under load: what was acknowledged is there, nothing happened twice, the audit is clean.

VISITFLOW_TEST_KILLS sets how often (default 8).
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import audit, db, history, instances, settings, tasks, work
from tests.engine import killed as _registers  # noqa: F401  (operations that deployment checks)
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy

KILLS = int(settings.environment("VISITFLOW_TEST_KILLS", "8"))


class Program:
    """The killed program, with the ledger of what it acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.events: list[str] = []
        self.done: list[str] = []

    def start(self, first: object) -> float:
        """Start it, wait until it is ready; the seconds that took."""
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.engine.killed", self.url, str(first)]
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        return time.monotonic() - began

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            kind, _, what = line.rstrip("\n").partition(" ")
            if kind in ("event", "done") and line.endswith("\n"):
                (self.events if kind == "event" else self.done).append(what)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()


@pytest.fixture
def program(database) -> Iterator[Program]:
    program = Program(database.url)
    yield program
    if program.process.poll() is None:
        program.process.kill()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(database, program):
    begun = Drawing("p").start("start", message="kill.begin").service("s", "kill.count").user("a", **TASK)
    deploy(begun.service("t", "kill.count").path("start", "s", "a", "t", "end"))
    chance = random.Random(20260803)
    for _ in range(KILLS):
        program.start(1 + len(program.events))
        time.sleep(chance.uniform(0.2, 1.2))
        program.kill()

    program.start("rest")
    settle()
    program.kill()

    assert len(program.events) > KILLS and len(program.done) > KILLS
    with db.reading() as session:
        keys = [each.key for each in instances.find(session, state=None, limit=100_000)]
        finished = {str(row.id) for row in tasks.find(session, filters=tasks.Filters(state="done"), limit=100_000).rows}
        rows = session.connection().execute(history.history.select())
        counted = Counter(row.instance_id for row in rows if row.what == "counted")
        assert audit.run() == []
    assert set(program.events) <= set(keys)
    assert len(keys) == len(set(keys))
    assert set(program.done) <= finished
    assert set(counted.values()) == {2}


def settle() -> None:
    """Until nothing is queued, nothing is open and nothing was begun in the last moment."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with db.reading() as session:
            if not work.unfinished(session) and tasks.count(session) == 0 and work.next_due(session) is None:
                return
        time.sleep(0.2)
    raise AssertionError("the program did not catch up")
