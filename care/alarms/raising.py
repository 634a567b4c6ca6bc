"""What an admitted event does to our own tables: an alarm row, a case opened or joined, a district incident.

Repeats of an open case of the same elder and kind raise its counter; within ten minutes of the one before they notify
nobody. Twenty power or offline events of a district within two minutes are one district incident.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import absences, cases, devices, elders, notices, organisation
from care.alarms import types, watching
from care.alarms.tables import Alarm, DistrictIncident
from care.cases import Case
from care.devices import Device
from care.elders import Elder
from engine import clock

FLOOD = 20
FLOOD_WITHIN = timedelta(minutes=2)


def raise_alarm(session: Session, device: Device, kind: str, said: dict[str, Any], sent_at: datetime) -> int | None:
    """Write the alarm of an admitted event; the id of the case that it opened or joined, None without one."""
    elder = devices.owner_at(session, device, sent_at)
    if elder is None:
        return None
    if kind in types.CLEARING:
        _clear(session, device, sent_at)
        return None
    if kind in types.CANCELLING:
        return _cancelled(session, elder)
    alarm = _alarm(session, device, elder, kind, said, sent_at)
    if kind in types.OUTAGE and _is_flood(session, alarm, elder):
        return None
    if _opens_no_case(session, alarm, device, elder):
        return None
    return _case_of(session, alarm, elder, sent_at)


def _alarm(session: Session, device: Device, elder: Elder, kind: str, said: dict[str, Any], sent_at: datetime) -> Alarm:
    now = clock.now()
    alarm = Alarm(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        device_id=device.id,
        event_key=f"{device.number}:{said['id']}",
        kind=kind[:40],
        data=said.get("data") or {},
        late=now - sent_at > types.LATE,
        raised_at=sent_at,
        stored_at=now,
    )
    session.add(alarm)
    session.flush()
    return alarm


def _opens_no_case(session: Session, alarm: Alarm, device: Device, elder: Elder) -> bool:
    if alarm.kind in types.DEVICE_CARE:
        return True
    if alarm.kind == "power_loss" and not elder.depends_on_power:
        return True
    if is_lowered(session, alarm.kind, device, elder, alarm.raised_at):
        alarm.state = "information"
        return True
    return False


def is_lowered(session: Session, kind: str, device: Device, elder: Elder, at: datetime) -> bool:
    """Whether an absence of the elder quiets this alarm: what stays in the home, never what is worn (9.30)."""
    if kind not in types.STAYS_AT_HOME or devices.is_worn(device.kind):
        return False
    return absences.current(session, elder.id, at) is not None


def _case_of(session: Session, alarm: Alarm, elder: Elder, sent_at: datetime) -> int:
    kind = alarm.kind if alarm.kind in types.TYPES else "unknown"
    opened = cases.open_case(
        session, elder_id=elder.id, unit_path=elder.unit_path, kind=kind, channel="device", opened_at=sent_at
    )
    alarm.case_id, alarm.joined = opened.case.id, not opened.is_new
    if not opened.is_new and cases.join(session, opened.case):
        notices.repeated_alarm(session, opened.case)
    session.flush()
    watching.watch(session, opened.case)
    return opened.case.id


def _cancelled(session: Session, elder: Elder) -> int | None:
    """An SOS was cancelled at the device: noted; the case stays open until a person has spoken with the elder."""
    case = session.scalar(select(Case).where(Case.open_key == f"{elder.id}:sos"))
    if case is None:
        return None
    cases.note(session, case, "sos_cancelled")
    return case.id


def _clear(session: Session, device: Device, sent_at: datetime) -> None:
    """Power is back; a late event never clears an alarm newer than itself."""
    asked = select(Alarm).where(
        Alarm.device_id == device.id,
        Alarm.kind == "power_loss",
        Alarm.cleared_at.is_(None),
        Alarm.raised_at <= sent_at,
    )
    for alarm in session.scalars(asked):
        alarm.cleared_at, alarm.state = sent_at, "cleared"


def _is_flood(session: Session, alarm: Alarm, elder: Elder) -> bool:
    """Attach the alarm to its district's incident, if there is one now. Source: contracts/device-events.md."""
    district = organisation.ancestor(session, elder.unit_path, "district")
    if district is None:
        return False
    now = clock.now()
    here = organisation.within(Alarm.unit_path, district.path)
    recent = (Alarm.kind.in_(types.OUTAGE), Alarm.stored_at > now - FLOOD_WITHIN, here)
    incident = session.scalar(
        select(DistrictIncident)
        .where(DistrictIncident.unit_path == district.path, DistrictIncident.last_at > now - FLOOD_WITHIN)
        .order_by(DistrictIncident.id.desc())
    )
    if incident is None:
        if (session.scalar(select(func.count()).select_from(Alarm).where(*recent)) or 0) < FLOOD:
            return False
        incident = DistrictIncident(unit_path=district.path, kind=alarm.kind, began_at=now, last_at=now, members=0)
        session.add(incident)
        session.flush()
        notices.district_incident(session, district.path, alarm.kind, f"district_incident:{incident.id}")
    for member in session.scalars(select(Alarm).where(*recent, Alarm.incident_id.is_(None), Alarm.case_id.is_(None))):
        member.incident_id, member.state = incident.id, "inhibited"
        incident.members += 1
    incident.last_at = now
    session.flush()
    return not elder.depends_on_power


def screen(session: Session, alarm_id: int | None, elder_id: int | None, kind: str, device: str) -> tuple[Case, bool]:
    """The case of an alarm for the diagram, and whether this diagram has to handle it.

    An alarm that came by message alone (no device event: hand entry, test) gets its case here.
    """
    alarm = session.get(Alarm, alarm_id) if alarm_id else None
    if alarm is not None and alarm.case_id is not None:
        return cases.get(session, alarm.case_id), not alarm.joined
    path = elders.get(session, elder_id).unit_path if elder_id else organisation.city(session).path
    opened = cases.open_case(session, elder_id=elder_id, unit_path=path, kind=kind or "unknown", channel="device")
    if not opened.is_new:
        cases.join(session, opened.case, f"repeated {device}"[:40])
    return opened.case, opened.is_new
