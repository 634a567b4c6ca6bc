"""The domain's half of invariant 1: an accepted alarm has its case or its stated reason, and a case has its alarm.

Reasons are the states of an alarm (for information, part of a district incident, power is back) and kinds that are
about the device. A case that a message alone began says so in its record (`by_message`). Alarms of a demonstration's
past are `closed` and have no event. Source: durability.md §4; contracts/device-events.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, and_, exists, func, or_, select

from care.alarms import Alarm, DistrictIncident, admission, self_test, types
from care.cases import Case, CaseEntry
from engine.audit import Finding, Pass, check
from engine.incoming import ACCEPTED, incoming
from engine.instances import instance

_NO_ALARM = {admission.READING, "device.heartbeat", "device.unreadable"} | {
    f"device.{kind}" for kind in types.CLEARING | types.CANCELLING
}
_REASONS = frozenset(("information", "inhibited", "cleared", "closed"))


@check(1, "an accepted alarm has its row, and both name the same case")
def event_has_alarm(looking: Pass) -> Iterator[Finding]:
    """From the door to the alarm: an event of a kind that alarms wrote one."""
    c, alarm = incoming.c, Alarm.__table__.c
    query = (
        select(c.id, c.case_id, alarm.id.label("alarm_id"), alarm.case_id.label("alarms_case"))
        .outerjoin(Alarm, alarm.event_key == c.event_id)
        .where(
            c.source == "device",
            c.answer == ACCEPTED,
            c.kind.not_in(_NO_ALARM),
            or_(c.device.is_(None), c.device != self_test.NUMBER),
            looking.lately(c.stored_at),
        )
    )
    yield from looking.faults(query, c.id, "incoming", _fault_of_event)


def _fault_of_event(row: Row[Any]) -> str:
    if row.alarm_id is None:
        return "was accepted, and there is no alarm of it"
    same = row.case_id == row.alarms_case
    return "" if same else f"was answered with case {row.case_id}, its alarm has {row.alarms_case}"


@check(1, "an alarm has its case or its stated reason")
def alarm_has_case(looking: Pass) -> Iterator[Finding]:
    """The case is there and of the same elder; the event that it came by is there, too."""
    a = Alarm.__table__.c
    query = (
        select(
            a.id, a.kind, a.state, a.elder_id, a.case_id, a.incident_id,
            Case.id.label("found"), Case.elder_id.label("cases_elder"),
            exists().where(DistrictIncident.id == a.incident_id).label("incident"),
            exists().where(incoming.c.source == "device", incoming.c.event_id == a.event_key).label("event"),
        )
        .outerjoin(Case, Case.id == a.case_id)
        .where(looking.lately(a.stored_at))
    )  # fmt: skip
    yield from looking.faults(query, a.id, "alarm", _fault_of_alarm)


def _fault_of_alarm(row: Row[Any]) -> str:
    if row.state != "closed" and not row.event:
        return "came by no event"
    if row.incident_id is not None and not row.incident:
        return f"belongs to district incident {row.incident_id}, which is not there"
    if row.case_id is None:
        reason = row.state in _REASONS or row.kind in types.DEVICE_CARE | types.OUTAGE
        return "" if reason else "has neither a case nor a reason"
    if row.found is None:
        return f"belongs to case {row.case_id}, which is not there"
    return "" if row.cases_elder == row.elder_id else f"is of elder {row.elder_id}, its case of {row.cases_elder}"


@check(1, "a case of a device has the alarm that opened it")
def case_has_alarm(looking: Pass) -> Iterator[Finding]:
    """One alarm opened it, the others joined; the instance that handles it exists."""
    c = Case.__table__.c
    openers = select(func.count()).where(Alarm.case_id == c.id, ~Alarm.joined).scalar_subquery()
    by_message = exists().where(CaseEntry.case_id == c.id, CaseEntry.what == "by_message")
    query = select(
        c.id,
        c.channel,
        openers.label("openers"),
        by_message.label("by_message"),
        and_(c.instance_id.is_not(None), ~exists().where(instance.c.id == c.instance_id)).label("astray"),
    ).where(looking.lately(c.reported_at))
    yield from looking.faults(query, c.id, "emergency_case", _fault_of_case)


def _fault_of_case(row: Row[Any]) -> str:
    if row.astray:
        return "is handled by an instance that does not exist"
    if row.openers > 1:
        return f"was opened by {row.openers} alarms"
    alone = row.channel == "device" and not row.openers and not row.by_message
    return "came by a device, and no alarm opened it" if alone else ""
