"""The clock of the whole running program: an offset in the database that every process follows.

Moving it on stops at each due time on the way, does what is due there, and only then goes on, so that a cascade runs
in its order. A command asks the running program to do it (work of kind `move_clock`); when none is alive it does it
itself. Only demonstrations, tests and simulations move the clock.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, Table, select
from sqlalchemy.exc import DBAPIError

from engine import clock, db, tasks, timers, work
from engine.db import Base
from engine.errors import EngineError
from engine.jobs import parts, sweeps
from engine.jobs.doing import OWNER, does_outside, drain, stopping
from engine.rows import insert_once
from engine.work import Item

logger = logging.getLogger(__name__)

MOVE = "move_clock"
PATIENCE_SECONDS = 600.0
SETTLE_SECONDS = 60.0

clock_offset = Table(
    "clock_offset",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("microseconds", BigInteger, nullable=False),
)


class ClockNotMoved(EngineError):
    """The running program did not move the clock in time; see its log."""


_seen: timedelta | None = None
_one_at_a_time = threading.RLock()


def load_clock() -> None:
    """Take over the offset of the database if somebody else changed it since this process last looked."""
    global _seen
    with db.reading() as session:
        found = session.connection().execute(select(clock_offset.c.microseconds)).scalar_one_or_none()
    if found is None or timedelta(microseconds=found) == _seen:
        return
    _seen = timedelta(microseconds=found)
    clock.set_offset(_seen)


_looked_at = 0.0


def follow_clock() -> None:
    """`load_clock` at most once a second, for pages and listeners; a database that does not answer changes nothing."""
    global _looked_at
    if time.monotonic() - _looked_at < 1.0:
        return
    _looked_at = time.monotonic()
    try:
        load_clock()
    except DBAPIError:
        logger.info("the clock could not be looked up; the next look comes in a second")


def _set(offset: timedelta) -> None:
    global _seen
    with db.writing() as session:
        connection = session.connection()
        connection.execute(insert_once(session, clock_offset), {"id": 1, "microseconds": 0})
        connection.execute(clock_offset.update().values(microseconds=offset // timedelta(microseconds=1)))
    _seen = offset
    clock.set_offset(offset)


def _another_is_alive() -> bool:
    with db.reading() as session:
        return any(each.owner != OWNER for each in parts.alive(session, parts.WORKER))


def somebody_works() -> bool:
    """Whether a program with workers is alive, this one included."""
    with db.reading() as session:
        return bool(parts.alive(session, parts.WORKER))


def move_clock(step: timedelta) -> datetime:
    """Move the clock of the whole running program on by `step`; the moment it is then. Raises ClockNotMoved."""
    if step < timedelta(0):
        raise ValueError("the clock moves forward only")
    load_clock()
    if not _another_is_alive():
        _move(clock.now() + step, ())
        return clock.now()
    with db.writing() as session:
        asked = work.add(session, MOVE, lane=work.HUMAN, detail={"seconds": step.total_seconds()})
    waited = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < waited:
        with db.reading() as session:
            if not work.exists(session, asked):
                load_clock()
                return clock.now()
        time.sleep(0.1)
    raise ClockNotMoved(str(ClockNotMoved.__doc__))


@does_outside(MOVE)
def _asked(item: Item) -> None:
    """Do what another process asked for, then strike it off."""
    with db.writing() as session:
        work.renew(session, item, timedelta(seconds=PATIENCE_SECONDS))
    _move(clock.now() + timedelta(seconds=float(item.detail["seconds"])), (item.id,))
    with db.writing() as session:
        work.done(session, item)


def _move(target: datetime, asked_by: tuple[UUID, ...]) -> None:
    with _one_at_a_time:
        _settle(asked_by)
        while (stop := _next_stop()) is not None and stop <= target:
            _set(clock.offset() + (stop - clock.now()))
            _settle(asked_by)
        if target > clock.now():
            _set(clock.offset() + (target - clock.now()))
            _settle(asked_by)


def _next_stop() -> datetime | None:
    with db.reading() as session:
        moments = (work.next_due(session), timers.next_due(session), tasks.ladder.next_due(session))
        return min((each for each in moments if each), default=None)


def _settle(asked_by: tuple[UUID, ...]) -> None:
    """Do what is due now and what follows from it, and wait for what other threads have in hand."""
    give_up = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < give_up and not stopping.is_set():
        sweeps.queue_timers()
        drain()
        if sweeps.climb_ladder():
            continue
        with db.reading() as session:
            if not work.unfinished(session, asked_by) and not timers.any_due(session):
                return
        time.sleep(0.02)
