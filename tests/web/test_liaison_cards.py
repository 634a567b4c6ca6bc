"""Liaison cards: what stands on one and what never does, when it is to be printed again, and the code on it."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from care import cases, consents, elders, liaison_cards, organisation, people, report_codes, visitors
from care.cases import Case
from care.contacts import Contact
from care.files import AccessLog
from engine import db, jobs
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements
from tests.web.test_pictures import a_photo
from web import attachments


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    found = Desks(with_second=True)
    with db.writing() as session:
        organisation.get(session, found.town.city.village.id).duty_phone = "04726661111"
        for role, name, phone in (("visitor", "乌云", "13847200001"), ("visitor_b", "李强", "13847200002")):
            staff = people.find_staff(session, found.town.staff[role])
            staff.name, staff.phone = name, phone
        people.find_staff(session, found.town.staff["visitor"]).speaks = "蒙古语"
    return found


def the_card(desks: Desks) -> liaison_cards.Card:
    with db.reading() as session:
        (card,) = liaison_cards.cards(session, [desks.town.elder.id])
    return card


def sheet(site: Browser, desks: Desks, **chosen: str) -> str:
    """The page of a freshly made card, printed by the village's desk."""
    site.sign_in(desks.users["village_desk"])
    site.get("/cards/?all=1")
    made = site.post("/cards/print", {"elder": str(desks.town.elder.id), "size": "a4", **chosen})
    assert made.status_code == 302
    return str(site.get(made.location).text)


def test_a_card_names_who_comes_and_whom_to_call(site: Browser, desks: Desks) -> None:
    shown = sheet(site, desks)

    for words in (
        "田桂芝", "乌云", "13847200001", "蒙古语", "李强", "13847200002", "春光社区", "04726661111", "96111", "<svg",
    ):  # fmt: skip
        assert words in shown, words
    assert f"137{desks.town.elder.id:08d}" in shown, "the first contact"


def test_what_a_stranger_at_the_door_must_not_learn_is_not_on_it(site: Browser, desks: Desks) -> None:
    shown = sheet(site, desks)

    elder = desks.town.elder
    for words in (elder.phone, elder.id_number, elder.address, "高风险", "高血压", "独居"):
        assert words and words not in shown, words


@pytest.mark.parametrize("why", ["protective hold", "no consent", "alleged of abuse", "takes no alarms"])
def test_a_contact_stands_on_it_only_where_that_is_allowed(desks: Desks, why: str) -> None:
    assert the_card(desks).of("contact") is not None

    with db.writing() as session:
        elder = elders.get(session, desks.town.elder.id)
        family = list(session.scalars(select(Contact).where(Contact.elder_id == elder.id)))
        if why == "protective hold":
            elder.protective_hold = True
        elif why == "no consent":
            consents.withdraw(session, elder, "family_sharing")
        for each in family:
            each.excluded = why == "alleged of abuse"
            each.accepts_alarms = why != "takes no alarms"

    assert the_card(desks).of("contact") is None


def test_a_new_visitor_makes_the_card_one_to_print_again(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["village_desk"])
    assert "未打印" in site.get("/cards/").text
    assert "未打印" in site.get(f"/elders/{desks.town.elder.id}").text
    sheet(site, desks)
    assert ">未打印<" not in (current := site.get("/cards/").text) and ">要换卡<" not in current

    with db.writing() as session:
        newcomer = builders.a_worker(session, "visitor", desks.town.city.village, name="新来的")
        visitors.name(session, elders.get(session, desks.town.elder.id), "visitor", newcomer.id, date(2026, 8, 3))

    shown = site.get("/cards/").text
    assert ">要换卡<" in shown and "新来的" in shown
    assert "要换卡" in site.get(f"/elders/{desks.town.elder.id}").text


def test_making_a_card_is_written_down(site: Browser, desks: Desks) -> None:
    sheet(site, desks)

    with db.reading() as session:
        (log,) = session.scalars(select(AccessLog).where(AccessLog.what == "export:liaison_card"))
    assert (log.elder_id, log.staff_id) == (desks.town.elder.id, desks.town.staff["village_desk"])


def test_a_sheet_opens_for_its_maker_alone_and_not_for_ever(site: Browser, desks: Desks) -> None:
    sheet(site, desks)
    with db.reading() as session:
        batch = session.scalars(select(liaison_cards.LiaisonPrint.batch)).one()
    assert site.get(f"/cards/sheets/{batch}?size=a6").status_code == 200
    site.sign_in(desks.users["township_desk"])
    assert site.get(f"/cards/sheets/{batch}").status_code == 404

    site.sign_in(desks.users["village_desk"])
    desks.town.waits(hours=12.1)

    assert site.get(f"/cards/sheets/{batch}").status_code in (302, 404)


def test_cards_of_another_place_are_not_made(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["village_desk"])
    site.get("/cards/")

    assert site.post("/cards/print", {"elder": str(desks.town.elder.id)}).status_code == 404
    assert site.get(f"/cards/?unit={desks.town.city.village.path}").status_code == 404
    with db.reading() as session:
        assert session.scalars(select(liaison_cards.LiaisonPrint)).all() == []
    site.sign_in(desks.users["visitor"])
    assert site.get("/cards/").status_code == 403


def a_code(site: Browser, desks: Desks) -> str:
    sheet(site, desks)
    with db.reading() as session:
        found = report_codes.cards_of(session, [desks.town.elder.id])[desks.town.elder.id]
        return found.token


def test_a_report_from_the_card_is_about_its_elder_and_names_nobody(site: Browser, desks: Desks) -> None:
    token = a_code(site, desks)
    site.post("/sign-out")
    shown = site.get(f"/n/{token}").text
    assert "田桂芝" not in shown and desks.town.elder.number not in shown

    sent = {"kinds": ["fall"], "danger": "yes", "words": "门口喊人没应", "submission": str(uuid4())}
    assert site.post(f"/n/{token}", sent).status_code == 302, "a card needs no place"
    jobs.drain()

    with db.reading() as session:
        case = session.scalars(select(Case)).one()
    assert (case.elder_id, case.channel, case.report) == (desks.town.elder.id, "neighbour", "门口喊人没应")
    assert "report_community" in desks.town.open()


def test_a_report_joins_the_case_that_is_open_and_its_words_are_kept(site: Browser, desks: Desks) -> None:
    token = a_code(site, desks)
    site.post("/sign-out")
    site.get(f"/n/{token}")
    for words in ("倒在门口", "还躺着"):
        site.post(f"/n/{token}", {"kinds": ["fall"], "danger": "yes", "words": words, "submission": str(uuid4())})
        jobs.drain()

    with db.reading() as session:
        case = session.scalars(select(Case)).one()
        record = [each.text for each in cases.timeline(session, case.id)]
    assert "还躺着" in record


def test_a_lost_card_is_worth_nothing_once_a_new_one_is_made(site: Browser, desks: Desks) -> None:
    before = a_code(site, desks)
    sheet(site, desks, lost="1")
    with db.reading() as session:
        after = report_codes.cards_of(session, [desks.town.elder.id])[desks.town.elder.id].token

    assert before != after
    assert site.get(f"/n/{before}").status_code == 404
    assert site.get(f"/n/{after}").status_code == 200


def test_codes_of_cards_are_no_posters(site: Browser, desks: Desks) -> None:
    a_code(site, desks)
    with db.reading() as session:
        code = report_codes.cards_of(session, [desks.town.elder.id])[desks.town.elder.id]

    assert site.get(f"/posters/{code.id}").status_code == 404
    with db.reading() as session:
        assert report_codes.of_units(session, [desks.town.city.city.path]) == []


def test_a_photo_loses_its_position_and_is_shown_to_those_it_is_for(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    site.get("/me")
    body = a_photo()
    assert site.post("/cards/photo", {"photo": (BytesIO(body), "me.jpg")}).status_code == 302
    staff_id = desks.town.staff["visitor"]
    with db.reading() as session:
        stored = people.find_staff(session, staff_id).photo
        kept = attachments.read(session.get_one(attachments.Attachment, UUID(stored)))
    assert b"SECRET" in body and b"SECRET" not in kept

    assert re.search(rf"/cards/photos/{staff_id}", sheet(site, desks))
    assert site.get(f"/cards/photos/{staff_id}").mimetype == "image/jpeg"
    site.sign_in(desks.elsewhere["village_desk"])
    assert site.get(f"/cards/photos/{staff_id}").status_code == 404


def test_what_is_no_photo_is_refused_and_none_takes_it_off(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    site.get("/me")
    for body, words in ((b"%PDF-1.4 nothing", "请选一张照片"), (b"", "照片已去掉")):
        site.post("/cards/photo", {"photo": (BytesIO(body), "me.pdf")})
        assert words in site.get("/cards/photo").text
        with db.reading() as session:
            assert people.find_staff(session, desks.town.staff["visitor"]).photo == ""


def test_a_village_of_any_size_costs_the_same_questions(desks: Desks) -> None:
    path = desks.town.city.village.path
    asked = []
    for more in (0, 12):
        with db.writing() as session:
            for _ in range(more):
                builders.an_elder(session, desks.town.city)
        with db.reading() as session, counted_statements() as ran:
            found = liaison_cards.of_unit(session, path)
            liaison_cards.states(session, found)
        asked.append(len(ran))

    assert len(found) == 13
    assert asked[0] == asked[1] <= 8
