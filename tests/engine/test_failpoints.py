"""The points at which tests end the process: all listed, all in the code, silent unless a test arms one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import failpoints

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def disarmed() -> Iterator[None]:
    yield
    failpoints._armed = None


def test_every_point_stands_once_in_the_code():
    files = [path for folder in ("engine", "connectors", "care", "web") for path in (ROOT / folder).rglob("*.py")]
    reached = Counter(re.findall(r'failpoints\.reach\("([^"]+)"\)', "".join(path.read_text() for path in files)))

    assert reached == Counter(failpoints.POINTS)


def test_an_armed_point_acts_at_the_wanted_time_and_once(disarmed):
    acted = []
    failpoints.arm("commit.before", 2, lambda: acted.append("crash"))

    for _ in range(3):
        failpoints.reach("commit.before")
        failpoints.reach("commit.after")

    assert acted == ["crash"]


def test_only_listed_points_can_be_armed():
    with pytest.raises(ValueError, match="no such point"):
        failpoints.arm("anywhere", 1, lambda: None)
