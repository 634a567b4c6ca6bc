"""Meters of water, electricity and gas: an anomaly that the readings show, and how it was looked into.

The rules are the table `meter_rules` of the policy set; what needs a habit acts after fourteen days of readings. The
figures are kept encrypted and shown to nobody but who may see readings; everybody else reads the rule in words.
Public: Meter, MeterAnomaly, RULES, CAUSES, judge, report, gate, get, checked, seen, of_instance,
finish, phone_due_at.
Source: issued plan 五(二), 五(三); processes P20 (rulings); R-CONN-09, R-PRJ-22.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import absences, consents, organisation, policies
from care.elders import Elder
from care.personal import OfElder
from care.roles import Part
from engine import clock, incoming
from engine.db import Base, Id, Instant
from engine.vault import EncryptedDocument

KINDS = {"water": ("水", "Water"), "electricity": ("电", "Electricity"), "gas": ("燃气", "Gas")}
RULES = {
    "water_none": ("长时间没有用水", "No water used for a long time"),
    "water_much": ("用水过多", "Too much water used"),
    "water_leak": ("不停用水，可能漏水", "Water runs without a pause: perhaps a leak"),
    "electricity_below": ("用电低于平时", "Less electricity than usual"),
    "gas_flow": ("不停用气", "Gas flows without a pause"),
    "utility": ("供水供电单位报来异常", "Reported by the utility"),
}
CAUSES = {
    "away": ("外出", "Away"),
    "cleaning": ("打扫洗衣", "Cleaning"),
    "guests": ("来客", "Guests"),
    "leak": ("漏水漏气", "Leak"),
    "device": ("表具故障", "Meter fault"),
    "saving": ("节约使用", "Saving"),
    "normal": ("正常", "Nothing wrong"),
    "hurt": ("受伤生病", "Hurt or ill"),
    "not_found": ("没找到人", "Nobody found"),
}
OUTAGE_SHARE, OUTAGE_LEAST = 0.3, 5
"""From this share of an area's meters on, and at least so many, it is an outage of the area and no elder's alarm."""
WITHIN = timedelta(hours=2)
NIGHT = (time(22), time(7))


class Meter(OfElder, Base):
    """A meter in an elder's home; `base` is the usual use of a day in m³ or kWh, after `history_days` of readings."""

    __tablename__ = "meter"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    base: Mapped[float | None] = mapped_column()
    history_days: Mapped[int] = mapped_column(default=0)


class MeterAnomaly(OfElder, Base):
    """One anomaly: by which rule, what came of looking into it. `figures`: the readings, for who may see them.

    `gate`: go, no_consent, absent or outage. `cause` is what tunes the rules.
    """

    __tablename__ = "meter_anomaly"

    id: Mapped[int] = mapped_column(primary_key=True)
    meter_id: Mapped[int] = mapped_column(ForeignKey("meter.id"), index=True)
    rule: Mapped[str] = mapped_column(String(24), index=True)
    figures: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)
    raised_at: Mapped[datetime] = mapped_column(Instant, index=True)
    gate: Mapped[str] = mapped_column(String(12), default="")
    phoned_at: Mapped[datetime | None] = mapped_column(Instant)
    door_at: Mapped[datetime | None] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(12), default="")
    outcome: Mapped[str] = mapped_column(String(12), default="")
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def judge(meter: Meter, window: Mapping[str, Any], policy: str = policies.DEFAULT_POLICY) -> list[str]:
    """Rules that a window of readings breaks: hours, used (m³, kWh), flow_hours (without a pause)."""
    facts = {**window, "kind": meter.kind, "base": meter.base, "history_days": meter.history_days}
    return [str(each) for each in policies.decide("meter_rules", facts, policy)]


def report(session: Session, meter: Meter, rule: str, figures: Mapping[str, Any]) -> MeterAnomaly:
    """An anomaly is found, by a rule or by the utility: the process `meter_anomaly` begins."""
    row = MeterAnomaly(
        elder_id=meter.elder_id,
        unit_path=meter.unit_path,
        meter_id=meter.id,
        rule=rule,
        figures=dict(figures),
        raised_at=clock.now(),
    )
    session.add(row)
    session.flush()
    about = {"elder_id": row.elder_id, "meter_id": meter.id, "anomaly_id": row.id, "rule": rule, "meter": meter.kind}
    incoming.message(session, "meter.anomaly", str(meter.id), about)
    return row


def get(session: Session, anomaly_id: int) -> MeterAnomaly:
    return session.get_one(MeterAnomaly, anomaly_id)


def gate(session: Session, row: MeterAnomaly) -> str:
    """Whether it is looked into: no consent, the elder away, or the whole area silent say no. Source: P20 S."""
    if not consents.allows(session, row.elder_id, "meter_data"):
        row.gate = "no_consent"
    elif absences.current(session, row.elder_id) is not None:
        row.gate = "absent"
    elif _is_outage(session, row):
        row.gate = "outage"
    else:
        row.gate = "go"
    if row.gate != "go":
        finish(session, row, row.gate)
    session.flush()
    return row.gate


def _is_outage(session: Session, row: MeterAnomaly) -> bool:
    """Enough meters of that kind in the village tell of the same within a day."""
    village = organisation.prefix(row.unit_path, "village") or row.unit_path
    meter = session.get_one(Meter, row.meter_id)
    here = (Meter.kind == meter.kind, organisation.within(Meter.unit_path, village))
    every = session.scalar(select(func.count(Meter.id)).where(*here)) or 0
    since = clock.now() - timedelta(days=1)
    told = select(func.count(func.distinct(MeterAnomaly.meter_id))).join(Meter, Meter.id == MeterAnomaly.meter_id)
    silent = session.scalar(told.where(*here, MeterAnomaly.rule == row.rule, MeterAnomaly.raised_at > since)) or 0
    return silent >= max(OUTAGE_LEAST, OUTAGE_SHARE * every)


def phone_due_at(elder: Elder, now: datetime) -> datetime:
    """Two hours by day; at night 07:00, save for the high tier. Source: processes P20, 4.9."""
    at = clock.local(now)
    if elder.tier != "high" and (at.time() >= NIGHT[0] or at.time() < NIGHT[1]):
        day = at.date() + timedelta(days=1 if at.time() >= NIGHT[0] else 0)
        return datetime.combine(day, NIGHT[1], tzinfo=clock.zone())
    return now + WITHIN


def checked(session: Session, row: MeterAnomaly, at_the_door: bool, cause: str) -> None:
    """Somebody telephoned, or stood at the door; `cause` is "" while nobody knows."""
    if at_the_door:
        row.door_at = row.door_at or clock.now()
    else:
        row.phoned_at = row.phoned_at or clock.now()
    row.cause = cause or row.cause
    session.flush()


def seen(row: MeterAnomaly, parts: Collection[Part]) -> dict[str, Any]:
    """The figures, for who may see readings; {} for everybody else."""
    return dict(row.figures or {}) if Part.READINGS in parts else {}


def of_instance(session: Session, instance_id: UUID) -> MeterAnomaly | None:
    return session.scalar(select(MeterAnomaly).where(MeterAnomaly.instance_id == instance_id))


def finish(session: Session, row: MeterAnomaly, outcome: str) -> None:
    """normal, away, leak, emergency, or what the gate said."""
    row.outcome, row.closed_at = outcome, clock.now()
    session.flush()
