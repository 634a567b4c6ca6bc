"""The bells: dramatiq actors that look at a lane, and the thread that rings when nobody did.

In one process dramatiq's StubBroker carries the messages; what is in it when the process dies is lost, harmlessly.
The alarm lane has workers of its own; in the bulk lane one thread works at a time, so that a long batch leaves room.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from typing import Any, cast

import dramatiq
from dramatiq.brokers.stub import StubBroker

from engine import db, work
from engine.jobs import sweeps
from engine.jobs.doing import stopping, work_lane
from engine.jobs.moved_clock import beat, load_clock
from engine.settings import settings

logger = logging.getLogger(__name__)

TICK = 0.5
SILENCE = 5.0
"""Seconds for which a broker that did not answer is left alone."""
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
        "dramatiq.Broker", make(url=settings().redis_url, middleware=[], socket_timeout=5, socket_connect_timeout=1)
    )


_broker = _new_broker()
_alarm_broker = _new_broker()  # one worker per broker: the alarm lane has its own


def broker() -> dramatiq.Broker:
    """The broker of every lane but `alarm`; `visitflow worker` serves all lanes."""
    return _broker


def _look(lane: str) -> None:
    """Do what is due in a lane."""
    _rung.discard(lane)
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
    if lane in _rung:
        return True
    if time.monotonic() < _silent_until:
        return False
    _rung.add(lane)
    try:
        _actors[lane].send(lane)
    except Exception as fault:
        _rung.discard(lane)
        _silent_until = time.monotonic() + SILENCE
        logger.warning("the broker does not answer; sweeps go on", extra={"lane": lane, "fault": str(fault)})
        return False
    return True


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
        began = time.monotonic()
        try:
            _sweep(lanes, tick)
        except Exception:
            logger.exception("a sweep failed; the next comes in a moment")
        tick += 1
        if time.monotonic() - began > 2:
            logger.warning("a sweep took long", extra={"seconds": round(time.monotonic() - began, 1)})


def _sweep(lanes: tuple[str, ...], tick: int) -> None:
    """Every tick: due timers and the alarm lane. Every 2 s the other lanes, every 5 s the ladder and leases, every 30 s
    the rest."""
    if tick % 2 == 0:
        load_clock()
    sweeps.queue_timers()
    _rung.difference_update(lanes if tick % 4 == 0 else (work.ALARM,))
    with db.reading() as session:
        due = [lane for lane in lanes if (lane == work.ALARM or tick % 4 == 0) and work.any_due(session, [lane])]
    for lane in due:
        if not ring(lane):
            _look_ourselves(lane)
    if tick % 10 == 0:
        beat()
        sweeps.free_dead_leases()
        sweeps.climb_ladder()
    if tick % 60 == 59:
        sweeps.sweep()
