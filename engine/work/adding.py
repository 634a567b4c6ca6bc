"""Work is written down within the transaction that needs it; bells ring after its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, db
from engine.rows import insert_all
from engine.work.chains import carry_on
from engine.work.table import NORMAL, WAITING, work
from engine.work.turns import turn_of

doorbells: list[Callable[[str], object]] = []
"""Called with the lane after a transaction that added due work is committed. Missing one costs delay, nothing else."""


def add(
    session: Session,
    kind: str,
    *,
    ref: UUID | None = None,
    lane: str = NORMAL,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
    priority: int = 100,
    unit_path: str | None = None,
) -> UUID:
    """Write down work; with a `key` that is already queued (or given up) nothing is added.

    `unit_path` says whose it is (districts take turns); None: whose the work is that is being done.
    """
    row = new(kind, ref=ref, lane=lane, detail=detail, due_at=due_at, key=key, priority=priority, unit_path=unit_path)
    add_all(session, [row])
    return cast("UUID", row["id"])


def new(
    kind: str,
    *,
    ref: UUID | None = None,
    lane: str = NORMAL,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
    priority: int = 100,
    unit_path: str | None = None,
) -> dict[str, Any]:
    """The row of `add`, not yet written: for `add_all`."""
    now = clock.now()
    return {
        "id": db.new_id(),
        "kind": kind,
        "ref": ref,
        "lane": lane,
        "priority": priority,
        "due_at": due_at or now,
        "attempts": 0,
        "state": WAITING,
        "token": 0,
        "key": key,
        "detail": detail or {},
        "created_at": now,
        "turn": turn_of(unit_path, priority),
    }


def add_all(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write down several pieces of work in one statement, and ring for their lanes after the commit; raises Endless."""
    if not rows:
        return
    carry_on(rows)
    insert_all(session, work, rows, once=True)
    ring(session, {row["lane"] for row in rows})


def ring(session: Session, lanes: Iterable[str]) -> None:
    """Ring the lanes' doorbells once this transaction is committed."""
    rung = session.info.setdefault("rung", set())
    for lane in set(lanes) - rung:
        rung.add(lane)
        db.after_commit(session, partial(_ring, session, lane))


def _ring(session: Session, lane: str) -> None:
    session.info.pop("rung", None)
    for bell in doorbells:
        bell(lane)
