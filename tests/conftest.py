"""Database, clock and settings of the tests. Everything runs on both databases: VISITFLOW_TEST_POSTGRES names one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

_home = tempfile.mkdtemp(prefix="visitflow-tests-")
os.environ["VISITFLOW_HOME"] = _home
os.environ.setdefault("VISITFLOW_DATA_KEY", "11" * 32)
os.environ.setdefault("TZ", "Asia/Shanghai")

from engine import clock, db  # noqa: E402


@pytest.fixture
def database(tmp_path: Path) -> Iterator[db.Database]:
    """An empty database with all tables that are imported so far."""

    opened = db.open_database(f"sqlite:///{tmp_path / 'test.db'}")
    db.Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def monday() -> Iterator[datetime]:
    """Time stands still at Monday 2026-08-03 09:00 in Baotou; move it with clock.move_by."""
    moment = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
    with clock.frozen(moment):
        yield moment
