"""Figures of the engine on a 20-node diagram (`make bench`): through engine/run on both databases, in one run.

Each repeat runs the bare library and the naive host in a process of their own, then ours without a database and on each
database; so a busy moment of the machine meets all of them. On PostgreSQL one worker process works through a heap of
messages, then two do.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from engine import db, definitions, garbage, incoming, jobs, run, tasks, work
from engine.operations import Step, operation
from engine.spiff import Budget, Live
from tests.bench.diagram import CASES, DATA, LARGE, TASKS, Case, begun_by_message, ours
from tests.bench.measuring import Counted, Figures, Spread, databases
from tests.databases import Databases
from tests.engine.steps import FORM

REPEATS = 5
MESSAGES = 800
LIMIT_MS, BARE_START_MS = 2.5, 0.8
HOSTS = {
    "bare library, never saved": "memory",
    "naive host, JSON with the diagram in it": "naive",
    "ours, load + step + save": "alone",
}
ROOT = Path(__file__).resolve().parents[2]


@operation("bench.note")
def note(session: Any, step: Step) -> dict[str, Any]:
    """What a script task is for the bare library."""
    return {"noted": 1}


class Alone:
    """The host of an instance without a database."""

    budget = Budget()

    def __init__(self, specification: definitions.Specification) -> None:
        self.specification = specification

    def operation(self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        return {"noted": 1}

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        return self.specification.decide(decision_id, data, "")


@dataclass
class Taken:
    """What the repeats gave: milliseconds of processor time by name, statements and commits by database."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    sql: dict[str, Figures] = field(default_factory=dict)
    workers: list[float] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        self.ms.setdefault(name, []).append(value)


def measure(only: str | None, lives: int) -> Taken:
    """Everything in one run."""
    taken = Taken()
    places = databases(only)
    with tempfile.TemporaryDirectory() as folder:
        urls = {name: _prepared(place, Path(folder)) for name, place in places.items()}
        for repeat in range(REPEATS):
            _bare(taken, lives // 2)
            with _as_served():
                for name, url in urls.items():
                    _through_run(taken, name, url, lives, str(repeat))
            for name, case in CASES.items():
                _without_database(taken, next(iter(urls.values())), name, case, lives)
        if "PostgreSQL" in urls:
            taken.workers = [_two_of(urls["PostgreSQL"]) for _ in range(REPEATS)]
        db.database().close()
    for place in places.values():
        place.close()
    return taken


def _prepared(place: Databases, folder: Path) -> str:
    url = place.new(folder)
    opened = db.open_database(url)
    db.Base.metadata.create_all(opened.engine)
    with jobs.transaction() as session:
        definitions.deploy(session, ours() | begun_by_message() | LARGE.ours(), None, {"answer": FORM})
    return url


@contextmanager
def _as_served() -> Iterator[None]:
    """Python's collector as a process of the program sets it; the hosts without a database keep its default."""
    before = gc.get_threshold()
    garbage.settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def _bare(taken: Taken, lives: int) -> None:
    command = [sys.executable, "-m", "tests.bench.bare", str(lives)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    for name, figures in json.loads(said).items():
        taken.add(f"{name} start", 1000 * figures["start"])
        taken.add(f"{name} complete", 1000 * figures["complete"])


def _through_run(taken: Taken, name: str, url: str, lives: int, repeat: str) -> None:
    """Start and complete through engine/run, one transaction each."""
    counted = Counted(db.open_database(url))
    starts, completions = Figures(), Figures()
    for number in range(lives + 8):
        if number == 8:  # the first ones fill the caches
            starts, completions = Figures(), Figures()
        instance_id = counted.call(starts, lambda number=number: _start(f"{repeat} {number}"))
        for element in TASKS:
            task_id = _open(instance_id, element)
            done = counted.call(completions, lambda task_id=task_id: _complete(task_id))
        assert done.ended
    for what, figures in (("start", starts), ("complete", completions)):
        taken.add(f"{name} {what}", figures.processor_ms)
        taken.add(f"{name} {what} a second", figures.per_second)
        taken.sql[f"{name} {what}"] = figures


def _start(key: str) -> UUID:
    with jobs.transaction() as session:
        return run.start(session, "bench", dict(DATA), key)


def _complete(task_id: UUID) -> run.Completed:
    with jobs.transaction() as session:
        return run.complete_task(session, task_id, {"ok": "yes", "text": "all is well"}, 7)


def _open(instance_id: UUID, element: str) -> UUID:
    with db.reading() as session:
        return next(row.id for row in tasks.of_instance(session, instance_id) if row.element_id == element)


def _without_database(taken: Taken, url: str, name: str, case: Case, lives: int) -> None:
    """Load, step and save of whole lives with the state as bytes in memory."""
    db.open_database(url)
    with db.reading() as session:
        specification = definitions.specification(session, definitions.current(session, case.process_id).bundle_id)
    host = Alone(specification)
    starts = completions = 0.0
    for number in range(lives + 8):
        if number == 8:
            starts = completions = 0.0
        began = time.process_time()
        blob = Live.begin(specification.bundle, case.process_id, dict(DATA), host).dump()
        starts += time.process_time() - began
        for element in case.tasks:
            began = time.process_time()
            live = Live.restore(specification.bundle, case.process_id, blob, host)
            task = next(each for each in live.open_tasks if each.element_id == element)
            live.complete(task.id, {element: {"ok": "yes"}})
            blob = live.dump()
            completions += time.process_time() - began
        assert live.ended
    taken.add(f"alone {name} start", 1000 * starts / lives)
    taken.add(f"alone {name} complete", 1000 * completions / lives / len(case.tasks))


def _two_of(url: str) -> float:
    """How much more two worker processes do than one in the same time."""
    return _seconds(url, 1) / _seconds(url, 2)


def _seconds(url: str, workers: int) -> float:
    """How long so many worker processes take for MESSAGES, each of which begins an instance."""
    db.open_database(url)
    command = [sys.executable, "-m", "tests.bench.heap", url]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
               for _ in range(workers)]  # fmt: skip
    for each in started:
        assert each.stdout is not None and each.stdout.readline().strip() == "ready"
    for _ in range(MESSAGES // 50):
        with db.writing() as session:
            for _ in range(50):
                incoming.message(session, "bench.begin", str(db.new_id()), dict(DATA))
    began = time.perf_counter()
    for each in started:  # all of them begin, then all are waited for
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in started:
        each.communicate()
    taken = time.perf_counter() - began
    with db.reading() as session:
        assert not work.any_due(session, work.LANES)
    return taken


def limit(taken: Taken) -> float:
    """What a start and a completion may cost here: 2.5 ms where the bare library's start takes 0.8 ms."""
    return LIMIT_MS * Spread(taken.ms["memory small start"]).median / BARE_START_MS


def life(taken: Taken, host: str, name: str) -> Spread:
    """Milliseconds of a start and all completions."""
    pairs = zip(taken.ms[f"{host} {name} start"], taken.ms[f"{host} {name} complete"], strict=True)
    return Spread([start + len(CASES[name].tasks) * complete for start, complete in pairs])


def report(taken: Taken) -> list[str]:
    """The figures as lines of a Markdown page, with the ratios that are promised."""
    most = limit(taken)
    lines = [
        "| through `engine/run`, small diagram | processor ms | of the limit | a second, one client | SQL | commits |"
    ]
    lines.append("|---|---|---|---|---|---|")
    for name, figures in taken.sql.items():
        ms, rate = Spread(taken.ms[name]), Spread(taken.ms[f"{name} a second"])
        sql, commits = max(figures.statements), max(figures.commits)
        lines.append(f"| {name} | {ms} | {ms.median / most:.2f} | {rate.median:.0f} | {sql} | {commits} |")
    lines += ["", f"The limit on this machine in this run: {most:.2f} ms.", ""]
    lines += ["| without a database, processor ms | start | complete | life |", "|---|---|---|---|"]
    for name in CASES:
        lines += [_alone(taken, name, title, host) for title, host in HOSTS.items()]
    lines.append("")
    for name in CASES:
        times = life(taken, "naive", name).median / life(taken, "alone", name).median
        lines.append(
            f"On the {name} diagram ours does {times:.1f} times as many human steps a second as the naive host."
        )
    if taken.workers:
        lines.append(f"Two worker processes do {Spread(taken.workers)} times the work of one (PostgreSQL).")
    return lines


def _alone(taken: Taken, name: str, title: str, host: str) -> str:
    start, complete = Spread(taken.ms[f"{host} {name} start"]), Spread(taken.ms[f"{host} {name} complete"])
    return f"| {name} diagram, {title} | {start} | {complete} | {life(taken, host, name)} |"
