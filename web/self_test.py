"""Raises the test alarm each minute and measures until its task exists (VISITFLOW_SELF_TEST=1).

For whoever is on call: a test that has not come through in 90 s opens the incident `self_test`, writes an ERROR, lets
`visitflow_self_test_failing` be 1 and gives the monitoring desk a task; the next that comes closes the incident. With
a broker the alarm goes over MQTT as user `self-test` (VISITFLOW_SELF_TEST_PASSWORD), else straight to the door. Times
are real: moving the clock of a demonstration fails no test.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Float, Integer, String, Table, delete, select, update
from sqlalchemy.orm import Session

from care.alarms import self_test
from connectors import simulator
from connectors.intake import Arrival, take
from connectors.mqtt import Address
from connectors.payloads import read
from engine import clearing, clock, db, incidents, instances, jobs, leases, run, standing
from engine.db import Base, Instant
from engine.incoming import incoming
from engine.jobs.doing import OWNER
from engine.rows import insert_once
from engine.settings import settings
from engine.tasks import task

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
PATIENCE = timedelta(seconds=90)
KEPT = timedelta(days=1)
TICK_SECONDS = 2.0

state = Table(
    "self_test",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("event_id", String(64)),  # of the test that is under way
    Column("sent_at", Instant),
    Column("came_at", Instant),  # the last that came through
    Column("seconds", Float),
    Column("failing_since", Instant),
)


@jobs.every(TICK_SECONDS)
def tick() -> None:
    """Look for the task of the test under way, or raise the next; one process of the city does it."""
    if not settings().self_test:
        return
    with db.writing() as session:
        if not leases.take(session, "self_test", OWNER, timedelta(seconds=20)):
            return
        session.connection().execute(insert_once(session, state), {"id": 1})
        now = session.connection().execute(select(state)).one()._mapping
    if now["event_id"] is not None:
        _follow(now["event_id"], now["sent_at"])
    elif now["sent_at"] is None or _real_now() - now["sent_at"] >= EVERY:
        _raise()


def _real_now() -> datetime:
    return clock.now() - clock.offset()


def _raise() -> None:
    with jobs.transaction() as session:
        device = self_test.device(session)
        key, number = bytes.fromhex(device.secret), device.number
        at_ms = int(clock.now().timestamp() * 1000)
        event_id, body = simulator.payload(number, self_test.KIND, key, at_ms)
        _note(session, event_id=event_id, sent_at=_real_now())
    if settings().mqtt_host:
        threading.Thread(target=_over_mqtt, args=(number, event_id, body), name="self-test", daemon=True).start()
    else:
        take([Arrival(read(body), channel="self_test", topic_device=number)])


def _over_mqtt(number: str, event_id: str, body: bytes) -> None:
    values = settings()
    address = Address(values.mqtt_host, values.mqtt_port, number, values.self_test_password, values.mqtt_topic_root)
    try:
        simulator.send(address, number, event_id, body, site="self-test", patience_seconds=60)
    except OSError as fault:
        logger.warning("the test alarm could not be handed to the broker", extra={"fault": type(fault).__name__})


def _follow(event_id: str, sent_at: datetime) -> None:
    with db.reading() as session:
        led_to = _led_to(session, event_id)
    waited = _real_now() - sent_at
    if led_to is not None:
        _came_through(led_to, waited)
    elif waited > PATIENCE:
        _failed(event_id, sent_at)


def _led_to(session: Session, event_id: str) -> UUID | None:
    """The instance whose task exists because of this test."""
    c = incoming.c
    query = (
        select(c.instance_id)
        .join(task, task.c.instance_id == c.instance_id)
        .where(c.source == "device", c.event_id == f"{self_test.NUMBER}:{event_id}")
    )
    found: UUID | None = session.connection().execute(query).scalar()
    return found


def _came_through(instance_id: UUID, waited: timedelta) -> None:
    with jobs.transaction() as session:
        run.cancel(session, instance_id, "the test alarm came through")
        incidents.close_of_kind(session, self_test.KIND, "went_on")
        _note(session, event_id=None, came_at=_real_now(), seconds=waited.total_seconds(), failing_since=None)
        _end_the_late(session)


def _failed(event_id: str, sent_at: datetime) -> None:
    sentence = "the test alarm did not become a task in 90 s: real alarms may not come in"
    with jobs.transaction() as session:
        since = session.connection().execute(select(state.c.failing_since)).scalar()
        _note(session, event_id=None, failing_since=since or sent_at)
        _, new = incidents.open_or_update(session, kind=self_test.KIND, error=sentence, process_id=self_test.PROCESS)
        if new:
            self_test.tell_the_desk(session, event_id)
        _end_the_late(session)
    logger.error(sentence, extra={"event": event_id})


def _end_the_late(session: Session) -> None:
    """Tests that came after they were given up."""
    for each in instances.find(session, process_ids=[self_test.PROCESS], limit=20):
        run.cancel(session, each.id, "the test alarm came late")


@jobs.every(600)
def clear_yesterdays() -> None:
    """Test alarms are 1,440 a day: what is a day old goes, but for the history's rows."""
    with db.writing() as session:
        if not leases.take(session, "self_test_clearing", OWNER, timedelta(minutes=15)):
            return
        before, c = clock.now() - KEPT, incoming.c
        clearing.clear(session, self_test.PROCESS, before)
        handled = delete(incoming).where(c.device == self_test.NUMBER, c.stored_at < before, c.state == "handled")
        session.connection().execute(handled)


def _note(session: Session, **values: Any) -> None:
    session.connection().execute(update(state).values(**values))


@standing.tells("visitflow_self_test_last_success_timestamp_seconds", "When a test alarm last became a task; 0: never.")
def last_success(session: Session) -> standing.Values:
    came_at = session.connection().execute(select(state.c.came_at)).scalar()
    return [((), came_at.timestamp() if came_at else 0.0)]


@standing.tells("visitflow_self_test_seconds", "How long the last test alarm took from being sent to its task.")
def took(session: Session) -> standing.Values:
    return [((), session.connection().execute(select(state.c.seconds)).scalar() or 0.0)]


@standing.tells("visitflow_self_test_failing", "1 while test alarms do not become tasks in 90 s.")
def failing(session: Session) -> standing.Values:
    return [((), float(session.connection().execute(select(state.c.failing_since)).scalar() is not None))]
