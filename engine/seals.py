"""The chain that shows every change to the history: each row hashes the one before it, a moment after its commit.

Steps add rows and nothing else. A sealing job (a sweep of the workers of lane `normal`) takes what was committed since,
in the order of ids, and adds a block: for every row its id and hash, the hash before the first, the hash after the last
(the head), signed with a key that is not in the database. Blocks are numbered without gap and named after the city's
day. Two sealers at once do no harm: the number of a block is its key, and who comes second adds nothing.

The head is written off the database every ten minutes: a line of the anchor file of the month and a line of the log. A
tail that is cut, blocks and all, is missed there. `VISITFLOW_ANCHORS` should lie on another machine.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from engine import clock, db
from engine.db import Base, Instant
from engine.history import history
from engine.rows import insert_once
from engine.settings import settings
from engine.vault import secret_file

logger = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows in one block; 40 bytes each."""
ANCHOR_SECONDS = 600.0
GAP_SECONDS = 5.0
FORM = 1
"""The form of what is hashed of a row; a new column of the history needs a new one."""
NOTHING = bytes(32)
"""The hash before the first row of all."""
_ENTRY = struct.Struct(">q32s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

seal = Table(
    "history_seal",
    Base.metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("form", Integer, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Index("ix_history_seal_last", "last_id"),
)

_c = history.c
_ROW: tuple[ColumnElement[Any], ...] = (
    _c.id, _c.at, _c.instance_id, _c.task_id, _c.element, _c.name, _c.what, _c.who, _c.subject_id, _c.unit_path,
    _c.note, type_coerce(_c.ids, LargeBinary).label("ids"), _c.revision,
)  # fmt: skip
_NEXT = select(*_ROW).where(_c.id > bindparam("mark")).order_by(_c.id).limit(AT_ONCE)
_LAST = select(seal).order_by(seal.c.number.desc()).limit(1)
_TAIL = select(func.count(), func.min(_c.at)).where(_c.id > bindparam("mark"))
_SNAPSHOT = text("SELECT txid_snapshot_xmin(s), txid_snapshot_xmax(s) FROM txid_current_snapshot() s")


@dataclass(frozen=True)
class Tail:
    """Rows that are not sealed yet: how many, and when the oldest happened."""

    rows: int
    oldest_at: datetime | None


def hash_after(before: bytes, row: Row[Any]) -> bytes:
    """The hash of a row of `rows_between`, which stands for it and all rows before it."""
    values = [
        row.id, (row.at - _EPOCH) // _MICROSECOND,
        row.instance_id and row.instance_id.hex, row.task_id and row.task_id.hex, row.element, row.name, row.what,
        row.who, row.subject_id, row.unit_path, row.note, None if row.ids is None else row.ids.hex(), row.revision,
    ]  # fmt: skip
    return hashlib.sha256(before + orjson.dumps(values)).digest()


def signature_of(block: dict[str, Any]) -> bytes:
    """What only the holder of the history's key can make: over everything that a block says."""
    told = [
        block["number"], block["day"], block["first_id"], block["last_id"], block["form"], block["before"].hex(),
        block["head"].hex(), hashlib.sha256(block["entries"]).hexdigest(),
    ]  # fmt: skip
    return hmac.new(_key(), orjson.dumps(told), hashlib.sha256).digest()


def entries_of(block: Row[Any]) -> list[tuple[int, bytes]]:
    """(id, hash) of every row of a block, in order."""
    return list(_ENTRY.iter_unpack(block.entries)) if len(block.entries) % _ENTRY.size == 0 else []


def rows_between(session: Session, first_id: int, last_id: int) -> dict[int, Row[Any]]:
    """The rows of the history with these ids, as they are hashed."""
    query = select(*_ROW).where(_c.id >= first_id, _c.id <= last_id)
    return {row.id: row for row in session.connection().execute(query)}


def tail(session: Session) -> Tail:
    """What no block holds yet; it should be some seconds old at most while workers run."""
    last = session.connection().execute(select(func.max(seal.c.last_id))).scalar() or 0
    count, oldest = session.connection().execute(_TAIL, {"mark": last}).one()
    return Tail(count, oldest)


def head(session: Session) -> Row[Any] | None:
    """The newest block, None while nothing is sealed."""
    return session.connection().execute(_LAST).first()


def seal_rows(blocks: int = 1_000_000) -> int:
    """Seal what is committed and not sealed, in so many blocks at most; the number of rows."""
    total = 0
    for _ in range(blocks):
        rows = _seal_once()
        total += rows
        if not rows:
            break
    return total


def _seal_once() -> int:
    """Read and hash beside the writers, then add one row: how many rows it seals, 0 for none (or somebody else did)."""
    with db.reading() as session:
        last = head(session)
        found = session.connection().execute(_NEXT, {"mark": last.last_id if last else 0}).all()
        rows = _settled(session, last.last_id if last else 0, found)
    if not rows:
        return 0
    block = _block(last, rows)
    with db.writing() as session:
        added = session.connection().execute(insert_once(session, seal), block).rowcount
    return len(rows) if added else 0


def _block(last: Row[Any] | None, rows: list[Row[Any]]) -> dict[str, Any]:
    before = hashed = last.head if last else NOTHING
    entries = []
    for row in rows:
        hashed = hash_after(hashed, row)
        entries.append(_ENTRY.pack(row.id, hashed))
    block = {
        "number": last.number + 1 if last else 1,
        "day": clock.today().isoformat(),
        "sealed_at": clock.now(),
        "first_id": rows[0].id,
        "last_id": rows[-1].id,
        "form": FORM,
        "before": before,
        "head": hashed,
        "entries": b"".join(entries),
    }
    return block | {"signature": signature_of(block)}


_gaps: dict[int, tuple[float, int]] = {}
"""On PostgreSQL: missing ids, when this process first missed them, and the transactions that had begun by then."""


def _settled(session: Session, mark: int, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The rows before the first missing id that may still be committed.

    PostgreSQL hands out ids before the commit, so a row may appear below newer ones. A missing id is given up once
    every transaction that ran when it was missed is over: then it was rolled back.
    """
    if session.get_bind().dialect.name != "postgresql":
        return list(rows)
    missing = list(_missing(mark, rows))
    for known in _gaps.keys() - set(missing):
        del _gaps[known]
    if not missing:
        return list(rows)
    oldest, newest = session.connection().execute(_SNAPSHOT).one()
    now = time.monotonic()
    for number in missing:
        _gaps.setdefault(number, (now, newest))
    open_ones = (n for n in missing if now - _gaps[n][0] < GAP_SECONDS or oldest < _gaps[n][1])
    barrier = next(open_ones, None)
    return [row for row in rows if barrier is None or row.id < barrier]


def _missing(mark: int, rows: Iterable[Row[Any]]) -> Iterator[int]:
    """The first id of each gap."""
    for row in rows:
        if row.id != mark + 1:
            yield mark + 1
        mark = row.id


@cache
def _key() -> bytes:
    return bytes.fromhex(settings().history_key) if settings().history_key else secret_file("history.key")


# --- anchors: the head, written off the database ---


@dataclass(frozen=True)
class Anchor:
    """A head that was written down outside the database at that time."""

    at: str
    number: int
    last_id: int
    head: str
    signature: str


def anchor_folder() -> Path:
    """Where heads are written, best on another machine."""
    return Path(settings().anchors) if settings().anchors else settings().home / "anchors"


_anchored: tuple[float, int] = (0.0, 0)


def anchor() -> Anchor | None:
    """Write the head to the file of the month and to the log, unless it has not moved; what was written."""
    global _anchored
    with db.reading() as session:
        newest = head(session)
    if newest is None or newest.number == _anchored[1]:
        return None
    written = Anchor(clock.now().isoformat(), newest.number, newest.last_id, newest.head.hex(), newest.signature.hex())
    folder = anchor_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"history-{clock.today():%Y-%m}.jsonl").open("ab") as file:
        file.write(orjson.dumps(written, option=orjson.OPT_APPEND_NEWLINE))
    logger.info("head of the history", extra=written.__dict__)
    _anchored = (time.monotonic(), newest.number)
    return written


def anchor_when_due() -> None:
    """`anchor`, every ten minutes of this process."""
    if not _anchored[0] or time.monotonic() - _anchored[0] > ANCHOR_SECONDS:
        anchor()


def anchors(folder: Path | None = None) -> Iterator[Anchor]:
    """Every head that was written down, oldest file first; a line that is cut or foreign is left out."""
    folder = folder or anchor_folder()
    for path in sorted(folder.glob("history-*.jsonl")) if folder.is_dir() else ():
        for line in path.read_bytes().splitlines():
            try:
                yield Anchor(**orjson.loads(line))
            except (orjson.JSONDecodeError, TypeError):
                continue
