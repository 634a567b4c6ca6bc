"""Device and platform lists from a file: every row is judged first, then all are written or none.

Faults are sentences with the line's number, for the person who has the file open in a spreadsheet. Importing the same
file again changes nothing; a device listed under another elder moves to that elder, with another key it gets that key.
Columns: contracts/commands.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from care import consents, devices, elders
from care.devices import Device, Platform
from care.elders import Elder
from care.imports.sheets import Column, Report, Row, judge

DEVICES = (
    Column("device", "设备号", True),
    Column("key", "密钥", True, "十六进制"),
    Column("kind", "种类", True),
    Column("elder", "老人编号", True, "留空则入库"),
    Column("model", "型号", True),
)
PLATFORMS = (
    Column("kid", "密钥编号", True),
    Column("key", "密钥", True),
    Column("name", "名称", True),
    Column("devices", "设备范围", True, "设备号前缀，或 *"),
)
_NUMBER = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,64}")


def write_devices(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """An empty elder puts the device in stock. Raises RowsRefused."""
    judge(rows, lambda row: row["device"], lambda row: _device_faults(session, row))
    report = Report()
    for row in rows:
        _write_device(session, row, report)
    return report


def write_platforms(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """`devices` is a prefix or `*`. Raises RowsRefused."""
    judge(rows, lambda row: row["kid"], _platform_faults)
    report = Report()
    for row in rows:
        _write_platform(session, row, report)
    return report


def _device_faults(session: Session, row: Row) -> list[str]:
    faults = []
    if not _NUMBER.fullmatch(row["device"]):
        faults.append(f"设备号「{row['device']}」无效（1至64位字母、数字、下划线、点、冒号或短横线）")
    if not _HEX.fullmatch(row["key"]):
        faults.append("密钥无效（16至128位十六进制）")
    if not row["kind"] or len(row["kind"]) > 32:
        faults.append("缺少设备种类，或种类超过32个字符")
    if len(row["model"]) > 80:
        faults.append("型号超过80个字符")
    if row["elder"]:
        elder = elders.by_number(session, row["elder"])
        if elder is None:
            faults.append(f"没有编号为「{row['elder']}」的老年人")
        elif elder.status == "exited":
            faults.append(f"老年人「{row['elder']}」已退出，不能安装设备")
    return faults


def _write_device(session: Session, row: Row, report: Report) -> None:
    device = devices.find(session, row["device"])
    before = None if device is None else _state(session, device)
    if device is None:
        device = devices.add(session, row["device"], row["kind"], row["key"], row["model"])
    device.kind, device.model, device.secret = row["kind"], row["model"], row["key"].lower()
    elder = elders.by_number(session, row["elder"]) if row["elder"] else None
    _place(session, device, elder)
    if elder is not None and not consents.allows(session, elder.id, devices.kind_of(device.kind).consent):
        report.notes.append(f"第{row.line}行：{elder.number} 未同意设备监测，该设备的事件将暂存待核")
    report.count(before, _state(session, device))


def _state(session: Session, device: Device) -> tuple[str, str, str, int | None]:
    owner = devices.owner(session, device)
    return device.kind, device.model, device.secret, owner.id if owner else None


def _place(session: Session, device: Device, elder: Elder | None) -> None:
    owner = devices.owner(session, device)
    if elder is None:
        if owner is not None:
            devices.take_away(session, device, custody="stocked")
    elif owner is None or owner.id != elder.id:
        devices.place(session, device, elder)


def _platform_faults(row: Row) -> list[str]:
    faults = []
    if not _NUMBER.fullmatch(row["kid"]):
        faults.append(f"密钥编号「{row['kid']}」无效（1至64位字母、数字、下划线、点、冒号或短横线）")
    if len(row["key"].encode()) < 8:
        faults.append("密钥太短（十六进制，或不少于8个字符）")
    if not row["devices"] or not (row["devices"] == "*" or _NUMBER.fullmatch(row["devices"])):
        faults.append("缺少设备范围（设备号前缀，或 *）")
    if len(row["name"]) > 80:
        faults.append("名称超过80个字符")
    return faults


def _write_platform(session: Session, row: Row, report: Report) -> None:
    key = row["key"].lower() if _HEX.fullmatch(row["key"]) else row["key"].encode().hex()
    wanted = (key, row["name"], row["devices"], True)
    platform = session.get(Platform, row["kid"])
    if platform is None:
        session.add(Platform(kid=row["kid"], key=key, name=row["name"], devices=row["devices"]))
        report.added += 1
    elif (platform.key, platform.name, platform.devices, platform.active) == wanted:
        report.same += 1
    else:
        platform.key, platform.name, platform.devices, platform.active = wanted
        report.changed += 1
    session.flush()
