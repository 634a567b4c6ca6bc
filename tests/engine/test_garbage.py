from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from engine import garbage


@pytest.fixture
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_loaded_is_frozen_and_what_comes_is_still_collected(as_before: None) -> None:
    garbage.settle()

    class Knot:
        gone = 0

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Knot.gone += 1

    for _ in range(garbage.YOUNG):
        Knot()
    assert gc.get_freeze_count() > 1_000
    assert Knot.gone > 0, "cycles go without being asked to"
