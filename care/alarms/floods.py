"""District incidents: twenty or more power or offline events of a district within two minutes become one.

What belongs to an incident begins nothing of its own, unless it opened a case: an elder who depends on power is
looked after whatever the district does. Once an incident is open, further events only raise its counter, so that the
thousandth costs no more than the first. Source: contracts/device-events.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from care import notices, organisation
from care.alarms import types
from care.alarms.tables import Alarm, DistrictIncident
from care.organisation import Unit
from engine import clock

if TYPE_CHECKING:
    from care.alarms.raising import Raised

FLOOD = 20
WITHIN = timedelta(minutes=2)


def join(session: Session, outages: Sequence[Raised]) -> None:
    """Attach these alarms, not yet written, to the incident of their district, if there is or now must be one."""
    by_district: dict[str, list[Raised]] = defaultdict(list)
    for each in outages:
        district = organisation.prefix(each.owner.unit_path, "district")
        if district is not None:
            by_district[district].append(each)
    for district in sorted(by_district):
        _join(session, district, by_district[district])


def _join(session: Session, district: str, alarms: list[Raised]) -> None:
    now = clock.now()
    incident = _open_incident(session, district, now)
    if incident is None:
        if _recent(session, district, now) + len(alarms) < FLOOD:
            return
        incident = _begin(session, district, alarms[-1].kind, now)
    members = [each for each in alarms if each.case_id is None]
    for each in members:
        each.incident_id, each.state = incident.id, "inhibited"
    incident.members += len(members)
    incident.last_at = now
    session.flush()


def _open_incident(session: Session, district: str, now: datetime) -> DistrictIncident | None:
    return session.scalar(
        select(DistrictIncident)
        .where(DistrictIncident.unit_path == district, DistrictIncident.last_at > now - WITHIN)
        .order_by(DistrictIncident.id.desc())
        .limit(1)
        .with_for_update()
    )


def _recent(session: Session, district: str, now: datetime) -> int:
    """How many outages of the district were written in the last two minutes; counts to FLOOD at most."""
    recent = select(Alarm.id).where(*_outages_since(district, now - WITHIN)).limit(FLOOD).subquery()
    return session.scalar(select(func.count()).select_from(recent)) or 0


def _outages_since(district: str, moment: datetime) -> tuple[ColumnElement[bool], ...]:
    return Alarm.kind.in_(types.OUTAGE), Alarm.stored_at > moment, organisation.within(Alarm.unit_path, district)


def _begin(session: Session, district: str, kind: str, now: datetime) -> DistrictIncident:
    """Open the incident with what led to it as members; two doors that find a flood at once open one."""
    session.execute(select(Unit.id).where(Unit.path == district).with_for_update(key_share=True))
    other = _open_incident(session, district, now)
    if other is not None:
        return other
    incident = DistrictIncident(unit_path=district, kind=kind, began_at=now, last_at=now, members=0)
    session.add(incident)
    session.flush()
    notices.district_incident(session, district, kind, f"district_incident:{incident.id}")
    alone = (Alarm.incident_id.is_(None), Alarm.case_id.is_(None))
    attach = update(Alarm).where(*_outages_since(district, now - WITHIN), *alone)
    attached = session.execute(
        attach.values(incident_id=incident.id, state="inhibited").returning(Alarm.id),
        execution_options={"synchronize_session": False},
    )
    incident.members = len(attached.all())
    return incident
