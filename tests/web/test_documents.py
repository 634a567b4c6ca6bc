"""Hazards with photos, minutes, bulletin, letters and lists: what stands on paper, who prints it, what is noted."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from care import duties, elders, handovers, hazards, oversight
from care.duties import DutyCase
from care.files import AccessLog
from care.handovers import Handover
from care.organisation import Unit
from engine import clock, db, forms, history, jobs
from tests.web.conftest import Browser, application
from tests.web.desks import Desks
from tests.web.test_pictures import a_photo
from web import attachments
from web.documents import issuer_of
from web.duty_papers import ON_LETTER


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    return Desks(with_second=True)


# --- the list of hazards ---


def hazard(desks: Desks, back: int = 0) -> str:
    """A worn cable with a photo before; the photo's id."""
    with db.writing() as session:
        elder = elders.get(session, desks.town.elder.id)
        photo = attachments.store(session, a_photo(), desks.town.staff["visitor"], elder.id)
        row = hazards.open_hazard(session, elder, "electricity", "major", None, None, db.new_id())
        row.found_at = clock.now() - timedelta(days=back)
        hazards.reminded(session, row, str(photo))
        hazards.assign(session, row, "power_company")
        return str(photo)


def test_hazards_stand_with_their_photos_before_and_after(site: Browser, desks: Desks) -> None:
    photo = hazard(desks)
    site.sign_in(desks.users["village_desk"])

    shown = site.get("/ledgers/hazards?month=2026-08").text

    assert "用电" in shown and "重大" in shown and "供电公司" in shown and "在办" in shown
    assert shown.count(f"/attachments/{photo}") == 1
    assert site.get(f"/attachments/{photo}").mimetype == "image/jpeg"


def test_a_hazard_stays_on_the_list_until_it_is_closed(site: Browser, desks: Desks) -> None:
    hazard(desks, back=40)
    site.sign_in(desks.users["village_desk"])
    assert "用电" in site.get("/ledgers/hazards?month=2026-08").text

    with db.writing() as session:
        hazards.matters.close(session, hazards.of_elder(session, desks.town.elder.id)[0], "fixed")

    assert "已整改" in site.get("/ledgers/hazards?month=2026-08").text
    assert "已整改" not in site.get("/ledgers/hazards?month=2026-09").text


def test_hazards_as_a_spreadsheet_are_written_down(site: Browser, desks: Desks) -> None:
    hazard(desks)
    site.sign_in(desks.users["township_desk"])
    sheet = load_workbook(BytesIO(site.get("/ledgers/hazards.xlsx?month=2026-08").data)).active
    assert sheet is not None

    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][4:8] == ["隐患", "级别", "发现", "整改前"] and rows[2][4:8] == [
        "用电",
        "重大",
        "2026-08-03",
        "有照片",
    ]
    with db.reading() as session:
        (log,) = session.scalars(select(AccessLog).where(AccessLog.what == "export:hazards"))
    assert log.elder_id == desks.town.elder.id


# --- minutes, bulletin, letters of oversight ---


def dispatch(desks: Desks) -> tuple[int, int]:
    """The city's dispatch of July with minutes and one decision; the ids of both."""
    with jobs.transaction() as session:
        row = oversight.open_report(session, "dispatch", date(2026, 7, 1), desks.town.city.city.path, None)
        row.words = "会议研究了欠访情况。\n各单位要补访。"
        row.published_at = clock.now()
        order = oversight.give_duty(session, row, "第一区", "补访漏访老人", date(2026, 8, 1))
        return row.id, order.id


def test_the_minutes_are_a_document_with_what_was_decided(site: Browser, desks: Desks) -> None:
    report_id, _ = dispatch(desks)
    site.sign_in(desks.users["city_desk"])

    shown = site.get(f"/oversight/{report_id}/document").text

    assert "2026年7月调度会议纪要" in shown and 'class="letterhead plain">试验市民政局' in shown
    assert "各单位要补访。" in shown and "补访漏访老人" in shown and "第一区" in shown
    assert "主持人" in shown and "2026年8月3日" in shown
    assert f"/oversight/{report_id}/document" in site.get(f"/oversight/{report_id}").text


def test_what_was_ordered_is_urged_by_letter(site: Browser, desks: Desks) -> None:
    _, order_id = dispatch(desks)
    site.sign_in(desks.users["district_desk"])

    shown = site.get(f"/oversight/orders/{order_id}/letter").text

    assert (
        "督办函" in shown
        and "第一区：" in shown
        and "2026年7月调度会议议定" in shown
        and "补访漏访老人" in shown
        and "2026年8月1日" in shown
    )
    assert "到期未办结" in shown, "1 August is over"


def test_units_print_only_their_part(site: Browser, desks: Desks) -> None:
    report_id, order_id = dispatch(desks)
    site.sign_in(desks.elsewhere["township_desk"])

    assert "补访漏访老人" not in site.get(f"/oversight/{report_id}/document").text
    assert site.get(f"/oversight/orders/{order_id}/letter").status_code == 404
    site.sign_in(desks.users["visitor"])
    assert site.get(f"/oversight/{report_id}/document").status_code == 403


def test_figures_and_decisions_as_a_spreadsheet_are_written_down(site: Browser, desks: Desks) -> None:
    report_id, _ = dispatch(desks)
    site.sign_in(desks.users["village_desk"])
    assert site.get(f"/oversight/{report_id}.xlsx").status_code == 403
    site.sign_in(desks.users["city_desk"])

    book = load_workbook(BytesIO(site.get(f"/oversight/{report_id}.xlsx").data))

    assert book.sheetnames == ["指标", "排名", "督办事项"]
    assert [cell.value for cell in book["督办事项"][3]] == ["第一区", "补访漏访老人", "2026-08-01", "办理中"]
    with db.reading() as session:
        rows = session.execute(select(history.history).where(history.history.c.what == "exported")).all()
    assert [(row.who, row.element) for row in rows] == [(desks.town.staff["city_desk"], "oversight:dispatch")]


def test_who_prints_what_stands_in_the_history(site: Browser, desks: Desks) -> None:
    report_id, order_id = dispatch(desks)
    site.sign_in(desks.elsewhere["township_desk"])
    site.get(f"/oversight/orders/{order_id}/letter")
    assert printed() == [], "refused"

    site.sign_in(desks.users["district_desk"])
    site.get(f"/oversight/{report_id}/document")
    site.get(f"/oversight/orders/{order_id}/letter")
    site.get("/ledgers/hazards?month=2026-08")

    who, city = desks.town.staff["district_desk"], desks.town.city
    assert printed() == [
        (who, "oversight:dispatch", city.city.path, {"report": report_id}),
        (who, "oversight:order", city.district.path, {"order": order_id}),
        (who, "ledger:hazards", city.district.path, {"month": "2026-08"}),
    ]


def printed() -> list[tuple[Any, ...]]:
    """(who, what, unit, ids) of the sheets that were opened to print."""
    columns = history.history.c
    asked = select(columns.who, columns.element, columns.unit_path, columns.ids).where(columns.what == "printed")
    with db.reading() as session:
        return [tuple(row) for row in session.execute(asked.order_by(columns.id))]


# --- papers of a supporter's duty ---


@pytest.fixture
def urged(desks: Desks) -> int:
    """A son was urged; the id of the file."""
    town = desks.town
    town.message("duty.suspected", str(town.elder.id), kind="care")
    town.does(
        "verify",
        elder_words="没人管",
        finding="邻里也这么说",
        founded=True,
        kind="care",
        elder_wish="go_on",
        way="urge",
    )
    town.does(
        "urge",
        supporter="田大勇",
        duties=["care", "comfort"],
        must_change="每周探望一次\n每天通电话",
        received_how="letter",
    )
    return file_of(desks).id


def file_of(desks: Desks) -> DutyCase:
    with db.reading() as session:
        found = session.scalars(select(DutyCase)).one()
        session.expunge_all()
        return found


def test_the_letter_says_what_must_change_and_until_when(site: Browser, desks: Desks, urged: int) -> None:
    site.sign_in(desks.users["village_desk"])

    shown = site.get(f"/duties/{urged}/letter").text

    assert "督促履行赡养（扶养）义务通知书" in shown and "田大勇：" in shown
    assert "未履行生活上照料的义务；" in shown and "未履行精神上慰藉的义务。" in shown
    assert "每周探望一次" in shown and "每天通电话" in shown
    assert "书面送达" in shown and "2026年8月18日" in shown and "陈述、申辩" in shown
    assert "没人管" not in shown, "what the elder said stays in the file"


def test_a_letter_about_abuse_calls_it_what_the_law_does_and_names_nobody_who_told(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.message("duty.suspected", str(town.elder.id), kind="care")
    told = {"elder_words": "他打我，是李嫂看见的", "finding": "李嫂反映的"}
    town.does("verify", founded=True, kind="care", elder_wish="go_on", way="urge", **told)
    duties = list(ON_LETTER)
    town.does("urge", supporter="田大勇", duties=duties, must_change="停止打骂", received_how="talk")
    site.sign_in(desks.users["village_desk"])

    shown = site.get(f"/duties/{file_of(desks).id}/letter").text

    assert "有侮辱、虐待老年人的行为；" in shown and "有遗弃老年人的行为。" in shown and "禁止歧视、侮辱、虐待" in shown
    assert "李嫂" not in shown and "反映" not in shown


def test_every_reason_to_urge_has_its_words_on_the_letter() -> None:
    assert set(ON_LETTER) == set(forms.form("urge").fields["duties"].options)


@pytest.mark.parametrize(
    ("level", "name", "signs"),
    [
        ("city", "包头市", "包头市民政局"),
        ("district", "青山区", "青山区民政局"),
        ("township", "青松街道", "青松街道办事处"),
        ("township", "白音苏木", "白音苏木人民政府"),
    ],
)
def test_an_authority_signs_not_a_place(level: str, name: str, signs: str) -> None:
    with application().test_request_context("/"):
        assert issuer_of(Unit(level=level, name=name)) == signs


def test_printing_stands_in_the_file_and_in_the_log(site: Browser, desks: Desks, urged: int) -> None:
    site.sign_in(desks.users["village_desk"])
    assert "督促通知书" in site.get(f"/duties/{urged}").text
    site.get(f"/duties/{urged}/letter")

    with db.reading() as session:
        printed = [each.who for each in duties.entries(session, urged) if each.what == "printed"]
        logs = session.scalars(select(AccessLog.staff_id).where(AccessLog.what == "export:urge")).all()
    assert printed == list(logs) == [desks.town.staff["village_desk"]]


@pytest.mark.parametrize("role", ["visitor", "township_desk", "district_desk", "auditor"])
def test_who_is_not_named_prints_nothing(site: Browser, desks: Desks, urged: int, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get(f"/duties/{urged}/letter").status_code == 404
    assert site.get(f"/duties/{urged}/transfer").status_code == 404


def test_the_transfer_list_names_each_paper(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.message("duty.suspected", str(town.elder.id), kind="abuse")
    town.does("assess_crime", suspected=True, finding="身上有伤")
    site.sign_in(desks.users["township_lead"])
    assert site.get(f"/duties/{file_of(desks).id}/transfer").status_code == 404, "not made yet"
    town.does("make_transfer", facts="多次殴打老人", papers="伤情照片\n邻居证言", receiver="public_security")

    found: Any = site.get(f"/duties/{file_of(desks).id}/transfer")
    if found.status_code == 404:
        site.sign_in(desks.users["village_desk"])
        found = site.get(f"/duties/{file_of(desks).id}/transfer")

    assert "移送清单" in found.text and "公安机关：" in found.text and "多次殴打老人" in found.text
    assert found.text.count("<td>伤情照片</td>") == found.text.count("<td>邻居证言</td>") == 1


# --- the list of a handing over ---


@pytest.fixture
def handed(desks: Desks) -> int:
    """Visitor A is away, with a visit to make; the id of the handing over."""
    desks.town.start("visit_ordered")
    with jobs.transaction() as session:
        handovers.announce(session, desks.town.staff["visitor"], clock.now() + timedelta(days=5))
    jobs.drain()
    with db.reading() as session:
        return session.scalars(select(Handover.id)).one()


def test_the_list_names_the_elders_the_tasks_and_who_has_them(site: Browser, desks: Desks, handed: int) -> None:
    site.sign_in(desks.users["village_desk"])
    shown = site.get(f"/handovers/{handed}/list").text
    with db.reading() as session:
        names = handovers.people.names(session, {desks.town.staff["visitor"], desks.town.staff["visitor_b"]})

    assert "工作移交清单" in shown and "田桂芝" in shown and "A角" in shown
    assert names[desks.town.staff["visitor"]] in shown
    assert f"<td>{names[desks.town.staff['visitor_b']]}</td>" in shown, "the task went to B"
    assert f"/handovers/{handed}/list" in site.get("/gaps/").text


def test_it_is_for_the_desks_of_the_place_and_taken_along_by_who_exports(
    site: Browser, desks: Desks, handed: int
) -> None:
    site.sign_in(desks.elsewhere["village_desk"])
    assert site.get(f"/handovers/{handed}/list").status_code == 404
    site.sign_in(desks.users["village_desk"])
    assert site.get(f"/handovers/{handed}.xlsx").status_code == 403
    site.sign_in(desks.users["township_desk"])

    book = load_workbook(BytesIO(site.get(f"/handovers/{handed}.xlsx").data))

    assert [cell.value for cell in book["老人"][3]][1] == "田桂芝"
    assert book["待办"].max_row == 3
    with db.reading() as session:
        (log,) = session.scalars(select(AccessLog).where(AccessLog.what == "export:handover"))
    assert log.elder_id == desks.town.elder.id
