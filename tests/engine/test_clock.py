"""The clock of leases goes on when the machine's clock is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import _Steadied

MORNING = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=365)])
def test_a_clock_that_is_set_takes_hold_after_a_minute(jump):
    steadied = _Steadied()
    assert steadied.follow(MORNING, 100.0) == MORNING

    told = [steadied.follow(MORNING + jump + timedelta(seconds=passed), 100.0 + passed) for passed in (1, 30, 59, 62)]

    assert told[:3] == [MORNING + timedelta(seconds=passed) for passed in (1, 30, 59)]
    assert told[3] == MORNING + jump + timedelta(seconds=62)


def test_a_clock_that_drifts_is_followed():
    steadied = _Steadied()

    for minute in range(60):  # a second a minute: an hour later it is a minute off
        shown = MORNING + timedelta(seconds=61 * minute)
        assert steadied.follow(shown, 60.0 * minute) == shown


def test_a_clock_that_is_set_and_set_back_changes_nothing():
    steadied = _Steadied()
    steadied.follow(MORNING, 0.0)
    steadied.follow(MORNING + timedelta(hours=1), 10.0)

    assert steadied.follow(MORNING + timedelta(seconds=20), 20.0) == MORNING + timedelta(seconds=20)
    assert steadied.follow(MORNING + timedelta(hours=1), 80.0) == MORNING + timedelta(seconds=80)
