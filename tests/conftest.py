"""Database, clock and settings of the tests. Everything runs on both databases: VISITFLOW_TEST_POSTGRES names one."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Dialect, Engine, create_engine, event

_home = tempfile.mkdtemp(prefix="visitflow-tests-")
os.environ["VISITFLOW_HOME"] = _home
os.environ.setdefault("VISITFLOW_DATA_KEY", "11" * 32)
os.environ.setdefault("TZ", "Asia/Shanghai")

from care import calendar_change, policy_calendar  # noqa: E402
from care.people import signing_in  # noqa: E402
from engine import clock, db, seals  # noqa: E402
from tests.databases import Databases, databases  # noqa: E402

_compiled: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


def _create_engine(*args: Any, **options: Any) -> Engine:
    """An engine that knows the statements which engines of its kind compiled before: every test opens new ones."""
    made = create_engine(*args, **options)
    dialect, statements = _compiled.setdefault(f"{made.name}+{made.driver}", (made.dialect, {}))
    made.dialect = made.pool._dialect = dialect
    made.update_execution_options(compiled_cache=statements)
    return made


db.create_engine = _create_engine
signing_in._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # as strong as a test needs


@pytest.fixture(scope="session")
def all_databases() -> Iterator[Databases]:
    """SQLite files, or databases of this worker on the server that VISITFLOW_TEST_POSTGRES names."""
    made = databases()
    yield made
    made.close()


def _needs_no_disk(connection: Any, record: Any) -> None:
    """What a test writes need not outlive a power cut; tests/faults try what must, on whole programs."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def database(all_databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[db.Database]:
    """An empty database with all tables that are imported so far, and heads of its history kept apart from others'."""
    monkeypatch.setattr(seals, "anchor_folder", lambda: tmp_path / "anchors")
    monkeypatch.setattr(seals, "_anchored", (0.0, 0))
    monkeypatch.setattr(policy_calendar, "_years", {})  # what another test confirmed or moved does not last
    monkeypatch.setattr(clock, "_offset", timedelta(0))
    monkeypatch.setattr(calendar_change, "_looked_at", math.inf)  # no look at the calendar among counted statements
    opened = all_databases.emptied(tmp_path)
    if opened.is_sqlite:
        event.listen(opened.engine, "connect", _needs_no_disk)
    yield opened
    opened.close()


@pytest.fixture
def monday() -> Iterator[datetime]:
    """Time stands still at Monday 2026-08-03 09:00 in Baotou; move it with clock.move_by."""
    moment = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
    with clock.frozen(moment):
        yield moment
