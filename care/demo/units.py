"""The demonstration district: one city, 2 districts, 4 townships, 12 villages, 36 grids, departments beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from care import organisation
from care.demo.calendar import BEGAN_ON
from care.organisation import Unit
from care.roles import DEPARTMENTS

# district: (main urban area, {township: [villages]}); invented below the city
_TREE: dict[str, tuple[bool, dict[str, list[str]]]] = {
    "示范区": (
        True,
        {"青松街道": ["春光社区", "松涛社区", "银杏社区"], "和风街道": ["柳岸社区", "书香社区", "锦绣社区"]},
    ),
    "草原旗": (
        False,
        {"石榴镇": ["上湾村", "下湾村", "泉子村"], "牧歌苏木": ["查干嘎查", "海日嘎查", "宝力格嘎查"]},
    ),
}
_BRANCHES = {"justice": "司法所", "public_security": "派出所"}


@dataclass
class Village:
    """A village with the units above it and its three grids."""

    unit: Unit
    township: Unit
    district: Unit
    grids: list[Unit]


@dataclass
class Units:
    city: Unit
    districts: list[Unit] = field(default_factory=list)
    townships: list[Unit] = field(default_factory=list)
    villages: list[Village] = field(default_factory=list)
    departments: dict[str, Unit] = field(default_factory=dict)
    branches: list[Unit] = field(default_factory=list)
    provider: Unit | None = None


def build(session: Session) -> Units:
    """All units; the duty telephones are invented short numbers."""
    units = Units(organisation.add(session, None, "city", "包头市", from_on=BEGAN_ON, code="150200"))
    for name, (main_urban, townships) in _TREE.items():
        district = _add(session, units.city, "district", name, main_urban=main_urban, duty_phone="0472-0000200")
        units.districts.append(district)
        for township_name, villages in townships.items():
            township = _add(session, district, "township", township_name, duty_phone="0472-0000300")
            units.townships.append(township)
            for village_name in villages:
                units.villages.append(_village(session, district, township, village_name, len(units.villages)))
    _departments(session, units)
    return units


def _add(session: Session, parent: Unit, level: str, name: str, **facts: object) -> Unit:
    return organisation.add(session, parent, level, name, from_on=BEGAN_ON, **facts)


def _village(session: Session, district: Unit, township: Unit, name: str, number: int) -> Village:
    rural = not name.endswith("社区")
    phone = f"0472-00004{number:02d}"
    unit = _add(session, township, "village", name, rural=rural, main_urban=not rural, duty_phone=phone)
    grids = [_add(session, unit, "grid", f"第{digit}网格", rural=rural) for digit in "一二三"]
    return Village(unit, township, district, grids)


def _departments(session: Session, units: Units) -> None:
    for code, (zh, _) in DEPARTMENTS.items():
        units.departments[code] = _add(session, units.city, "department", zh, code=code)
    for township in units.townships:
        for code, zh in _BRANCHES.items():
            units.branches.append(_add(session, township, "department", f"{township.name}{zh}", code=code))
    units.provider = _add(session, units.districts[0], "organisation", "暖阳居家养老服务中心", code="provider")
