"""A million tasks, 10,000 of them one person's (`make bench-lists`): what does each page of the lists cost?

Whole requests in this process, compressed as for a browser: pages anywhere in each list, its first, middle and last
page in turn, then filters, searches and the question whether something changed. A page's time is that of this process's
processor and of the processes of PostgreSQL that serve it, and beside it the time that passed.
"""

from __future__ import annotations

import gzip
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from care import people
from care.elders import Elder
from engine import db, definitions, jobs
from engine.instances import instance
from engine.tasks.words import task_copy
from tests.bench import bench_engine as _registers  # noqa: F401  (an operation)
from tests.bench.diagram import ours
from tests.bench.measuring import Counted, databases, p95
from tests.bench.rows_of_lists import OF_ONE, grow
from tests.bench.scale import keys_of
from tests.databases import Databases
from tests.engine.steps import FORM
from tests.town import Town
from tests.web.conftest import PASSWORD, Browser
from web import desk_kept, worklist
from web.app import create_app
from web.pages import DESK, shell_of
from web.worklist import PAGE

ANYWHERE, ROUNDS = 40, 12
_FILTERS = (
    "queue=all", "queue=urgent", "queue=late", "queue=today", "queue=p.visit_ordered", "queue=p.bench",
    "queue=all&only=mine", "queue=late&only=urgent",
)  # fmt: skip


@dataclass
class Cost:
    """Milliseconds of the requests of one kind, and statements of each."""

    clock: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)


def measure(only: str | None, tasks: int, of_one: int) -> dict[str, dict[str, Any]]:
    """Everything, on each database that there is."""
    return {name: _on(place, tasks, of_one) for name, place in databases(only).items()}


def _on(place: Databases, tasks: int, of_one: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        town = filled(place.new(Path(folder), "lists"), tasks, of_one)
        found = {"tasks": tasks, "of_one": of_one, "costs": costs(town, of_one)}
        db.database().close()
        return found


def filled(url: str, tasks: int, of_one: int) -> Town:
    """A town in an opened database with so many tasks."""
    began = time.perf_counter()
    opened = db.open_database(url)
    db.Base.metadata.create_all(opened.engine)
    town = Town()
    with jobs.transaction() as session:
        definitions.deploy(session, ours("township_desk"), None, {"answer": FORM})
        hashed = people.hashed(PASSWORD)
        for role in OF_ONE:
            session.get_one(people.Staff, town.staff[role]).password_hash = hashed
            person = people.person(session, town.staff[role])
            assert person is not None
            for body in _FILTERS[1:4]:
                desk_kept.keep(session, person, desk_kept.FILTER, body, body, shared=False)
    grow(town, tasks, of_one)
    print(f"{tasks} tasks in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return town


def costs(town: Town, of_one: int) -> dict[tuple[str, str], Cost]:
    """The cost by person and kind of page."""
    found: dict[tuple[str, str], Cost] = defaultdict(Cost)
    asked = Requests()
    for role in OF_ONE:
        with db.reading() as session:
            person = people.person(session, town.staff[role])
            assert person is not None
        app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
        with app.test_client() as client:
            browser = Browser(client)
            browser.sign_in(person.user_name)
            client.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip"
            for kind, address, keys in _lists(person):
                _list(asked, client, found, (role, kind), address, keys, of_one)
            for kind, address in _asked(town, role):
                for _ in range(ROUNDS):
                    asked.page(found[role, kind], client, address)
            _renewals(asked, client, found[role, "asks whether something changed"])
        print(
            f"{role}: {sum(len(each.clock) for (who, _), each in found.items() if who == role)} requests",
            file=sys.stderr,
        )
    return dict(found)


def _lists(person: people.Person) -> Iterator[tuple[str, str, list[str]]]:
    """(which, its address, where each of its pages begins) for each list of a person."""
    with db.reading() as session:
        ask = session.connection().execute
        c, copy = instance.c, task_copy.c
        begun = ask(select(c.started_at, c.id).where(c.started_by == person.id).order_by(c.started_at, c.id))
        started = [f"{row.started_at.isoformat()}_{row.id}" for row in begun.all()[::-1]]
        copied = [str(row.number) for row in ask(select(copy.number).where(copy.person_id == person.id))][::-1]
        tasks = [worklist.packed(key) for key in keys_of(session, person)]
    yield "待办", "/tasks?after=", tasks
    yield "已办", "/tasks?tab=done&after=", []
    yield "我发起的", "/tasks/started?after=", started
    yield "抄送我的", "/tasks/copied?after=", copied
    if shell_of(person) == DESK:
        yield "desk", "/desk/?after=", tasks


def _list(
    asked: Requests, client: Any, found: dict[tuple[str, str], Cost], which: tuple[str, str], address: str,
    keys: list[str], of_one: int,
) -> None:  # fmt: skip
    """Pages anywhere in one list, then its first, middle and last in turn; `keys`: the places of its rows."""
    assert not keys or len(keys) >= of_one, (which, len(keys))
    chance = random.Random(7)
    rows = PAGE if keys else 1  # 已办 has one page
    client.get(address)
    for _ in range(ANYWHERE if keys else ROUNDS):
        text = asked.page(found[which], client, address + (chance.choice(keys[:-PAGE]) if keys else ""))
        assert max(text.count("data-id="), text.count("<article")) >= rows, which
    role, kind = which
    for _ in range(ROUNDS if keys else 0):
        for place, key in (("first", ""), ("middle", keys[len(keys) // 2]), ("last", keys[-PAGE - 1])):
            asked.page(found[role, f"{kind}, {place} page"], client, address + key)


def _asked(town: Town, role: str) -> Iterator[tuple[str, str]]:
    """Filters of the desk, and searches by what a caller says."""
    if role != "visitor":
        for filters in _FILTERS:
            yield f"filter {filters}", f"/desk/?{filters}"
    with db.reading() as session:
        near = select(Elder).where(Elder.unit_path.startswith(town.city.township.path)).order_by(Elder.id)
        one = session.scalars(near.limit(1)).one()
    where = "/elders" if role == "visitor" else "/desk/"
    for kind, words in (
        ("name", one.name), ("part of a name", one.name[1:]), ("pinyin", one.initials),
        ("two letters", one.initials[:2]), ("number", one.number), ("address", "2-501"), ("nobody", "查无此人"),
    ):  # fmt: skip
        yield f"search by {kind}", f"{where}?q={words}"


def _renewals(asked: Requests, client: Any, cost: Cost) -> None:
    mark = client.get("/tasks/rows?tab=open").headers["ETag"]
    for _ in range(ROUNDS):
        asked.call(cost, partial(client.get, "/tasks/rows?tab=open", headers={"If-None-Match": mark}))


class Requests:
    """Measures requests: the time of this process's processor and of PostgreSQL's processes behind it, statements."""

    def __init__(self) -> None:
        database = db.database()
        self._counted = Counted(database)
        self._is_sqlite = database.is_sqlite

    def call(self, cost: Cost, request: Callable[[], Any]) -> Any:
        others, began, spent = self._others(), time.perf_counter(), time.process_time()
        self._counted.statements = 0
        self._counted.seen.clear()
        answer = request()
        spent = time.process_time() - spent
        cost.clock.append(1000 * (time.perf_counter() - began))
        cost.processors.append(1000 * (spent + self._others() - others))
        cost.statements.append(self._counted.statements)
        return answer

    def page(self, cost: Cost, client: Any, address: str) -> str:
        answer = self.call(cost, partial(client.get, address))
        assert answer.status_code == 200, (address, answer.status_code)
        return gzip.decompress(answer.data).decode()

    def _others(self) -> float:
        """Seconds of processor that the server's processes for this database had so far; 0 where they are not here."""
        return 0.0 if self._is_sqlite else sum(_seconds(pid) for pid in self._processes())

    def _processes(self) -> list[int]:
        pool: Any = db.database().engine.pool
        return [each.dbapi_connection.info.backend_pid for each in list(pool._pool.queue) if each.dbapi_connection]


def _seconds(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def report(name: str, found: dict[str, Any]) -> list[str]:
    """The figures of one database as lines of a Markdown page: of each kind of page whose is the dearest."""
    kinds: dict[str, list[tuple[str, Cost]]] = {}
    for (role, kind), cost in found["costs"].items():
        kinds.setdefault(kind, []).append((role, cost))
    head = f"{name}, {found['tasks']} tasks, {found['of_one']} open for each person; ms"
    lines = [f"| {head} | p95 | median | on the clock p95 | SQL | whose |", "|---|---|---|---|---|---|"]
    for kind, costs in kinds.items():
        role, cost = max(costs, key=lambda each: statistics.median(each[1].processors))
        figures = f"{p95(cost.processors):.1f} | {statistics.median(cost.processors):.1f} | {p95(cost.clock):.1f}"
        lines.append(f"| {kind} | {figures} | {max(cost.statements)} | {role} |")
    return lines
