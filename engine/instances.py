"""Process instances: a narrow row, and apart from it the stored state with its version.

`revision` is the fence: a step that loaded revision n writes n + 1 only if n is still there, so a worker that slept
over somebody else's step changes nothing. The state is encrypted; the specification is never stored with it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from engine import clock, vault
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import UNIT_PATH, insert_once
from engine.together import write

LIVE, SUSPENDED, ENDED, CANCELLED = "live", "suspended", "ended", "cancelled"
UNDER_WAY = (LIVE, SUSPENDED)

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
    Index(
        "ix_instance_live", "state", "id", sqlite_where=text("state = 'live'"), postgresql_where=text("state = 'live'")
    ),
    Index("ix_instance_subject", "subject_id", "started_at"),
    Index(
        "ix_instance_started_by",
        "started_by",
        "started_at",
        "id",
        sqlite_where=text("started_by IS NOT NULL"),
        postgresql_where=text("started_by IS NOT NULL"),
    ),
)

instance_state = Table(
    "instance_state",
    Base.metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("codec", Integer, nullable=False),
    Column("stored", LargeBinary, nullable=False),
    Column("held", Boolean, nullable=False, server_default=false()),  # suspended: read under the lock, unlike `state`
)


class NoSuchInstance(EngineError):
    """There is no such process instance."""


class Suspended(EngineError):
    """The instance is suspended: it takes no completion, message, time or answer until somebody lets it go on."""

    def __init__(self, instance_id: UUID) -> None:
        super().__init__(f"instance {instance_id} is suspended; what was sent is kept and acts when it goes on")
        self.instance_id = instance_id


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


IS_LIVE = instance.c.state == literal_column("'live'")
COLUMNS = tuple(column for column in instance.c if column.name != "live_key")
STATE_COLUMNS = (instance_state.c.revision, instance_state.c.stored, instance_state.c.held)
_INSERT_STATE = insert(instance_state)
_READ = (
    select(*COLUMNS, *STATE_COLUMNS)
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


LOCKED_COLUMNS = (*COLUMNS, *STATE_COLUMNS)
"""What `of_locked` reads, for a question that joins both tables and locks `instance_state`."""


def of_row(row: Any) -> Instance:
    """An instance of a row that has COLUMNS in front."""
    return Instance(*row[: len(COLUMNS)])


def of_locked_row(row: Any) -> Instance:
    """An instance of a row that has COLUMNS and `held`. Whoever waited for the lock may have read an old `state`."""
    read = of_row(row)
    return replace(read, state=SUSPENDED if row.held else LIVE) if read.state in UNDER_WAY else read


def insert_new(session: Session, row: Instance) -> bool:
    """Write a new live instance, before its first step; False when its key is live already."""
    values = row.__dict__ | {"live_key": row.key}
    return session.connection().execute(insert_once(session, instance), values).rowcount == 1


def insert_state(session: Session, instance_id: UUID, blob: bytes) -> None:
    """Write the first state of an instance."""
    values = {"instance_id": instance_id, "revision": 1, "codec": 1, "stored": vault.encrypt(blob), "held": False}
    write(session, _INSERT_STATE, values)


def load(session: Session, instance_id: UUID) -> tuple[Instance, int, bytes]:
    """Lock an instance and read (row, revision, state); raises NoSuchInstance."""
    row = session.connection().execute(_LOAD, {"wanted": instance_id}).first()
    if row is None:
        raise NoSuchInstance(str(instance_id))
    return of_locked(row)


def of_locked(row: Any) -> tuple[Instance, int, bytes]:
    """(row, revision, state) of a row that begins with LOCKED_COLUMNS."""
    return of_locked_row(row), row.revision, vault.decrypt(row.stored)


def read(session: Session, instance_id: UUID) -> tuple[Instance, bytes]:
    """(row, state) without locking, to look at; raises NoSuchInstance."""
    row = session.connection().execute(_READ, {"wanted": instance_id}).first()
    if row is None:
        raise NoSuchInstance(str(instance_id))
    return of_row(row), vault.decrypt(row.stored)


def read_many(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, tuple[Instance, bytes]]:
    """(row, state) of each of these instances that exists, without locking; a page of them, as states are large."""
    query = select(*COLUMNS, instance_state.c.stored).join(
        instance_state, instance_state.c.instance_id == instance.c.id
    )
    rows = session.connection().execute(query.where(instance.c.id.in_(instance_ids)))
    return {row.id: (of_row(row), vault.decrypt(row.stored)) for row in rows}


def ids(
    session: Session,
    process_id: str,
    states: Collection[str],
    unit_paths: Collection[str] = ("/",),
    *,
    after: UUID | None = None,
    limit: int,
) -> list[UUID]:
    """Ids of a process's instances in these units, in their order; `after` is the last one seen."""
    c = instance.c
    within = [(c.unit_path >= path) & (c.unit_path < path[:-1] + "0") for path in unit_paths]
    query = select(c.id).where(c.process_id == process_id, c.state.in_(states), or_(false(), *within))
    if after is not None:
        query = query.where(c.id > after)
    return list(session.connection().scalars(query.order_by(c.id).limit(limit)))


def save(session: Session, instance_id: UUID, revision: int, blob: bytes) -> None:
    """Write the state after a step that began at `revision`; raises Overtaken."""
    values = {"mine": instance_id, "read": revision, "next": revision + 1, "blob": vault.encrypt(blob)}
    write(session, _SAVE, values, partial(_overtaken, instance_id))


def _overtaken(instance_id: UUID) -> None:
    raise Overtaken(str(instance_id))


def is_about(session: Session, row: Instance) -> None:
    """Write whom an instance is about, where that was unknown when it began."""
    found = {"subject_id": row.subject_id, "unit_path": row.unit_path, "policy": row.policy}
    session.connection().execute(update(instance).where(instance.c.id == row.id).values(**found))


def finish(session: Session, instance_id: UUID, state: str) -> None:
    """Note that an instance ended or was cancelled; its key is free again."""
    write(session, _FINISH, {"mine": instance_id, "end": state, "moment": clock.now()})


def mark(session: Session, instance_id: UUID, state: str) -> None:
    """Note that an instance was suspended, or goes on; its key stays taken."""
    connection = session.connection()
    connection.execute(update(instance).where(instance.c.id == instance_id).values(state=state))
    held = update(instance_state).where(instance_state.c.instance_id == instance_id).values(held=state == SUSPENDED)
    connection.execute(held)


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


def units(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, str]:
    """The unit path of each of these instances."""
    query = select(instance.c.id, instance.c.unit_path).where(instance.c.id.in_(instance_ids))
    return {row.id: row.unit_path for row in session.connection().execute(query)}


def definition_ids(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, int]:
    """The version that each of these instances runs on."""
    query = select(instance.c.id, instance.c.definition_id).where(instance.c.id.in_(instance_ids))
    return {row.id: row.definition_id for row in session.connection().execute(query)}


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
    without: Collection[UUID] = (),
) -> list[Instance]:
    """Instances of a unit and all below it but `without` these, newest first; `before` is (started_at, id) of the
    last one seen."""
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
    if without:
        query = query.where(c.id.not_in(without))
    rows = session.connection().execute(query.order_by(c.started_at.desc(), c.id.desc()).limit(limit))
    return [of_row(row) for row in rows]


def relocate(session: Session, subject_id: int, unit_path: str) -> None:
    """What is under way about a subject is another unit's from now on; what is over stays where it happened."""
    mine = (instance.c.subject_id == subject_id, instance.c.state.in_(UNDER_WAY))
    session.connection().execute(update(instance).where(*mine).values(unit_path=unit_path))


def counts(session: Session, unit_path: str = "/", state: str = LIVE) -> dict[str, int]:
    """How many instances of each process there are in a unit and below it."""
    c = instance.c
    query = select(c.process_id, func.count()).where(
        c.state == state, c.unit_path >= unit_path, c.unit_path < unit_path[:-1] + "0"
    )
    return {row[0]: row[1] for row in session.connection().execute(query.group_by(c.process_id))}
