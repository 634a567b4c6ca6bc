"""Times that instances wait for, in UTC; whoever claims a due one first fires it.

Twice a second the workers look for due timers and write their firing down as work (key: the token and its time), so
that a firing is retried, given up and audited like everything else. A firing that finds its timer gone does nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from engine import clock, work
from engine.waits import TIMER, WaitRow, of_instance, wait

_DUE = (wait.c.kind == TIMER, wait.c.queued.is_(False), wait.c.due_at <= bindparam("now"))
_ANY_DUE = select(wait.c.token_id).where(*_DUE, wait.c.lane.in_(bindparam("lanes", expanding=True))).limit(1)
_QUEUE = (
    update(wait)
    .where(*_DUE, wait.c.lane.in_(bindparam("lanes", expanding=True)))
    .values(queued=True)
    .returning(wait.c.instance_id, wait.c.token_id, wait.c.number, wait.c.due_at, wait.c.lane)
)
_NEXT_DUE = select(func.min(wait.c.due_at)).where(wait.c.kind == TIMER, wait.c.due_at > bindparam("now"))


def any_due(session: Session, lanes: Collection[str] = work.LANES) -> bool:
    """Whether a timer of these lanes is due and not yet queued; costs a read only."""
    values = {"now": clock.now(), "lanes": list(lanes)}
    return session.connection().execute(_ANY_DUE, values).first() is not None


def queue_due(session: Session, lanes: Collection[str] = work.LANES) -> int:
    """Write the firing of every due timer down as work, earliest first; the number of them."""
    values = {"now": clock.now(), "lanes": list(lanes)}
    due = session.connection().execute(_QUEUE, values).all()
    rows = [
        work.new(
            "timer",
            ref=row.instance_id,
            lane=row.lane,
            due_at=row.due_at,
            key=f"timer:{row.token_id}:{row.number}:{row.due_at.isoformat()}",
            priority=50,
        )
        for row in due
    ]
    work.add_all(session, rows)
    return len(rows)


def next_due(session: Session) -> datetime | None:
    """When the earliest timer that is not due yet will be, None when no instance waits for a time."""
    return session.connection().execute(_NEXT_DUE, {"now": clock.now()}).scalar_one_or_none()


def of(session: Session, instance_id: UUID) -> list[WaitRow]:
    """The timers of an instance, earliest first."""
    return [row for row in of_instance(session, instance_id) if row.kind == TIMER]
