"""The claimable queue that steps, timers, deliveries and batch jobs share.

A row is claimed for a lease (30 s of real time, however the clock is moved) under a rising fencing token; `attempts`
rises at the claim, so that a row which kills its worker cannot loop for ever. `done` deletes the row and fails when
the lease went to somebody else. After a failure the row waits (alarm lane 1, 5, 15 s; others 10 s, 1 min, 10 min;
deliveries 15 s to 1 h) and is then given up: it stays, and an incident points to it. Lanes have their own workers:
nothing in `bulk` delays an alarm.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Document, Id, Instant
from engine.errors import EngineError
from engine.rows import insert_once

ALARM, HUMAN, NORMAL, BULK = LANES = ("alarm", "human", "normal", "bulk")
LEASE = timedelta(seconds=30)
DEATHS = 5
PAUSES: dict[str, tuple[int, ...]] = {
    "alarm": (1, 5, 15),
    "human": (2, 10, 60),
    "normal": (10, 60, 600),
    "bulk": (10, 60, 600),
    "deliver": (15, 30, 60, 300, 900, 1800, 3600),
}
"""Seconds to wait after each failed attempt, by kind of work if it has its own row here, else by lane."""

WAITING, GIVEN_UP = "waiting", "given_up"

work = Table(
    "work",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("ref", Id),
    Column("lane", String(10), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_until", Instant),
    Column("lease_owner", String(60)),
    Column("token", Integer, nullable=False),
    Column("key", String(200), unique=True),
    Column("detail", Document),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_work_claim", "lane", "state", "due_at"),
    Index("ix_work_ref", "ref"),
)


class LeaseLost(EngineError):
    """Somebody else has this work by now; what was done for it must not be committed."""


@dataclass(frozen=True)
class Item:
    """Work that was claimed: do it, then `done` in the same transaction."""

    id: UUID
    kind: str
    ref: UUID | None
    lane: str
    detail: dict[str, Any]
    attempts: int
    token: int
    due_at: datetime


doorbells: list[Callable[[str], None]] = []
"""Called with the lane after a transaction that added due work is committed. Missing one costs delay, nothing else."""


def add(
    session: Session,
    kind: str,
    *,
    ref: UUID | None = None,
    lane: str = NORMAL,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
    priority: int = 100,
) -> UUID:
    """Write down work; with a `key` that is already queued (or given up) nothing is added."""
    row = new(kind, ref=ref, lane=lane, detail=detail, due_at=due_at, key=key, priority=priority)
    add_all(session, [row])
    return cast("UUID", row["id"])


def new(
    kind: str,
    *,
    ref: UUID | None = None,
    lane: str = NORMAL,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
    priority: int = 100,
) -> dict[str, Any]:
    """The row of `add`, not yet written: for `add_all`."""
    now = clock.now()
    return {
        "id": db.new_id(),
        "kind": kind,
        "ref": ref,
        "lane": lane,
        "priority": priority,
        "due_at": due_at or now,
        "attempts": 0,
        "state": WAITING,
        "token": 0,
        "key": key,
        "detail": detail or {},
        "created_at": now,
    }


def add_all(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write down several pieces of work in one statement, and ring for their lanes after the commit."""
    if not rows:
        return
    session.connection().execute(insert_once(session, work), rows)
    ring(session, {row["lane"] for row in rows})


def ring(session: Session, lanes: Iterable[str]) -> None:
    """Ring the lanes' doorbells once this transaction is committed."""
    rung = session.info.setdefault("rung", set())
    for lane in set(lanes) - rung:
        rung.add(lane)
        db.after_commit(session, partial(_ring, session, lane))


def _ring(session: Session, lane: str) -> None:
    session.info.pop("rung", None)
    for bell in doorbells:
        bell(lane)


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
    real = _real_now()
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
    values = {"item": item.id, "fence": item.token, "until": _real_now() + lease}
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
        select(work).where(work.c.state == WAITING, work.c.lease_until < _real_now(), work.c.attempts >= DEATHS)
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
    values = {"lanes": list(lanes), "now": clock.now(), "real": _real_now()}
    return session.connection().execute(_ANY_DUE, values).first() is not None


def _real_now() -> datetime:
    """Leases are held in real time: moving the clock of a demonstration must not take work from whoever does it."""
    return clock.now() - clock.offset()
