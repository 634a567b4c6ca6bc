"""Figures of the engine on a 20-node diagram (`make bench`): through engine/run on SQLite, beside the bare library.

SQL statements and commits are counted by the driver's hook. Processor time is this thread's and the driver's, wall time
is with one client. The library alone and the naive host run in a process of their own in the same run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import event

from engine import db, definitions, jobs, run, tasks
from engine.operations import Step, operation
from engine.spiff import Budget, Live
from tests.bench.diagram import DATA, TASKS, ours
from tests.engine.steps import FORM

LIVES = 400
T = TypeVar("T")
START_LIMIT_MS, BARE_START_MS = 7.0, 0.8


@operation("bench.note")
def note(session: Any, step: Step) -> dict[str, Any]:
    """What a script task is for the bare library."""
    return {"noted": 1}


@dataclass
class Figures:
    """Sums over all operations of one kind."""

    count: int = 0
    wall: float = 0.0
    processor: float = 0.0
    statements: Counter[int] = field(default_factory=Counter)
    commits: Counter[int] = field(default_factory=Counter)

    @property
    def processor_ms(self) -> float:
        return 1000 * self.processor / self.count

    @property
    def per_second(self) -> float:
        return self.count / self.wall


class Counted:
    """Measures calls, and counts what the driver gets meanwhile."""

    def __init__(self, database: db.Database) -> None:
        self.statements = self.commits = 0
        event.listen(database.engine, "before_cursor_execute", self._statement)
        event.listen(database.engine, "commit", self._commit)

    def _statement(self, connection: Any, cursor: Any, text: str, *rest: Any) -> None:
        self.statements += not text.startswith("BEGIN")

    def _commit(self, connection: Any) -> None:
        self.commits += 1

    def call(self, figures: Figures, function: Callable[[], T]) -> T:
        self.statements = self.commits = 0
        wall, processor = time.perf_counter(), time.process_time()
        result = function()
        figures.processor += time.process_time() - processor
        figures.wall += time.perf_counter() - wall
        figures.count += 1
        figures.statements[self.statements] += 1
        figures.commits[self.commits] += 1
        return result


class Alone:
    """The host of an instance without a database."""

    budget = Budget()

    def __init__(self, specification: definitions.Specification) -> None:
        self.specification = specification

    def operation(self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        return {"noted": 1}

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        return self.specification.decide(decision_id, data, "")


def through_run(database: db.Database, lives: int) -> tuple[Figures, Figures]:
    """Start and complete through engine/run, one transaction each."""
    counted, starts, completions = Counted(database), Figures(), Figures()
    for number in range(lives + 10):
        if number == 10:  # the first ones fill the caches
            starts, completions = Figures(), Figures()
        instance_id = counted.call(starts, lambda number=number: _start(f"life {number}"))
        for element in TASKS:
            task_id = _open(instance_id, element)
            done = counted.call(completions, lambda task_id=task_id: _complete(task_id))
        assert done.ended
    return starts, completions


def _start(key: str) -> UUID:
    with jobs.transaction() as session:
        return run.start(session, "bench", dict(DATA), key)


def _complete(task_id: UUID) -> run.Completed:
    with jobs.transaction() as session:
        return run.complete_task(session, task_id, {"ok": "yes", "text": "all is well"}, 7)


def _open(instance_id: UUID, element: str) -> UUID:
    with db.reading() as session:
        found = tasks.find(session, filters=tasks.Filters(instance_id=instance_id)).rows
    return next(row.id for row in found if row.element_id == element)


def without_database(specification: definitions.Specification, lives: int) -> dict[str, float]:
    """Load, step and save of a whole life with the state as bytes in memory; processor seconds, state size."""
    host = Alone(specification)
    starts = completions = 0.0
    size = 0
    for _ in range(lives):
        began = time.process_time()
        blob = Live.begin(specification.bundle, "bench", dict(DATA), host).dump()
        starts += time.process_time() - began
        for element in TASKS:
            began = time.process_time()
            live = Live.restore(specification.bundle, "bench", blob, host)
            task = next(each for each in live.open_tasks if each.element_id == element)
            live.complete(task.id, {element: {"ok": "yes"}})
            blob = live.dump()
            completions += time.process_time() - began
            size = max(size, len(blob))
        assert live.ended
    return {"start": starts / lives, "complete": completions / lives / len(TASKS), "bytes": size}


def measure(lives: int = LIVES) -> dict[str, Any]:
    """Everything in one run."""
    bare = subprocess.run(
        [sys.executable, "-m", "tests.bench.bare", str(lives // 2)], check=True, capture_output=True, text=True
    )
    with tempfile.TemporaryDirectory() as folder:
        database = db.open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        db.Base.metadata.create_all(database.engine)
        with jobs.transaction() as session:
            definitions.deploy(session, ours(), None, {"answer": FORM})
        starts, completions = through_run(database, lives)
        with db.reading() as session:
            version = definitions.current(session, "bench")
            alone = without_database(definitions.specification(session, version.bundle_id), lives)
        database.close()
    return {"starts": starts, "completions": completions, "alone": alone} | json.loads(bare.stdout)


def report(found: dict[str, Any]) -> str:
    """The figures as a page of text, with the ratios that are promised."""
    lines = ["engine/run on SQLite (WAL, synchronous=FULL), 20-node diagram, one client", ""]
    lines.append(f"{'':<12}{'per second':>12}{'processor ms':>14}{'SQL':>8}{'commits':>9}")
    for name in ("starts", "completions"):
        each: Figures = found[name]
        sql = f"{min(each.statements)}-{max(each.statements)}"
        numbers = f"{each.per_second:>12.0f}{each.processor_ms:>14.2f}{sql:>8}{max(each.commits):>9}"
        lines.append(f"{name:<12}{numbers}")
    lines += ["", f"{'processor ms, no database':<34}{'start':>8}{'complete':>10}{'life':>8}{'bytes':>8}"]
    for name, key in (
        ("bare library, never saved", "memory"),
        ("naive host, JSON with spec", "naive"),
        ("ours", "alone"),
    ):
        lines.append(f"{name:<34}" + _row(found[key]))
    lines += ["", *_ratios(found)]
    return "\n".join(lines)


def life(each: dict[str, float]) -> float:
    """Processor seconds of one whole life: a start and its completions."""
    return each["start"] + len(TASKS) * each["complete"]


def _row(each: dict[str, float]) -> str:
    life_ms = 1000 * life(each)
    return f"{1000 * each['start']:>8.2f}{1000 * each['complete']:>10.2f}{life_ms:>8.2f}{each['bytes']:>8.0f}"


def limit_ms(found: dict[str, Any]) -> float:
    """What a start and a completion may cost here: 7 ms where the bare library's start takes 0.8 ms."""
    return float(START_LIMIT_MS * 1000 * found["memory"]["start"] / BARE_START_MS)


def _ratios(found: dict[str, Any]) -> list[str]:
    limit = limit_ms(found)
    naive, alone = life(found["naive"]), life(found["alone"])
    starts, completions = found["starts"].processor_ms, found["completions"].processor_ms
    return [
        f"limit on this machine {limit:.2f} ms: start {starts / limit:.2f} of it, completion {completions / limit:.2f}",
        f"load + step + save of a life: {alone / naive:.2f} of the naive host's (promised: at most 0.50)",
    ]


def main() -> None:
    print(report(measure(int(sys.argv[1]) if len(sys.argv) > 1 else LIVES)))
