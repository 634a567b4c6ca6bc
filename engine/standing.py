"""How the whole program stands, as the database tells it: gauges for Prometheus, read when asked, at most every 15 s.

`tells` registers one: a function of the session that yields (labels, value). Whatever process answers, the figures are
those of the city.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine import clock, db, outgoing, seals, tasks, work
from engine.incidents import incident
from engine.jobs import parts
from engine.outgoing import outgoing as effects
from engine.tasks import task

KEPT_SECONDS = 15.0
Values = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class Told:
    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[Session], Values]


TOLD: dict[str, Told] = {}


def _pairs(session: Session, query: Select[Any]) -> list[tuple[Any, Any]]:
    return [(row[0], row[1]) for row in session.connection().execute(query)]


def tells(name: str, about: str, *labels: str) -> Callable[[Callable[[Session], Values]], Callable[[Session], Values]]:
    """Register a gauge; labels are codes, never ids or names."""

    def register(function: Callable[[Session], Values]) -> Callable[[Session], Values]:
        TOLD[name] = Told(name, about, labels, function)
        return function

    return register


@tells("visitflow_work_oldest_due_seconds", "Age of the oldest due work that nobody has taken; 0 for none.", "lane")
def oldest_due(session: Session) -> Values:
    c = work.work.c
    query = select(c.lane, func.min(c.due_at)).where(
        c.state == work.WAITING, c.lane.in_(work.LANES), c.due_at <= clock.now(), c.lease_until.is_(None)
    )
    found = dict(_pairs(session, query.group_by(c.lane)))
    for lane in work.LANES:
        yield (lane,), (clock.now() - found[lane]).total_seconds() if lane in found else 0.0


@tells("visitflow_work_given_up", "Work that was given up and waits for a person.", "lane")
def given_up(session: Session) -> Values:
    c = work.work.c
    query = select(c.lane, func.count()).where(c.state == work.GIVEN_UP, c.lane.in_(work.LANES)).group_by(c.lane)
    found = dict(_pairs(session, query))
    return [((lane,), found.get(lane, 0)) for lane in work.LANES]


@tells("visitflow_incidents_open", "Open incidents by the kind of work that stopped.", "kind")
def open_incidents(session: Session) -> Values:
    query = select(incident.c.kind, func.count()).where(incident.c.closed_at.is_(None)).group_by(incident.c.kind)
    return [((kind,), count) for kind, count in session.connection().execute(query)]


@tells("visitflow_outgoing", "Effects that have not gone out, by state and channel.", "state", "channel")
def not_sent(session: Session) -> Values:
    c = effects.c
    query = select(c.state, c.channel, func.count()).where(c.state != outgoing.SENT).group_by(c.state, c.channel)
    return [((state, channel), count) for state, channel, count in session.connection().execute(query)]


@tells("visitflow_tasks_late", "Open tasks past their time, by the role that has them beside their holder.", "level")
def late_tasks(session: Session) -> Values:
    c = task.c
    level = func.coalesce(c.also_role, "holder")
    query = select(level, func.count()).where(c.state == tasks.OPEN, c.due_at < clock.now()).group_by(level)
    return [((name,), count) for name, count in session.connection().execute(query)]


@tells("visitflow_history_unsealed_rows", "Rows of the history that the chain does not hold yet.")
def unsealed(session: Session) -> Values:
    return [((), seals.tail(session).rows)]


@tells("visitflow_parts_alive", "Processes that gave a sign of life within 20 s, by part and lane.", "part", "lane")
def alive(session: Session) -> Values:
    counts: dict[tuple[str, str], int] = {}
    for each in parts.alive(session):
        if each.part == parts.PROBE:
            continue
        for lane in each.facts.get("lanes") or ("",):
            counts[each.part, lane] = counts.get((each.part, lane), 0) + 1
    return list(counts.items())


class _Standing(Collector):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = 0.0

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = list(read_all())
                self._until = time.monotonic() + KEPT_SECONDS
        return iter(self._kept)


def read_all() -> Iterator[Metric]:
    """Every registered gauge as it is now."""
    with db.reading() as session:
        for each in TOLD.values():
            family = GaugeMetricFamily(each.name, each.help, labels=each.labels)
            for labels, value in each.read(session):
                family.add_metric(labels, value)
            yield family


REGISTRY = CollectorRegistry()
REGISTRY.register(_Standing())
