"""One file with everything but the keys: database, attachments, and a list with hashes and counts; and the way back.

SQLite is copied by its online backup, PostgreSQL by `pg_dump` in its own format, both while the program works and as of
one moment. Attachments are written before the row that names them, so copying them after the database misses none.
The file is readable for its owner alone; names, addresses, numbers and forms in it are encrypted with the data key,
which is not in it. A restore checks every hash before it touches anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, table, text
from sqlalchemy.engine import URL, make_url

from engine import clock, db, held, jobs, seals, vault
from engine.errors import EngineError
from engine.instances import instance_state
from engine.settings import environment_with, settings
from web.commands_database import revision, revisions, upgrade

FORM = 1
LIST, SQLITE, POSTGRES, ATTACHMENTS = "backup.json", "database.sqlite", "database.dump", "attachments"
TOOL_SECONDS = 6 * 3600


class BackupFailed(EngineError):
    """The backup could not be made; nothing usable was left behind."""


class RestoreRefused(EngineError):
    """This backup is not restored here; nothing was changed."""


@dataclass(frozen=True)
class Listed:
    """What a backup says of itself: when, of which database and tables, rows per table, SHA-256 of each member."""

    form: int
    made_at: str
    database: str
    revision: str
    rows: dict[str, int]
    hashes: dict[str, str]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


# --- there ---


def make(target: Path) -> Listed:
    """Write the backup to `target` (which must not exist); raises BackupFailed."""
    if target.exists():
        raise BackupFailed(f"{target} 已经存在 · exists already")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
        copy = _sqlite_copy(Path(folder)) if db.database().is_sqlite else _postgres_copy(Path(folder))
        path, listed = _packed(Path(folder), *copy)
        os.replace(path, target)
    return listed


def _sqlite_copy(folder: Path) -> tuple[Path, datetime, dict[str, int]]:
    """In one go: a copy page by page would begin anew at every commit of another process."""
    path = folder / SQLITE
    moment = clock.wall()
    with _raw() as source, sqlite3.connect(path) as copy:
        source.backup(copy)
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise BackupFailed(f"副本有错 · the copy is damaged: {found}")
        names = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        counts = {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    return path, moment, counts


@contextmanager
def _raw() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(_file(), timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def _file() -> Path:
    return Path(make_url(db.database().url).database or "")


def _postgres_copy(folder: Path) -> tuple[Path, datetime, dict[str, int]]:
    """The dump and the counts are of the same snapshot."""
    path = folder / POSTGRES
    with db.database().engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot, moment = connection.execute(text("SELECT pg_export_snapshot(), now()")).one()
        _tool("pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={path}")
        counts = {
            name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
            for name in sorted(inspect(connection).get_table_names())
        }
    return path, moment.astimezone(UTC), counts


def _tool(name: str, *words: str) -> None:
    """Run one of PostgreSQL's own programs; the password goes by the environment, never by the command line."""
    url = make_url(db.database().url)
    try:
        done = subprocess.run(
            [name, *words], env=_environment(url), capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
        )
    except FileNotFoundError:
        raise BackupFailed(f"找不到 {name}，请装 PostgreSQL 客户端 · install the PostgreSQL client programs") from None
    if done.returncode:
        raise BackupFailed(f"{name}: {done.stderr.strip()[-500:]}")


def _environment(url: URL) -> dict[str, str]:
    told = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    told |= {"PGDATABASE": url.database}
    return environment_with(**{name: str(value) for name, value in told.items() if value})


def _packed(folder: Path, database: Path, moment: datetime, rows: dict[str, int]) -> tuple[Path, Listed]:
    path = folder / "packed.tar"
    hashes: dict[str, str] = {}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as packed:
        for name, each in _members(database):
            hashes[name] = _hash(each)
            packed.add(each, name, recursive=False)
        kind = "sqlite" if database.name == SQLITE else "postgresql"
        listed = Listed(FORM, moment.isoformat(), kind, revision() or "", rows, hashes)
        beside = folder / LIST
        beside.write_text(json.dumps(asdict(listed), indent=1))
        packed.add(beside, LIST)
        file.flush()
        os.fsync(file.fileno())
    return path, listed


def _members(database: Path) -> Iterator[tuple[str, Path]]:
    yield database.name, database
    folder = settings().home / ATTACHMENTS
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            yield f"{ATTACHMENTS}/{path.relative_to(folder).as_posix()}", path


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- and back ---


@dataclass(frozen=True)
class Restored:
    """`held`: effects that wait for a person; `reads`: whether the present data key reads what was restored."""

    listed: Listed
    held: int
    reads: bool


def look(source: Path) -> Listed:
    """What a backup says of itself, after every hash was checked; raises RestoreRefused."""
    with tempfile.TemporaryDirectory(prefix="visitflow-") as folder:
        return _unpacked(source, Path(folder))


def restore(source: Path, replace: bool = False) -> Restored:
    """Put a backup into the database and home of the settings: empty ones, or with `replace` in place of what is there.

    Raises RestoreRefused before anything is changed: a member is damaged, the target holds data, a program works there.
    """
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder:
        listed = _unpacked(source, Path(folder))
        _require_target(listed, replace)
        if listed.database == "sqlite":
            _sqlite_back(Path(folder) / SQLITE)
        else:
            _postgres_back(Path(folder) / POSTGRES, replace)
        _attachments_back(Path(folder) / ATTACHMENTS)
    upgrade()
    _put_heads_aside()
    with db.writing() as session:
        session.execute(text("DELETE FROM program"))
        count = held.hold_back(session, listed.moment)
    return Restored(listed, count, _key_reads())


def _unpacked(source: Path, folder: Path) -> Listed:
    try:
        with tarfile.open(source) as packed:
            packed.extractall(folder, filter="data")
        told: dict[str, Any] = json.loads((folder / LIST).read_text())
        listed = Listed(**told)
    except (OSError, tarfile.TarError, ValueError, TypeError) as fault:
        raise RestoreRefused(f"不是完整的备份 · is no complete backup: {fault}") from fault
    if listed.form != FORM:
        raise RestoreRefused(f"备份格式 {listed.form} 不认识 · unknown form of backup")
    for name, wanted in listed.hashes.items():
        path = folder / name
        if not path.is_file() or _hash(path) != wanted:
            raise RestoreRefused(f"备份里的 {name} 有损坏 · is damaged")
    return listed


def _require_target(listed: Listed, replace: bool) -> None:
    kind = "sqlite" if db.database().is_sqlite else "postgresql"
    if listed.database != kind:
        raise RestoreRefused(f"这是 {listed.database} 的备份，目标是 {kind} · a backup of another kind of database")
    if listed.revision and listed.revision not in revisions():
        raise RestoreRefused(f"备份的表是 {listed.revision} 版，比程序新 · its tables are newer than this program")
    with db.database().engine.connect() as connection:
        names = inspect(connection).get_table_names()
    if names and not replace:
        raise RestoreRefused(
            "目标数据库里有数据；确实要覆盖，请加 --replace · the target holds data; --replace takes its place"
        )
    if "program" in names and jobs.somebody_works():
        raise RestoreRefused("程序还在运行，请先停下 · a program works on the target, stop it first")


def _sqlite_back(copy: Path) -> None:
    """The new file takes the place of the old one in one move; what belongs to the old one goes first."""
    target = _file()
    db.database().close()
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    copy.chmod(0o600)
    os.replace(copy, target)
    db.open_database(db.database().url)


def _postgres_back(dump: Path, replace: bool) -> None:
    """In one transaction: it is there whole, or not at all."""
    name = make_url(db.database().url).database or ""
    if replace:
        with db.database().engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    db.database().engine.dispose()
    _tool("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={name}", str(dump))


def _attachments_back(folder: Path) -> None:
    """Files that are there already stay: their names are never used for other content."""
    target = settings().home / ATTACHMENTS
    for path in folder.rglob("*") if folder.is_dir() else ():
        there = target / path.relative_to(folder)
        if path.is_file() and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.move(path, there)


def _put_heads_aside() -> None:
    """Heads of the time that was lost are kept, and no longer compared."""
    folder = seals.anchor_folder()
    found = list(folder.glob("history-*.jsonl")) if folder.is_dir() else []
    if found:
        aside = folder / f"before-restore-{clock.wall():%Y%m%dT%H%M%S%f}"
        aside.mkdir()
        for path in found:
            path.rename(aside / path.name)


def _key_reads() -> bool:
    with db.reading() as session:
        stored = session.connection().execute(select(instance_state.c.stored).limit(1)).scalar()
    try:
        return stored is None or bool(vault.decrypt(stored))
    except vault.CannotDecrypt:
        return False
