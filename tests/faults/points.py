"""Row 2: the process ends at every point that matters (engine/failpoints.py), is started again, and is audited."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

from sqlalchemy import func, select

from engine import audit, db, history, incidents, instances, jobs, outgoing, tasks, work
from engine import run as steps
from engine.failpoints import POINTS
from engine.incidents import Incident
from tests.faults import small
from tests.faults.small import Child
from tests.faults.verdict import Verdict

PATIENCE_SECONDS = 30.0
EXIT = 137
TRIES = 5


def crash() -> None:
    os._exit(EXIT)


def every_point(url: str, hits: tuple[int, ...]) -> Verdict:
    """Crash at each point when it is reached for the n-th time, n of `hits`; then finish everything and look at it."""
    prepared = Child(lambda say: small.tables(url))
    assert prepared.wait(60) and prepared.status == 0, "the tables could not be made"
    events, done, sent, found = [], [], [], []
    for times in hits:
        for point in POINTS:
            child = Child(lambda say, first=len(events) + 1: small.live(url, first, say), (point, times, crash))
            if not child.wait(PATIENCE_SECONDS):
                found.append(f"{point} was not reached {times} times in {PATIENCE_SECONDS:.0f} s")
                child.kill()
            elif child.status != EXIT:
                found.append(f"at {point} the process ended with {child.status}")
            events += [each for each in dict.fromkeys(child.said("event")) if each not in events]
            done += child.said("done")
            sent += child.said("sent")
    last = Child(lambda say: small.live(url, 0, say, load=False))
    given_up, left = finished(url)
    found += left
    last.kill()
    done += last.said("done")
    sent += last.said("sent")
    found += judge(url, events, done, sent)
    return Verdict(
        f"crashed at {len(POINTS)} points × {len(hits)} on {small.name_of(url)}:"
        f" {len(events)} events confirmed, {len(done)} tasks finished, {len(sent)} effects sent;"
        f" {given_up}",
        found,
    )


def random_kills(url: str, kills: int) -> Verdict:
    """Row 1 in small: kill -9 at any moment, forked anew at once, so that many hundreds take minutes."""
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    events: list[str] = []
    done: list[str] = []
    sent: list[str] = []
    for _ in range(kills):
        child = Child(lambda say: small.live(url, len(events) + 1, say))
        began = time.monotonic()
        while not child.lines and time.monotonic() - began < 30:
            time.sleep(0.01)  # until it has acknowledged something
        time.sleep(random.uniform(0.0, 0.6))
        child.kill()
        events += list(dict.fromkeys(child.said("event")))
        done += child.said("done")
        sent += child.said("sent")
    last = Child(lambda say: small.live(url, 0, say, load=False))
    given_up, found = finished(url, 300)
    last.kill()
    found += judge(url, events, done + last.said("done"), sent + last.said("sent"))
    return Verdict(
        f"{kills} kills of a small product on {small.name_of(url)}: {len(events)} events"
        f" confirmed, {len(done)} tasks finished, {given_up}",
        found,
    )


def finished(url: str, patience_seconds: float = 120) -> tuple[str, list[str]]:
    """Wait until all has ended, trying incidents again as an operator does: which they were, and what is left."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for _ in range(TRIES):
        opened = _tried_again(url)
        seen.update("its worker died each time" if "worker died" in each else each.strip()[-80:] for each in opened)
        found = settled(url, patience_seconds)
        if found or not _open_incidents(url):
            break
    told = ", ".join(f"{times} × {error}" for error, times in seen.items())
    left = [f"{row.kind} is an incident: {row.error}" for row in _open_incidents(url)]
    return f"{seen.total()} incidents tried again{f' ({told})' if told else ''}", found + left


def _open_incidents(url: str) -> list[Incident]:
    opened = db.open_database(url)
    jobs.sweep()
    with opened.reading() as session:
        rows = incidents.find(session)
    opened.close()
    return rows


def _tried_again(url: str) -> list[str]:
    """Deaths, and failures that came on top of deaths, give work up; the error of each that was."""
    rows = _open_incidents(url)
    opened = db.open_database(url)
    for row in rows:
        with jobs.transaction() as session:
            steps.retry(session, row.id)
    opened.close()
    return [row.error for row in rows]


def settled(url: str, patience_seconds: float = 120) -> list[str]:
    """Wait until every instance has ended."""
    database = db.Database(url)
    until = time.monotonic() + patience_seconds
    try:
        while time.monotonic() < until:
            with database.reading() as session:
                live = select(func.count()).select_from(instances.instance).where(instances.instance.c.state == "live")
                left = session.connection().execute(live).scalar_one() + work.unfinished(session)
            if not left and not _waiting(database):
                return []
            time.sleep(0.2)
    finally:
        database.close()
    return [f"{left} instances or pieces of work were not finished {patience_seconds:.0f} s after the last crash"]


def _waiting(database: db.Database) -> bool:
    with database.reading() as session:
        return work.next_due(session) is not None


def judge(url: str, events: list[str], done: list[str], sent: list[str] | None) -> list[str]:
    """What was acknowledged is there once; every operation was committed once; each effect has one key."""
    opened = db.open_database(url)
    with opened.reading() as session:
        rows = instances.find(session, state=None, limit=1_000_000)
        finished = {
            str(row.id) for row in tasks.find(session, filters=tasks.Filters(state="done"), limit=1_000_000).rows
        }
        noted = session.connection().execute(
            select(history.history.c.instance_id).where(history.history.c.what == "counted")
        )
        counted = Counter(noted.scalars())
        effects = session.connection().execute(select(outgoing.outgoing.c.key, outgoing.outgoing.c.state)).all()
        broken = audit.run()
    opened.close()
    keys = Counter(row.key for row in rows if row.process_id == "p")
    found = [f"event {each} was confirmed and began nothing" for each in set(events) - keys.keys()]
    found += [f"event {key} began {times} instances" for key, times in keys.items() if times > 1]
    found += [f"task {each} was acknowledged and is not finished" for each in set(done) - finished]
    found += [f"{row.process_id} {row.id} is {row.state}" for row in rows if row.state != "ended"]
    wanted = {"p": 2, "q": 1, "r": 1}
    found += [
        f"{row.process_id} {row.id} counted {counted[row.id]} times, not {wanted[row.process_id]}"
        for row in rows
        if counted[row.id] != wanted[row.process_id]
    ]
    told = Counter(row.process_id for row in rows)
    found += [f"{told[each]} of {told['p']} {each} were told" for each in ("q", "r") if told[each] != told["p"]]
    found += [f"effect {row.key} is {row.state}" for row in effects if row.state != outgoing.SENT]
    found += [f"effect {row.key} was never sent" for row in effects if sent is not None and row.key not in sent]
    found += [f"{len(effects)} effects of {told['p']} instances"] if len(effects) != told["p"] else []
    return found + [each.sentence() for each in broken]
