"""Statements that both databases understand but spell through their own dialect."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

UNIT_PATH = String(200).with_variant(String(200, collation="C"), "postgresql")
"""The column of a unit's path (`/1/14/203/`): compared byte by byte, so that a range finds a unit and all below it."""

_made: dict[tuple[str, str], Insert] = {}


def insert_once(session: Session, table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` for the session's database; a row that breaks a unique key is left out."""
    dialect = session.get_bind().dialect.name
    known: Any = _made.get((dialect, table.name))
    if known is None:
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        known = cast("Any", make(table)).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        _made[dialect, table.name] = known
    return cast("Insert", known)
