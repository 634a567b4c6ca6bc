"""Row 16: a piece of work that kills its worker each time becomes an incident; what was claimed beside it is done."""

from __future__ import annotations

import os
import time

from engine import db, incidents, jobs, work
from engine.work import Item
from tests.faults import small
from tests.faults.small import Child, Say
from tests.faults.verdict import Verdict

INNOCENT = 200


@jobs.does("killer")
def abort(session: db.Session, item: Item) -> None:
    os.abort()


@jobs.does("innocent")
def nothing(session: db.Session, item: Item) -> None:
    """Done is done."""


def run(url: str, short: bool) -> Verdict:
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    wrote = Child(lambda say: _write(url))
    assert wrote.wait(60) and wrote.status == 0
    deaths, began = 0, time.monotonic()
    while time.monotonic() - began < 120:
        child = Child(lambda say: _live(url, say))
        if not child.wait(20):
            child.kill()
            break
        deaths += 1
    opened = db.open_database(url)
    with opened.reading() as session:
        rows = incidents.find(session)
        left = [each for each in ("killer", "innocent") if work.any_due(session, work.LANES)]
    opened.close()
    found = [f"{deaths} workers died of two killers"] if deaths > 2 * work.DEATHS else []
    found += (
        [f"{len(rows)} incidents, not one of each killer"] if [each.kind for each in rows] != ["killer"] * 2 else []
    )
    found += ["work is left over"] if left else []
    return Verdict(
        f"two killers among {INNOCENT} pieces of work on {small.name_of(url)}: {deaths} workers died, {len(rows)}"
        " incidents, everything else done",
        found,
    )


def _write(url: str) -> None:
    db.open_database(url)
    with jobs.transaction() as session:
        for number in range(INNOCENT + 1):
            work.add(session, "killer" if number % 100 == 50 else "innocent", lane="alarm" if number % 2 else "normal")


def _live(url: str, say: Say) -> None:
    small.own_name()
    db.open_database(url)
    jobs.start_workers()
    time.sleep(60)
