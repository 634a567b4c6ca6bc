"""Named leases: of several processes that could do the same, one does it, and another takes over when it is gone.

A lease is held in real time, however the clock is moved. Its holder renews it long before it ends; whoever finds it
ended takes it. It keeps work from being done twice needlessly; what must not happen twice has a key of its own.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Column, String, Table, bindparam, delete, or_, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import Base, Instant
from engine.rows import insert_once

lease = Table(
    "lease",
    Base.metadata,
    Column("name", String(60), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("until", Instant, nullable=False),
)

LONGEST = timedelta(hours=1)
_TAKE = (
    update(lease)
    .where(
        lease.c.name == bindparam("wanted"),
        or_(
            lease.c.owner == bindparam("me"),
            lease.c.until < bindparam("real"),
            lease.c.until > bindparam("never"),  # given before the clock was put back
        ),
    )
    .values(owner=bindparam("me"), until=bindparam("end"))
)


def take(session: Session, name: str, owner: str, length: timedelta) -> bool:
    """Take or renew the lease for `length` from now; False while somebody else has it."""
    real = clock.steady()
    connection = session.connection()
    fresh = {"name": name, "owner": owner, "until": real + length}
    if connection.execute(insert_once(session, lease), fresh).rowcount == 1:
        return True
    values = {"wanted": name, "me": owner, "real": real, "never": real + LONGEST, "end": real + length}
    return connection.execute(_TAKE, values).rowcount == 1


def give_back(session: Session, name: str, owner: str) -> None:
    """Let the next one have it at once."""
    session.connection().execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner))
