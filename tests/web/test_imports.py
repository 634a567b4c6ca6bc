"""The page for lists: checked first, imported after, and nobody's units but one's own."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from care.elders import Elder
from engine.db import Database
from tests.care.test_imports import ID, workbook
from tests.web.conftest import Browser, Place

HEAD = ["姓名", "身份证号", "网格", "住址"]
GRID = "第一区/青山街道/春光社区/第一网格"


def sent(site: Browser, content: bytes, do: str, kind: str = "elders") -> tuple[int, str]:
    site.get("/imports/")
    data = {"kind": kind, "do": do, "file": (BytesIO(content), "老人.xlsx")}
    answer = site.post("/imports/", data, content_type="multipart/form-data")
    return answer.status_code, answer.text


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Elder)) or 0


def test_a_file_is_checked_without_writing_and_then_imported(site: Browser, database: Database, place: Place) -> None:
    content = workbook(["赵一", ID, GRID, "幸福路1号"], head=HEAD)
    before = count(database)
    site.sign_in(place.users["township_desk"])

    checked = sent(site, content, "check")
    between = count(database)
    imported = sent(site, content, "import")

    assert checked[0] == imported[0] == 200
    assert "还没有写入" in checked[1] and "已导入" in imported[1]
    assert (between, count(database)) == (before, before + 1)


def test_faults_are_told_by_line_and_nothing_is_written(site: Browser, database: Database, place: Place) -> None:
    before = count(database)
    site.sign_in(place.users["village_desk"])

    status, text = sent(site, workbook(["赵一", ID, "第一区/青山街道/别处", "幸福路1号"], head=HEAD), "import")

    assert status == 422
    assert "第2行：没有网格「第一区/青山街道/别处」" in text
    assert count(database) == before


def test_a_template_has_the_heads_and_reads_back(site: Browser, place: Place) -> None:
    site.sign_in(place.users["township_desk"])

    sheet = load_workbook(BytesIO(site.get("/imports/elders.xlsx").data)).active
    assert sheet is not None

    heads = [cell.value for cell in sheet[1]]
    assert heads[:2] == ["编号", "姓名*"]
    assert "独自居住" in heads


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("village_desk", ["elders"]), ("township_desk", ["elders", "staff", "units"]), ("visitor", []), ("designer", [])],
)
def test_who_imports_what(site: Browser, place: Place, role: str, kinds: list[str]) -> None:
    site.sign_in(place.users[role])

    shown = site.get("/imports/")

    assert shown.status_code == (200 if kinds else 403)
    assert [each for each in ("elders", "staff", "units", "devices") if f'value="{each}"' in shown.text] == kinds
    for each in {"elders", "staff", "units", "devices", "nothing"} - set(kinds):
        assert site.get(f"/imports/{each}.xlsx").status_code in (403, 404)
