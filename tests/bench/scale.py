"""A city's load of rows (`make bench-scale`): does a step, a page or the sweep cost more than with few?

200,000 live instances with open tasks beside an almost empty database, measured in turn. Processor time is this
process's: what PostgreSQL's own process spends shows in the pages' and sweeps' wall time.
"""

from __future__ import annotations

import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from care import people
from engine import clock, db, definitions, history, jobs, run, tasks
from engine.jobs import sweeps
from engine.tasks.table import NO_DUE, RANKS, task
from tests.bench import bench_engine as _registers  # noqa: F401  (an operation)
from tests.bench.diagram import TASKS, ours, waiting
from tests.bench.measuring import Counted, Figures, Spread, databases, p95
from tests.bench.plans import plans, whole_tables
from tests.bench.rows_at_scale import grow, make_due
from tests.databases import Databases
from tests.engine.steps import FORM
from tests.town import Town
from tests.web.conftest import PASSWORD, Browser
from web.app import create_app

FEW = 300
ROUNDS, LIVES = 8, 12
PAGES = 60
READERS = ("grid_worker", "township_desk", "monitor_desk")
LATENESS = 60  # timers


def measure(only: str | None, instances: int, due: int) -> dict[str, dict[str, Any]]:
    """Everything, on each database that there is."""
    return {name: _on(place, instances, due) for name, place in databases(only).items()}


def _on(place: Databases, instances: int, due: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        few_url, few = filled(place.new(Path(folder), "few"), FEW)
        many_url, many = filled(place.new(Path(folder), "many"), instances)
        found: dict[str, Any] = {"instances": instances}
        found |= steps(few_url, few, many_url, many)
        db.open_database(many_url)
        found["pages"] = {role: pages(many, role) for role in READERS}
        found |= page_plans(many)
        found |= firing(due)
        found |= sweeping()
        found["late"] = lateness(many_url)
        db.database().close()
        return found


def filled(url: str, instances: int) -> tuple[str, Town]:
    """The address again, of a database with a town and so many instances by now."""
    began = time.perf_counter()
    opened = db.open_database(url)
    db.Base.metadata.create_all(opened.engine)
    town = Town()
    with jobs.transaction() as session:
        definitions.deploy(session, ours("township_desk") | waiting(), None, {"answer": FORM})
        hashed = people.hashed(PASSWORD)
        for role in READERS:
            session.get_one(people.Staff, town.staff[role]).password_hash = hashed
    grow(town, instances)
    print(f"{instances} instances in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return url, town


# --- steps ---


def steps(few_url: str, few: Town, many_url: str, many: Town) -> dict[str, Any]:
    """Processor milliseconds per step in both, in turn, and whether their statements are carried out alike."""
    spent: dict[str, list[float]] = {"few": [], "many": []}
    seen: dict[str, dict[str, list[str]]] = {}
    whole: set[str] = set()
    for each_round in range(ROUNDS):
        for name, url, town in (("few", few_url, few), ("many", many_url, many)):
            database = db.open_database(url)
            counted, figures = Counted(database), Figures()
            _life(counted, Figures(), town, f"{each_round} warm")
            _life(counted, Figures(), town, f"{each_round} warm too")
            for number in range(LIVES):
                _life(counted, figures, town, f"{each_round} {number}")
            spent[name].append(figures.processor_ms)
            if not each_round:
                statements = _statements(counted, town)
                seen[name] = plans(database, statements, forced=True)
                if name == "many":
                    free = plans(database, statements)
                    whole = {step for plan in free.values() for step in whole_tables(plan)}
    common = seen["few"].keys() & seen["many"].keys()
    differ = [text for text in common if seen["few"][text] != seen["many"][text]]
    return {
        "few": Spread(spent["few"]),
        "many": Spread(spent["many"]),
        "ratio": statistics.median(spent["many"]) / statistics.median(spent["few"]),
        "plans": len(common),
        "plans_differ": [(text, seen["few"][text], seen["many"][text]) for text in differ],
        "plans_whole": sorted(whole),
    }


def _life(counted: Counted, figures: Figures, town: Town, key: str) -> None:
    instance_id = counted.call(figures, lambda: _start(town, key))
    for element in TASKS:
        task_id = _open(instance_id, element)
        counted.call(figures, lambda task_id=task_id: _complete(task_id))


def _statements(counted: Counted, town: Town) -> list[tuple[str, Any]]:
    """All statements of a start, its completions, a fired timer and a delivered message."""
    found = []
    instance_id = counted.call(Figures(), lambda: _start(town, f"seen {time.time_ns()}"))
    found += counted.seen
    for element in TASKS:
        task_id = _open(instance_id, element)
        counted.call(Figures(), lambda task_id=task_id: _complete(task_id))
        found += counted.seen
    with clock.frozen(clock.now() - timedelta(hours=2)):
        other = _start(town, f"due {time.time_ns()}")
    counted.call(Figures(), lambda: _fire(other))
    found += counted.seen
    counted.call(Figures(), sweeps.queue_timers)
    found += counted.seen
    counted.call(Figures(), lambda: jobs.work_lane("normal"))
    return found + counted.seen


def _start(town: Town, key: str) -> UUID:
    with jobs.transaction() as session:
        return run.start(session, "bench", {"elder_id": town.elder.id, "points": 70}, key)


def _complete(task_id: UUID) -> None:
    with jobs.transaction() as session:
        run.complete_task(session, task_id, {"ok": "yes"}, 7)


def _fire(instance_id: UUID) -> None:
    with jobs.transaction() as session:
        assert run.fire_timers(session, instance_id) == 1


def _open(instance_id: UUID, element: str) -> UUID:
    with db.reading() as session:
        return next(row.id for row in tasks.of_instance(session, instance_id) if row.element_id == element)


# --- pages of the worklist ---


def pages(town: Town, role: str) -> dict[str, Any]:
    """Milliseconds of pages anywhere in a worker's list, the whole request in this process."""
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
    with db.reading() as session:
        person = people.person(session, town.staff[role])
        assert person is not None
        keys = keys_of(session, person)
    from web.worklist import packed

    chance = random.Random(7)
    with app.test_client() as client:
        browser = Browser(client)
        browser.sign_in(person.user_name)
        assert "data-id=" in browser.get("/tasks").text
        wall, processor = [], []
        for number in range(PAGES):
            after = packed(chance.choice(keys)) if number % 4 else ""
            began, spent = time.perf_counter(), time.process_time()
            answer = client.get(f"/tasks?after={after}")
            wall.append(1000 * (time.perf_counter() - began))
            processor.append(1000 * (time.process_time() - spent))
            assert answer.status_code == 200
    return {"tasks": len(keys), "wall": wall, "processor": processor}


def keys_of(session: db.Session, person: people.Person) -> list[tuple[int, Any, UUID]]:
    """The place of every task in a person's list."""
    found: list[tuple[int, Any, UUID]] = []
    after = None
    while True:
        page = tasks.worklist(session, person.worklist_posts, person.id, after, 5000)
        found += [(RANKS.get(row.priority or "", 2), row.due_at or NO_DUE, row.id) for row in page.rows]
        after = page.after
        if after is None:
            return found


def page_plans(town: Town) -> dict[str, Any]:
    """Whole tables that the question for a page reads."""
    database = db.database()
    counted = Counted(database)
    found = []
    with db.reading() as session:
        for role in READERS:
            person = people.person(session, town.staff[role])
            assert person is not None
            counted.seen.clear()
            first = tasks.worklist(session, person.worklist_posts, person.id, None, 40)
            tasks.worklist(session, person.worklist_posts, person.id, first.after, 40)
            found += counted.seen
    whole = [step for plan in plans(database, found).values() for step in whole_tables(plan)]
    return {"page_whole": whole}


# --- timers ---


def firing(due: int) -> dict[str, Any]:
    """Seconds to find due timers and to fire them, in one thread."""
    made = make_due(due, clock.now() - timedelta(minutes=5))
    began, spent = time.perf_counter(), time.process_time()
    found = sum(iter(sweeps.queue_timers, 0))
    finding = (time.perf_counter() - began, time.process_time() - spent)
    assert found >= made, (found, made)
    began, spent = time.perf_counter(), time.process_time()
    done = jobs.work_lane("normal")
    return {
        "due": found,
        "finding": finding,
        "fired": done,
        "firing": (time.perf_counter() - began, time.process_time() - spent),
    }


def sweeping() -> dict[str, Any]:
    """Milliseconds of each sweep with nothing to find, the median of five."""
    found = {}
    for name in ("queue_timers", "climb_ladder", "free_dead_leases", "wake_kept", "open_incidents_for_stuck"):
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            getattr(sweeps, name)()
            taken.append(1000 * (time.perf_counter() - began))
        found[name] = statistics.median(taken)
    return {"sweeps": found}


def lateness(url: str) -> list[float]:
    """Seconds between a timer's due time and its firing, with a worker process of its own."""
    command = [sys.executable, "-m", "tests.bench.worker", url]
    root = Path(__file__).resolve().parents[2]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        assert worker.stdout is not None and worker.stdout.readline().strip() == "ready"
        begun = []
        for _ in range(LATENESS):
            with jobs.transaction() as session:
                begun.append(run.start(session, "bench_wait", {}))
            time.sleep(0.1)
        return list(itertools.chain.from_iterable(_late(each) for each in begun))
    finally:
        worker.kill()
        worker.wait()


def _late(instance_id: UUID) -> Iterator[float]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with db.reading() as session:
            rows = history.of_instance(session, instance_id)
            opened = session.connection().scalar(select(task.c.created_at).where(task.c.instance_id == instance_id))
        if opened is not None:
            yield (opened - rows[0].at - timedelta(seconds=2)).total_seconds()
            return
        time.sleep(0.2)
    raise AssertionError("a timer did not fire within 30 s")


def report(name: str, found: dict[str, Any]) -> list[str]:
    """The figures of one database as lines of a Markdown page."""
    head = [f"| {name}, {found['instances']} live instances | figure |", "|---|---|"]
    return head + [f"| {what} | {figure} |" for what, figure in _rows(found)] + _unlike(found)


def _unlike(found: dict[str, Any]) -> list[str]:
    told = "\nOtherwise with many: `{}` {} {}"
    return [told.format(" ".join(text.split())[:160], few, many) for text, few, many in found["plans_differ"]]


def _rows(each: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"processor ms per step, {FEW} instances", str(each["few"])
    yield f"processor ms per step, {each['instances']} instances", f"{each['many']}, ratio {each['ratio']:.2f}"
    yield "statements of a step carried out alike", f"{each['plans'] - len(each['plans_differ'])} of {each['plans']}"
    yield "of these read a whole table", ", ".join(each["plans_whole"]) or "none"
    for role, page in each["pages"].items():
        wall, processor = p95(page["wall"]), p95(page["processor"])
        median = statistics.median(page["wall"])
        told = f"p95 {wall:.1f} (processor {processor:.1f}), median {median:.1f}"
        yield f"ms per page of the worklist, {role}, {page['tasks']} tasks", told
    yield "whole tables read for a page", ", ".join(each["page_whole"]) or "none"
    yield f"finding {each['due']} due timers, s", "{:.2f} (processor {:.2f})".format(*each["finding"])
    rate = each["fired"] / each["firing"][1]
    yield f"firing {each['fired']}", f"{rate:.0f} per second of processor time, {each['firing'][0]:.1f} s in all"
    late = sorted(each["late"])
    yield f"lateness of {len(late)} timers, s", f"median {statistics.median(late):.2f}, max {late[-1]:.2f}"
    for sweep, ms in each["sweeps"].items():
        yield f"sweep {sweep}, nothing to do, ms", f"{ms:.1f}"
