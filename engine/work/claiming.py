"""Work is claimed for a lease, then done, kept for longer, given back, or waits for its next attempt."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.work.table import DEATHS, GIVEN_UP, LEASE, PAUSES, WAITING, Item, LeaseLost, real_now, work

_CLAIM = (
    update(work)
    .where(
        work.c.id.in_(
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
            .order_by(work.c.priority, work.c.due_at)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(
        attempts=work.c.attempts + 1,
        token=work.c.token + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("owner"),
    )
    .returning(
        work.c.id,
        work.c.kind,
        work.c.ref,
        work.c.lane,
        work.c.detail,
        work.c.attempts,
        work.c.token,
        work.c.due_at,
        work.c.priority,
    )
)


def claim(
    session: Session, lanes: Collection[str], owner: str, limit: int = 20, lease: timedelta = LEASE
) -> list[Item]:
    """Take up to `limit` pieces of due work of these lanes, most urgent first; commit before working on them."""
    real = real_now()
    values = {"lanes": list(lanes), "now": clock.now(), "real": real, "until": real + lease}
    rows = session.connection().execute(_CLAIM, values | {"limit": limit, "owner": owner})
    taken = sorted(rows, key=lambda row: (row.priority, row.due_at))
    return [Item(r.id, r.kind, r.ref, r.lane, r.detail or {}, r.attempts, r.token, r.due_at) for r in taken]


_MINE = (work.c.id == bindparam("item"), work.c.token == bindparam("fence"))
_DONE = delete(work).where(*_MINE)
_RENEW = update(work).where(*_MINE).values(lease_until=bindparam("until"))
_LATER = (
    update(work)
    .where(*_MINE)
    .values(
        lease_until=None,
        lease_owner=None,
        due_at=bindparam("due"),
        state=bindparam("next"),
        error=bindparam("fault"),
        attempts=bindparam("tries"),
    )
)


def done(session: Session, item: Item) -> None:
    """Strike the work off, in the transaction that did it; raises LeaseLost."""
    if session.connection().execute(_DONE, {"item": item.id, "fence": item.token}).rowcount != 1:
        raise LeaseLost(f"{item.kind} {item.id}")


def renew(session: Session, item: Item, lease: timedelta = LEASE) -> None:
    """Keep the work for another `lease` from now; raises LeaseLost."""
    values = {"item": item.id, "fence": item.token, "until": real_now() + lease}
    if session.connection().execute(_RENEW, values).rowcount != 1:
        raise LeaseLost(f"{item.kind} {item.id}")


def release(session: Session, item: Item) -> None:
    """Give the work back untouched (the program stops); the attempt does not count."""
    values = {"due": item.due_at, "next": WAITING, "fault": None, "tries": item.attempts - 1}
    session.connection().execute(_LATER, {"item": item.id, "fence": item.token, **values})


def retry(session: Session, item: Item, fault: str, permanent: bool = False) -> bool:
    """Let the work wait for its next attempt; True when it is given up instead."""
    pauses = PAUSES.get(item.kind) or PAUSES[item.lane]
    given_up = permanent or item.attempts > len(pauses)
    due = clock.now()
    if not given_up:
        due += timedelta(seconds=pauses[item.attempts - 1] * random.uniform(1.0, 1.2))
    values = {"due": due, "next": GIVEN_UP if given_up else WAITING, "fault": fault[:2000], "tries": item.attempts}
    session.connection().execute(_LATER, {"item": item.id, "fence": item.token, **values})
    return given_up
