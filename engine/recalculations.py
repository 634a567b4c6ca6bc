"""Times that are worked out again because a calendar changed: one row per change, with how far it has come.

`run.recalculate_all` writes it and finds the instances, `run.recalculate` does one of them and counts it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Document, Id, Instant

recalculation = Table(
    "recalculation",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("about", String(60), nullable=False),
    Column("functions", Document, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", Integer),
    Column("found", Integer, nullable=False),
    Column("all_found", Boolean, nullable=False),
    Column("done", Integer, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Index("ix_recalculation_started", "started_at"),
)


@dataclass(frozen=True)
class Recalculation:
    """`found` instances depend on it, `done` of them are through; `moved` times changed, `kept` would be past."""

    id: UUID
    about: str
    functions: frozenset[str]
    started_at: datetime
    started_by: int | None
    found: int
    all_found: bool
    done: int
    moved: int
    kept: int

    @property
    def is_over(self) -> bool:
        return self.all_found and self.done >= self.found


def add(session: Session, about: str, functions: frozenset[str], by: int | None) -> UUID:
    """Write down that times are to be worked out again; nothing is found yet."""
    recalculation_id: UUID = db.new_id()
    row = {
        "id": recalculation_id,
        "about": about,
        "functions": sorted(functions),
        "started_at": clock.now(),
        "started_by": by,
        "found": 0,
        "all_found": False,
        "done": 0,
        "moved": 0,
        "kept": 0,
    }
    session.connection().execute(insert(recalculation), row)
    return recalculation_id


def get(session: Session, recalculation_id: UUID) -> Recalculation:
    row = session.connection().execute(select(recalculation).where(recalculation.c.id == recalculation_id)).one()
    return _of_row(row)


def newest(session: Session) -> Recalculation | None:
    """The last one that was begun."""
    row = session.connection().execute(
        select(recalculation).order_by(recalculation.c.started_at.desc(), recalculation.c.id.desc()).limit(1)
    )
    found = row.first()
    return None if found is None else _of_row(found)


def found(session: Session, recalculation_id: UUID, count: int, all_found: bool) -> None:
    """So many instances more depend on it; `all_found`: there are no others."""
    change = update(recalculation).where(recalculation.c.id == recalculation_id)
    session.connection().execute(change.values(found=recalculation.c.found + count, all_found=all_found))


_DONE = (
    update(recalculation)
    .where(recalculation.c.id == bindparam("of"))
    .values(
        done=recalculation.c.done + 1,
        moved=recalculation.c.moved + bindparam("times_moved"),
        kept=recalculation.c.kept + bindparam("times_kept"),
    )
)


def done(session: Session, recalculation_id: UUID, moved: int, kept: int) -> None:
    """One instance is through."""
    session.connection().execute(_DONE, {"of": recalculation_id, "times_moved": moved, "times_kept": kept})


def _of_row(row: Any) -> Recalculation:
    return Recalculation(**{**row._mapping, "functions": frozenset(row.functions)})
