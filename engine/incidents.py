"""What could not go on, and trying it again.

An incident stops one instance (or one event, delivery or start that has no instance yet), never the others. It is
opened when work is given up, in the alarm lane at the first failure already; it closes itself when a later attempt
succeeds, or a person settles it. `error` is a code and a sentence without data of people.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, bindparam, select, update
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import UNIT_PATH
from engine.together import write

incident = Table(
    "incident",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id),
    Column("work_id", Id, unique=True),
    Column("kind", String(40), nullable=False),  # kind of the work, or `stuck`
    Column("process_id", String(80)),
    Column("element", String(120)),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Integer),
    Column("outcome", String(20)),  # went_on, retried, cancelled, settled
    Index("ix_incident_open", "closed_at", "opened_at"),
    Index("ix_incident_instance", "instance_id"),
)


class NoSuchIncident(EngineError):
    """There is no such open incident."""


@dataclass(frozen=True)
class Incident:
    """An incident; open while `closed_at` is None."""

    id: UUID
    instance_id: UUID | None
    work_id: UUID | None
    kind: str
    process_id: str | None
    element: str | None
    unit_path: str
    error: str
    attempts: int
    opened_at: datetime
    closed_at: datetime | None
    closed_by: int | None
    outcome: str | None


def open_or_update(
    session: Session,
    *,
    kind: str,
    error: str,
    instance_id: UUID | None = None,
    work_id: UUID | None = None,
    process_id: str | None = None,
    element: str | None = None,
    unit_path: str = "/",
    attempts: int = 1,
) -> tuple[UUID, bool]:
    """(id, whether it is new) of the incident of this work, or of this instance and kind when there is no work."""
    c = incident.c
    same = c.work_id == work_id if work_id is not None else (c.instance_id == instance_id) & (c.kind == kind)
    known = session.connection().execute(
        update(incident)
        .where(same, c.closed_at.is_(None) if work_id is None else c.id.is_not(None))
        .values(error=error[:2000], attempts=attempts, closed_at=None, closed_by=None, outcome=None)
        .returning(c.id)
    )
    found = known.scalars().first()
    if found is not None:
        return found, False
    incident_id = db.new_id()
    row = {
        "id": incident_id,
        "instance_id": instance_id,
        "work_id": work_id,
        "kind": kind,
        "process_id": process_id,
        "element": element,
        "unit_path": unit_path,
        "error": error[:2000],
        "attempts": attempts,
        "opened_at": clock.now(),
    }
    session.connection().execute(incident.insert(), row)
    return incident_id, True


def close_for_work(session: Session, work_id: UUID, outcome: str = "went_on") -> None:
    """Close the incident of work that succeeded after all."""
    session.connection().execute(
        update(incident)
        .where(incident.c.work_id == work_id, incident.c.closed_at.is_(None))
        .values(closed_at=clock.now(), outcome=outcome)
    )


_CLOSE_OF_INSTANCE = (
    update(incident)
    .where(incident.c.instance_id == bindparam("mine"), incident.c.closed_at.is_(None))
    .values(closed_at=bindparam("moment"), closed_by=bindparam("who"), outcome=bindparam("how"))
)


def close_of_instance(session: Session, instance_id: UUID, outcome: str, by: int | None = None) -> None:
    """Close every incident of an instance that ended, was cancelled or moves again."""
    write(session, _CLOSE_OF_INSTANCE, {"mine": instance_id, "moment": clock.now(), "who": by, "how": outcome})


def close(session: Session, incident_id: UUID, outcome: str, by: int | None = None) -> bool:
    """Close one incident; False when it is closed already, also by somebody who is doing so at the same time."""
    closed = session.connection().execute(
        update(incident)
        .where(incident.c.id == incident_id, incident.c.closed_at.is_(None))
        .values(closed_at=clock.now(), closed_by=by, outcome=outcome)
    )
    return closed.rowcount == 1


def close_of_kind(session: Session, kind: str, outcome: str) -> None:
    """Close the open incidents of a kind that belong to no instance and no work (audit, test alarm)."""
    c = incident.c
    of_kind = update(incident).where(
        c.kind == kind, c.instance_id.is_(None), c.work_id.is_(None), c.closed_at.is_(None)
    )
    session.connection().execute(of_kind.values(closed_at=clock.now(), outcome=outcome))


def get(session: Session, incident_id: UUID) -> Incident:
    """Read an incident; raises NoSuchIncident."""
    row = session.connection().execute(select(incident).where(incident.c.id == incident_id)).first()
    if row is None:
        raise NoSuchIncident(str(incident_id))
    return Incident(**row._mapping)


def find(session: Session, *, open_only: bool = True, unit_path: str = "/", limit: int = 200) -> list[Incident]:
    """Incidents of a unit and all below it, oldest first."""
    c = incident.c
    query = select(incident).where(c.unit_path >= unit_path, c.unit_path < unit_path[:-1] + "0")
    if open_only:
        query = query.where(c.closed_at.is_(None))
    rows = session.connection().execute(query.order_by(c.opened_at, c.id).limit(limit))
    return [Incident(**row._mapping) for row in rows]


def of_instance(session: Session, instance_id: UUID) -> list[Incident]:
    """All incidents of an instance, open ones and closed ones, oldest first."""
    c = incident.c
    rows = session.connection().execute(select(incident).where(c.instance_id == instance_id).order_by(c.opened_at))
    return [Incident(**row._mapping) for row in rows]


def open_of_instances(session: Session, instance_ids: Collection[UUID]) -> set[UUID]:
    """Which of these instances have an open incident."""
    c = incident.c
    query = select(c.instance_id).where(c.instance_id.in_(instance_ids), c.closed_at.is_(None))
    return set(session.connection().scalars(query))
