"""The demonstration's commands: a simulated device and the clock."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest
from click.testing import CliRunner, Result

from engine import clock, jobs
from engine.jobs import moved_clock
from engine.settings import change
from web import commands_connectors, tables

tables.import_all()


def typed(*words: str) -> Result:
    return CliRunner().invoke(commands_connectors.demo_commands, list(words))


def test_a_simulated_device_tells_the_time_of_the_moved_clock(database, monday, monkeypatch):
    jobs.move_clock(timedelta(days=2))
    clock.set_offset(timedelta(0))  # as in a command that was just typed
    monkeypatch.setattr(moved_clock, "_seen", None)
    change(mqtt_port=1)

    said = typed("alarm", "d000001", "sos")

    assert said.exit_code == 1 and "连不上" in said.output
    assert clock.offset() == timedelta(days=2)


@pytest.mark.parametrize(
    "step, seconds", [("+24h", 86_400), ("+11h30m", 41_400), ("30s", 30), ("+1.5h", 5_400), ("PT24H", 86_400)]
)
def test_steps_of_the_clock(database, monday, step: str, seconds: int):
    assert commands_connectors._step(step) == timedelta(seconds=seconds)


@pytest.mark.parametrize("step", ["tomorrow", "+0h", "-PT1H", "", "+5x"])
def test_the_clock_moves_only_by_a_length_of_time_ahead(database, monday, step: str):
    with pytest.raises(click.UsageError):
        commands_connectors._step(step)
