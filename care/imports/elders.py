"""Elders from a list that a village kept before: straight onto the register, with facts, tier, visitors, contacts.

Whoever should still be visited, assessed and asked for consent is registered by P01 instead. A row is found again by
its number, its id number, or name, day of birth and grid; then what it says is written over, and what it leaves empty
stays. An empty fact is unknown, which is not «no» (policy 3.4 no. 16).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import contacts, elders, fact_forms, registrations, visitors
from care.elders import Elder
from care.errors import RuleBroken
from care.imports.sheets import Column, Report, Row, judge, yes_or_no
from care.imports.units import Tree
from care.organisation import Unit
from care.people import Staff
from engine import clock

_YES_NO = {
    "living_alone": "独自居住",
    "lives_with_partner_only": "只与老伴居住",
    "has_partner": "有老伴",
    "partner_same_area": "老伴同在一地",
    "has_children": "有子女",
    "children_same_area": "子女同在一地",
    "rural": "住在嘎查村",
    "children_away_for_work": "子女外出务工经商",
    "supporter_present": "赡养人在身边",
    "supporter_capable": "赡养人有能力",
    "ability_assessed_by_professional": "专业机构评估",
    "suspected_disability": "疑似失能",
    "disability_cert_valid": "残疾证有效",
    "fp_special_family": "计生特殊家庭",
    "dementia": "失智",
    "severe_illness": "患重症",
    "dispersed_destitute": "分散供养特困",
}
_NUMBERS = {
    "partner_age": ("老伴年龄", 130),
    "children_away_months": ("子女外出月数", 600),
    "ability_level": ("能力等级", 4),
    "disability_cert_generation": ("残疾证代次", 2),
    "disability_cert_grade": ("残疾等级", 4),
}
COLUMNS = (
    Column("number", "编号", False, "已有档案的编号；新建留空"),
    Column("name", "姓名", True),
    Column("id_number", "身份证号", False, "18位，该列设为文本"),
    Column("born_on", "出生日期", False, "2026-08-03；有身份证号可留空"),
    Column("sex", "性别", False, "男、女；有身份证号可留空"),
    Column("ethnic_group", "民族"),
    Column("language", "语言"),
    Column("phone", "电话"),
    Column("unit", "网格", True, "示范区/青山街道/春光社区/第一网格；没有网格的写到社区"),
    Column("address", "住址", True),
    Column("registered_on", "建档日期"),
    Column("visitor", "责任人A", False, "用户名"),
    Column("visitor_b", "责任人B", False, "用户名"),
    Column("contact_name", "联系人"),
    Column("contact_relation", "关系"),
    Column("contact_phone", "联系电话"),
    *(Column(name, zh, False, "是、否；不知道留空") for name, zh in _YES_NO.items()),
    *(Column(name, zh, False, "数字；不知道留空") for name, (zh, _) in _NUMBERS.items()),
)
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")
_OLDEST = date(1896, 1, 1)


@dataclass(frozen=True)
class _Known:
    """What the rows of a file may name: units, staff by user name."""

    tree: Tree
    staff: dict[str, int]


def write(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    users = {row[column] for row in rows for column in ("visitor", "visitor_b")} - {""}
    asked = select(Staff.user_name, Staff.id).where(Staff.user_name.in_(users))
    known = _Known(Tree(session, scope), {row.user_name: row.id for row in session.execute(asked)})
    judge(rows, _key, lambda row: _faults(session, row, known))
    report = Report()
    for row in rows:
        _write(session, row, known, report)
    return report


def _key(row: Row) -> str:
    return row["number"] or row["id_number"] or f"{row['name']} {row['born_on']} {row['unit']}"


def _faults(session: Session, row: Row, known: _Known) -> Iterator[str]:
    unit = known.tree.find(row["unit"])
    if not row["name"] or len(row["name"]) > 60:
        yield "姓名空着或超过60个字"
    if unit is None or unit.level not in ("village", "grid"):
        yield f"没有网格「{row['unit']}」"
    elif not known.tree.allows(unit.path):
        yield f"「{row['unit']}」不归您管"
    yield from _identity_faults(row)
    for column in ("phone", "contact_phone"):
        if row[column] and not _PHONE.fullmatch(row[column]):
            yield f"电话「{row[column]}」无效"
    if bool(row["contact_name"]) != bool(row["contact_phone"]):
        yield "联系人和联系电话要一起填"
    for column in ("visitor", "visitor_b"):
        if row[column] and row[column] not in known.staff:
            yield f"没有用户名为「{row[column]}」的工作人员"
    if row["visitor"] and row["visitor"] == row["visitor_b"]:
        yield "责任人A和B不能是同一人"
    yield from _fact_faults(row)
    yield from _found_faults(session, row, unit, known)


def _identity_faults(row: Row) -> Iterator[str]:
    text = row["id_number"].upper()
    if text and not (re.fullmatch(r"\d{17}[\dX]", text) and registrations.is_id_number(text)):
        yield f"身份证号「{row['id_number']}」校验不通过"
        return
    born_on = _born_on(row)
    if born_on is None or not _OLDEST <= born_on <= clock.today():
        yield f"出生日期「{row['born_on']}」无效（写作 1944-08-03）"
    if text and row["born_on"] and _day(row["born_on"]) != _day(text[6:14]):
        yield "出生日期与身份证号不一致"
    if row["sex"] not in ("", "男", "女"):
        yield f"性别「{row['sex']}」应为男或女"
    if row["registered_on"] and _day(row["registered_on"]) is None:
        yield f"建档日期「{row['registered_on']}」无效"


def _fact_faults(row: Row) -> Iterator[str]:
    for name, zh in _YES_NO.items():
        if row[name] and yes_or_no(row[name]) is None:
            yield f"{zh}「{row[name]}」应为是、否或留空"
    for name, (zh, most) in _NUMBERS.items():
        if row[name] and not (row[name].isdigit() and int(row[name]) <= most):
            yield f"{zh}「{row[name]}」应为0至{most}的整数或留空"


def _found_faults(session: Session, row: Row, unit: Unit | None, known: _Known) -> Iterator[str]:
    found = _found(session, row, unit)
    if row["number"] and found is None:
        yield f"没有编号为「{row['number']}」的老年人"
    if found is not None and not known.tree.allows(found.unit_path):
        yield "该老年人的档案不归您管"
    if found is not None and found.status == "exited":
        yield f"{found.number} 已退出，请用建档流程重新接收"


def _day(text: str) -> date | None:
    digits = re.sub(r"[年月/.]", "-", text.strip().rstrip("日"))
    try:
        parts = [digits[:4], digits[4:6], digits[6:]] if digits.isdigit() else digits.split("-")
        return date(*map(int, parts))
    except (ValueError, TypeError):
        return None


def _born_on(row: Row) -> date | None:
    return _day(row["id_number"][6:14] if row["id_number"] else row["born_on"])


def _found(session: Session, row: Row, unit: Unit | None) -> Elder | None:
    if row["number"]:
        return elders.by_number(session, row["number"])
    if row["id_number"]:
        return elders.by_id_number(session, row["id_number"].upper())
    asked = select(Elder).where(Elder.name == row["name"], Elder.born_on == _born_on(row))
    return session.scalar(asked.where(Elder.unit_id == unit.id)) if unit else None


def _write(session: Session, row: Row, known: _Known, report: Report) -> None:
    unit, born_on = known.tree.find(row["unit"]), _born_on(row)
    assert unit is not None and born_on is not None  # judged
    elder = _found(session, row, unit)
    before = None if elder is None else _state(session, elder)
    if elder is None:
        elder = elders.register(session, unit, row["name"], born_on, registered_on=_day(row["registered_on"]))
    _write_file(session, elder, unit, row, born_on)
    facts = _facts(row)
    changed = fact_forms.keep(session, elder, {name: facts[name] for name in facts}, "导入")
    if before is None or changed:
        elders.retier(session, elder, "导入")
    _name_visitors(session, elder, row, known, report)
    _name_contact(session, elder, row)
    report.count(before, _state(session, elder))


def _write_file(session: Session, elder: Elder, unit: Unit, row: Row, born_on: date) -> None:
    elder.name, elder.born_on = row["name"], born_on
    if row["id_number"]:
        elders.set_id_number(elder, row["id_number"].upper())
    if row["sex"] or row["id_number"]:
        male = row["sex"] == "男" if row["sex"] else int(row["id_number"][16]) % 2 == 1
        elder.sex = "m" if male else "f"
    for name in ("ethnic_group", "language", "address"):
        setattr(elder, name, row[name] or getattr(elder, name))
    if row["phone"]:
        elders.set_phone(elder, row["phone"])
    session.flush()
    if elder.unit_id != unit.id:
        elders.move_to(session, elder, unit)


def _facts(row: Row) -> dict[str, Any]:
    """What the row says; `fact_forms.read` draws what follows from it."""
    said: dict[str, Any] = {name: "yes" if yes_or_no(row[name]) else "no" for name in _YES_NO if row[name]}
    for name in _NUMBERS:
        if row[name]:
            said[name] = int(row[name]) if name in ("partner_age", "children_away_months") else row[name]
    return fact_forms.read(said)


def _name_visitors(session: Session, elder: Elder, row: Row, known: _Known, report: Report) -> None:
    for kind in ("visitor", "visitor_b"):
        wanted = known.staff.get(row[kind])
        if wanted is not None and visitors.current(session, elder.id, kind) != wanted:
            try:
                visitors.name(session, elder, kind, wanted)
            except RuleBroken as fault:
                report.notes.append(f"第{row.line}行：{fault}")


def _name_contact(session: Session, elder: Elder, row: Row) -> None:
    """A contact is added behind those that are there, unless the telephone is known already."""
    before = contacts.ordered(session, elder.id)
    if row["contact_name"] and all(each.phone != row["contact_phone"] for each in before):
        session.add(
            contacts.new_contact(
                elder, len(before) + 1, row["contact_name"], row["contact_relation"] or "other", row["contact_phone"]
            )
        )
        session.flush()


def _state(session: Session, elder: Elder) -> tuple[Any, ...]:
    """What an import may change, to tell a changed row from the same one."""
    file = (elder.name, elder.born_on, elder.id_number, elder.sex, elder.ethnic_group, elder.language, elder.phone)
    people = [visitors.current(session, elder.id, kind) for kind in ("visitor", "visitor_b")]
    known = [each.phone for each in contacts.ordered(session, elder.id)]
    return *file, elder.unit_path, elder.address, dict(elder.facts or {}), *people, *known
