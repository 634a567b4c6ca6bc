"""P21 hotline_intake, walked along each way out. Source: processes P21, 4.9; R-NET-06; K21."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from care import contacts, people
from care.hotline import Ticket
from engine import db, incoming, instances, jobs, run
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def called(town: Town) -> Town:
    """The daughter calls from her telephone."""
    return call(town)


def call(town: Town, **data: Any) -> Town:
    number = f"137{town.elder.id:08d}"
    with jobs.transaction() as session:
        incoming.message(session, "call.arrived", "call-1", {"phone": number, "recording": "r/1"} | data)
    jobs.drain()
    return town


def row(town: Town) -> Ticket:
    with db.reading() as session:
        found = session.scalars(select(Ticket)).one()
        session.expunge_all()
        return found


def says(town: Town, kind: str, **more: Any) -> None:
    town.does("answer", **say.ticket(kind, **more))


def accepts(town: Town) -> None:
    town.does("accept_dispatch", answer="take")


def test_the_elder_is_found_by_the_callers_number(called: Town):
    assert called.open()["answer"].role == "hotline"
    assert called.open()["answer"].subject_id == called.elder.id
    assert row(called).elder_id == called.elder.id and row(called).recording == "r/1"


def test_one_alleged_of_abuse_is_not_shown_an_elder(town: Town):
    with jobs.transaction() as session:
        daughter = contacts.supporters_of(session, town.elder.id)[0]
        daughter.alleged_abuser = True
        for each in contacts.ordered(session, town.elder.id):
            each.excluded = each.supporter_id == daughter.id
    call(town)

    assert row(town).elder_id is None and town.open()["answer"].subject_id is None


def test_a_question_is_answered_on_the_telephone(called: Town):
    says(called, "consult", given="六十岁以上可申请")

    found = row(called)
    assert called.live() == []
    assert None not in (found.kind_at, found.told_at, found.closed_at) and found.kind == "consult"


def test_a_promised_call_is_made_the_same_day(called: Town):
    says(called, "consult", promised=True)
    task = called.open()["call_back"]
    assert task.due_at is not None and (task.due_at - task.created_at).total_seconds() == 8 * 3600
    called.does("call_back", reached="yes", told="已问清")

    assert called.live() == []


def test_ten_minutes_without_a_kind_reach_the_shift_leader(called: Town):
    called.waits(minutes=10)

    assert called.sent("ticket_without_kind")[0]["role"] == "hotline_lead"
    assert "answer" in called.elements()


def test_an_emergency_is_handed_on_while_still_on_the_telephone(called: Town):
    says(called, "urgent", urgent_kind="fall", danger=True)

    assert "emergency_offline" in called.live() and called.case().kind == "fall"
    assert "hotline_intake" not in called.live()


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("duty", {"duty": "care"}, "duty.suspected"),
        ("complaint", {}, "complaint.made"),
        ("withdrawal", {"purpose": "location"}, "consent.withdrawn"),
        ("unknown", {}, "person.hinted"),
        ("need", {"need": "meals"}, "need.raised"),
        ("order", {"need": "cleaning"}, "need.raised"),
        ("errand", {"need": "shopping"}, "errand.asked"),
        ("aid", {"need": "care_subsidy"}, "aid.proposed"),
        ("visit", {}, "visit.ordered"),
    ],
)
def test_each_kind_goes_where_it_belongs(called: Town, kind: str, more: dict[str, Any], message: str):
    says(called, kind, **more)

    assert message in called.messages()
    assert row(called).kind == kind


def test_praise_stands_on_the_workers_record(called: Town):
    with db.reading() as session:
        name = people.name_of(session, called.staff["visitor"])
    says(called, "praise", worker=name)

    assert row(called).praised_id == called.staff["visitor"]
    assert called.sent("praised")[0]["person"] == called.staff["visitor"]
    assert called.live() == []


def test_an_order_is_accepted_within_thirty_minutes_or_the_leader_hears_of_it(called: Town):
    says(called, "visit")
    called.waits(minutes=30)
    assert called.sent("dispatch_not_accepted")
    accepts(called)

    assert row(called).accepted_at is not None


def test_it_closes_when_the_visit_is_over_and_the_caller_was_told(called: Town):
    says(called, "visit")
    accepts(called)
    called.waits(days=1)
    assert "tell_caller" not in called.elements()
    with jobs.transaction() as session:
        (visit,) = instances.find(session, process_ids=["visit_ordered"])
        run.cancel(session, visit.id, "试验", called.staff["township_desk"])
    jobs.drain()
    called.waits(days=1)
    called.does("tell_caller", reached="yes", told="已上门看过")

    found = row(called)
    assert found.told_at is not None and found.closed_at is not None
    assert "hotline_intake" not in called.live()


def test_after_five_working_days_the_caller_hears_how_it_stands(called: Town):
    says(called, "visit")
    accepts(called)
    called.waits(days=8)
    called.does("tell_progress", reached="yes", told="正在办")

    assert row(called).told_at is not None and row(called).closed_at is None
    assert "hotline_intake" in called.live()


def test_a_text_of_the_web_page_is_registered_by_hand(town: Town):
    town.start("hotline_intake", channel="web", words="我妈一个人在家")
    says(town, "consult")

    assert row(town).channel == "web"
