"""Ledgers on pages and as spreadsheets: what stands in them, who may read them, what is written down about it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from care import elders, ledgers, organisation, providers, referrals
from care.files import AccessLog
from care.referrals import Referral
from care.visits.tables import Visit, VisitFinding
from engine import clock, db
from engine.db import Database
from tests.web.conftest import Browser, Place
from tests.web.desks import counted_statements


@pytest.fixture
def visited(database: Database, place: Place) -> int:
    """A visit of this Monday with a hazard and a formula where a text should be, one of last month, and a need."""
    with database.writing() as session:
        elder = elders.get(session, place.elder_id)
        found = [
            Visit(
                elder_id=elder.id,
                unit_path=elder.unit_path,
                state="done",
                mode="home",
                staff_id=place.ids["visitor"],
                opens_at=clock.now() - timedelta(days=back),
                due_at=clock.now() - timedelta(days=back),
                done_at=clock.now() - timedelta(days=back),
                next_attention="=1+1",
            )
            for back in (0, 10)
        ]
        session.add_all(found)
        session.flush()
        session.add(
            VisitFinding(
                elder_id=elder.id, unit_path=elder.unit_path, visit_id=found[0].id, kind="hazards", at=clock.now()
            )
        )
        referrals.open_referral(session, elder, "meals", True, found[0].id, None)
        return found[0].id


def test_the_month_of_a_village_stands_on_the_page(site: Browser, place: Place, visited: int) -> None:
    site.sign_in(place.users["village_desk"])

    shown = site.get("/ledgers/visits?month=2026-08").text
    before = site.get("/ledgers/visits?month=2026-07").text

    assert shown.count("田桂芝") == before.count("田桂芝") == 1
    assert "安全隐患" in shown and "安全隐患" not in before
    assert "导出表格" not in shown, "a village prints; spreadsheets leave the house by the township"


def test_needs_stay_on_the_list_until_they_are_closed(site: Browser, place: Place, visited: int) -> None:
    site.sign_in(place.users["village_desk"])

    assert "助餐" in site.get("/ledgers/needs?month=2026-08").text
    assert "助餐" in site.get("/ledgers/needs?month=2026-09").text, "open from the month before"
    assert "助餐" not in site.get("/ledgers/needs?month=2026-07").text


def test_a_need_that_a_provider_takes_stands_with_its_name(
    site: Browser, database: Database, place: Place, visited: int
) -> None:
    with database.writing() as session:
        village = organisation.by_path(session, place.paths["village"])
        assert village is not None
        firm = providers.add(session, village, "enterprise", "爱邻照护", ["meals"])
        session.scalars(select(Referral)).one().provider_id = firm.id
    site.sign_in(place.users["village_desk"])

    assert "<td>爱邻照护</td>" in site.get("/ledgers/needs?month=2026-08").text


def test_a_spreadsheet_holds_texts_and_is_written_down(
    site: Browser, database: Database, place: Place, visited: int
) -> None:
    site.sign_in(place.users["township_desk"])
    answer = site.get("/ledgers/visits.xlsx?month=2026-08")

    sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][:2] == ["编号", "老人"]
    assert (len(rows), rows[2][1], rows[2][-1]) == (3, "田桂芝", "=1+1")
    assert sheet.cell(3, len(rows[1])).data_type == "s", "a text, not a formula"
    with database.reading() as session:
        (log,) = session.scalars(select(AccessLog).where(AccessLog.what == "export:visits"))
    assert (log.elder_id, log.staff_id) == (place.elder_id, place.ids["township_desk"])


@pytest.mark.parametrize(
    ("role", "reads", "takes_along"),
    [("village_desk", 200, 403), ("city_desk", 403, 403), ("designer", 403, 403), ("visitor", 403, 403)],
)
def test_who_reads_and_who_takes_along(
    site: Browser, place: Place, visited: int, role: str, reads: int, takes_along: int
) -> None:
    site.sign_in(place.users[role])

    assert site.get("/ledgers/visits").status_code == reads
    assert site.get("/ledgers/visits.xlsx").status_code == takes_along


def test_another_unit_an_unknown_ledger_and_a_wrong_month(site: Browser, place: Place, visited: int) -> None:
    site.sign_in(place.users["village_desk"])

    assert site.get(f"/ledgers/visits?unit={place.paths['township']}").status_code == 404
    assert site.get("/ledgers/nothing").status_code == 404
    assert site.get("/ledgers/visits?month=August").status_code == 400
    assert site.get("/ledgers/visits?after=yesterday").status_code == 400


def test_pages_go_on_by_key_and_ask_no_more_for_more_lines(database: Database, place: Place, visited: int) -> None:
    with db.writing() as session:
        elder = elders.get(session, place.elder_id)
        again = {"elder_id": elder.id, "unit_path": elder.unit_path, "opens_at": clock.now(), "due_at": clock.now()}
        session.add_all(Visit(**again, staff_id=place.ids["visitor"]) for _ in range(50))
    with db.reading() as session:
        path = organisation.by_path(session, place.paths["village"])
        assert path is not None
        whole = ledgers.lines(session, ledgers.VISITS, path.path, clock.today())
        first = ledgers.lines(session, ledgers.VISITS, path.path, clock.today(), limit=20)
        with counted_statements() as asked:
            rest = ledgers.lines(session, ledgers.VISITS, path.path, clock.today(), first[-1].key)

    assert [each.key for each in first + rest] == [each.key for each in whole]
    assert len(whole) == 51
    assert len(asked) <= 4
