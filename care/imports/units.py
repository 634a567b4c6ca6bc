"""Units from a list: districts, townships, villages and grids, each below the unit that `parent` names.

A parent may stand further up in the same file. Names are those of the tree, joined by «/»: 示范区/青山街道/春光社区.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation
from care.imports.sheets import Column, Report, Row, judge, yes_or_no
from care.organisation import Unit

LEVELS = ("district", "township", "village", "grid")
_WORDS = {
    **dict.fromkeys(("旗县区", "区", "旗", "县"), "district"),
    **dict.fromkeys(("苏木乡镇（街道）", "街道", "乡镇", "乡", "镇", "苏木"), "township"),
    **dict.fromkeys(("嘎查村（社区）", "社区", "嘎查", "村"), "village"),
    "网格": "grid",
}
COLUMNS = (
    Column("level", "级别", True, "旗县区、街道、乡镇、苏木、社区、嘎查、村、网格"),
    Column("name", "名称", True),
    Column("parent", "上级", False, "从旗县区写起，用 / 分开；旗县区的上级留空"),
    Column("duty_phone", "值班电话"),
    Column("rural", "农村", False, "是、否"),
)


class Tree:
    """The units that exist today by their names below the city, «区/街道/社区/网格», inside a scope."""

    def __init__(self, session: Session, scope: Sequence[str] | None) -> None:
        self.city = organisation.city(session)
        asked = select(Unit).where(organisation.exists_today(), Unit.level.in_(("city", *LEVELS)))
        every = {each.id: each for each in session.scalars(asked)}
        self.by_name: dict[str, Unit] = {}
        for unit in every.values():
            chain = [every[each] for each in organisation.depth_ids(unit.path) if each in every]
            self.by_name["/".join(each.name for each in chain[1:])] = unit
        self._scope = scope

    def find(self, name: str) -> Unit | None:
        return self.by_name.get(clean_name(name))

    def allows_name(self, name: str) -> bool:
        """Whether the unit of that name lies in the scope; a name that is not in the tree is somebody else's fault."""
        unit = self.find(name) if name else self.city
        return unit is None or self.allows(unit.path)

    def allows(self, path: str) -> bool:
        """Whether a path lies in the scope."""
        return self._scope is None or any(organisation.is_within(path, each) for each in self._scope)


def clean_name(name: str) -> str:
    """The names of a chain of units, joined by «/» without white space."""
    return "/".join(part.strip() for part in name.replace("／", "/").split("/") if part.strip())


def write(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    tree = Tree(session, scope)
    levels = {name: unit.level for name, unit in tree.by_name.items()}
    judge(rows, _full_name, lambda row: _faults(row, tree, levels))
    report = Report()
    for row in rows:
        _write(session, row, tree, report)
    return report


def _full_name(row: Row) -> str:
    return clean_name(f"{row['parent']}/{row['name']}")


def _faults(row: Row, tree: Tree, levels: dict[str, str]) -> Iterator[str]:
    """`levels` are those of the tree and of the rows above; a sound row adds its own."""
    level, parent = _level(row), clean_name(row["parent"])
    if level is None:
        yield f"级别「{row['level']}」无效（{COLUMNS[0].about}）"
        return
    if not row["name"] or "/" in row["name"] or len(row["name"]) > 80:
        yield "名称空着、超过80个字或含有 /"
    above = LEVELS[LEVELS.index(level) - 1] if level != LEVELS[0] else ""
    if above and levels.get(parent) != above:
        yield f"没有上级「{row['parent']}」，或它不是{organisation.LEVEL_TITLES[above][0]}"
    if not above and parent:
        yield "旗县区的上级应留空"
    if not tree.allows_name(parent):
        yield f"「{row['parent'] or tree.city.name}」不归您管"
    if row["rural"] and yes_or_no(row["rural"]) is None:
        yield f"农村一栏「{row['rural']}」应为是或否"
    levels.setdefault(_full_name(row), level)


def _level(row: Row) -> str | None:
    return _WORDS.get(row["level"], row["level"] if row["level"] in LEVELS else None)


def _write(session: Session, row: Row, tree: Tree, report: Report) -> None:
    phone, rural = row["duty_phone"], bool(yes_or_no(row["rural"]))
    unit = tree.find(_full_name(row))
    before = None if unit is None else (unit.duty_phone, unit.rural)
    if unit is None:
        parent = tree.find(row["parent"]) or tree.city
        unit = organisation.add(session, parent, str(_level(row)), row["name"], duty_phone=phone, rural=rural)
        tree.by_name[_full_name(row)] = unit
    unit.duty_phone, unit.rural = phone or unit.duty_phone, rural
    report.count(before, (unit.duty_phone, unit.rural))
