"""Providers and service points: who serves a place, the nearest first; from a list. Source: R-NET-15, R-PRJ-41."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from care import imports, providers
from care.imports import RowsRefused
from care.providers import Provider
from engine import clock, db
from engine.db import Database
from tests.builders import City, a_city, a_second_township
from tests.care.test_imports import workbook

HEAD = ["名称", "种类", "服务区域", "服务项目", "联系人", "电话", "地址", "服务时间", "位置"]
HERE = (40.65, 109.84)


@pytest.fixture
def session(database: Database, monday: object) -> Iterator[db.Session]:
    with database.writing() as opened:
        yield opened


@pytest.fixture
def city(session: db.Session) -> City:
    return a_city(session)


def named(rows: list[Provider]) -> list[str]:
    return [row.name for row in rows]


def test_the_nearest_level_comes_first_and_within_it_the_nearest(session: db.Session, city: City) -> None:
    providers.add(session, city.district, "institution", "县级", ["meals"])
    providers.add(session, city.village, "service_point", "远", ["meals"], latitude=40.75, longitude=109.84)
    providers.add(session, city.village, "service_point", "近", ["meals"], latitude=40.66, longitude=109.84)
    providers.add(session, city.village, "neighbours", "无位置", ["meals"])
    providers.add(session, city.township, "enterprise", "乡级", ["meals", "cleaning"])

    assert named(providers.candidates(session, city.grid.path, "meals", HERE)) == ["近", "远", "无位置", "乡级", "县级"]


def test_only_who_offers_it_serves_the_place_and_is_open(session: db.Session, city: City) -> None:
    other = a_second_township(session, city)
    providers.add(session, other.village, "service_point", "别处", ["meals"])
    providers.add(session, city.village, "service_point", "只助洁", ["cleaning"])
    closed = providers.add(session, city.village, "service_point", "停了", ["meals"])
    closed.until_on = clock.today()

    assert providers.candidates(session, city.grid.path, "meals") == []
    assert providers.named(session, city.grid.path, "停了") is None
    assert providers.named(session, city.grid.path, " 只助洁 ") is not None


def test_a_degree_of_latitude_is_about_111_kilometres(session: db.Session, city: City) -> None:
    row = providers.add(session, city.village, "service_point", "x", [], latitude=41.65, longitude=109.84)

    assert providers.kilometres(row, HERE) == pytest.approx(111.2)
    assert providers.kilometres(row, None) == float("inf")


def test_a_list_is_written_once_and_changed_by_name_and_area(session: db.Session, city: City) -> None:
    area = "第一区/青山街道/春光社区"
    row = [
        "春光站",
        "居家社区养老服务站点",
        area,
        "助餐；助洁",
        "李站长",
        "04721234567",
        "1号楼",
        "8至18时",
        "40.65,109.84",
    ]
    first = imports.run(session, imports.KINDS["providers"], workbook(row, head=HEAD))
    again = imports.run(session, imports.KINDS["providers"], workbook(row, head=HEAD))
    changed = imports.run(session, imports.KINDS["providers"], workbook([*row[:3], "助餐;助浴", *row[4:]], head=HEAD))

    assert (first.added, again.same, changed.changed) == (1, 1, 1)
    [found] = providers.candidates(session, city.grid.path, "bathing")
    assert found.offers == ["meals", "bathing"] and (found.latitude, found.level) == (40.65, "village")


def test_faults_of_a_list_are_told_by_line(session: db.Session, city: City) -> None:
    rows = [
        ["", "医院", "第一区/青山街道/春光社区", "助餐", "", "12", "", "", ""],
        ["甲", "物业企业", "第一区/青山街道/春光社区/第一网格", "理发", "", "", "", "", "北纬40度"],
    ]
    with pytest.raises(RowsRefused) as refused:
        imports.run(session, imports.KINDS["providers"], workbook(*rows, head=HEAD))

    told = "\n".join(refused.value.faults)
    wanted = ["第2行：名称空着", "第2行：种类「医院」", "第2行：电话「12」无效", "第3行：没有旗县区"]
    assert [words for words in [*wanted, "没有服务项目「理发」", "位置「北纬40度」"] if words not in told] == []


def test_a_village_desk_imports_for_its_own_village_only(session: db.Session, city: City) -> None:
    row = ["甲", "物业企业", "第一区/青山街道", "", "", "", "", "", ""]
    with pytest.raises(RowsRefused) as refused:
        imports.run(session, imports.KINDS["providers"], workbook(row, head=HEAD), [city.village.path])

    assert refused.value.faults == ["第2行：「第一区/青山街道」不归您管"]
