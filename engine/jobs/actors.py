"""The bells: dramatiq actors that look at a lane, and the thread that rings when nobody did.

In one process dramatiq's StubBroker carries the messages; what is in it when the process dies is lost, harmlessly.
With Redis any process may ring and any worker of the lane hears it. A lane that was rung and not looked at since is
not rung again: the mark of that is kept where the messages are, in this process or in Redis (it fades after half a
second, lest a lost message keep a lane silent). The alarm lane has workers of its own; in the bulk lane one thread
works at a time, so that a long batch leaves room.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

import dramatiq
from dramatiq.brokers.stub import StubBroker
from structlog.contextvars import bound_contextvars

from engine import db, held, leases, work
from engine.jobs import sweeps, upkeep
from engine.jobs.doing import OWNER, give_back, stopping, work_lane
from engine.jobs.moved_clock import load_clock
from engine.jobs.parts import beat
from engine.settings import settings

logger = logging.getLogger(__name__)

TICK = 0.5
SILENCE = 5.0
"""Seconds for which a broker that did not answer is left alone."""
RUNG_MILLISECONDS = 500
"""How long a ring that nobody hears keeps others from ringing the same lane in Redis."""
SWEEPER = "sweeps"
"""The lease of the one process that does the rare, long sweeps."""
_rung: set[str] = set()
_bulk = threading.Lock()
_parts: list[Any] = []
_helpers: dict[str, threading.Thread] = {}
_silent_until = 0.0


def _new_broker() -> dramatiq.Broker:
    if not settings().redis_url:
        return StubBroker(middleware=[])
    from dramatiq.brokers.redis import RedisBroker

    make: Any = RedisBroker
    return cast(
        "dramatiq.Broker", make(url=settings().redis_url, middleware=[], socket_timeout=2, socket_connect_timeout=1)
    )


_broker = _new_broker()
_alarm_broker = _new_broker()  # one worker per broker: the alarm lane has its own


def broker() -> dramatiq.Broker:
    """The broker of every lane but `alarm`; `visitflow worker` serves all lanes."""
    return _broker


def _look(lane: str) -> None:
    """Do what is due in a lane."""
    _heard(lane)
    if lane != work.BULK:
        work_lane(lane)
    elif _bulk.acquire(blocking=False):
        try:
            work_lane(lane)
        finally:
            _bulk.release()


_actors = {
    lane: dramatiq.actor(
        broker=_alarm_broker if lane == work.ALARM else _broker, queue_name=lane, actor_name=f"look_{lane}"
    )(_look)
    for lane in work.LANES
}


def ring(lane: str) -> bool:
    """Have somebody look at a lane; a lost ring costs delay, nothing else. False when the broker does not answer."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        if _mark(lane):
            _actors[lane].send(lane)
    except Exception as fault:
        _rung.discard(lane)
        _silent_until = time.monotonic() + SILENCE
        logger.warning("the broker does not answer; sweeps go on", extra={"lane": lane, "fault": str(fault)})
        return False
    return True


def _mark(lane: str) -> bool:
    """Mark the lane as rung; False when it is, and nobody has looked since."""
    if settings().redis_url:
        return bool(_redis().set(_key(lane), 1, nx=True, px=RUNG_MILLISECONDS))
    new = lane not in _rung
    _rung.add(lane)
    return new


def _heard(lane: str) -> None:
    """Somebody looks now: what is committed from here on needs a new ring."""
    _rung.discard(lane)
    if settings().redis_url and time.monotonic() >= _silent_until:
        try:
            _redis().delete(_key(lane))
        except Exception as fault:
            logger.info("the mark of a ring stays until it fades", extra={"lane": lane, "fault": str(fault)})


def _redis() -> Any:
    return cast("Any", _broker).client


def _key(lane: str) -> str:
    return f"visitflow:rung:{lane}"


def _look_ourselves(lane: str) -> None:
    """Without a broker the sweeps have a thread of this process look at the lane."""
    busy = _helpers.get(lane)
    if busy is None or not busy.is_alive():
        _helpers[lane] = threading.Thread(target=_look, args=(lane,), name=f"look {lane}", daemon=True)
        _helpers[lane].start()


work.doorbells.append(ring)


def start_workers(lanes: Collection[str] = work.LANES) -> None:
    """Start the workers of these lanes in this process, and the sweeps; `stop_workers` ends them."""
    if _parts:
        return
    stopping.clear()
    _rung.clear()
    load_clock()
    held.begin_work()
    sweeps.free_dead_leases()
    others = {lane for lane in lanes if lane != work.ALARM}
    if work.ALARM in lanes:
        _parts.append(dramatiq.Worker(_alarm_broker, queues={work.ALARM}, worker_threads=2, worker_timeout=200))
    if others:
        threads = max(2, settings().worker_threads)
        _parts.append(dramatiq.Worker(_broker, queues=others, worker_threads=threads, worker_timeout=200))
    for each in _parts:
        each.start()
    sweeper = threading.Thread(target=_sweep_for_ever, args=(tuple(lanes),), name="sweeps", daemon=True)
    sweeper.start()
    _parts.append(sweeper)
    if work.NORMAL in lanes:
        _parts.append(upkeep.start())


def stop_workers() -> None:
    """Let the work in hand finish, give the rest back, and stop."""
    stopping.set()
    for each in _parts:
        if isinstance(each, threading.Thread):
            each.join(timeout=10)
        else:
            each.stop(timeout=10_000)
    _parts.clear()
    _rung.clear()
    stopping.clear()


def is_running() -> bool:
    """Whether this process has workers."""
    return bool(_parts)


def _sweep_for_ever(lanes: tuple[str, ...]) -> None:
    tick = 0
    while not stopping.wait(TICK):
        with bound_contextvars(sweep=tick):
            _sweep_once(lanes, tick)
        tick += 1


def _sweep_once(lanes: tuple[str, ...], tick: int) -> None:
    began = time.monotonic()
    try:
        _sweep(lanes, tick)
    except Exception:
        logger.exception("a sweep failed; the next comes in a moment")
    if time.monotonic() - began > 2:
        logger.warning("a sweep took long", extra={"seconds": round(time.monotonic() - began, 1)})


def _sweep(lanes: tuple[str, ...], tick: int) -> None:
    """Every tick: due timers and the alarm lane. Every 2 s the other lanes, every 5 s the ladder and leases, every 30 s
    the rest."""
    if tick % 2 == 0:
        load_clock()
    give_back()
    sweeps.queue_timers()
    _rung.difference_update(lanes if tick % 4 == 0 else (work.ALARM,))
    with db.reading() as session:
        due = [lane for lane in lanes if (lane == work.ALARM or tick % 4 == 0) and work.any_due(session, [lane])]
    for lane in due:
        if not ring(lane):
            _look_ourselves(lane)
    if tick % 10 == 0:
        beat(facts={"lanes": list(lanes)})
        sweeps.free_dead_leases()
        sweeps.open_incidents_for_worn_out()
        sweeps.bring_back()
        sweeps.climb_ladder()
    if tick % 20 == 0:
        for look in sweeps.also:
            look()
    if tick % 60 == 59 and _is_sweeper():
        sweeps.sweep()


def _is_sweeper() -> bool:
    """Whether this process is the one that does the long sweeps; another takes over when it has not for a minute."""
    with db.writing() as session:
        return leases.take(session, SWEEPER, OWNER, timedelta(minutes=1))
