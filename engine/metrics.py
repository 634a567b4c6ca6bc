"""What this process counts and times, for Prometheus; what the database knows stands in `engine.standing`.

Labels are codes of the program (lane, kind of work, trigger, answer), never ids or names. With the variable
PROMETHEUS_MULTIPROC_DIR of the client library several processes of one web server add up in a folder.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from engine.settings import environment

REGISTRY = CollectorRegistry()
_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15)

timer_lateness = Histogram(
    "visitflow_timer_lateness_seconds",
    "Seconds between the time of a timer and the moment it fired; the target is 2 s, in lane alarm 1 s.",
    ["lane"],
    buckets=(0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600),
    registry=REGISTRY,
)
work_claimed = Counter(
    "visitflow_work_claimed", "Pieces of work that a worker took, attempts included.", ["kind"], registry=REGISTRY
)
work_finished = Counter(
    "visitflow_work_finished",
    "Pieces of work by outcome: done, failed (will be tried again or is given up), lost (its lease went to another),"
    " given_back (the database was in trouble).",
    ["kind", "outcome"],
    registry=REGISTRY,
)
work_seconds = Histogram(
    "visitflow_work_seconds", "Seconds a piece of work took.", ["kind"], buckets=_SHORT, registry=REGISTRY
)
step_seconds = Histogram(
    "visitflow_step_seconds",
    "Seconds from loading an instance to the end of writing it, without the commit, by what set it going.",
    ["trigger"],
    buckets=_SHORT,
    registry=REGISTRY,
)
step_processor_seconds = Histogram(
    "visitflow_step_processor_seconds",
    "Processor seconds of the worker's thread from loading an instance to the end of writing it, by what set it going.",
    ["trigger"],
    buckets=_SHORT,
    registry=REGISTRY,
)
step_statements = Histogram(
    "visitflow_step_statements",
    "SQL statements from loading an instance to the end of writing it, without the commit; the target is 10 in all.",
    ["trigger"],
    buckets=(2, 4, 6, 8, 10, 12, 15, 20, 30, 50, 100),
    registry=REGISTRY,
)
incoming_events = Counter(
    "visitflow_incoming", "Events from outside by their answer; repeats count as duplicate.", ["answer"],
    registry=REGISTRY,
)  # fmt: skip
listener_connected = Gauge(
    "visitflow_listener_connected",
    "1 while this process is connected to the MQTT broker, by lane of the listener.",
    ["lane"],
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
listener_waiting = Gauge(
    "visitflow_listener_waiting",
    "Messages that came from the broker and are not stored yet, by lane of the listener.",
    ["lane"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
ALL = (
    timer_lateness, work_claimed, work_finished, work_seconds, step_seconds, step_processor_seconds, step_statements,
    incoming_events, listener_connected, listener_waiting,
)  # fmt: skip


def shown(further: Iterable[CollectorRegistry] = ()) -> bytes:
    """Everything in Prometheus' text form; several processes of one web server are added up."""
    registry = REGISTRY
    if environment("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return b"".join(generate_latest(each) for each in (registry, *further))


TYPE = "text/plain; version=0.0.4; charset=utf-8"
