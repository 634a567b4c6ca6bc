"""A town with the shipped diagrams, for walking each diagram along its ways out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from engine import db
from tests.silent import nothing_calls_out
from tests.town import Town

__all__ = ["nothing_calls_out", "town"]  # no shipped diagram calls out within a step


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Iterator[Town]:
    """Everything deployed; no incident may be left at the end."""
    made = Town()
    yield made
    assert made.incidents() == []
