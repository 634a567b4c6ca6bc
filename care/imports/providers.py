"""Providers and service points from a list; known again by name and unit. Source: R-NET-15, R-PRJ-41."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import providers
from care.imports.sheets import Column, Report, Row, judge
from care.imports.units import Tree, clean_name
from care.organisation import Unit
from care.providers import KINDS, NETWORK, SERVICES, Provider

COLUMNS = (
    Column("name", "名称", True),
    Column("kind", "种类", True, "、".join(zh for zh, _ in KINDS.values())),
    Column("unit", "服务区域", True, "示范区/青山街道/春光社区；到旗县区、乡镇（街道）或社区"),
    Column("services", "服务项目", False, "用分号隔开：" + "、".join(zh for zh, _ in SERVICES.values())),
    Column("contact", "联系人"),
    Column("phone", "电话"),
    Column("address", "地址"),
    Column("hours", "服务时间"),
    Column("position", "位置", False, "纬度,经度，例如 40.65,109.84"),
)
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}|9\d{4}")
_PLAIN = ("contact", "phone", "address", "hours")
_LENGTHS = {"contact": 60, "address": 200, "hours": 60}


def write(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    tree = Tree(session, scope)
    judge(rows, lambda row: f"{row['name']} {clean_name(row['unit'])}", lambda row: _faults(row, tree))
    report = Report()
    for row in rows:
        _write(session, row, tree, report)
    return report


def _faults(row: Row, tree: Tree) -> Iterator[str]:
    if not row["name"] or len(row["name"]) > 80:
        yield "名称空着或超过80个字"
    if _kind(row["kind"]) is None:
        yield f"种类「{row['kind']}」应为{COLUMNS[1].about}"
    unit = tree.find(row["unit"])
    if unit is None or unit.level not in NETWORK:
        yield f"没有旗县区、乡镇（街道）或社区「{row['unit']}」"
    elif not tree.allows(unit.path):
        yield f"「{row['unit']}」不归您管"
    for text in _parts(row["services"]):
        if providers.code_of(text) is None:
            yield f"没有服务项目「{text}」"
    if row["phone"] and not _PHONE.fullmatch(row["phone"]):
        yield f"电话「{row['phone']}」无效"
    if row["position"] and position(row["position"]) is None:
        yield f"位置「{row['position']}」应为纬度,经度"
    for name, most in _LENGTHS.items():
        if len(row[name]) > most:
            yield f"{next(each.zh for each in COLUMNS if each.name == name)}超过{most}个字"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;；、]", text) if part.strip()]


def _kind(text: str) -> str | None:
    return text if text in KINDS else next((code for code, pair in KINDS.items() if pair[0] == text), None)


def position(text: str) -> tuple[float, float] | None:
    """Latitude and longitude of a text «40.65,109.84»; None for anything else."""
    found = re.fullmatch(r"\s*(\d{1,2}(?:\.\d+)?)\s*[,，]\s*(\d{1,3}(?:\.\d+)?)\s*", text)
    if found is None or float(found[1]) > 90 or float(found[2]) > 180:
        return None
    return float(found[1]), float(found[2])


def _write(session: Session, row: Row, tree: Tree, report: Report) -> None:
    unit, kind = tree.find(row["unit"]), _kind(row["kind"])
    assert unit is not None and kind is not None  # judged
    found = _found(session, row["name"], unit)
    before = None if found is None else _state(found)
    services = [code for text in _parts(row["services"]) if (code := providers.code_of(text))]
    if found is None:
        found = providers.add(session, unit, kind, row["name"], services)
    found.kind = kind
    if services:
        found.services = providers.joined(services)
    for name in _PLAIN:
        setattr(found, name, row[name] or getattr(found, name))
    if row["position"]:
        found.latitude, found.longitude = position(row["position"]) or (None, None)
    session.flush()
    report.count(before, _state(found))


def _found(session: Session, name: str, unit: Unit) -> Provider | None:
    asked = select(Provider).where(Provider.name == name, Provider.unit_path == unit.path)
    return session.scalar(asked.order_by(Provider.id).limit(1))


def _state(row: Provider) -> tuple[object, ...]:
    plain = tuple(getattr(row, name) for name in _PLAIN)
    return row.kind, row.services, row.latitude, row.longitude, *plain
