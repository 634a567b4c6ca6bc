"""The audit as a job: each hour what moved in the last two days, and an incident when something does not fit.

The full audit of everything is the command's (`visitflow audit`, best each night from outside). The incident closes by
itself when a later run finds nothing.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from engine import clock, db, incidents, jobs, work
from engine.audit.checking import Broken, run
from engine.settings import settings
from engine.work import Item

logger = logging.getLogger(__name__)

KIND = "audit"
EVERY = timedelta(hours=1)
LOOKS_BACK = timedelta(days=2)
TOLD = 10


def keep_auditing() -> None:
    """Write down the next run, unless it is; a demonstration, whose hours fly, has none."""
    if settings().demo:
        return
    due_at = clock.now().replace(minute=17, second=0, microsecond=0)
    if due_at <= clock.now():
        due_at += EVERY
    with jobs.transaction() as session:
        work.add(session, KIND, lane=work.BULK, due_at=due_at, key=f"{KIND}:{due_at:%Y-%m-%dT%H}")


@jobs.does_outside(KIND)
def audit_the_hour(item: Item) -> None:
    """Look, tell, and write down the next hour; keeps its lease while it looks."""
    seen = 0

    def keep(_: str, rows: int) -> None:
        nonlocal seen
        seen += rows
        if seen > 5000:
            seen = 0
            with db.writing() as session:
                work.renew(session, item)

    found = run(progress=keep, since=clock.now() - LOOKS_BACK)
    keep_auditing()
    with db.writing() as session:
        tell(session, found)
        work.done(session, item)


def tell(session: Session, found: list[Broken]) -> None:
    """Open or update the incident of the audit, or close it when nothing is wrong any more."""
    if not found:
        incidents.close_of_kind(session, KIND, "went_on")
        return
    sentence = f"{len(found)} rows break an invariant: " + "; ".join(each.sentence() for each in found[:TOLD])
    incidents.open_or_update(session, kind=KIND, error=sentence)
    logger.error("the audit found rows that break an invariant", extra={"rows": len(found)})
