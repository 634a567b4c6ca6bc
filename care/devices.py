"""Devices: the registry with secrets and custody, who had which device when, and the platforms that push for them.

An event is attributed to whoever had the device at the event's own time (`owner_at`). Secrets are encrypted and leave
this module only for the check of a signature.

Public: Device, Placement, Platform, Held, KINDS, CUSTODY, add, find, found, get, place, take_away, owner_at, owner,
placements, of_elder, heard, heard_all, is_online, set_custody, secret_of, platform, may_push, is_worn, kind_of.
Source: contracts/device-events.md; connectors §4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ForeignKey, String, Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.errors import NotFound, RuleBroken
from care.personal import OfElder
from engine import clock
from engine.db import Base, Instant
from engine.vault import Encrypted


@dataclass(frozen=True)
class Kind:
    """A kind of device: words, worn on the body or fixed in the home, and the consent that it needs."""

    zh: str
    en: str
    worn: bool = False
    consent: str = "device_monitoring"
    icon: str = "device"


KINDS: dict[str, Kind] = {
    "bracelet": Kind("智能手环", "Bracelet", worn=True, icon="watch"),
    "pendant": Kind("一键呼叫挂坠", "SOS pendant", worn=True, icon="sos"),
    "sos_button": Kind("床头呼叫器", "SOS button", icon="sos"),
    "smoke": Kind("烟感报警器", "Smoke detector", icon="smoke"),
    "gas": Kind("燃气报警器", "Gas detector", icon="gas"),
    "door": Kind("门磁", "Door sensor", icon="door"),
    "motion": Kind("人体感应器", "Motion sensor", icon="motion"),
    "water_leak": Kind("水浸传感器", "Water leak sensor", icon="water"),
    "vital": Kind("生命体征监测仪", "Vital signs monitor", icon="heart"),
    "gateway": Kind("家庭网关", "Home gateway", icon="gateway"),
    "water_meter": Kind("智能水表", "Water meter", consent="meter_data", icon="water"),
    "electricity_meter": Kind("智能电表", "Electricity meter", consent="meter_data", icon="power"),
    "gas_meter": Kind("智能燃气表", "Gas meter", consent="meter_data", icon="gas"),
}
_UNKNOWN_KIND = Kind("其他设备", "Other device")

CUSTODY = {
    "stocked": ("在库", "In stock"),
    "installed": ("已安装", "Installed"),
    "in_service": ("使用中", "In service"),
    "suspended": ("停用", "Suspended"),
    "returned": ("已收回", "Returned"),
}


class Device(Base):
    """A device; `number` is what it calls itself on the wire. `last_seq` orders its events."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(80), default="")
    secret: Mapped[str] = mapped_column(Encrypted)  # hex
    custody: Mapped[str] = mapped_column(String(16), default="stocked", index=True)
    ownership: Mapped[str] = mapped_column(String(16), default="government")  # government, subsidised, own
    last_heard_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    battery: Mapped[int | None] = mapped_column()  # percent
    signal: Mapped[int | None] = mapped_column()  # dBm
    last_seq: Mapped[int | None] = mapped_column()
    tested_at: Mapped[datetime | None] = mapped_column(Instant)


class Placement(OfElder, Base):
    """The elder has the device from a moment until (not including) a moment."""

    __tablename__ = "placement"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    room: Mapped[str] = mapped_column(String(40), default="")
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)


class Platform(Base):
    """A vendor's platform that pushes over HTTP for the devices whose number begins with `devices` (or `*`)."""

    __tablename__ = "platform"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(Encrypted)  # hex
    name: Mapped[str] = mapped_column(String(80), default="")
    devices: Mapped[str] = mapped_column(String(64), default="*")
    active: Mapped[bool] = mapped_column(default=True)


def kind_of(kind: str) -> Kind:
    """Words and nature of a kind; kinds that nobody foresaw are fixed devices."""
    return KINDS.get(kind, _UNKNOWN_KIND)


def is_worn(kind: str) -> bool:
    """Worn devices stay loud while the elder is away (ruling 9.30)."""
    return kind_of(kind).worn


def add(session: Session, number: str, kind: str, secret: str, model: str = "") -> Device:
    """A device in stock; `secret` is hex. Raises RuleBroken for a number already registered."""
    if find(session, number) is not None:
        raise RuleBroken(f"设备「{number}」已登记", f"device {number!r} is already registered")
    device = Device(number=number, kind=kind, secret=secret.lower(), model=model)
    session.add(device)
    session.flush()
    return device


def find(session: Session, number: str) -> Device | None:
    """The device that calls itself `number`."""
    return session.scalar(select(Device).where(Device.number == number))


def found(session: Session, numbers: Collection[str]) -> dict[str, Device]:
    """The devices among these numbers, by number, in one statement."""
    asked = select(Device).where(Device.number.in_(numbers))
    return {device.number: device for device in session.scalars(asked)}


def get(session: Session, device_id: int) -> Device:
    """Raises NotFound."""
    device = session.get(Device, device_id)
    if device is None:
        raise NotFound(f"device {device_id}")
    return device


def secret_of(session: Session, number: str) -> bytes | None:
    """The key of the device's signatures; None for an unknown device."""
    device = find(session, number)
    return None if device is None else bytes.fromhex(device.secret)


def place(session: Session, device: Device, elder: Elder, room: str = "", from_at: datetime | None = None) -> Placement:
    """The elder has the device from now on; whoever had it before no longer has it."""
    moment = from_at or clock.now()
    take_away(session, device, moment, custody="in_service")
    row = Placement(
        device_id=device.id, elder_id=elder.id, unit_path=elder.unit_path, room=room, from_at=moment, until_at=None
    )
    session.add(row)
    session.flush()
    return row


def take_away(session: Session, device: Device, until_at: datetime | None = None, custody: str = "returned") -> None:
    """Unbind at once: later events of the device are nobody's."""
    moment = until_at or clock.now()
    asked = select(Placement).where(Placement.device_id == device.id, Placement.until_at.is_(None))
    for row in session.scalars(asked):
        row.until_at = moment
    set_custody(session, device, custody)


def set_custody(session: Session, device: Device, custody: str) -> None:
    if custody not in CUSTODY:
        raise ValueError(f"no such custody state: {custody!r}")
    device.custody = custody
    session.flush()


def owner_at(session: Session, device: Device, moment: datetime) -> Elder | None:
    """The elder who had the device at that moment; None when nobody had it."""
    return session.scalar(
        select(Elder)
        .join(Placement, Placement.elder_id == Elder.id)
        .where(
            Placement.device_id == device.id,
            Placement.from_at <= moment,
            or_(Placement.until_at.is_(None), Placement.until_at > moment),
        )
        .order_by(Placement.from_at.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Held:
    """Who had a device from when until when (not including), with the little of the elder's file that alarms need."""

    elder_id: int
    unit_path: str
    depends_on_power: bool
    from_at: datetime
    until_at: datetime | None

    def at(self, moment: datetime) -> bool:
        return self.from_at <= moment and (self.until_at is None or self.until_at > moment)


def placements(session: Session, device_ids: Collection[int]) -> dict[int, list[Held]]:
    """Who had each of these devices when, the newest first, in one statement."""
    held: dict[int, list[Held]] = defaultdict(list)
    asked = (
        select(
            Placement.device_id,
            Elder.id,
            Elder.unit_path,
            Elder.depends_on_power,
            Placement.from_at,
            Placement.until_at,
        )
        .join(Elder, Elder.id == Placement.elder_id)
        .where(Placement.device_id.in_(device_ids))
        .order_by(Placement.from_at.desc())
    )
    for device_id, elder_id, unit_path, depends_on_power, from_at, until_at in session.execute(asked):
        held[device_id].append(Held(elder_id, unit_path, depends_on_power, from_at, until_at))
    return held


def owner(session: Session, device: Device) -> Elder | None:
    """The elder who has the device now."""
    return owner_at(session, device, clock.now())


def of_elder(session: Session, elder_id: int) -> list[tuple[Device, Placement]]:
    """Devices that the elder has now, with where they are."""
    asked = (
        select(Device, Placement)
        .join(Placement, Placement.device_id == Device.id)
        .where(Placement.elder_id == elder_id, Placement.until_at.is_(None))
        .order_by(Device.number)
    )
    return [(device, placement) for device, placement in session.execute(asked)]


def heard(
    device: Device, at: datetime, battery: int | None = None, signal: int | None = None, seq: int | None = None
) -> None:
    """The device gave a sign of life; an older sign never overwrites a newer one."""
    if device.last_heard_at is None or at > device.last_heard_at:
        device.last_heard_at = at
        device.battery = device.battery if battery is None else battery
        device.signal = device.signal if signal is None else signal
    if seq is not None and (device.last_seq is None or seq > device.last_seq):
        device.last_seq = seq


@dataclass(frozen=True, slots=True)
class Heard:
    """A heartbeat: the device's number, when it was heard, battery (%) and signal (dBm) if it told them."""

    number: str
    at: datetime
    battery: int | None = None
    signal: int | None = None


_COLUMNS = cast(Table, Device.__table__).c
_HEARD = (
    update(cast(Table, Device.__table__))
    .where(
        _COLUMNS.id == bindparam("this"),
        or_(_COLUMNS.last_heard_at.is_(None), _COLUMNS.last_heard_at < bindparam("moment")),
    )
    .values(
        last_heard_at=bindparam("moment"),
        battery=func.coalesce(bindparam("percent"), _COLUMNS.battery),
        signal=func.coalesce(bindparam("dbm"), _COLUMNS.signal),
    )
)


def heard_all(session: Session, heard: Collection[Heard]) -> None:
    """`heard` for many devices in two statements, locked in the order that everybody keeps; unknown ones are left."""
    told = {each.number: each for each in heard}
    known = session.execute(select(Device.id, Device.number).where(Device.number.in_(told)).order_by(Device.id)).all()
    rows = [
        {"this": device_id, "moment": of.at, "percent": of.battery, "dbm": of.signal}
        for device_id, of in ((device_id, told[number]) for device_id, number in known)
    ]
    if rows:
        session.connection().execute(_HEARD, rows)


def is_online(device: Device) -> bool:
    """Heard within 24 hours (K18)."""
    return device.last_heard_at is not None and clock.now() - device.last_heard_at <= timedelta(hours=24)


def platform(session: Session, kid: str) -> Platform | None:
    """The active platform with that key id."""
    found = session.get(Platform, kid)
    return found if found is not None and found.active else None


def may_push(platform: Platform, number: str) -> bool:
    """Whether the platform may speak for the device `number`."""
    return platform.devices == "*" or number.startswith(platform.devices)
