"""After a restore, what was going out waits for a person: it may have gone out already in the time that was lost.

Held are all effects that the backup says are not sent, and for ten minutes of the program's first work those that
steps write in every lane but `alarm` (timers of the lost time fire then). An alarm that is told twice is better than
one that is not. A page and `visitflow outgoing --held` list them; each is released or dropped by somebody who says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, db, history, outgoing, work
from engine.db import Base, Id, Instant
from engine.errors import NotPossible
from engine.outgoing import outgoing as effects

FIRST_WORK = timedelta(minutes=10)

restored = Table(
    "restored",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("backup_at", Instant, nullable=False),
    Column("restored_at", Instant, nullable=False),
    Column("hold_until", Instant),  # real time; set when the first worker starts
)
settled = Table(
    "settled_effect",
    Base.metadata,
    Column("outgoing_id", Id, primary_key=True),
    Column("channel", String(60), nullable=False),
    Column("instance_id", Id),
    Column("what", String(10), nullable=False),
    Column("who", Integer),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_settled_effect_at", "at"),
)
RELEASED, DROPPED = "released", "dropped"


@dataclass(frozen=True)
class Settled:
    """What somebody decided about a held effect: released or dropped; `who` None: the operator of the machine."""

    outgoing_id: UUID
    channel: str
    instance_id: UUID | None
    what: str
    who: int | None
    why: str
    at: datetime


@dataclass(frozen=True)
class Held:
    """An effect that waits for a person; what it says stays encrypted."""

    id: UUID
    channel: str
    key: str
    instance_id: UUID | None
    created_at: datetime


def hold_back(session: Session, backup_at: datetime) -> int:
    """Hold every effect that is not sent, forget who held leases, and note the restore; how many are held."""
    connection, c = session.connection(), effects.c
    waiting = select(c.id).where(c.state == outgoing.WAITING)
    connection.execute(delete(work.work).where(work.work.c.kind == "deliver", work.work.c.ref.in_(waiting)))
    held = connection.execute(update(effects).where(c.state == outgoing.WAITING).values(state=outgoing.HELD)).rowcount
    connection.execute(update(work.work).values(lease_until=None, lease_owner=None))
    connection.execute(restored.insert(), {"backup_at": backup_at, "restored_at": clock.now(), "hold_until": None})
    history.write(session, None, None, "restored", note=f"backup of {backup_at.isoformat()}; {held} effects held")
    return held


def begin_work() -> None:
    """Called where workers start: for ten minutes from the first start after a restore, new effects are held too."""
    with db.reading() as session:
        newest = session.connection().execute(select(restored).order_by(restored.c.id.desc()).limit(1)).first()
    if newest is None:
        return
    until = newest.hold_until
    if until is None:
        until = _real_now() + FIRST_WORK
        with db.writing() as session:
            first = (restored.c.id == newest.id, restored.c.hold_until.is_(None))
            session.connection().execute(update(restored).where(*first).values(hold_until=until))
    outgoing.hold_new_until(until if until > _real_now() else None)


def _real_now() -> datetime:
    return clock.now() - clock.offset()


def find(session: Session, limit: int = 1000, after: tuple[datetime, UUID] | None = None) -> Sequence[Held]:
    """What is held, oldest first; `after` is (created_at, id) of the last one seen."""
    c = effects.c
    query = select(c.id, c.channel, c.key, c.instance_id, c.created_at).where(c.state == outgoing.HELD)
    if after is not None:
        query = query.where((c.created_at > after[0]) | ((c.created_at == after[0]) & (c.id > after[1])))
    rows = session.connection().execute(query.order_by(c.created_at, c.id).limit(limit))
    return [Held(**row._mapping) for row in rows]


def number(session: Session) -> int:
    """How many effects are held."""
    query = select(func.count()).select_from(effects).where(effects.c.state == outgoing.HELD)
    return int(session.connection().execute(query).scalar_one())


def decided(session: Session, limit: int = 50) -> Sequence[Settled]:
    """What was decided last, newest first."""
    query = select(settled).order_by(settled.c.at.desc(), settled.c.outgoing_id.desc()).limit(limit)
    return [Settled(**row._mapping) for row in session.connection().execute(query)]


def release(session: Session, outgoing_id: UUID, by: int | None, why: str) -> bool:
    """Send a held effect after all; False when it is not held (any more). Raises NotPossible without a reason."""
    if not _settle(session, outgoing_id, outgoing.WAITING, RELEASED, by, why):
        return False
    work.add(session, "deliver", ref=outgoing_id)
    return True


def drop(session: Session, outgoing_id: UUID, by: int | None, why: str) -> bool:
    """Never send a held effect; a service task that waits for its answer gets the error `dropped`. False as above."""
    if not _settle(session, outgoing_id, outgoing.DROPPED, DROPPED, by, why):
        return False
    if outgoing.get(session, outgoing_id).token_id is not None:
        work.add(session, "answer", ref=outgoing_id, detail={"code": "dropped"}, key=f"answer:{outgoing_id}")
    return True


def _settle(session: Session, outgoing_id: UUID, state: str, what: str, by: int | None, why: str) -> bool:
    if not why.strip():
        raise NotPossible("请写明原因。", "Say why.")
    c = effects.c
    moved = update(effects).where(c.id == outgoing_id, c.state == outgoing.HELD).values(state=state)
    row = session.connection().execute(moved.returning(c.instance_id, c.channel)).first()
    if row is None:
        return False
    told = Settled(outgoing_id, row.channel, row.instance_id, what, by, why.strip()[:500], clock.now())
    session.connection().execute(insert(settled), told.__dict__)
    history.write(session, row.instance_id, by, f"effect_{what}", note=told.why, effect=outgoing_id)
    return True
