"""Signs of life: each process of the program writes every few seconds that it is alive, and how it stands.

Times are real, whatever the clock of the program says. Workers tell their lanes, the device listener whether it is
connected to the broker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, String, Table, select
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Document, Instant
from engine.jobs import sweeps
from engine.jobs.doing import OWNER
from engine.rows import insert_once

ALIVE = timedelta(seconds=20)
WORKER, LISTENER, PROBE = "worker", "listener", "probe"

program = Table(
    "program",
    Base.metadata,
    Column("owner", String(80), primary_key=True),
    Column("seen_at", Instant, nullable=False),  # real time, whatever the clock says
    Column("part", String(10), nullable=False, server_default=WORKER),
    Column("facts", Document),
)


@dataclass(frozen=True)
class Part:
    """A process that was alive at `seen_at`; `owner` begins with the machine and the process id."""

    owner: str
    seen_at: datetime
    part: str
    facts: dict[str, Any]


def real_now() -> datetime:
    return clock.now() - clock.offset()


def beat(part: str = WORKER, facts: dict[str, Any] | None = None) -> None:
    """Say that this process is alive as a part of the program."""
    now, owner = real_now(), OWNER if part == WORKER else f"{OWNER}/{part}"
    with db.writing() as session:
        connection = session.connection()
        connection.execute(program.delete().where(program.c.seen_at < now - ALIVE))
        row = {"owner": owner, "seen_at": now, "part": part, "facts": facts}
        if connection.execute(insert_once(session, program), row).rowcount == 0:
            connection.execute(program.update().where(program.c.owner == owner).values(seen_at=now, facts=facts))


def alive(session: Session, part: str | None = None) -> Sequence[Part]:
    """The processes that are alive now; one of this machine that was killed is not among them."""
    c = program.c
    query = select(c.owner, c.seen_at, c.part, c.facts).where(c.seen_at > real_now() - ALIVE)
    if part is not None:
        query = query.where(c.part == part)
    found = (Part(row.owner, row.seen_at, row.part, row.facts or {}) for row in session.connection().execute(query))
    return [each for each in found if not sweeps.is_dead(each.owner)]
