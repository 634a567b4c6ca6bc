"""Figures with their spread, databases for a run, and plans: what every bench needs."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import event

from engine import db
from tests.databases import Databases, Files, Postgres

T = TypeVar("T")
HERE = "postgresql+psycopg://127.0.0.1/visitflow_bench"


def databases(only: str | None = None) -> dict[str, Databases]:
    """SQLite, and PostgreSQL where VISITFLOW_TEST_POSTGRES (or this machine) has a server; or one of them."""
    found: dict[str, Databases] = {"SQLite": Files()}
    if only == "SQLite":
        return found
    try:
        server = Postgres(os.environ.get("VISITFLOW_TEST_POSTGRES", HERE), "bench", durable=True)
        server.reach()
        found["PostgreSQL"] = server
    except psycopg.OperationalError as fault:
        print(f"without PostgreSQL: {fault}")
    return {name: place for name, place in found.items() if only in (None, name)}


@contextmanager
def fresh(place: Databases) -> Iterator[db.Database]:
    """A database with all tables and no rows."""
    with tempfile.TemporaryDirectory() as folder:
        opened = db.open_database(place.new(Path(folder)))
        db.Base.metadata.create_all(opened.engine)
        yield opened
        opened.close()


@dataclass
class Spread:
    """Values of repeats: the middle one, and how far the others lie from it."""

    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.values):.2f}–{max(self.values):.2f})"


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


@dataclass
class Figures:
    """What calls of one kind cost: seconds of this thread's clock and of the processor, statements, commits."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    statements: Counter[int] = field(default_factory=Counter)
    commits: Counter[int] = field(default_factory=Counter)

    @property
    def processor_ms(self) -> float:
        """The mean: a process's clock is too coarse for one call."""
        return 1000 * sum(self.processor) / len(self.processor)

    @property
    def per_second(self) -> float:
        return len(self.wall) / sum(self.wall)


class Counted:
    """Measures calls, and counts what the server gets meanwhile."""

    def __init__(self, database: db.Database) -> None:
        self.statements = self.commits = 0
        self.seen: list[tuple[str, Any]] = []
        self._sqlite = database.is_sqlite
        event.listen(database.engine, "before_cursor_execute", self._statement)
        event.listen(database.engine, "commit", self._commit)

    def _statement(self, connection: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool) -> None:
        if text.startswith("BEGIN"):
            return
        self.statements += len(parameters) if many and not self._sqlite and isinstance(parameters, list) else 1
        self.seen.append((text, parameters[0] if many and isinstance(parameters, list) else parameters))

    def _commit(self, connection: Any) -> None:
        self.commits += 1

    def call(self, figures: Figures, function: Callable[[], T]) -> T:
        self.statements = self.commits = 0
        self.seen.clear()
        wall, processor = time.perf_counter(), time.process_time()
        result = function()
        figures.processor.append(time.process_time() - processor)
        figures.wall.append(time.perf_counter() - wall)
        figures.statements[self.statements] += 1
        figures.commits[self.commits] += 1
        return result
