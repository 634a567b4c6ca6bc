"""Find what was left lying: due timers, work whose bell was lost, lapsed leases, instances with nothing to wait for.

A live instance must have an open task, a wait, queued work or an open incident; else an incident `stuck` is opened.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select, update
from sqlalchemy.orm import Session

from engine import clock, db, incidents, incoming, instances, run, tasks, timers, waits, work
from engine.instances import instance
from engine.jobs.doing import OWNER

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)
LADDERS = 200
"""Tasks in one sweep of the ladder; more wait for the next, the urgent ones come first."""


def queue_timers(lanes: Collection[str] = work.LANES) -> int:
    """Write down the firing of due timers; the number of them."""
    with db.reading() as session:
        if not timers.any_due(session, lanes):
            return 0
    with db.writing() as session:
        return timers.queue_due(session, lanes)


def climb_ladder() -> int:
    """Remind, mark late and hand up tasks whose time has come, LADDERS at most; the number of them."""
    total = 0
    while total < LADDERS:
        with db.reading() as session:
            if not tasks.ladder.any_due(session):
                break
        with db.writing() as session:
            total += tasks.ladder.climb(session)
    return total


_STUCK: Select[tuple[UUID, str, str]] = select(instance.c.id, instance.c.process_id, instance.c.unit_path).where(
    instance.c.state == instances.LIVE,
    instance.c.started_at < bindparam("before"),
    ~exists().where(tasks.task.c.instance_id == instance.c.id, tasks.task.c.state == tasks.OPEN),
    ~exists().where(waits.wait.c.instance_id == instance.c.id),
    ~exists().where(work.work.c.ref == instance.c.id),
    ~exists().where(incidents.incident.c.instance_id == instance.c.id, incidents.incident.c.closed_at.is_(None)),
)


def stuck(session: Session) -> list[UUID]:
    """Live instances that wait for nothing at all."""
    rows = session.connection().execute(_STUCK, {"before": clock.now() - GRACE})
    return [row.id for row in rows]


def open_incidents_for_stuck() -> int:
    """An incident for each instance that waits for nothing; the number of them."""
    with db.reading() as session:
        found = session.connection().execute(_STUCK, {"before": clock.now() - GRACE}).all()
    for row in found:
        with db.writing() as session:
            incidents.open_or_update(
                session,
                kind="stuck",
                error="nothing to wait for: no open task, timer, message or work",
                instance_id=row.id,
                process_id=row.process_id,
                unit_path=row.unit_path,
            )
        logger.error("instance is stuck", extra={"instance": str(row.id), "process_id": row.process_id})
    return len(found)


def wake_kept() -> int:
    """Queue kept messages that somebody awaits by now (both were written in the same moment); the number of them."""
    row = incoming.incoming
    awaited = exists().where(
        waits.wait.c.name == row.c.name, waits.wait.c.key == row.c.key, waits.wait.c.kind == waits.MESSAGE
    )
    due = (row.c.state == "kept", row.c.expires_at >= clock.now(), awaited)
    with db.reading() as session:
        if session.connection().execute(select(row.c.id).where(*due).limit(1)).first() is None:
            return 0
    with db.writing() as session:
        wake = update(row).where(*due).values(state="waiting").returning(row.c.id, row.c.lane)
        woken = session.connection().execute(wake).all()
        work.add_all(session, [work.new("incoming", ref=each.id, lane=each.lane) for each in woken])
        return len(woken)


def free_dead_leases() -> int:
    """Give back what workers of this machine held that do not run any more; the number of pieces."""
    with db.reading() as session:
        dead = [each for each in work.owners(session) if is_dead(each)]
    if not dead:
        return 0
    with db.writing() as session:
        return work.free(session, dead)


def is_dead(owner: str) -> bool:
    """Whether a worker ran on this machine and does not run any more; False when that cannot be told."""
    host, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit() or owner == OWNER:
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def sweep() -> None:
    """One round of every sweep, now. What it finds is queued or becomes an incident; workers do the rest."""
    queue_timers()
    climb_ladder()
    free_dead_leases()
    with db.writing() as session:
        run.worn_out(session)
        incoming.expire(session)
    wake_kept()
    open_incidents_for_stuck()
