"""Row 1: kill -9 at random under load. Nothing acknowledged is lost, nothing happens twice, all is back within 5 s."""

from __future__ import annotations

import random
import time
from collections import Counter

from tests.faults.city import Away, City, queued_seconds
from tests.faults.load import Load
from tests.faults.program import Program
from tests.faults.verdict import Verdict

BACK_WITHIN_SECONDS = 5.0
ALL_AT_ONCE_EACH = 25


def of_whole_program(program: Program, load: Load, kills: int) -> Verdict:
    """The one process that is everything, killed and started again."""
    away = Away()
    for number in range(1, kills + 1):
        time.sleep(random.uniform(0.1, 2.5))
        program.kill()
        away.note(program.start(), queued_seconds(program.pid))
        _tell(number, kills, max(away.times))
    return Verdict(f"{kills} kills of the whole program; {away.sentence()}", slow(away.judged))


def of_parts(city: City, load: Load, kills: int) -> Verdict:
    """A random process of the city; now and then all at once.

    Half of the kills meet a city that is whole and at work, however long it takes to be so; the others come within a
    second of the one before, perhaps before the last is back.
    """
    city.away = Away()
    killed: Counter[str] = Counter()
    began = time.monotonic()
    while killed.total() < kills:
        if random.randrange(2):
            wait_until_whole(city)
        time.sleep(random.uniform(0.4, 1.2))
        if killed.total() % ALL_AT_ONCE_EACH == ALL_AT_ONCE_EACH - 1:
            wait_until_whole(city)
            city.kill()
            killed["all at once"] += 1
        elif name := city.kill_one():
            killed[name] += 1
        else:
            continue
        if killed.total() % 50 == 0:
            _tell(killed.total(), kills, max(city.away.times, default=0))
    took = time.monotonic() - began
    wait_until_whole(city)
    of_what = ", ".join(f"{name} {times}" for name, times in sorted(killed.items()))
    return Verdict(f"{kills} kills ({of_what}) in {took:.0f} s; {city.away.sentence()}", slow(city.away.judged))


def slow(times: list[float]) -> list[str]:
    return [f"something was back only after {each:.1f} s" for each in times if each > BACK_WITHIN_SECONDS]


def wait_until_whole(city: City, patience_seconds: float = 60) -> None:
    until = time.monotonic() + patience_seconds
    while not city.is_whole() and time.monotonic() < until:
        time.sleep(0.05)


def _tell(number: int, kills: int, longest: float) -> None:
    if number % 10 == 0 or number == kills:
        print(f"{number} of {kills} kills, back within {longest:.1f} s at most", flush=True)
