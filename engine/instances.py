"""Process instances: a narrow row, and apart from it the stored state with its version.

`revision` is the fence: a step that loaded revision n writes n + 1 only if n is still there, so a worker that slept
over somebody else's step changes nothing. The state is encrypted; the specification is never stored with it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from engine import clock, vault
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import UNIT_PATH, insert_once

LIVE, ENDED, CANCELLED = "live", "ended", "cancelled"

instance = Table(
    "instance",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("definition_id", Integer, ForeignKey("definition.id"), nullable=False),
    Column("process_id", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("key", String(200)),
    Column("live_key", String(200)),  # the key while the instance is live: one live instance per process and key
    Column("subject_id", Integer),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("policy", String(60), nullable=False),
    Column("lane", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", Integer),
    Column("ended_at", Instant),
    UniqueConstraint("process_id", "live_key"),
    Index("ix_instance_state", "state", "process_id", "started_at"),
    Index("ix_instance_key", "key"),
    Index("ix_instance_subject", "subject_id", "started_at"),
)

instance_state = Table(
    "instance_state",
    Base.metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("codec", Integer, nullable=False),
    Column("stored", LargeBinary, nullable=False),
)


class NoSuchInstance(EngineError):
    """There is no such process instance."""


class Overtaken(EngineError):
    """Somebody else moved this instance meanwhile; nothing was changed. Try again."""


@dataclass(frozen=True)
class Instance:
    """An instance without its data. `lane` is `alarm` for processes that diagrams mark urgent."""

    id: UUID
    definition_id: int
    process_id: str
    version: int
    key: str | None
    subject_id: int | None
    unit_path: str
    policy: str
    lane: str
    state: str
    started_at: datetime
    started_by: int | None
    ended_at: datetime | None


COLUMNS = tuple(column for column in instance.c if column.name != "live_key")
_INSERT_STATE = insert(instance_state)
_READ = (
    select(*COLUMNS, instance_state.c.revision, instance_state.c.stored)
    .join(instance_state, instance_state.c.instance_id == instance.c.id)
    .where(instance.c.id == bindparam("wanted"))
)
_LOAD = _READ.with_for_update(of=instance_state)
_SAVE = (
    update(instance_state)
    .where(instance_state.c.instance_id == bindparam("mine"), instance_state.c.revision == bindparam("read"))
    .values(revision=bindparam("next"), stored=bindparam("blob"))
)
_FINISH = (
    update(instance)
    .where(instance.c.id == bindparam("mine"))
    .values(state=bindparam("end"), ended_at=bindparam("moment"), live_key=None)
)


def of_row(row: Any) -> Instance:
    """An instance of a row that has COLUMNS in front."""
    return Instance(*row[: len(COLUMNS)])


def insert_new(session: Session, row: Instance) -> bool:
    """Write a new live instance, before its first step; False when its key is live already."""
    values = row.__dict__ | {"live_key": row.key}
    return session.connection().execute(insert_once(session, instance), values).rowcount == 1


def insert_state(session: Session, instance_id: UUID, blob: bytes) -> None:
    """Write the first state of an instance."""
    values = {"instance_id": instance_id, "revision": 1, "codec": 1, "stored": vault.encrypt(blob)}
    session.connection().execute(_INSERT_STATE, values)


def load(session: Session, instance_id: UUID) -> tuple[Instance, int, bytes]:
    """Lock an instance and read (row, revision, state); raises NoSuchInstance."""
    row = session.connection().execute(_LOAD, {"wanted": instance_id}).first()
    if row is None:
        raise NoSuchInstance(str(instance_id))
    return of_row(row), row.revision, vault.decrypt(row.stored)


def read(session: Session, instance_id: UUID) -> tuple[Instance, bytes]:
    """(row, state) without locking, to look at; raises NoSuchInstance."""
    row = session.connection().execute(_READ, {"wanted": instance_id}).first()
    if row is None:
        raise NoSuchInstance(str(instance_id))
    return of_row(row), vault.decrypt(row.stored)


def save(session: Session, instance_id: UUID, revision: int, blob: bytes) -> None:
    """Write the state after a step that began at `revision`; raises Overtaken."""
    values = {"mine": instance_id, "read": revision, "next": revision + 1, "blob": vault.encrypt(blob)}
    if session.connection().execute(_SAVE, values).rowcount != 1:
        raise Overtaken(str(instance_id))


def finish(session: Session, instance_id: UUID, state: str) -> None:
    """Note that an instance ended or was cancelled; its key is free again."""
    values = {"mine": instance_id, "end": state, "moment": clock.now()}
    session.connection().execute(_FINISH, values)


_LIVE_BY_KEY = select(instance.c.id).where(
    instance.c.process_id == bindparam("process"), instance.c.live_key == bindparam("wanted")
)


def live(session: Session, process_id: str, key: str) -> UUID | None:
    """The live instance of a process with that key."""
    values = {"process": process_id, "wanted": key}
    return session.connection().execute(_LIVE_BY_KEY, values).scalar_one_or_none()


def get(session: Session, instance_id: UUID) -> Instance:
    """Read an instance without locking it; raises NoSuchInstance."""
    row = session.connection().execute(select(*COLUMNS).where(instance.c.id == instance_id)).first()
    if row is None:
        raise NoSuchInstance(str(instance_id))
    return of_row(row)


def find(
    session: Session,
    *,
    process_ids: Collection[str] = (),
    state: str | None = LIVE,
    unit_path: str = "/",
    subject_id: int | None = None,
    key: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Instance]:
    """Instances of a unit and all below it, newest first; `before` is (started_at, id) of the last one seen."""
    c = instance.c
    query = select(*COLUMNS).where(c.unit_path >= unit_path, c.unit_path < unit_path[:-1] + "0")
    if process_ids:
        query = query.where(c.process_id.in_(process_ids))
    if state is not None:
        query = query.where(c.state == state)
    if subject_id is not None:
        query = query.where(c.subject_id == subject_id)
    if key is not None:
        query = query.where(c.key == key)
    if before is not None:
        query = query.where((c.started_at < before[0]) | ((c.started_at == before[0]) & (c.id < before[1])))
    rows = session.connection().execute(query.order_by(c.started_at.desc(), c.id.desc()).limit(limit))
    return [of_row(row) for row in rows]


def counts(session: Session, unit_path: str = "/", state: str = LIVE) -> dict[str, int]:
    """How many instances of each process there are in a unit and below it."""
    c = instance.c
    query = select(c.process_id, func.count()).where(
        c.state == state, c.unit_path >= unit_path, c.unit_path < unit_path[:-1] + "0"
    )
    return {row[0]: row[1] for row in session.connection().execute(query.group_by(c.process_id))}
