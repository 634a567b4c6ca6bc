"""Checks of devices (设备离线·低电·拆除), and how many of them are heard: the figures of K18.

A device is silent after 24 hours, of a high-tier elder after 6. While one is silent the elder is shown «无监测», and of
the high tier somebody telephones every two days. Of who leaves, each device is fetched within ten working days.
Public: DeviceCheck, DeviceDay, REASONS, OUTCOMES, open_check, postpone, found, collected, close, get, of_elder,
of_instance, unmonitored, outages, silent, count_day.
Source: issued plan 五(三); processes P28, 4.9; K18.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, ForeignKey, String, UniqueConstraint, case, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import absences, matters, organisation
from care.devices import Device, Placement
from care.elders import Elder
from care.matters import Matter
from care.personal import PathColumn
from care.policy_calendar import working_days_after
from engine import clock
from engine.db import Base, Instant

REASONS = {
    "offline": ("离线", "Offline"),
    "battery_low": ("低电量", "Battery low"),
    "tamper": ("拆动", "Tampered with"),
    "power_loss": ("断电", "Without power"),
    "trouble": ("探访发现故障", "Found faulty on a visit"),
    "unbound": ("已解绑，待收回", "Unbound, to be fetched"),
}
OUTCOMES = {
    "works": ("正常", "Works"),
    "fixed": ("已修好", "Fixed"),
    "replaced": ("已更换", "Replaced"),
    "collected": ("已收回", "Fetched"),
    "lost": ("没找到", "Lost"),
    "exited": ("随退出结束", "The elder left"),
}
SILENT_AFTER = {"high": timedelta(hours=6)}
SILENT_AFTER_OTHERS = timedelta(hours=24)
CHECK_WITHIN = {"high": timedelta(hours=24)}
CHECK_WITHIN_OTHERS = timedelta(days=3)
COLLECT_DAYS = 10
OUTAGE_FROM = 20
"""Silent devices of a district from which on more than half of all is an outage, as with alarms (floods)."""


class DeviceCheck(Matter, Base):
    """One check; `device_id` is null where only the elder is known (said on a visit)."""

    __tablename__ = "device_check"

    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    reason: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    collect_due_at: Mapped[datetime | None] = mapped_column(Instant)
    collected_at: Mapped[datetime | None] = mapped_column(Instant)


class DeviceDay(Base):
    """How many devices a village had installed at the end of a day, and how many of them were heard within 24 hours."""

    __tablename__ = "device_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    installed: Mapped[int] = mapped_column()
    online: Mapped[int] = mapped_column()

    __table_args__ = (UniqueConstraint("day", "unit_path"),)


def open_check(
    session: Session, elder: Elder, device: Device | None, reason: str, instance_id: UUID, at: datetime | None = None
) -> DeviceCheck:
    """A device has to be looked at: within 24 hours for the high tier, else three days; not before an absence ends."""
    now = at or clock.now()
    row = DeviceCheck(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        device_id=device.id if device else None,
        reason=reason if reason in REASONS else "trouble",
        opened_at=now,
        due_at=now + CHECK_WITHIN.get(elder.tier, CHECK_WITHIN_OTHERS),
        instance_id=instance_id,
    )
    if row.reason == "unbound":
        row.collect_due_at = working_days_after(now, COLLECT_DAYS)[0]
    session.add(row)
    session.flush()
    postpone(session, row)
    return row


def get(session: Session, check_id: int) -> DeviceCheck:
    return session.get_one(DeviceCheck, check_id)


def postpone(session: Session, row: DeviceCheck) -> None:
    """An elder who is away is waited for: three days from the day of return. Source: processes P35."""
    away = absences.current(session, row.elder_id)
    if away is not None:
        row.due_at = max(row.due_at, away.until_at + CHECK_WITHIN_OTHERS)
    session.flush()


def found(session: Session, row: DeviceCheck, removed: bool) -> None:
    """Somebody looked; a device that is taken out is brought back within ten working days."""
    row.checked_at = clock.now()
    if removed:
        row.collect_due_at = working_days_after(row.checked_at, COLLECT_DAYS)[0]
    session.flush()


def collected(session: Session, row: DeviceCheck) -> None:
    row.collected_at = clock.now()
    session.flush()


def close(session: Session, row: DeviceCheck, outcome: str) -> None:
    row.closed_at, row.outcome = clock.now(), outcome if outcome in OUTCOMES else "works"
    session.flush()


def of_elder(session: Session, elder_id: int) -> list[DeviceCheck]:
    """All checks of an elder's devices, newest first."""
    return matters.newest(session, DeviceCheck, elder_id)


def of_instance(session: Session, instance_id: UUID | None) -> DeviceCheck | None:
    return matters.led_by(session, DeviceCheck, instance_id)


def facts(row: DeviceCheck, tier: str) -> dict[str, Any]:
    """Codes and moments for process data."""
    return {
        "check_id": row.id,
        "reason": row.reason,
        "high": tier == "high",
        "due_at": row.due_at.isoformat(),
        "collect_due_at": row.collect_due_at.isoformat() if row.collect_due_at else None,
    }


def unmonitored(session: Session, elder_ids: Collection[int]) -> set[int]:
    """Those of these elders whose devices are all silent: shown as «无监测»."""
    heard = func.max(case((_is_heard(), 1), else_=0))
    asked = (
        select(Placement.elder_id)
        .join(Device, Device.id == Placement.device_id)
        .where(Placement.elder_id.in_(list(elder_ids)), Placement.until_at.is_(None))
        .group_by(Placement.elder_id)
        .having(heard == 0)
    )
    return set(session.scalars(asked))


def _is_heard() -> Any:
    return Device.last_heard_at > clock.now() - SILENT_AFTER_OTHERS


@dataclass(frozen=True)
class Silent:
    """A device that has not been heard in time."""

    number: str
    elder_id: int
    unit_path: str
    since: datetime | None


def _too_long() -> ColumnElement[bool]:
    now = clock.now()
    return or_(
        Device.last_heard_at < now - SILENT_AFTER_OTHERS,
        (Elder.tier == "high") & (Device.last_heard_at < now - SILENT_AFTER["high"]),
    )


def outages(session: Session) -> set[str]:
    """Districts where most devices are silent at once: an outage of network or platform, no matter of single homes."""
    counted: dict[str, list[int]] = {}
    asked = (
        select(Placement.unit_path, func.count(), func.sum(case((_too_long(), 1), else_=0)))
        .join(Device, Device.id == Placement.device_id)
        .join(Elder, Elder.id == Placement.elder_id)
        .where(Placement.until_at.is_(None), Device.custody == "in_service", Elder.status == "in_register")
        .group_by(Placement.unit_path)
    )
    for path, installed, silent_ones in session.execute(asked):
        district = counted.setdefault(organisation.prefix(path, "district") or path, [0, 0])
        district[0] += installed
        district[1] += silent_ones
    return {path for path, (all_of, quiet) in counted.items() if quiet >= OUTAGE_FROM and quiet * 2 > all_of}


def silent(session: Session, limit: int) -> list[Silent]:
    """Devices in use that fell silent and are under no check yet, the longest silent first; elders away left out."""
    open_ones = select(DeviceCheck.device_id).where(DeviceCheck.closed_at.is_(None), DeviceCheck.device_id.is_not(None))
    asked = (
        select(Device.number, Elder.id, Placement.unit_path, Device.last_heard_at)
        .join(Placement, Placement.device_id == Device.id)
        .join(Elder, Elder.id == Placement.elder_id)
        .where(
            Placement.until_at.is_(None),
            Device.custody == "in_service",
            Elder.status == "in_register",
            _too_long(),
            Device.id.not_in(open_ones),
        )
        .order_by(Device.last_heard_at)
        .limit(limit)
    )
    return [Silent(*row) for row in session.execute(asked)]


def count_day(session: Session, day: date) -> int:
    """Write down installed and heard devices of each village, once a day; how many villages. Source: K18."""
    if session.scalar(select(DeviceDay.id).where(DeviceDay.day == day).limit(1)) is not None:
        return 0
    counted: dict[str, list[int]] = {}
    asked = (
        select(Placement.unit_path, func.count(), func.sum(case((_is_heard(), 1), else_=0)))
        .join(Device, Device.id == Placement.device_id)
        .where(Placement.until_at.is_(None), Device.custody == "in_service")
        .group_by(Placement.unit_path)
    )
    for path, installed, online in session.execute(asked):
        village = counted.setdefault(organisation.prefix(path, "village") or path, [0, 0])
        village[0] += installed
        village[1] += online
    session.add_all(
        DeviceDay(day=day, unit_path=path, installed=installed, online=online)
        for path, (installed, online) in counted.items()
    )
    session.flush()
    return len(counted)
