"""Units, staff and elders from spreadsheets: everything or nothing, every fault with its line, the same file twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from care import elders, imports, people, visitors
from care.elders import Elder
from care.imports import RowsRefused, sheets
from care.organisation import Unit
from engine import db
from engine.db import Database
from tests.builders import City, a_city

ID = "150203194408030029"  # invented; its last sign is the right one
GRID = "第一区/青山街道/春光社区/第一网格"
HEAD = [
    "姓名",
    "身份证号",
    "电话",
    "网格",
    "住址",
    "责任人A",
    "责任人B",
    "联系人",
    "关系",
    "联系电话",
    "独自居住",
    "有老伴",
    "有子女",
]


def workbook(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (head, *rows):
        sheet.append(row)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.fixture
def session(database: Database, monday: object) -> Iterator[db.Session]:
    with database.writing() as opened:
        yield opened


@pytest.fixture
def city(session: db.Session) -> City:
    return a_city(session)


@pytest.fixture
def row(city: City) -> list[Any]:
    a, b = city.staff["visitor"].user_name, city.staff["visitor_b"].user_name
    return ["田桂芝", ID, "13900000001", GRID, "幸福路1号", a, b, "田小明", "child", "13900000002", "是", "否", "否"]


def run(session: db.Session, kind: str, content: bytes, scope: list[str] | None = None) -> imports.Report:
    return imports.run(session, imports.KINDS[kind], content, scope)


def refused(session: db.Session, kind: str, content: bytes, scope: list[str] | None = None) -> list[str]:
    with pytest.raises(RowsRefused) as found:
        run(session, kind, content, scope)
    return found.value.faults


def test_an_elder_comes_onto_the_register_with_tier_visitors_and_contact(
    session: db.Session, city: City, row: list[Any]
) -> None:
    report = run(session, "elders", workbook(row))

    elder = elders.by_id_number(session, ID)
    assert elder is not None
    assert (report.added, report.notes) == (1, [])
    assert (elder.status, elder.sex, elder.born_on, elder.unit_path) == (
        "in_register",
        "f",
        date(1944, 8, 3),
        city.grid.path,
    )
    assert elder.facts == {
        "living_alone": True,
        "has_partner": False,
        "has_children": False,
        "lives_with_partner_only": False,
    }
    assert "ALONE" in elder.categories and elder.tier != "none"
    assert elders.tier_history(session, elder.id)[0].reason == "导入"
    assert visitors.visitor(session, elder.id) == city.staff["visitor"].id


def test_the_same_file_again_changes_nothing_and_a_corrected_one_only_what_it_says(
    session: db.Session, row: list[Any]
) -> None:
    run(session, "elders", workbook(row))
    again = run(session, "elders", workbook(row))
    row[4] = "幸福路2号"
    row[2] = row[10] = ""
    corrected = run(session, "elders", workbook(row))

    elder = elders.by_id_number(session, ID)
    assert elder is not None
    assert (again.added, again.changed, again.same) == (0, 0, 1)
    assert (corrected.changed, elder.address, elder.phone) == (1, "幸福路2号", "13900000001")
    assert elder.facts["living_alone"] is True, "what a list leaves empty stays as it was"
    assert len(elders.tier_history(session, elder.id)) == 1


def test_every_fault_has_its_line_and_nothing_is_written(session: db.Session, city: City, row: list[Any]) -> None:
    wrong: list[list[Any]] = [list(row) for _ in range(8)]
    wrong[0][1] = "150203194408030028"
    wrong[1][3] = "第一区/青山街道/没有的社区"
    wrong[2][1], wrong[2][0] = "", ""
    wrong[3][10] = "也许"
    wrong[4][5] = "nobody"
    wrong[5][9] = ""
    wrong[6][2] = "12345"
    wrong[7][6] = wrong[7][5]

    found = refused(session, "elders", workbook(row, *wrong))

    text = "\n".join(found)
    for line, words in (
        (3, "校验不通过"),
        (4, "没有网格"),
        (5, "姓名空着"),
        (5, "出生日期"),
        (6, "应为是、否"),
        (7, "没有用户名为"),
        (8, "一起填"),
        (9, "无效"),
        (10, "不能是同一人"),
    ):
        assert any(each.startswith(f"第{line}行：") and words in each for each in found), (line, words, text)
    assert "与第2行重复" in text
    assert session.scalar(select(func.count()).select_from(Elder)) == 0


def test_nobody_imports_into_a_unit_of_others(session: db.Session, city: City, row: list[Any]) -> None:
    other = Unit(parent_id=city.city.id, level="district", name="第二区", path=f"{city.city.path}999/")
    session.add(other)

    assert any("不归您管" in each for each in refused(session, "elders", workbook(row), [other.path]))
    assert run(session, "elders", workbook(row), [city.township.path]).added == 1


def test_an_id_number_that_a_spreadsheet_rounded_is_found_out(session: db.Session, row: list[Any]) -> None:
    row[1] = int(ID)

    (fault,) = refused(session, "elders", workbook(row))

    assert fault.startswith("第2行") and "文本" in fault


def test_units_are_built_from_one_file_from_the_top_down(session: db.Session, city: City) -> None:
    head = ["级别", "名称", "上级", "值班电话", "农村"]
    rows = [
        ["旗县区", "达茂旗", "", "", ""],
        ["苏木", "希拉穆仁", "达茂旗", "04728888888", ""],
        ["嘎查", "哈拉乌素", "达茂旗／希拉穆仁", "", "是"],
        ["网格", "第一网格", "达茂旗/希拉穆仁/哈拉乌素", "", ""],
    ]

    report = run(session, "units", workbook(*rows, head=head))
    again = run(session, "units", workbook(*rows, head=head))

    grid = session.scalar(select(Unit).where(Unit.name == "第一网格", Unit.id != city.grid.id))
    assert grid is not None and len(grid.path.strip("/").split("/")) == 5
    assert (report.added, again.same) == (4, 4)
    assert any(
        "没有上级" in each for each in refused(session, "units", workbook(["社区", "甲", "没有的", "", ""], head=head))
    )
    assert any("级别" in each for each in refused(session, "units", workbook(["省", "甲", "", "", ""], head=head)))


def test_staff_get_posts_that_fit_their_units_and_no_password(session: db.Session, city: City) -> None:
    head = ["用户名", "姓名", "手机号", "岗位"]
    rows = [["wang.fang", "王芳", "13900000003", f"网格员@{GRID}；探访责任人@第一区/青山街道/春光社区"]]

    report = run(session, "staff", workbook(*rows, head=head))

    person = people.by_user_name(session, "wang.fang")
    assert person is not None
    assert {(post.role, post.unit_path) for post in person.posts} == {
        ("grid_worker", city.grid.path),
        ("visitor", city.village.path),
    }
    assert (report.added, len(report.notes)) == (1, 1)
    assert people.sign_in(session, "wang.fang", "").person is None
    assert run(session, "staff", workbook(*rows, head=head)).same == 1


@pytest.mark.parametrize(
    ("post", "words"),
    [
        ("网格员@第一区", "不能设在"),
        ("皇帝@第一区", "没有「皇帝」"),
        ("网格员@月球", "没有单位"),
    ],
)
def test_posts_that_do_not_fit_are_told(session: db.Session, city: City, post: str, words: str) -> None:
    found = refused(session, "staff", workbook(["li.si", "李四", "", post], head=["用户名", "姓名", "手机号", "岗位"]))

    assert words in found[0]


def test_a_township_gives_no_posts_elsewhere(session: db.Session, city: City) -> None:
    rows = workbook(["li.si", "李四", "", "市级工作台@"], head=["用户名", "姓名", "手机号", "岗位"])

    assert "不归您管" in refused(session, "staff", rows, [city.township.path])[0]


def test_files_that_are_too_large_or_no_tables_are_refused(
    session: db.Session, row: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)

    assert "一次最多3行" in refused(session, "elders", workbook(*[row] * 5))[0]
    assert "打不开" in refused(session, "elders", b"PK\x03\x04 no table")[0]
    assert "缺少列" in refused(session, "elders", workbook(["x"], head=["别的"]))[0]
    assert "5 MB" in refused(session, "elders", b"x" * (sheets.MOST_BYTES + 1))[0]
    monkeypatch.setattr(sheets, "_MOST_UNPACKED", 100)
    assert "太大" in refused(session, "elders", workbook(row))[0]


STAFF_HEAD = ["用户名", "姓名", "人员类别", "队伍", "离职日期", "岗位"]
POST = "探访责任人@第一区/青山街道/春光社区"


def test_staff_have_a_kind_and_a_team(session: db.Session, city: City) -> None:
    run(session, "staff", workbook(["li.si", "李四", "老党员", "志愿服务", "", POST], head=STAFF_HEAD))
    staff = session.scalars(select(people.Staff).where(people.Staff.user_name == "li.si")).one()

    assert (staff.kind, staff.team) == ("party_veteran", "volunteers")
    assert people.kind_counts(session, [city.village.path])["party_veteran", "volunteers"] == 1


def test_a_kind_a_team_or_a_day_of_leaving_that_is_none_is_told(session: db.Session, city: City) -> None:
    rows = [
        ["li.si", "李四", "干部", "先锋队", "", POST],
        ["wang.wu", "王五", "", "", "2099-01-01", POST],
        ["zhao.liu", "赵六", "", "", "2026-08-01", POST],
    ]
    found = refused(session, "staff", workbook(*rows, head=STAFF_HEAD))

    assert found[0].startswith("第2行：人员类别「干部」") and found[1].startswith("第2行：队伍「先锋队」")
    assert "第3行：离职日期「2099-01-01」无效" in found[2] and "第4行：没有用户名为「zhao.liu」" in found[3]
