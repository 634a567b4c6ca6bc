"""Staff and their posts from a list; a row adds posts, it never takes one away. A row with a day of leaving hands over.

Accounts begin without a password: nobody can sign in until one is set (`visitflow staff password`). Who has left (P36)
has no account from today on, and everything of theirs goes to somebody who is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import handovers, people, roles
from care.imports.sheets import Column, Report, Row, judge
from care.imports.units import Tree
from care.organisation import Unit
from care.people import Staff
from care.people.tables import Post, held_today
from engine import clock
from engine.vault import blind_index

COLUMNS = (
    Column("user_name", "用户名", True, "字母、数字、点、下划线、短横线，2至60位"),
    Column("name", "姓名", True),
    Column("phone", "手机号"),
    Column("speaks", "语言", False, "会说的语言，例如 汉语、蒙古语"),
    Column("kind", "人员类别", False, "、".join(zh for zh, _ in people.KINDS.values())),
    Column("team", "队伍", False, "、".join(zh for zh, _ in people.TEAMS.values())),
    Column("left_on", "离职日期", False, "已离职的写日期，写作 2026-08-03；在岗留空"),
    Column("posts", "岗位", True, "岗位@单位，多个用分号隔开：探访责任人@示范区/青山街道/春光社区"),
)
_USER = re.compile(r"[A-Za-z0-9._\-]{2,60}")
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")


def write(session: Session, rows: list[Row], scope: Sequence[str] | None) -> Report:
    """Raises RowsRefused."""
    tree = Tree(session, scope)
    known = {each.user_name: each for each in session.scalars(select(Staff).where(Staff.user_name.in_(_users(rows))))}
    judge(rows, lambda row: row["user_name"], lambda row: _faults(session, row, tree, known.get(row["user_name"])))
    report = Report()
    for row in rows:
        _write(session, row, tree, known.get(row["user_name"]), report)
    return report


def _users(rows: list[Row]) -> set[str]:
    return {row["user_name"] for row in rows}


def _faults(session: Session, row: Row, tree: Tree, known: Staff | None) -> Iterator[str]:
    if not _USER.fullmatch(row["user_name"]):
        yield f"用户名「{row['user_name']}」无效（{COLUMNS[0].about}）"
    if not row["name"] or len(row["name"]) > 60:
        yield "姓名空着或超过60个字"
    if row["phone"] and not _PHONE.fullmatch(row["phone"]):
        yield f"手机号「{row['phone']}」无效"
    for name, zh, words in (("kind", "人员类别", people.KINDS), ("team", "队伍", people.TEAMS)):
        if people.of_words(words, row[name]) is None:
            yield f"{zh}「{row[name]}」应为{'、'.join(pair[0] for pair in words.values())}"
    if row["left_on"]:
        yield from _leaving_faults(row, known)
    for role, unit, fault in _posts(row, tree):
        if fault:
            yield fault
        elif unit is not None and not tree.allows(unit.path):
            yield f"「{unit.name}」不归您管，不能设{roles.title(role)}"
    if known is not None and not all(tree.allows(held.unit_path) for held in people.posts_of(session, known.id)):
        yield f"「{row['user_name']}」另有不归您管的岗位，不能在这里改"


def _leaving_faults(row: Row, known: Staff | None) -> Iterator[str]:
    day = _day(row["left_on"])
    if day is None or day > clock.today():
        yield f"离职日期「{row['left_on']}」无效（不晚于今天，写作 2026-08-03）"
    elif known is None:
        yield f"没有用户名为「{row['user_name']}」的工作人员，离职的不用新建"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _posts(row: Row, tree: Tree) -> Iterator[tuple[str, Unit | None, str]]:
    """(role, unit, fault) of each post that the row names."""
    codes = {each.zh: each.code for each in roles.ROLES.values()}
    for text in filter(None, (part.strip() for part in row["posts"].replace("；", ";").split(";"))):
        title, _, place = (part.strip() for part in text.partition("@"))
        role = codes.get(title, title)
        unit = tree.find(place) if place else tree.city
        if role not in roles.ROLES:
            yield "", None, f"没有「{title}」这个岗位"
        elif unit is None:
            yield role, None, f"没有单位「{place}」"
        elif roles.role(role).level not in (unit.level, "city" if unit.level == "district" else unit.level):
            yield role, None, f"{roles.title(role)}不能设在「{unit.name}」"
        else:
            yield role, unit, ""


def _write(session: Session, row: Row, tree: Tree, staff: Staff | None, report: Report) -> None:
    before = None if staff is None else _state(session, staff)
    if staff is not None and row["left_on"]:
        _leave(session, staff, row, report)
        report.count(before, _state(session, staff))
        return
    if staff is None:
        staff = people.add(session, row["user_name"], row["name"])
        report.notes.append(f"第{row.line}行：{row['user_name']} 还没有密码，设了密码才能登录")
    staff.name, staff.speaks = row["name"], row["speaks"] or staff.speaks
    staff.kind = people.of_words(people.KINDS, row["kind"]) or staff.kind
    staff.team = people.of_words(people.TEAMS, row["team"]) or staff.team
    if row["phone"]:
        staff.phone, staff.phone_index = row["phone"], blind_index("phone", row["phone"])
    held = {(each.role, each.unit_path) for each in people.posts_of(session, staff.id)}
    for role, unit, _ in _posts(row, tree):
        if unit is not None and (role, unit.path) not in held:
            people.give_post(session, staff, role, unit)
    report.count(before, _state(session, staff))


def _leave(session: Session, staff: Staff, row: Row, report: Report) -> None:
    """Hand everything over, once: a second list with the same row changes nothing."""
    if staff.until_on is not None and staff.until_on <= clock.today():
        return
    staff.until_on = clock.today()
    handovers.announce(session, staff.id, None, reason="left")
    report.notes.append(f"第{row.line}行：{row['user_name']} 已离职，账号停用，待办和老人正在移交")


def _state(session: Session, staff: Staff) -> tuple[object, ...]:
    asked = select(Post.role, Post.unit_path).where(Post.staff_id == staff.id, held_today())
    return (
        staff.name,
        staff.phone,
        staff.speaks,
        staff.kind,
        staff.team,
        staff.until_on,
        sorted(map(tuple, session.execute(asked))),
    )
