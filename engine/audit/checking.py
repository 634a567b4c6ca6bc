"""How checks are registered and run: in batches, each a consistent view, with progress told and findings limited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, true
from sqlalchemy.orm import Session

from engine import db

BATCH = 500


@dataclass(frozen=True)
class Broken:
    """One row that breaks an invariant: its number and name, the table and id of the row, what is wrong."""

    number: int
    invariant: str
    table: str
    row: str
    what: str

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__}

    def sentence(self) -> str:
        return f"{self.number} {self.invariant}: {self.table} {self.row}: {self.what}"


Finding = tuple[str, str, str]
"""Table, id of the row, what is wrong."""
Found = tuple[int, str, Finding]
"""A finding with number and name of its invariant, from a check that looks at several in one go."""
Check = Callable[["Pass"], Iterator[Finding]]
CheckOfSeveral = Callable[["Pass"], Iterator[Found]]
Progress = Callable[[str, int], None]
"""Told the name of the check and how many rows it has seen so far."""
_checks: list[tuple[int, str, CheckOfSeveral]] = []


def check(number: int, name: str) -> Callable[[Check], Check]:
    """Register a check of an invariant: it takes the `Pass` and yields what breaks it."""

    def register(function: Check) -> Check:
        _checks.append((number, name, lambda looking: ((number, name, each) for each in function(looking))))
        return function

    return register


def check_several(number: int, name: str) -> Callable[[CheckOfSeveral], CheckOfSeveral]:
    """Register a check that looks at several invariants in one go; it yields `Found`."""

    def register(function: CheckOfSeveral) -> CheckOfSeveral:
        _checks.append((number, name, function))
        return function

    return register


class Pass:
    """One run over the data: opens a consistent view for each batch and tells how far it is.

    With `since`, what came to rest before that moment is left out (an earlier run looked at it).
    """

    def __init__(self, progress: Progress | None, since: datetime | None) -> None:
        self._progress = progress
        self.since = since
        self.name = ""
        self.seen = 0

    @contextmanager
    def view(self) -> Iterator[Session]:
        """Everything read within it is of one moment."""
        with db.reading() as session:
            if session.get_bind().dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    def lately(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that leaves out what is older than this run looks at."""
        return true() if self.since is None else column >= self.since

    def batches(self, query: Select[Any], key: ColumnElement[Any]) -> Iterator[tuple[Session, list[Any]]]:
        """The rows of a query in the order of a unique column that it selects, BATCH at a time, a view for each."""
        after = None
        while True:
            with self.view() as session:
                asked = query if after is None else query.where(key > after)
                rows = session.connection().execute(asked.order_by(key).limit(BATCH)).all()
                if rows:
                    after = rows[-1]._mapping[key]
                    yield session, list(rows)
                    self.did(len(rows))
            if len(rows) < BATCH:
                return

    def faults(
        self, query: Select[Any], key: ColumnElement[Any], table: str, fault_of: Callable[[Row[Any]], str]
    ) -> Iterator[Finding]:
        """The rows of a query that `fault_of` says something about; key as in `batches`."""
        for _, rows in self.batches(query, key):
            for row in rows:
                fault = fault_of(row)
                if fault:
                    yield table, str(row._mapping[key]), fault

    def did(self, rows: int) -> None:
        """So many rows more were looked at."""
        self.seen += rows
        if self._progress is not None:
            self._progress(self.name, self.seen)


def run(limit: int = 100, progress: Progress | None = None, since: datetime | None = None) -> list[Broken]:
    """Every row that breaks an invariant, the first `limit` of each check."""
    looking, found = Pass(progress, since), list[Broken]()
    for number, name, function in sorted(_checks, key=lambda each: each[0]):
        looking.name, looking.seen = f"{number} {name}", 0
        found += [Broken(at, called, *each) for at, called, each in islice(function(looking), limit)]
    return sorted(found, key=lambda each: each.number)
