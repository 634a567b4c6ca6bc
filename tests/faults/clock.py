"""Row 7: the machine's clock jumps under running workers, an hour forward, back, an hour back, a year; its ticks go on.

A library of thirty lines (moved_clock.c) is loaded before each program under test, because libfaketime 0.9.10 cannot
leave the ticks alone: Python's `time.sleep` fails under it. `python -m tests.faults.clock URL FIRST` is the small
product as such a program.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from engine import clock, db, settings
from engine.history import history
from engine.instances import instance
from tests.faults import points, small
from tests.faults.city import City
from tests.faults.load import Load
from tests.faults.program import CHECKOUT, answers
from tests.faults.servers import Missing, binary
from tests.faults.small import Child
from tests.faults.verdict import Verdict

HOUR, YEAR = 3600, 365 * 86400
JUMPS = ((HOUR, 70.0), (0, 15.0), (-HOUR, 70.0), (0, 15.0), (YEAR, 15.0), (0, 15.0))
"""By how many seconds the clock is off, and for how long: a minute later leases go by it, whatever it shows."""
SHORT = ((HOUR, 5.0), (0, 5.0), (-HOUR, 5.0), (0, 5.0))
GOES_ON_WITHIN_SECONDS = 10.0
PAUSE_SECONDS = 0.8
"""Between two events of the small product: what comes in is handled at once, so that a delay is the clock's doing."""


class Moved:
    """The clock of the programs that are started with this environment."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "moved_clock.so", folder / "moved_clock"
        source = Path(__file__).with_name("moved_clock.c")
        made = subprocess.run(
            [binary("cc"), "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], capture_output=True, text=True
        )
        if made.returncode:
            raise Missing(f"cc: {made.stderr}")
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """The clock is off by so many seconds from now on."""
        with self._file.open("r+b") as out:  # in place: the programs have mapped it
            out.write(struct.pack("q", seconds))


@contextmanager
def moved() -> Iterator[Moved]:
    with tempfile.TemporaryDirectory(prefix="visitflow-clock-") as folder:
        yield Moved(Path(folder))


def in_small(url: str, short: bool) -> Verdict:
    """Two processes of the small product; every timer fires once, every operation is committed once, nobody waits."""
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    opened, jumps = db.open_database(url), SHORT if short else JUMPS
    with ExitStack() as stack:
        clock_of = stack.enter_context(moved())
        both = [Living(url, first, clock_of) for first in (1, 1_000_001)]
        for each in both:
            stack.callback(each.end)
        found = _wait_for_the_first(both)
        took = [(_jump(opened, both, clock_of, off, stay), off) for off, stay in jumps]
        found += [
            f"nothing went on within {seconds:.1f} s with the clock off by {off} s"
            for seconds, off in took
            if seconds > GOES_ON_WITHIN_SECONDS
        ]
        for each in both:
            each.stop_sending()
        last = max(off for off, _ in jumps) + HOUR  # what was armed while the clock was ahead has its moment
        clock_of.set(last)
        clock.set_offset(timedelta(seconds=last))
        stack.callback(clock.set_offset, timedelta(0))
        found += points.settled(url)
        events, done, sent = ([each for living in both for each in living.said(kind)] for kind in _KINDS)
        for each in both:
            each.end()
        found += _fired(opened, len(set(events))) + points.judge(url, events, done, sent)
    opened.close()
    return Verdict(
        f"the clock set {len(jumps)} times under two processes on {small.name_of(url)}: {len(events)} events confirmed,"
        f" {len(done)} tasks finished; what came after a jump had ended {max(took)[0]:.1f} s later",
        found,
    )


_KINDS = ("event", "done", "sent")


class Living:
    """The small product in a program of its own, with the moved clock."""

    def __init__(self, url: str, first: int, clock_of: Moved) -> None:
        values = settings.settings()
        own = {f"VISITFLOW_{name.upper()}": str(getattr(values, name)) for name in ("home", "data_key", "history_key")}
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.clock", url, str(first)],
            env=os.environ | own | clock_of.environment, cwd=CHECKOUT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())

    def said(self, kind: str) -> list[str]:
        return [line.partition(" ")[2] for line in list(self.lines) if line.startswith(f"{kind} ")]

    def stop_sending(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def end(self) -> None:
        self._process.kill()
        self._process.wait(30)


def _jump(opened: db.Database, both: list[Living], clock_of: Moved, off: int, stay: float) -> float:
    """Set the clock and stay there; seconds until something had ended that came after the jump."""
    clock_of.set(off)
    said, began = {each for living in both for each in living.said("event")}, time.monotonic()
    took = _seconds_until_ended(opened, both, said)
    time.sleep(max(0.0, stay - (time.monotonic() - began)))
    return took


def _fired(opened: db.Database, wanted: int) -> list[str]:
    """The one timer of each instance that an event began has fired once."""
    asked = select(history.c.instance_id).where(history.c.element == "pause", history.c.what == "completed")
    with opened.reading() as session:
        fired = Counter(session.connection().execute(asked).scalars())
    twice = [f"the timer of {each} fired {times} times" for each, times in fired.items() if times > 1]
    return twice + ([f"{len(fired)} timers fired of {wanted}"] if len(fired) < wanted else [])


def _wait_for_the_first(both: list[Living], patience_seconds: float = 60) -> list[str]:
    until = time.monotonic() + patience_seconds
    while not all(each.said("done") for each in both):
        if time.monotonic() > until:
            return ["a program finished nothing before the clock was touched"]
        time.sleep(0.05)
    return []


def _seconds_until_ended(opened: db.Database, both: list[Living], before: set[str]) -> float:
    """Until an instance has ended that an event began which was confirmed after `before`; a minute at most."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        new = {each for living in both for each in living.said("event")} - before
        c = instance.c
        asked = select(func.count()).select_from(instance).where(c.key.in_(new), c.state == "ended")
        with opened.reading() as session:
            if session.connection().execute(asked).scalar_one():
                break
        time.sleep(0.05)
    return time.monotonic() - began


def under_load(city: City, load: Load, clock_of: Moved, short: bool) -> Verdict:
    """The clock of all parts of a city jumps under load; the judge looks for lost and double at the end.

    Pushes of a platform whose clock differs by an hour are refused (their signature is too old or too young) and are
    sent again until the clocks agree; gateways are answered, what they send is late or held.
    """
    jumps, found, worst = SHORT if short else JUMPS, [], 0.0
    for off, stay in jumps:
        clock_of.set(off)
        began, told = time.monotonic(), load.ledger
        events, pages = len(told.events), len(told.completions)
        while len(told.events) == events and time.monotonic() - began < 60:
            time.sleep(0.05)
        took = time.monotonic() - began
        worst = max(worst, took)
        found += [f"no event was confirmed within {took:.1f} s with the clock off by {off} s"] * (
            took > GOES_ON_WITHIN_SECONDS
        )
        while time.monotonic() - began < stay:
            asked = time.monotonic()
            while not answers(city.pick()) and time.monotonic() - asked < GOES_ON_WITHIN_SECONDS:
                time.sleep(0.1)
            waited = time.monotonic() - asked
            found += [f"no page for {waited:.0f} s with the clock off by {off} s"] * (waited > GOES_ON_WITHIN_SECONDS)
            time.sleep(1)
        while len(told.completions) == pages and time.monotonic() - began < 60:
            time.sleep(0.1)
        found += [f"nobody finished a page with the clock off by {off} s"] * (len(told.completions) == pages)
    return Verdict(
        f"the clock of all parts set {len(jumps)} times; the next event was confirmed {worst:.1f} s later", found
    )


ZONES = ("Asia/Shanghai", "UTC", "America/New_York")
OF_TIME = (
    "tests/engine/test_clock.py", "tests/engine/test_work.py", "tests/engine/test_expressions_times.py",
    "tests/engine/test_spiff_timers.py", "tests/engine/test_ladder.py", "tests/care/test_policy_calendar.py",
)  # fmt: skip


def in_zones(short: bool) -> Verdict:
    """The tests of clocks, timers, deadlines and calendars where the machine stands in another zone."""
    found = []
    for zone in ZONES[-1:] if short else ZONES:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *OF_TIME],
            env=os.environ | {"TZ": zone}, cwd=CHECKOUT, capture_output=True, text=True,
        )  # fmt: skip
        found += [f"tests of time fail in {zone}: {ran.stdout[-300:]}"] * (ran.returncode != 0)
    return Verdict(f"tests of time in {', '.join(ZONES[-1:] if short else ZONES)}", found)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # in one piece, whatever other threads say


def _live(url: str, first: int) -> None:
    """The small product, until it is killed; it sends events until its input is closed."""
    sending = threading.Event()
    sending.set()
    threading.Thread(target=lambda: (sys.stdin.read(), sending.clear()), daemon=True).start()
    small.live(url, first, _say, pause_seconds=PAUSE_SECONDS, sending=sending)


if __name__ == "__main__":
    _live(sys.argv[1], int(sys.argv[2]))
