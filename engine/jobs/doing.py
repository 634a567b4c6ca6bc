"""Do claimed work: one transaction per piece, and a second one for what fails."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from engine import bulk, clock, db, failpoints, incidents, instances, metrics, outgoing, run, work
from engine.errors import EngineError
from engine.work import Item

logger = logging.getLogger(__name__)

BATCH = {"alarm": 8, "human": 8, "normal": 8, "bulk": 1}  # a batch job outlasts the lease of those behind it
OWNER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
stopping = threading.Event()
DONE = "done"

Do = Callable[[Session, Item], Any]


def _ref(item: Item) -> UUID:
    if item.ref is None:
        raise EngineError(f"work of kind {item.kind!r} without a reference")
    return item.ref


_does: dict[str, Do] = {
    "incoming": lambda session, item: run.handle(session, _ref(item)),
    "message": lambda session, item: run.deliver_to(session, _ref(item), item.detail),
    "signal": lambda session, item: run.broadcast(session, item.ref, item.detail, item.lane),
    "signalled": lambda session, item: run.hear(session, _ref(item), item.detail["name"]),
    "timer": lambda session, item: run.fire_timers(session, _ref(item)),
    "complete": lambda session, item: run.complete_pending(session, _ref(item)),
    "operate": lambda session, item: bulk.operate(session, item),
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
    began = time.perf_counter()
    about = {"work": str(item.id), "kind": item.kind}
    with work.on_behalf_of(item.party), work.following(item), bound_contextvars(**about):
        outcome = _outcome(item)
        logger.debug("worked", extra={"outcome": outcome})
    metrics.work_claimed.labels(item.kind).inc()
    metrics.work_finished.labels(item.kind, outcome).inc()
    metrics.work_seconds.labels(item.kind).observe(time.perf_counter() - began)
    if outcome == DONE and item.kind == "timer":
        metrics.timer_lateness.labels(item.lane).observe((clock.now() - item.due_at).total_seconds())
    return outcome == DONE


def _outcome(item: Item) -> str:
    try:
        if item.kind in _does_outside:
            _does_outside[item.kind](item)
        else:
            with transaction() as session:
                if item.kind not in _does:
                    raise EngineError(f"nobody does work of kind {item.kind!r}")
                _does[item.kind](session, item)
                _done(session, item)
        return DONE
    except work.LeaseLost:
        logger.info("lease lost", extra={"work": str(item.id), "kind": item.kind})
        return "lost"
    except instances.Suspended as fault:
        with db.writing() as session:
            run.put_aside(session, item, fault.instance_id)
    except instances.Overtaken:
        with db.writing() as session:
            work.release(session, item)
    except Exception as fault:
        trouble = db.trouble(fault)
        if trouble in (db.AWAY, db.FULL, db.BUSY):
            logger.warning("the database is in trouble, work is given back", extra=_about(item) | {"trouble": trouble})
            _owed.append((item, trouble != db.BUSY))
            _pay_back()
            return "given_back"
        logger.warning("work failed", extra=_about(item), exc_info=fault)
        _failed(item, fault)
    return "failed"


_owed: deque[tuple[Item, bool]] = deque()
"""Claimed work to be given back as soon as the database can be written again, and whether the attempt counts."""


def give_back() -> int:
    """Give back what could not be done because of the database; the number of pieces. Raises while it is away."""
    count = 0
    while _owed:
        item, counts = _owed.popleft()
        try:
            with db.writing() as session:
                work.release(session, item, counts)
        except Exception:
            _owed.append((item, counts))
            raise
        count += 1
    return count


def _pay_back() -> None:
    try:
        give_back()
    except (SQLAlchemyError, IndexError):  # IndexError: another thread took the last
        logger.warning("the database still is in trouble; sweeps give the work back", extra={"pieces": len(_owed)})


def _done(session: Session, item: Item) -> None:
    work.done(session, item)
    failpoints.reach("work.struck_off")
    if item.attempts > 1 or (item.lane == work.ALARM and item.token > 1):
        incidents.close_for_work(session, item.id)


@does_outside("deliver")
def _deliver(item: Item) -> None:
    """Send an effect outside any transaction, then mark it; its service task is answered by work of its own."""
    with db.reading() as session:
        row = outgoing.get(session, _ref(item))
    failpoints.reach("deliver.before")
    try:
        result = outgoing.send(row) if row.state != outgoing.SENT else None
    except outgoing.Withheld as fault:
        with db.writing() as session:
            _not_delivered(session, item, fault, True)
            _done(session, item)
        return
    failpoints.reach("deliver.sent")
    with db.writing() as session:
        if result is not None:
            outgoing.sent(session, row.id, result)
            failpoints.reach("deliver.marked")
        if row.token_id is not None:
            work.add(session, "answer", ref=row.id, lane=item.lane, key=f"answer:{row.id}")
        _done(session, item)


def _failed(item: Item, fault: Exception) -> None:
    try:
        with db.writing() as session:
            given_up = run.failed(session, item, fault)
            if item.kind == "deliver" and item.ref is not None:
                _not_delivered(session, item, fault, given_up)
            failpoints.reach("failure.written")
    except Exception:
        logger.exception("a failure could not be written down; the work is given back later", extra=_about(item))
        _owed.append((item, True))


def _not_delivered(session: Session, item: Item, fault: Exception, given_up: bool) -> None:
    row = outgoing.get(session, _ref(item))
    outgoing.failed(session, row.id, str(fault), given_up)
    if given_up and row.token_id is not None:
        code = getattr(fault, "code", None) or "delivery_failed"
        work.add(session, "answer", ref=row.id, lane=item.lane, detail={"code": code}, key=f"answer:{row.id}")


def _about(item: Item) -> dict[str, Any]:
    return {"work": str(item.id), "kind": item.kind, "lane": item.lane, "attempts": item.attempts}


_apart = threading.Lock()
"""Held by the one thread of this process that may work on what workers died over."""


def work_lane(lane: str) -> int:
    """Do everything that is due in a lane; how many pieces that were."""
    total = 0
    while not stopping.is_set():
        risky = _apart.acquire(blocking=False)
        try:
            count = _work_on_next(lane, risky)
        finally:
            if risky:
                _apart.release()
        if not count:
            break
        total += count
    return total


def _work_on_next(lane: str, risky: bool) -> int:
    """Claim a batch and do it; how many pieces that were."""
    items = _claim(lane, risky)
    for number, item in enumerate(items):
        if stopping.is_set():
            _give_back(items[number:])
            break
        work_on(item)
    return len(items)


def _claim(lane: str, risky: bool) -> list[Item]:
    with db.reading() as session:
        due = work.due(session, lane)
    if not due:
        return []
    with db.writing() as session:
        items = work.claim(session, [lane], OWNER, BATCH[lane], due=due, risky=risky)
    failpoints.reach("work.claimed")
    return items


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
