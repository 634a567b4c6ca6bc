"""Find what was left lying: due timers, work whose bell was lost, lapsed leases, instances with nothing to wait for.

A live instance must have an open task, a wait, queued work or an open incident; else an incident `stuck` is opened.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, select, update
from sqlalchemy.orm import Session

from engine import clock, db, incidents, incoming, instances, migration, run, seals, tasks, timers, waits, work
from engine.db import Id
from engine.instances import instance
from engine.jobs.doing import OWNER

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)
also: list[Callable[[], object]] = []
"""What else a program with workers looks at every ten seconds: registered above the engine, one read each."""
LADDERS = 200
"""Tasks in one sweep of the ladder; more wait for the next, the urgent ones come first."""
LOOKED_AT = 20_000
_FIRST, _FINAL = UUID(int=0), UUID(int=2**128 - 1)


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


_AFTER, _LAST_OF = bindparam("after", type_=Id), bindparam("last", type_=Id)


def _none(instance_id: ColumnElement[UUID], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """No such row of the instance. The range is said of it, too: its index is walked through beside the instances'."""
    return ~exists().where(instance_id == instance.c.id, instance_id > _AFTER, instance_id <= _LAST_OF, *conditions)


_STUCK: Select[tuple[UUID, str, str]] = select(instance.c.id, instance.c.process_id, instance.c.unit_path).where(
    instances.IS_LIVE,
    instance.c.id > _AFTER,
    instance.c.id <= _LAST_OF,
    instance.c.started_at < bindparam("before"),
    _none(tasks.task.c.instance_id, tasks.IS_OPEN),
    _none(waits.wait.c.instance_id),
    ~exists().where(work.work.c.ref == instance.c.id),
    ~exists().where(incidents.incident.c.instance_id == instance.c.id, incidents.incident.c.closed_at.is_(None)),
)


def stuck(session: Session) -> list[UUID]:
    """Live instances that wait for nothing at all."""
    rows = session.connection().execute(_STUCK, {"before": clock.now() - GRACE, "after": _FIRST, "last": _FINAL})
    return [row.id for row in rows]


_LAST = (
    select(instance.c.id)
    .where(instances.IS_LIVE, instance.c.id > bindparam("after"))
    .order_by(instance.c.id)
    .offset(bindparam("but") - 1)
    .limit(1)
)
_looked_at_until = _FIRST


def open_incidents_for_stuck() -> int:
    """An incident for each instance that waits for nothing among the next LOOKED_AT live ones; the number of them.

    Where there are more, they take turns: 200,000 are looked at within some minutes.
    """
    global _looked_at_until
    with db.reading() as session:
        ask = session.connection().execute
        last = ask(_LAST, {"after": _looked_at_until, "but": LOOKED_AT}).scalar_one_or_none()
        some = {"after": _looked_at_until, "last": last or _FINAL}
        found = ask(_STUCK, some | {"before": clock.now() - GRACE}).all()
    _looked_at_until = last or _FIRST
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
    due = (incoming.IS_KEPT, row.c.expires_at >= clock.now(), awaited)
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


def open_incidents_for_worn_out() -> int:
    """Give up what killed its worker each time; the number of pieces."""
    with db.reading() as session:
        if not work.any_worn_out(session):
            return 0
    with db.writing() as session:
        return run.worn_out(session)


def bring_back() -> int:
    """After the clock was put back: make due what was due; the number of pieces."""
    with db.reading() as session:
        if not work.any_ahead(session):
            return 0
    with db.writing() as session:
        count = work.bring_back(session)
    logger.warning("the clock was put back; work was made due again", extra={"pieces": count})
    return count


def is_dead(owner: str) -> bool:
    """Whether a worker ran on this machine and does not run any more; False when that cannot be told."""
    host, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit() or owner.partition("/")[0] == OWNER:
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
    open_incidents_for_worn_out()
    bring_back()
    with db.writing() as session:
        incoming.expire(session)
        migration.forget(session)
    wake_kept()
    open_incidents_for_stuck()
    seals.seal_rows(blocks=8)
