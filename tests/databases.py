"""The databases of the tests: SQLite files, or a PostgreSQL server when VISITFLOW_TEST_POSTGRES names one.

`postgresql+psycopg://USER@HOST/NAME`: every worker of xdist makes databases of its own there (`NAME_gw0`,
`NAME_gw0_new`) and drops them at the end; a database NAME need not exist. Tables are made once per worker and emptied
before each test.
"""

from __future__ import annotations

import os
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from engine import db
from web.tables import import_all


class Databases(Protocol):
    """Where tests get their databases."""

    def emptied(self, folder: Path) -> db.Database:
        """An opened database with all tables (of modules imported so far, at least), none with a row."""

    def new(self, folder: Path, name: str = "new") -> str:
        """The address of a database without tables; the one of that name before is gone."""

    def stored(self, opened: db.Database) -> bytes:
        """Everything that it stores, as it stores it."""

    def close(self) -> None:
        """Leave nothing behind."""


def databases() -> Databases:
    address = os.environ.get("VISITFLOW_TEST_POSTGRES")
    if address:
        import_all()  # before the first test: a module registers what it does as it is imported
    return Postgres(address, os.environ.get("PYTEST_XDIST_WORKER", "main")) if address else Files()


class Files:
    """A SQLite file per test; one with the same tables as before is a copy."""

    def __init__(self) -> None:
        self._made: dict[frozenset[str], bytes] = {}

    def emptied(self, folder: Path) -> db.Database:
        path, names = folder / "test.db", frozenset(db.Base.metadata.tables)
        known = self._made.get(names)
        if known is not None:
            path.write_bytes(known)
            return db.open_database(f"sqlite:///{path}")
        opened = db.open_database(f"sqlite:///{path}")
        db.Base.metadata.create_all(opened.engine)
        self._made[names] = self.stored(opened)
        return opened

    def new(self, folder: Path, name: str = "new") -> str:
        return f"sqlite:///{folder / f'{name}.db'}"

    def stored(self, opened: db.Database) -> bytes:
        path = Path(opened.url.removeprefix("sqlite:///"))
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()

    def close(self) -> None:
        pass


class Postgres:
    """Databases of one worker on a server; what is left of an earlier run is replaced.

    `durable`: a commit waits for the disk, as in earnest; tests need not.
    """

    def __init__(self, address: str, worker: str, durable: bool = False) -> None:
        self._url = make_url(address)
        self._name = f"{self._url.database}_{worker}"
        self._durable = durable
        self._created: set[str] = set()
        self._made: list[str] = []

    def emptied(self, folder: Path) -> db.Database:
        if not self._made:
            self._create(self._name)
        self._close_other_connections()
        opened = db.open_database(self._address(self._name))
        if not self._made:
            db.Base.metadata.create_all(opened.engine)
            self._made = [each.name for each in reversed(db.Base.metadata.sorted_tables)]  # who refers goes first
        self._empty()
        return opened

    def new(self, folder: Path, name: str = "new") -> str:
        self._create(f"{self._name}_{name}")
        return self._address(f"{self._name}_{name}")

    def stored(self, opened: db.Database) -> bytes:
        found = b""
        with self._connect(self._name) as connection, connection.cursor() as cursor:
            for name in self._made:
                with cursor.copy(_words("COPY {} TO STDOUT (FORMAT binary)", name)) as rows:
                    found += b"".join(bytes(each) for each in rows)
        return found

    def close(self) -> None:
        for name in self._created:
            self._server.execute(_words("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))
        self._server.close()

    def reach(self) -> None:
        """Raises psycopg.OperationalError when nobody is there."""
        self._server.execute("SELECT 1")

    @cached_property
    def _server(self) -> psycopg.Connection:
        return self._connect("postgres")

    def _connect(self, name: str) -> psycopg.Connection:
        url = self._url
        return psycopg.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=name, autocommit=True
        )

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str) -> None:
        self._server.execute(_words("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))
        self._server.execute(_words("CREATE DATABASE {} TEMPLATE template0", name))
        self._created.add(name)
        if not self._durable:
            self._server.execute(_words("ALTER DATABASE {} SET synchronous_commit = off", name))

    def _close_other_connections(self) -> None:
        """What a test before left open must not hold locks in this one."""
        self._server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name])

    def _empty(self) -> None:
        """Rows go from the tables that have some, and numbers begin at 1 again."""
        with self._connect(self._name) as connection:
            ask = sql.SQL(" UNION ALL ").join(
                sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(name, sql.Identifier(name))
                for name in self._made
            )
            used = [row[0] for row in connection.execute(ask)]
            if used:
                delete = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in used]
                from_one = sql.SQL("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
                connection.execute(sql.SQL("; ").join([*delete, from_one]))  # TRUNCATE takes five times as long


def _words(text: str, name: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(name))
