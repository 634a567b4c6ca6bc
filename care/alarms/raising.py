"""What admitted events do to our own tables: alarm rows, cases opened or joined, district incidents.

Events that arrive together are raised together, in a number of statements that does not grow with theirs. Repeats of
an open case of the same elder and kind raise its counter; within ten minutes of the one before they notify nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from care import absences, cases, devices, elders, meter_readings, notices, organisation
from care.alarms import floods, types, watching
from care.alarms.tables import Alarm
from care.cases import Case, Opening
from care.devices import Device, Held
from engine import clock
from engine.incoming import Consequence


@dataclass(frozen=True)
class Report:
    """An admitted event: the device, whose it was when it was sent, and what it says."""

    device: Device
    owner: Held | None
    kind: str
    said: dict[str, Any]
    sent_at: datetime
    reading: bool = False


@dataclass
class Raised:
    """The alarm of a report, not yet written."""

    device: Device
    owner: Held
    kind: str
    said: dict[str, Any]
    sent_at: datetime
    state: str = "raised"
    case_id: int | None = None
    joined: bool = False
    incident_id: int | None = None

    @property
    def consequence(self) -> Consequence:
        """Nothing begins for what joined an open case, is lowered, or belongs to a district incident."""
        return Consequence(self.case_id, settled=self.joined or self.state != "raised")


def raise_alarms(session: Session, reports: Sequence[Report]) -> list[Consequence]:
    """Write down what these events, in the order they came, mean; a Consequence for each."""
    for each in reports:
        devices.heard(each.device, each.sent_at, seq=each.said.get("seq"))
    _keep_readings(session, reports)
    alarms = [_alarm(each) for each in reports]
    raised = [each for each in alarms if each is not None]
    _lower(session, raised)
    _open_cases(session, [each for each in raised if _wants_case(each)])
    floods.join(session, [each for each in raised if each.kind in types.OUTAGE])
    _write(session, raised)
    return [
        _without_alarm(session, report) if alarm is None else alarm.consequence
        for report, alarm in zip(reports, alarms, strict=True)
    ]


def _keep_readings(session: Session, reports: Sequence[Report]) -> None:
    """Registers of meters are kept at once; they begin nothing by themselves (P20)."""
    said = [
        meter_readings.of_report(
            each.device.number, each.device.kind, each.owner.elder_id, each.owner.unit_path, each.sent_at,
            each.said.get("data"),
        )
        for each in reports
        if each.reading and each.owner is not None
    ]  # fmt: skip
    meter_readings.take(session, [each for each in said if each is not None])


def _alarm(report: Report) -> Raised | None:
    if report.reading or report.owner is None or report.kind in types.CLEARING | types.CANCELLING:
        return None
    return Raised(report.device, report.owner, report.kind[:40], report.said, report.sent_at)


def _lower(session: Session, raised: Sequence[Raised]) -> None:
    """An absence of the elder quiets what stays in the home, never what is worn (9.30)."""
    quiet = [each for each in raised if each.kind in types.STAYS_AT_HOME and not devices.is_worn(each.device.kind)]
    if not quiet:
        return
    away = absences.away(session, {each.owner.elder_id for each in quiet})
    for each in quiet:
        if any(begin <= each.sent_at < end for begin, end in away.get(each.owner.elder_id, ())):
            each.state = "information"


def _wants_case(alarm: Raised) -> bool:
    if alarm.state != "raised" or alarm.kind in types.DEVICE_CARE:
        return False
    return alarm.kind != "power_loss" or alarm.owner.depends_on_power


def _open_cases(session: Session, alarms: Sequence[Raised]) -> None:
    """Open or join the case of each alarm; a case that was quiet for ten minutes tells the desk of the repeat."""
    if not alarms:
        return
    opened = cases.open_all(session, [_opening(each) for each in alarms])
    repeats: Counter[int] = Counter()
    for alarm, each in zip(alarms, opened, strict=True):
        alarm.case_id, alarm.joined = each.case.id, not each.is_new
        repeats[each.case.id] += not each.is_new
    found = {each.case.id: each.case for each in opened}
    for case_id, times in repeats.items():
        if times and cases.join(session, found[case_id], times=times):
            notices.repeated_alarm(session, found[case_id])
    session.flush()
    watching.watch_all(session, found.values())


def _opening(alarm: Raised) -> Opening:
    return Opening(
        elder_id=alarm.owner.elder_id,
        unit_path=alarm.owner.unit_path,
        kind=alarm.kind if alarm.kind in types.TYPES else "unknown",
        channel="device",
        opened_at=alarm.sent_at,
    )


def _write(session: Session, raised: Sequence[Raised]) -> None:
    now = clock.now()
    rows = [
        {
            "elder_id": each.owner.elder_id,
            "unit_path": each.owner.unit_path,
            "device_id": each.device.id,
            "event_key": f"{each.device.number}:{each.said['id']}",
            "kind": each.kind,
            "data": each.said.get("data") or {},
            "state": each.state,
            "case_id": each.case_id,
            "incident_id": each.incident_id,
            "joined": each.joined,
            "late": now - each.sent_at > types.LATE,
            "raised_at": each.sent_at,
            "stored_at": now,
        }
        for each in raised
    ]
    if rows:
        table = cast(Table, Alarm.__table__)
        session.connection().execute(insert(table).returning(table.c.id), rows)


def _without_alarm(session: Session, report: Report) -> Consequence:
    """A meter's reading is kept by now, others wait for whoever reads them; power that is back and an SOS that was
    cancelled are settled here."""
    if report.reading and report.device.kind in meter_readings.KINDS:
        return Consequence(settled=True)
    if report.reading or report.owner is None:
        return Consequence()
    if report.kind in types.CLEARING:
        _clear(session, report.device, report.sent_at)
        return Consequence(settled=True)
    return Consequence(_cancelled(session, report.owner, report.sent_at), settled=True)


def _cancelled(session: Session, owner: Held, sent_at: datetime) -> int | None:
    """An SOS was cancelled at the device: noted; the case stays open until a person has spoken with the elder.

    A case that was opened after the cancelling was sent is about another SOS.
    """
    asked = select(Case).where(Case.open_key == f"{owner.elder_id}:sos", Case.opened_at <= sent_at)
    case = session.scalar(asked)
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


def screen(session: Session, alarm_id: int | None, elder_id: int | None, kind: str, device: str) -> tuple[Case, bool]:
    """The case of an alarm for the diagram, and whether this diagram has to handle it.

    An alarm that came by message alone (no device event: hand entry, test) gets its case here.
    """
    alarm = session.get(Alarm, alarm_id) if alarm_id else None
    if alarm is not None and alarm.case_id is not None:
        return cases.get(session, alarm.case_id), not alarm.joined
    path = elders.get(session, elder_id).unit_path if elder_id else organisation.city(session).path
    opened = cases.open_case(session, elder_id=elder_id, unit_path=path, kind=kind or "unknown", channel="device")
    if opened.is_new:
        cases.note(session, opened.case, "by_message")
    if not opened.is_new:
        cases.join(session, opened.case, f"repeated {device}"[:40])
    return opened.case, opened.is_new
