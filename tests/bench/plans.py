"""How the database means to carry out a statement: which tables, in which way, by which index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine import db

GROWING = ("instance", "instance_state", "task", "wait", "history", "submission", "incoming", "outgoing", "elder")
_SQLITE_SCAN = re.compile(r"SCAN (?!.*(INDEX|CONSTANT|\(|ROWS))")


def plans(database: db.Database, statements: Iterable[tuple[str, Any]], forced: bool = False) -> dict[str, list[str]]:
    """The steps of the plan by statement. `forced`: PostgreSQL may not read a whole table, even one of one page."""
    found = {}
    for text, parameters in statements:
        if text not in found:
            found[text] = _sqlite(database, text, parameters) if database.is_sqlite else _postgresql(
                database, text, parameters, forced
            )  # fmt: skip
    return found


def _sqlite(database: db.Database, text: str, parameters: Any) -> list[str]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, parameters)
        return [row.detail for row in rows]


def _postgresql(database: db.Database, text: str, parameters: Any, forced: bool) -> list[str]:
    with database.engine.connect() as connection:
        if forced:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + text, parameters).scalar_one()
        connection.rollback()
    return list(_nodes(plan[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterable[str]:
    if node["Node Type"] == "Seq Scan":
        yield f"Seq Scan {node['Relation Name']}"
    elif "Index Name" in node:  # by way of a bitmap or not: that goes by the number of rows
        yield f"by {node['Index Name']}"
    for each in node.get("Plans", []):
        yield from _nodes(each)


def whole_tables(plan: list[str]) -> list[str]:
    """The steps that read the whole of a table that grows with the city's instances."""
    read = (each for each in plan if each.startswith("Seq Scan") or _SQLITE_SCAN.match(each))
    return [each for each in read if each.split()[-1] in GROWING]
