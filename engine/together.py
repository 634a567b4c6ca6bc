"""Write statements that are carried out together, at the end of a block: those of a step.

On PostgreSQL they become one statement (`WITH w0 AS (UPDATE …), w1 AS (INSERT …) SELECT …`): one round trip and one
text instead of half a dozen. On SQLite, where a statement costs no trip, they follow one another. They may not depend
on each other and touch each row once: every part sees the rows as they were before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

Otherwise = Callable[[], object]
_PLACE = re.compile(r"%\((\w+)\)s")
_KEY = "together"


@dataclass(frozen=True)
class _Write:
    statement: UpdateBase
    values: Any
    otherwise: Otherwise | None


@contextmanager
def together(session: Session) -> Iterator[None]:
    """What is written by `write` in this block is carried out at its end; a block within another belongs to it."""
    if _KEY in session.info:
        yield
        return
    gathered: list[_Write] = []
    session.info[_KEY] = gathered
    try:
        yield
    finally:
        del session.info[_KEY]
    _carry_out(session.connection(), gathered)


def write(session: Session, statement: UpdateBase, values: Any, otherwise: Otherwise | None = None) -> None:
    """Carry out an INSERT, UPDATE or DELETE, now or at the end of the block; `otherwise` is called if it hit no row.

    The same statement object has to be given each time: what it is compiled to is kept with it.
    """
    each = _Write(statement, values, otherwise)
    gathered = session.info.get(_KEY)
    if gathered is None:
        _alone(session.connection(), each)
    else:
        gathered.append(each)


def _carry_out(connection: Connection, gathered: list[_Write]) -> None:
    if len(gathered) > 1 and connection.dialect.name == "postgresql":
        _as_one(connection, gathered)
    else:
        for each in gathered:
            _alone(connection, each)


def _alone(connection: Connection, each: _Write) -> None:
    many = isinstance(each.values, list)
    text = _text(connection.dialect, each.statement, tuple(each.values[0] if many else each.values))
    values = [text.parameters(row) for row in each.values] if many else text.parameters(each.values)
    result = connection.exec_driver_sql(text.text, values)
    hit = result.rowcount
    result.close()
    if each.otherwise is not None and hit == 0:
        each.otherwise()


def _as_one(connection: Connection, gathered: list[_Write]) -> None:
    parts = tuple((each.statement, tuple(each.values), each.otherwise is not None) for each in gathered)
    text, texts = _joined(connection.dialect, parts)
    values: dict[str, Any] = {}
    for each, part in zip(gathered, texts, strict=True):
        values |= part.parameters(each.values)
    counts = connection.exec_driver_sql(text, values).one()
    asked = [each.otherwise for each in gathered if each.otherwise is not None]
    for hit, otherwise in zip(counts, asked, strict=False):
        if hit == 0:
            otherwise()


@dataclass(frozen=True)
class _Text:
    """A compiled statement. `places`: of each parameter its name in the text, the name of its value and how that is
    stored. SQLite's are in the order of the text, PostgreSQL's have names."""

    text: str
    returns: bool
    constants: dict[str, Any]
    places: list[tuple[str, str, Callable[[Any], Any] | None]]
    order: list[str] | None

    def parameters(self, values: dict[str, Any]) -> Any:
        found = dict(self.constants)
        for place, name, stored in self.places:
            value = values[name]
            found[place] = value if stored is None else stored(value)
        return found if self.order is None else tuple(found[place] for place in self.order)


def _compiled(dialect: Dialect, statement: UpdateBase, names: tuple[str, ...], before: str) -> _Text:
    """`before` is put before the names of all parameters."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    assert not compiled.prefetch and not compiled.post_compile_params, str(statement)
    text = _PLACE.sub(rf"%({before}\1)s", compiled.string)
    made = _Text(text, bool(compiled.effective_returning), {}, [], compiled.positiontup)
    for bound, name in compiled.bind_names.items():
        stored = compiled._bind_processors.get(name)
        if bound.key in names:
            made.places.append((before + name, bound.key, stored))
        else:
            value = bound.effective_value
            made.constants[before + name] = value if stored is None else stored(value)
    return made


@lru_cache(maxsize=2000)
def _text(dialect: Dialect, statement: UpdateBase, names: tuple[str, ...]) -> _Text:
    return _compiled(dialect, statement, names, "")


@lru_cache(maxsize=2000)
def _joined(dialect: Dialect, parts: tuple[tuple[UpdateBase, tuple[str, ...], bool], ...]) -> tuple[str, list[_Text]]:
    """One statement of several: each is a part `w0`, `w1` …; the counts of the rows that some hit are its answer."""
    texts, bodies, counts = [], [], []
    for number, (statement, names, counted) in enumerate(parts):
        text = _compiled(dialect, statement, names, f"w{number}_")
        texts.append(text)
        bodies.append(f"w{number} AS ({text.text}{' RETURNING 1' if counted and not text.returns else ''})")
        if counted:
            counts.append(f"(SELECT count(*) FROM w{number})")
    return f"WITH {', '.join(bodies)} SELECT {', '.join(counts) or '1'}", texts
