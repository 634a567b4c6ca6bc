"""Statements that both databases understand but spell through their own dialect."""

from __future__ import annotations

from typing import Any, cast

import orjson
from sqlalchemy import String, Table, Text, bindparam, column, func, insert, select
from sqlalchemy import cast as cast_as
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

from engine.together import write

UNIT_PATH = String(200).with_variant(String(200, collation="C"), "postgresql")
"""The column of a unit's path (`/1/14/203/`): compared byte by byte, so that a range finds a unit and all below it."""

Rows = list[dict[str, Any]]
_made: dict[tuple[str, str], Insert] = {}
_many: dict[tuple[str, tuple[str, ...], bool], Insert] = {}
_wide: dict[tuple[str, tuple[str, ...]], Insert] = {}
MANY_COLUMNS = 20


def insert_once(session: Session, table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` for the session's database; a row that breaks a unique key is left out."""
    dialect = session.get_bind().dialect.name
    known: Any = _made.get((dialect, table.name))
    if known is None:
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        known = cast("Any", make(table)).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        _made[dialect, table.name] = known
    return cast("Insert", known)


def insert_all(session: Session, table: Table, rows: Rows, *, once: bool = False) -> None:
    """All rows, which name the same columns, in one statement; `once`: those that break a unique key are left out."""
    if not rows:
        return
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql and len(rows) > 1:
        write(session, *_of_arrays(table, rows, once))
    elif is_postgresql and len(rows[0]) > MANY_COLUMNS and not once:
        write(session, *_of_record(table, rows[0]))
    else:
        statement = insert_once(session, table) if once else _plain(table)
        write(session, statement, rows[0] if len(rows) == 1 else rows)


def _plain(table: Table) -> Insert:
    if ("", table.name) not in _made:
        _made["", table.name] = insert(table)
    return _made["", table.name]


def _of_record(table: Table, row: dict[str, Any]) -> tuple[Insert, dict[str, Any]]:
    """`INSERT … SELECT … FROM json_to_record(…)`: a wide row, none of whose values is binary, as one parameter.

    psycopg reads a statement of more than 50 parameters anew each time, and turns each parameter by itself.
    """
    key = (table.name, tuple(row))
    if key not in _wide:
        columns = [column(name, table.c[name].type) for name in row]
        said = cast_as(bindparam("row", type_=Text), postgresql.JSON)
        record = func.json_to_record(said).table_valued(*columns).render_derived(name="record", with_types=True)
        chosen = select(*(record.c[name] for name in row))
        _wide[key] = postgresql.insert(table).from_select(list(row), chosen, include_defaults=False)
    return _wide[key], {"row": orjson.dumps(row).decode()}


def _of_arrays(table: Table, rows: Rows, once: bool) -> tuple[Insert, dict[str, Any]]:
    """`INSERT … SELECT … FROM unnest(…)`: one statement, and the same text for any number of rows.

    psycopg sends a list of parameters as one statement each; as many VALUES as rows would be parsed anew each time.
    What is the same in all rows goes as one value.
    """
    _, *others = rows[0]  # at least one column goes as an array
    shared = {name: rows[0][name] for name in others if all(row[name] == rows[0][name] for row in rows)}
    given = {f"all_{name}": [row[name] for row in rows] for name in rows[0] if name not in shared}
    given |= {f"the_{name}": value for name, value in shared.items() if value is not None}
    key = (table.name, tuple(given), once)
    if key not in _many:
        _many[key] = _array_insert(table, tuple(given), once)
    return _many[key], given


def _array_insert(table: Table, given: tuple[str, ...], once: bool) -> Insert:
    names = [each[4:] for each in given]
    columns = {name: table.c[name].type for name in names}
    differ = [name for name in names if f"all_{name}" in given]
    arrays = (bindparam(f"all_{name}", type_=postgresql.ARRAY(columns[name])) for name in differ)
    each_row = func.unnest(*arrays).table_valued(*(column(name, columns[name]) for name in differ))
    each_row = each_row.render_derived(name="each_row")
    values = (each_row.c[name] if name in differ else bindparam(f"the_{name}", type_=columns[name]) for name in names)
    made = postgresql.insert(table).from_select(names, select(*values), include_defaults=False)
    return made.on_conflict_do_nothing() if once else made
