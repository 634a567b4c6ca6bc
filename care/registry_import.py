"""Device and platform lists from a file: every row is judged first, then all are written or none.

Faults are sentences with the line's number, for the person who has the file open in a spreadsheet. Importing the same
file again changes nothing; a device listed under another elder moves to that elder, with another key it gets that key.

Public: import_devices, import_platforms, Report, RowsRefused. Columns: contracts/commands.md.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from care import consents, devices, elders
from care.devices import Device, Platform
from care.elders import Elder
from care.errors import CareError

_NUMBER = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,64}")
Row = dict[str, str]


class RowsRefused(CareError):
    """Some rows cannot be imported; none was."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join([*faults, "没有导入任何一行，请改正后重新导入。 Nothing was imported."]))
        self.faults = faults


@dataclass
class Report:
    """What the import did; `notes` are sentences about rows that were imported but need a look."""

    added: int = 0
    changed: int = 0
    same: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"新增 {self.added} 行，更新 {self.changed} 行，未变 {self.same} 行"


def import_devices(session: Session, content: bytes) -> Report:
    """Columns device,key,kind,elder,model; an empty elder puts the device in stock. Raises RowsRefused."""
    rows = _rows(content, ("device", "key", "kind", "elder", "model"))
    _judge(session, rows, "device", _device_faults)
    report = Report()
    for line, row in enumerate(rows, start=2):
        _write_device(session, row, report, line)
    return report


def import_platforms(session: Session, content: bytes) -> Report:
    """Columns kid,key,name,devices (a prefix or `*`). Raises RowsRefused."""
    rows = _rows(content, ("kid", "key", "name", "devices"))
    _judge(session, rows, "kid", _platform_faults)
    report = Report()
    for row in rows:
        _write_platform(session, row, report)
    return report


def _rows(content: bytes, columns: tuple[str, ...]) -> list[Row]:
    """The rows by column name; raises RowsRefused when the file is not such a table."""
    reader = csv.DictReader(io.StringIO(_text(content)), restkey="", restval="")
    names = [(name or "").strip() for name in reader.fieldnames or []]
    missing = [column for column in columns if column not in names]
    if missing:
        raise RowsRefused([f"第1行：缺少列 {'、'.join(missing)}（应为 {','.join(columns)}）"])
    reader.fieldnames = names
    rows = [{name: str(row.get(name) or "").strip() for name in columns} for row in reader if any(row.values())]
    if not rows:
        raise RowsRefused(["文件里没有数据行"])
    return rows


def _text(content: bytes) -> str:
    """UTF-8, with or without mark, or the Chinese code page that spreadsheets save by default."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RowsRefused(["文件编码无法识别，请另存为 UTF-8"])


def _judge(session: Session, rows: list[Row], key: str, faults_of: Callable[[Session, Row], list[str]]) -> None:
    faults: list[str] = []
    first_line: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        found = faults_of(session, row)
        if row[key] in first_line:
            found.append(f"「{row[key]}」与第{first_line[row[key]]}行重复")
        first_line.setdefault(row[key], line)
        faults += [f"第{line}行：{fault}" for fault in found]
    if faults:
        raise RowsRefused(faults)


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


def _write_device(session: Session, row: Row, report: Report, line: int) -> None:
    device = devices.find(session, row["device"])
    before = None if device is None else _state(session, device)
    if device is None:
        device = devices.add(session, row["device"], row["kind"], row["key"], row["model"])
    device.kind, device.model, device.secret = row["kind"], row["model"], row["key"].lower()
    elder = elders.by_number(session, row["elder"]) if row["elder"] else None
    _place(session, device, elder)
    if elder is not None and not consents.allows(session, elder.id, devices.kind_of(device.kind).consent):
        report.notes.append(f"第{line}行：{elder.number} 未同意设备监测，该设备的事件将暂存待核")
    if before is None:
        report.added += 1
    elif before == _state(session, device):
        report.same += 1
    else:
        report.changed += 1


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


def _platform_faults(session: Session, row: Row) -> list[str]:
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
