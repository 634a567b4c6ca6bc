"""What the sweeps ask and mend: what is due, who holds leases, whose worker died, what is to be tried anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.work.adding import ring
from engine.work.claiming import retry
from engine.work.table import DEATHS, WAITING, Item, real_now, work

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
        or_(
            work.c.lease_until.is_(None),
            and_(work.c.lease_until < bindparam("real"), work.c.attempts < DEATHS),
        ),
    )
    .limit(1)
)


def any_due(session: Session, lanes: Collection[str]) -> bool:
    """Whether a claim would find something; costs a read only."""
    values = {"lanes": list(lanes), "now": clock.now(), "real": real_now()}
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


def drop(session: Session, work_id: UUID) -> None:
    """Forget work that somebody settled in another way."""
    session.connection().execute(delete(work).where(work.c.id == work_id))


def worn_out(session: Session) -> list[Item]:
    """Give up work whose worker died each of DEATHS times; returns it, for an incident each."""
    rows = session.connection().execute(
        select(work).where(work.c.state == WAITING, work.c.lease_until < real_now(), work.c.attempts >= DEATHS)
    )
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
    """Give back at once what workers held that are known to be dead; the attempt counts."""
    held = update(work).where(work.c.lease_owner.in_(dead), work.c.state == WAITING, work.c.attempts < DEATHS)
    return session.connection().execute(held.values(lease_until=None, lease_owner=None)).rowcount
