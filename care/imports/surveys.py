"""Survey campaigns from lists: what each village has to check, and whom a survey found.

Rows of people go on to registration (P01), village by village; the same row again begins nothing. Source: R-ORG-03.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from care import campaigns, elders, registrations
from care.campaigns import Target
from care.imports.sheets import Column, Report, Row, judge
from care.imports.units import Tree, clean_name
from care.organisation import Unit, prefix

_CAMPAIGN = Column("campaign", "摸排名称", False, "布置时的名称；留空是最近一次")
TARGETS = (
    _CAMPAIGN,
    Column("unit", "嘎查村（社区）", True, "示范区/青山街道/春光社区"),
    Column("households", "应排查户数", True, "数字"),
    Column("elders", "应核对老人数", False, "数字；不知道留空"),
)
FOUND = (
    _CAMPAIGN,
    Column("unit", "网格", True, "示范区/青山街道/春光社区/第一网格；没有网格的写到社区"),
    Column("name", "姓名", True),
    Column("id_number", "身份证号", False, "18位，该列设为文本"),
    Column("address", "住址"),
    Column("phone", "电话"),
)
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")


def write_targets(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    tree = Tree(session, scope)
    judge(
        rows,
        lambda row: f"{row['campaign']} {clean_name(row['unit'])}".strip(),
        lambda row: _faults(session, row, tree),
    )
    report = Report()
    for row in rows:
        target = _target(session, row, tree)
        assert target is not None  # judged
        before = (target.households_due, target.elders_due)
        elders_due = int(row["elders"]) if row["elders"] else None
        campaigns.set_target(session, target, int(row["households"]), elders_due)
        report.count(None if before == (None, None) else before, (target.households_due, target.elders_due))
    return report


def _faults(session: Session, row: Row, tree: Tree) -> Iterator[str]:
    yield from _place_faults(session, row, tree, ("village",))
    for name, zh in (("households", "应排查户数"), ("elders", "应核对老人数")):
        if (row[name] or name == "households") and not (row[name].isdigit() and len(row[name]) <= 6):
            yield f"{zh}「{row[name]}」应为数字"
    target = _target(session, row, tree)
    if target is not None and target.state in ("done", "withdrawn"):
        yield f"「{row['unit']}」已查完或撤回，不再改应排查数"


def write_found(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    tree = Tree(session, scope)
    judge(
        rows,
        lambda row: row["id_number"].upper() or f"{row['name']} {clean_name(row['unit'])} {row['address']}",
        lambda row: [*_place_faults(session, row, tree, ("village", "grid")), *_person_faults(row)],
    )
    report = Report()
    for row in rows:
        _find(session, row, tree, report)
    return report


def _place_faults(session: Session, row: Row, tree: Tree, levels: tuple[str, ...]) -> Iterator[str]:
    unit = tree.find(row["unit"])
    if unit is None or unit.level not in levels:
        yield f"没有{'嘎查村（社区）' if len(levels) == 1 else '网格或嘎查村（社区）'}「{row['unit']}」"
    elif not tree.allows(unit.path):
        yield f"「{row['unit']}」不归您管"
    elif _target(session, row, tree) is None:
        named = f"「{row['campaign']}」" if row["campaign"] else ""
        yield f"「{row['unit']}」没有正在进行的摸排{named}"


def _person_faults(row: Row) -> Iterator[str]:
    if not row["name"] or len(row["name"]) > 60:
        yield "姓名空着或超过60个字"
    text = row["id_number"].upper()
    if text and not (re.fullmatch(r"\d{17}[\dX]", text) and registrations.is_id_number(text)):
        yield f"身份证号「{row['id_number']}」校验不通过"
    if row["phone"] and not _PHONE.fullmatch(row["phone"]):
        yield f"电话「{row['phone']}」无效"


def _target(session: Session, row: Row, tree: Tree) -> Target | None:
    unit = tree.find(row["unit"])
    village = prefix(unit.path, "village") if unit is not None else None
    return campaigns.open_target_of(session, village, row["campaign"]) if village else None


def _find(session: Session, row: Row, tree: Tree, report: Report) -> None:
    unit, target = tree.find(row["unit"]), _target(session, row, tree)
    assert unit is not None and target is not None  # judged
    known = elders.by_id_number(session, row["id_number"].upper()) if row["id_number"] else None
    if known is not None and known.status != "exited":
        report.notes.append(f"第{row.line}行：已有档案 {known.number}，没有再转建档")
        report.same += 1
        return
    said = {name: row[name] for name in ("name", "address", "phone")}
    said |= {"id_number": row["id_number"].upper(), "grid": _grid(unit)}
    report.count(None if campaigns.note(session, target, said) else said, said)


def _grid(unit: Unit) -> str:
    return unit.name if unit.level == "grid" else ""
