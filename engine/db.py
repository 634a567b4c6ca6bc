"""The base of all tables, both databases with their settings, and the writer lock of SQLite.

`writing()` is the only way to change rows: one transaction, committed at the end of the block. On SQLite it takes a
lock of this process and a lock file across processes before BEGIN IMMEDIATE, because waiting on SQLite's own busy
timeout starves somebody under load. `reading()` is a consistent read-only view and never waits for a writer.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
from sqlalchemy import BigInteger, DateTime, Engine, LargeBinary, MetaData, Uuid, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from engine import failpoints
from engine.errors import EngineError
from engine.settings import settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
IDLE_SECONDS = 0.5
_POSTGRESQL = (
    "-clock_timeout=5000 -cidle_in_transaction_session_timeout=60000 -cTimeZone=UTC "
    # questions here take a millisecond or two: starting helpers or a compiler for one that is thought to be long, as it
    # does for a list of which nothing is found, costs ten to three hundred
    "-cmax_parallel_workers_per_gather=0 -cjit=off"
)


class DatabaseNotUsable(EngineError):
    """The database cannot be opened or written."""


AWAY, FULL, BUSY, UNFIT = "away", "full", "busy", "unfit"
_FULL = frozenset(("53100", 13))  # sqlstate disk_full; SQLITE_FULL
_BUSY = frozenset(
    ("55P03", "40001", "40P01", 5, 6)
)  # lock timeout, serialization, deadlock; SQLITE_BUSY, SQLITE_LOCKED


def trouble(fault: BaseException) -> str | None:
    """What an error of the database means: AWAY (it will be back), FULL (its disk), BUSY (somebody held the rows too
    long), UNFIT (these values can never be stored); None for a fault of the program and everything else."""
    if isinstance(fault, PoolTimeout):
        return BUSY
    if not isinstance(fault, DBAPIError):  # a step wraps what happened in it
        return None if fault.__cause__ is None else trouble(fault.__cause__)
    code = getattr(fault.orig, "sqlstate", None) or getattr(fault.orig, "sqlite_errorcode", 0)
    code = code & 0xFF if isinstance(code, int) else code  # SQLite's extended codes carry the plain one below
    if code in _FULL:
        return FULL
    if code in _BUSY:
        return BUSY
    if isinstance(fault, DataError):
        return UNFIT
    return AWAY if fault.connection_invalidated or isinstance(fault, OperationalError | InterfaceError) else None


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Id(TypeDecorator[uuid.UUID]):
    """A UUID: 16 bytes on SQLite, uuid on PostgreSQL."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Any) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Any) -> uuid.UUID | None:
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(bytes=value)


class Instant(TypeDecorator[datetime]):
    """A moment, aware and UTC: microseconds since 1970 on SQLite, timestamptz on PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC) if dialect.name == "postgresql" else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else _EPOCH + value * _MICROSECOND


class Document(TypeDecorator[Any]):
    """A JSON value as bytes; the database never reorders or reinterprets it."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else orjson.dumps(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return None if value is None else orjson.loads(value)


def new_id() -> uuid.UUID:
    """A new UUID, version 7: it rises with (real) time, so rows of one day lie together."""
    stamp = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    value = (stamp << 80) | (0x7 << 76) | (((tail >> 62) & 0xFFF) << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1))
    return uuid.UUID(int=value)


class _WriterLock:
    """One writer at a time, in this process and, by a lock file, across processes."""

    def __init__(self, path: Path | None) -> None:
        self._mine = threading.Lock()
        self._path = path
        self._file = self._opened()

    def _opened(self) -> int | None:
        return None if self._path is None else os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Give the file back; who writes once more opens it again."""
        with self._mine:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._mine:
            self._file = self._opened() if self._file is None else self._file
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if self._file is not None:
                    fcntl.flock(self._file, fcntl.LOCK_UN)


@contextmanager
def _no_lock() -> Iterator[None]:
    yield


class _Cursor(psycopg.Cursor[Any]):
    """SQLAlchemy asks each result for the names and types of its columns; psycopg makes an object of each one."""

    @property
    def description(self) -> Any:
        result = self.pgresult
        if result is None or not result.nfields:
            return None
        unknown = (None, None, None, None, None)
        return [
            ((result.fname(number) or b"").decode(), result.ftype(number), *unknown) for number in range(result.nfields)
        ]


class Database:
    """An opened database; there is one per process, `database()`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = self._sqlite(url) if self.is_sqlite else self._postgresql(url)
        event.listen(self.engine, "before_cursor_execute", _count)

    def _sqlite(self, url: str) -> Engine:
        name = make_url(url).database or ":memory:"
        lock_path = None
        if name != ":memory:":
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            lock_path = path.with_name(path.name + ".writer")
        try:
            self._writer = _WriterLock(lock_path)
        except OSError as fault:
            raise DatabaseNotUsable(
                f"{name} cannot be written ({fault.strerror}); set VISITFLOW_HOME to a folder you may write"
            ) from fault
        engine = create_engine(
            url, connect_args={"timeout": 5, "check_same_thread": False}, pool_size=32, hide_parameters=True
        )

        @event.listens_for(engine, "connect")
        def _settings(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "busy_timeout=5000",
                "temp_store=MEMORY",
                "cache_size=-16000",
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql(
                "BEGIN IMMEDIATE" if connection.get_execution_options().get("visitflow_writes") else "BEGIN"
            )

        self._lock = self._writer.held
        self._view: dict[str, Any] = {}  # a SQLite transaction sees one moment anyway
        return engine

    def _postgresql(self, url: str) -> Engine:
        engine = create_engine(
            url,
            pool_size=20,
            max_overflow=20,
            hide_parameters=True,  # errors are stored and logged; parameters are data of people
            connect_args={"options": _POSTGRESQL, "cursor_factory": _Cursor},
        )
        _ask_idle_connections(engine)
        self._lock = _no_lock
        self._view = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return engine

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that may change rows; committed at the end, rolled back on any error."""
        with self._lock(), self.engine.connect().execution_options(visitflow_writes=True) as connection:
            session = Session(bind=connection, autoflush=True, expire_on_commit=False)
            try:
                with connection.begin():
                    yield session
                    session.flush()
                    failpoints.reach("commit.before")
            finally:
                session.close()
        failpoints.reach("commit.after")
        _run_after_commit(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view of the rows; nothing may be changed. What was read stays readable afterwards."""
        with (
            self.engine.connect().execution_options(**self._view) as connection,
            Session(bind=connection, autoflush=False, expire_on_commit=False) as session,
        ):
            yield session

    def close(self) -> None:
        self.engine.dispose()
        if self.is_sqlite:
            self._writer.close()


def _count(connection: Any, *statement: Any) -> None:
    info = connection.info
    info["statements"] = info.get("statements", 0) + 1


def statements(session: Session) -> int:
    """How many statements went over this session's connection so far: for differences."""
    return int(session.connection().info.get("statements", 0))


def _ask_idle_connections(engine: Engine) -> None:
    """A connection that was idle for a moment is asked whether it still lives before it is used.

    Not each time: that would be one more round trip per transaction. Who meets a server that was restarted within the
    moment gets an error as if it had stopped in the middle, and the pool is emptied.
    """

    @event.listens_for(engine, "checkin")
    def _rests(connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _asked(connection: Any, record: Any, proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", 0.0) < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise InvalidatePoolError() from fault


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Call `action` once this transaction is committed (a wake-up; never anything that must not be lost)."""
    session.info.setdefault("after_commit", []).append(action)


def _run_after_commit(session: Session) -> None:
    for action in session.info.pop("after_commit", []):
        action()


_database: Database | None = None


def open_database(url: str | None = None) -> Database:
    """Open the database of this process (default: the settings'), closing the one before."""
    global _database
    if _database is not None:
        _database.close()
    _database = Database(url or settings().database)
    return _database


def database() -> Database:
    """The database of this process, opened at first use."""
    return _database or open_database()


def writing() -> AbstractContextManager[Session]:
    """`database().writing()`; above the engine use `engine.jobs.transaction()`, which also wakes workers."""
    return database().writing()


def reading() -> AbstractContextManager[Session]:
    return database().reading()
