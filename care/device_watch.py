"""The hourly look at devices: who fell silent has the device checked, and once a day the heard ones are counted (K18).

It is work like the planner's night (care/nightly.py): one row, due at the next full hour, written anew each time. A
device under a check is not reported again; where most of a district are silent, its emergency desk has one task.
Public: keep_watching, look. Source: processes P28, 4.8.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from care import device_checks, notices, organisation
from care.device_checks import Silent
from engine import clock, definitions, incoming, jobs, work
from engine.settings import settings
from engine.work import Item

KIND = "watch_devices"
MOST = 200
"""Devices reported in one look."""


def keep_watching() -> None:
    """Write down the next look, unless it is."""
    with jobs.transaction() as session:
        _write_next(session)


def _write_next(session: Session) -> None:
    due_at = next_hour(clock.now())
    work.add(session, KIND, lane=work.BULK, due_at=due_at, key=f"{KIND}:{due_at.isoformat()}", unit_path="")


def next_hour(after: datetime) -> datetime:
    """The first full hour after a moment."""
    return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


@jobs.does(KIND)
def look(session: Session, item: Item) -> None:
    """Report the silent ones; count the day; then the next hour. Devices of a demonstration send no heartbeats."""
    device_checks.count_day(session, clock.today())
    if not settings().demo and any(each.process_id == "device_health" for each in definitions.every(session)):
        out = device_checks.outages(session)
        for path in out:
            notices.district_incident(session, path, "offline", f"devices_silent:{path}:{clock.today()}")
        for each in device_checks.silent(session, MOST):
            if organisation.prefix(each.unit_path, "district") not in out:
                _report(session, each)
    _write_next(session)


def _report(session: Session, silent: Silent) -> None:
    """Once for each time that the device falls silent."""
    incoming.message(
        session,
        "device.offline",
        f"{silent.elder_id}:{silent.number}",
        {"elder_id": silent.elder_id, "device": silent.number, "kind": "offline"},
        event_id=f"silent:{silent.number}:{silent.since}",
    )
