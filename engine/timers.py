"""Times that instances wait for, in UTC; whoever claims a due one first fires it.

Twice a second the workers look for due timers and write their firing down as work (key: the token and its time), so
that a firing is retried, given up and audited like everything else. A firing that finds its timer gone does nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from engine import clock, failpoints, instances, work
from engine.waits import IS_TIMER, TIMER, WaitRow, of_instance, wait

AT_ONCE = 200
_DUE = (IS_TIMER, wait.c.queued.is_(False), wait.c.due_at <= bindparam("now"))
_ANY_DUE = select(wait.c.token_id).where(*_DUE, wait.c.lane.in_(bindparam("lanes", expanding=True))).limit(1)
_KEY = (wait.c.instance_id, wait.c.token_id, wait.c.kind, wait.c.number)
_OLDEST = (
    select(*_KEY)
    .where(*_DUE, wait.c.lane.in_(bindparam("lanes", expanding=True)))
    .order_by(wait.c.due_at)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)
_QUEUE = (
    update(wait)
    .where(tuple_(*_KEY).in_(_OLDEST))
    .values(queued=True)
    .returning(wait.c.instance_id, wait.c.token_id, wait.c.number, wait.c.due_at, wait.c.lane)
)
_NEXT_DUE = select(func.min(wait.c.due_at)).where(IS_TIMER, wait.c.due_at > bindparam("now"))


def any_due(session: Session, lanes: Collection[str] = work.LANES) -> bool:
    """Whether a timer of these lanes is due and not yet queued; costs a read only."""
    values = {"now": clock.now(), "lanes": list(lanes)}
    return session.connection().execute(_ANY_DUE, values).first() is not None


def queue_due(session: Session, lanes: Collection[str] = work.LANES) -> int:
    """Write the firing of due timers down as work, the earliest AT_ONCE of them; how many that were."""
    values = {"now": clock.now(), "lanes": list(lanes)}
    due = session.connection().execute(_QUEUE, values).all()
    units = instances.units(session, {row.instance_id for row in due}) if due else {}
    rows = [
        work.new(
            "timer",
            ref=row.instance_id,
            lane=row.lane,
            due_at=row.due_at,
            key=f"timer:{row.token_id}:{row.number}:{row.due_at.isoformat()}",
            priority=50,
            unit_path=units.get(row.instance_id),
        )
        for row in due
    ]
    work.add_all(session, rows)
    failpoints.reach("timers.queued")
    return len(rows)


_AGAIN = (
    update(wait).where(wait.c.instance_id == bindparam("of_instance"), wait.c.queued.is_(True)).values(queued=False)
)


def queue_again(session: Session, instance_id: UUID) -> None:
    """Let the sweeps look again at timers whose firing was queued and found nothing due (clocks differ a little)."""
    session.connection().execute(_AGAIN, {"of_instance": instance_id})


def next_due(session: Session) -> datetime | None:
    """When the earliest timer that is not due yet will be, None when no instance waits for a time."""
    return session.connection().execute(_NEXT_DUE, {"now": clock.now()}).scalar_one_or_none()


def of(session: Session, instance_id: UUID) -> list[WaitRow]:
    """The timers of an instance, earliest first."""
    return [row for row in of_instance(session, instance_id) if row.kind == TIMER]
