"""What the sweeps ask and mend: what is due, who holds leases, whose worker died, what is to be tried anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, delete, func, null, or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import Instant
from engine.work.adding import ring
from engine.work.claiming import retry
from engine.work.table import (
    CLAIMABLE,
    DEATHS,
    HELD,
    LAPSED,
    PAUSES,
    WAITING,
    Item,
    lapsed_values,
    real_now,
    work,
)

_NEXT_DUE = select(func.min(work.c.due_at)).where(work.c.state == WAITING, work.c.due_at > bindparam("now"))
_UNFINISHED = (
    select(work.c.id)
    .where(
        work.c.state == WAITING, work.c.due_at <= bindparam("now"), work.c.id.not_in(bindparam("but", expanding=True))
    )
    .limit(1)
)


def next_due(session: Session) -> datetime | None:
    """When the earliest work that is not due yet will be, None when nothing waits."""
    return session.connection().execute(_NEXT_DUE, {"now": clock.now()}).scalar_one_or_none()


def unfinished(session: Session, but: Collection[UUID] = ()) -> bool:
    """Whether anything due is not done yet, leased work included; `but` is left out of account."""
    values = {"now": clock.now(), "but": list(but)}
    return session.connection().execute(_UNFINISHED, values).first() is not None


def exists(session: Session, work_id: UUID) -> bool:
    """Whether this work is still to be done (or was given up)."""
    return session.connection().execute(select(work.c.id).where(work.c.id == work_id)).first() is not None


_ANY_DUE = (
    select(work.c.id)
    .where(
        work.c.lane.in_(bindparam("lanes", expanding=True)),
        work.c.state == WAITING,
        work.c.due_at <= bindparam("now"),
        CLAIMABLE,
    )
    .limit(1)
)


def any_due(session: Session, lanes: Collection[str]) -> bool:
    """Whether a claim would find something; costs a read only."""
    values = {"lanes": list(lanes), "now": clock.now(), "risky": True, **lapsed_values()}
    return session.connection().execute(_ANY_DUE, values).first() is not None


def again(session: Session, work_id: UUID) -> bool:
    """Try work anew that waits for a later attempt or was given up; False when it is gone (done meanwhile)."""
    row = session.connection().execute(
        update(work)
        .where(work.c.id == work_id)
        .values(state=WAITING, attempts=0, due_at=clock.now(), lease_until=None, token=work.c.token + 1)
        .returning(work.c.lane)
    )
    lane = row.scalar_one_or_none()
    if lane is not None:
        ring(session, [lane])
    return lane is not None


def held_for(session: Session, ref: UUID) -> UUID | None:
    """The suspended instance that work about this waits for, if it was put aside."""
    query = select(work.c.held_for).where(work.c.ref == ref, work.c.state == HELD).limit(1)
    return session.connection().execute(query).scalar()


def let_go(session: Session, instance_id: UUID) -> int:
    """Make due what was put aside while an instance was suspended, in its old order; how many pieces."""
    rows = session.connection().execute(
        update(work)
        .where(work.c.held_for == instance_id, work.c.state == HELD)
        .values(state=WAITING, held_for=None)
        .returning(work.c.lane)
    )
    lanes = [row.lane for row in rows]
    ring(session, sorted(set(lanes)))
    return len(lanes)


def drop(session: Session, work_id: UUID) -> None:
    """Forget work that somebody settled in another way."""
    session.connection().execute(delete(work).where(work.c.id == work_id))


_WORN_OUT = select(work).where(work.c.state == WAITING, work.c.attempts >= DEATHS, LAPSED)


def any_worn_out(session: Session) -> bool:
    """Whether `worn_out` would find something; costs a read only."""
    return session.connection().execute(_WORN_OUT.limit(1), lapsed_values()).first() is not None


def worn_out(session: Session) -> list[Item]:
    """Give up work whose worker died each of DEATHS times; returns it, for an incident each."""
    rows = session.connection().execute(_WORN_OUT, lapsed_values())
    lost = [Item(r.id, r.kind, r.ref, r.lane, r.detail or {}, r.attempts, r.token, r.due_at) for r in rows.all()]
    for item in lost:
        retry(session, item, "the worker died each time it tried this", permanent=True)
    return lost


def owners(session: Session) -> list[str]:
    """Who holds leases now."""
    return list(
        session.connection().scalars(select(work.c.lease_owner).where(work.c.lease_owner.is_not(None)).distinct())
    )


def free(session: Session, dead: Collection[str]) -> int:
    """Give back at once what workers held that are known to be dead; the attempt counts, the last one too."""
    held = update(work).where(work.c.lease_owner.in_(dead), work.c.state == WAITING)
    past = bindparam("past", real_now() - timedelta(seconds=1), Instant)
    over = case((work.c.attempts < DEATHS, null()), else_=past)
    return session.connection().execute(held.values(lease_until=over, lease_owner=None)).rowcount


_AHEAD = select(work.c.id).where(work.c.state == WAITING, work.c.created_at > bindparam("soon")).limit(1)
_LATE = select(work).where(
    work.c.state == WAITING,
    or_(work.c.created_at > bindparam("soon"), and_(work.c.error.is_not(None), work.c.due_at > bindparam("soon"))),
)
_EARLIER = (
    update(work).where(work.c.id == bindparam("mine")).values(due_at=bindparam("due"), created_at=bindparam("now"))
)
SOON = timedelta(seconds=10)


def any_ahead(session: Session) -> bool:
    """Whether work was written down later than it is now: the clock was put back."""
    return session.connection().execute(_AHEAD, {"soon": clock.now() + SOON}).first() is not None


def bring_back(session: Session) -> int:
    """Make due again, after the clock was put back, what was due or would soon have been; the number of pieces.

    What was written down at 10:00 to be done at once must not wait an hour when 10:00 becomes 9:00.
    """
    now = clock.now()
    rows = session.connection().execute(_LATE, {"soon": now + SOON}).all()
    moved = [{"mine": row.id, "due": due, "now": now} for row in rows if (due := _due(row, now)) < row.due_at]
    if moved:
        session.connection().execute(_EARLIER, moved)
        ring(session, {row.lane for row in rows})
    return len(moved)


def _due(row: Any, now: datetime) -> datetime:
    if row.error is not None:
        pauses = PAUSES.get(row.kind) or PAUSES[row.lane]
        return now + timedelta(seconds=pauses[min(row.attempts, len(pauses)) - 1])
    waits: timedelta = row.due_at - row.created_at
    return now + max(waits, timedelta(0))
