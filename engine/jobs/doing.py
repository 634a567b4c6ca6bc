"""Do claimed work: one transaction per piece, and a second one for what fails."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import db, incidents, instances, outgoing, run, work
from engine.errors import EngineError
from engine.work import Item

logger = logging.getLogger(__name__)

BATCH = {"alarm": 4, "human": 8, "normal": 8, "bulk": 8}
OWNER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
stopping = threading.Event()

Do = Callable[[Session, Item], Any]


def _ref(item: Item) -> UUID:
    if item.ref is None:
        raise EngineError(f"work of kind {item.kind!r} without a reference")
    return item.ref


_does: dict[str, Do] = {
    "incoming": lambda session, item: run.handle(session, _ref(item)),
    "message": lambda session, item: run.deliver_to(session, _ref(item), item.detail),
    "timer": lambda session, item: run.fire_timers(session, _ref(item)),
    "complete": lambda session, item: run.complete_pending(session, _ref(item)),
    "answer": lambda session, item: run.take_answer(session, _ref(item), item.detail.get("code")),
}


def does(kind: str) -> Callable[[Do], Do]:
    """Register `function(session, item)` for work of a kind; it runs in one transaction with striking the work off."""

    def register(function: Do) -> Do:
        _does[kind] = function
        return function

    return register


DoOutside = Callable[[Item], None]
_does_outside: dict[str, DoOutside] = {}


def does_outside(kind: str) -> Callable[[DoOutside], DoOutside]:
    """Register `function(item)` for work that cannot be one transaction; it strikes the work off itself."""

    def register(function: DoOutside) -> DoOutside:
        _does_outside[kind] = function
        return function

    return register


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction that may change rows; workers are woken after its commit.

    When it fails with an error that has a remedy (a form for a task that somebody else finished, a step that cannot
    go on), the remedy is committed in a transaction of its own before the error goes on.
    """
    try:
        with db.writing() as session:
            yield session
    except EngineError as fault:
        if fault.remedy is not None:
            with db.writing() as session:
                fault.remedy(session)
        raise


def work_on(item: Item) -> bool:
    """Do one claimed piece of work; False when it failed (and waits for its next attempt, or is given up)."""
    try:
        if item.kind in _does_outside:
            _does_outside[item.kind](item)
        else:
            with transaction() as session:
                if item.kind not in _does:
                    raise EngineError(f"nobody does work of kind {item.kind!r}")
                _does[item.kind](session, item)
                _done(session, item)
        return True
    except work.LeaseLost:
        logger.info("lease lost", extra={"work": str(item.id), "kind": item.kind})
    except instances.Overtaken:
        with db.writing() as session:
            work.release(session, item)
    except Exception as fault:
        logger.warning("work failed", extra=_about(item), exc_info=fault)
        _failed(item, fault)
    return False


def _done(session: Session, item: Item) -> None:
    work.done(session, item)
    if item.attempts > 1 or (item.lane == work.ALARM and item.token > 1):
        incidents.close_for_work(session, item.id)


@does_outside("deliver")
def _deliver(item: Item) -> None:
    """Send an effect outside any transaction, then mark it; its service task is answered by work of its own."""
    with db.reading() as session:
        row = outgoing.get(session, _ref(item))
    result = outgoing.send(row) if row.state != outgoing.SENT else None
    with db.writing() as session:
        if result is not None:
            outgoing.sent(session, row.id, result)
        if row.token_id is not None:
            work.add(session, "answer", ref=row.id, lane=item.lane, key=f"answer:{row.id}")
        _done(session, item)


def _failed(item: Item, fault: Exception) -> None:
    try:
        with db.writing() as session:
            given_up = run.failed(session, item, fault)
            if item.kind == "deliver" and item.ref is not None:
                _not_delivered(session, item, fault, given_up)
    except Exception:
        logger.exception("a failure could not be written down; the lease will lapse", extra=_about(item))


def _not_delivered(session: Session, item: Item, fault: Exception, given_up: bool) -> None:
    row = outgoing.get(session, _ref(item))
    outgoing.failed(session, row.id, str(fault), given_up)
    if given_up and row.token_id is not None:
        code = getattr(fault, "code", None) or "delivery_failed"
        work.add(session, "answer", ref=row.id, lane=item.lane, detail={"code": code}, key=f"answer:{row.id}")


def _about(item: Item) -> dict[str, Any]:
    return {"work": str(item.id), "kind": item.kind, "lane": item.lane, "attempts": item.attempts}


def work_lane(lane: str) -> int:
    """Do everything that is due in a lane; how many pieces that were."""
    count = 0
    while not stopping.is_set():
        items = _claim(lane)
        if not items:
            break
        for number, item in enumerate(items):
            if stopping.is_set():
                _give_back(items[number:])
                break
            work_on(item)
            count += 1
    return count


def _claim(lane: str) -> list[Item]:
    with db.reading() as session:
        if not work.any_due(session, [lane]):
            return []
    with db.writing() as session:
        return work.claim(session, [lane], OWNER, BATCH[lane])


def _give_back(items: list[Item]) -> None:
    with db.writing() as session:
        for item in items:
            work.release(session, item)


def drain(lanes: Collection[str] = work.LANES) -> int:
    """Do everything due in these lanes, and what follows from it, now and in this thread (tests, commands, clock)."""
    total = 0
    while True:
        count = sum(work_lane(lane) for lane in lanes)
        total += count
        if not count:
            return total
