"""Of several listeners one listens."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors import standby
from connectors.standby import Standby
from engine import clock, db, leases


class Listening:
    """Notes when it listens."""

    def __init__(self) -> None:
        self.is_listening = False

    def start(self) -> None:
        self.is_listening = True

    def stop(self) -> None:
        self.is_listening = False


@pytest.fixture(autouse=True)
def quick(database, monkeypatch):
    monkeypatch.setattr(standby, "RENEWED_EVERY", 0.02)


def eventually(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.01)


def test_of_two_listeners_one_listens_and_the_other_takes_over_when_it_stops():
    first, second = Standby(Listening), Standby(Listening)
    first.start()
    eventually(lambda: first.is_active)
    second.start()
    time.sleep(0.2)
    assert (first.is_active, second.is_active) == (True, False)

    first.stop()

    eventually(lambda: second.is_active)
    assert not first.is_active
    second.stop()


def test_a_listener_that_lost_its_lease_while_it_was_stalled_lets_go():
    stalled = Standby(Listening)
    stalled.start()
    eventually(lambda: stalled.is_active)
    with db.writing() as session:  # as if it had not renewed for long, and another one came
        session.connection().execute(leases.lease.update().values(until=clock.now() - timedelta(seconds=1), owner="x"))
        assert leases.take(session, standby.NAME, "other", timedelta(minutes=1))

    eventually(lambda: not stalled.is_active)
    stalled.stop()


def test_a_database_that_does_not_answer_changes_nothing(monkeypatch):
    listening = Standby(Listening)
    listening.start()
    eventually(lambda: listening.is_active)
    monkeypatch.setattr(Standby, "_take", lambda self: None)
    time.sleep(0.1)

    assert listening.is_active
    monkeypatch.undo()
    listening.stop()
