"""Row 12: a worker is stopped in the middle, its lease ends, another does the work, it wakes: it changes nothing."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

from sqlalchemy import func, select, update

from engine import clock, db, failpoints, jobs, work
from engine.instances import instance, instance_state
from tests.faults import points, small
from tests.faults.small import Child, Say
from tests.faults.verdict import Verdict

WITHOUT_LOCKS = ("work.claimed", "deliver.before", "deliver.sent")
WITH_LOCKS = ("step.loaded", "step.state_written", "commit.before")
"""Points within a transaction: PostgreSQL ends a session that sleeps in one after a minute (SQLite cannot, so a stopped
process there stops all writers; it is one process, which is killed and started again as a whole)."""


def run(url: str, short: bool) -> Verdict:
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    chosen = WITHOUT_LOCKS + (() if short or url.startswith("sqlite") else WITH_LOCKS)
    found, events = [], []
    for number, point in enumerate(chosen):
        fed = Child(lambda say, number=number: small.feed(url, 10 * number, 5, say))
        fed.wait(60)
        events += fed.said("event")
        found += _stall(url, point)
    last = Child(lambda say: small.live(url, 0, say, load=False))
    found += points.settled(url)
    last.kill()
    found += points.judge(url, events, last.said("done"), None)
    return Verdict(f"a worker stalled at {len(chosen)} points on {small.name_of(url)}, woke, changed nothing", found)


def _stall(url: str, point: str) -> list[str]:
    """Stop a worker at the point, let another finish, wake the first; complaints."""
    sleeper = Child(lambda say: _work(url, say), (point, 2, lambda: os.kill(os.getpid(), signal.SIGSTOP)))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pid, status = os.waitpid(sleeper.pid, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            break
        time.sleep(0.02)
    else:
        sleeper.kill()
        return [f"no worker stopped at {point}"]
    if point in WITHOUT_LOCKS:
        _end_leases(url)
    other = Child(lambda say: small.live(url, 0, say, load=False))
    found = points.settled(url, 180)
    other.kill()
    before = _revisions(url)
    os.kill(sleeper.pid, signal.SIGCONT)
    ended = sleeper.wait(30)
    if not ended:
        sleeper.kill()
    changed = _revisions(url) != before
    return found + ([f"the worker that slept at {point} changed rows"] if changed else [])


def _work(url: str, say: Say) -> None:
    """A worker with one thread: whatever it holds when it stops, it holds for one piece of work."""
    small.own_name()
    db.open_database(url)
    small.said.append(say)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            jobs.sweep()
            jobs.drain()
        except Exception as fault:
            say(f"fault {type(fault).__name__}")
        if failpoints._left <= 0:  # it has slept; what it had in hand is done with
            return
        time.sleep(0.05)


def _end_leases(url: str) -> None:
    """As if 30 seconds had passed."""
    opened = db.open_database(url)
    past = clock.steady() - timedelta(seconds=1)
    with opened.writing() as session:
        session.connection().execute(
            update(work.work).where(work.work.c.lease_until.is_not(None)).values(lease_until=past)
        )
    opened.close()


def _revisions(url: str) -> tuple[int, ...]:
    """What a step, a delivery or a firing would change."""
    from engine.history import history
    from engine.outgoing import outgoing

    opened = db.open_database(url)
    with opened.reading() as session:
        rows = session.connection()
        found = (
            rows.execute(select(func.sum(instance_state.c.revision))).scalar_one() or 0,
            rows.execute(select(func.count()).select_from(history)).scalar_one(),
            rows.execute(select(func.count()).select_from(instance).where(instance.c.state == "ended")).scalar_one(),
            rows.execute(select(func.count()).select_from(outgoing).where(outgoing.c.state == "sent")).scalar_one(),
            rows.execute(select(func.count()).select_from(work.work)).scalar_one(),
        )
    opened.close()
    return tuple(int(each) for each in found)
