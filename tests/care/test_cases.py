"""Cases: one open per elder and kind, stages, rounds, the lock. Source: processes 4.0, P18; rulings 9.1, 9.2."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from care import cases, contacts, elders, notices, unclaimed
from care.cases import Case, CaseLocked
from engine import clock, db, outgoing
from tests import builders


@pytest.fixture
def elder(database: db.Database, monday: datetime) -> int:
    with db.writing() as session:
        return builders.an_elder(session, builders.a_city(session)).id


def opened(session: Session, elder_id: int, kind: str = "sos") -> cases.Opened:
    path = elders.get(session, elder_id).unit_path
    return cases.open_case(session, elder_id=elder_id, unit_path=path, kind=kind, channel="device")


def test_one_open_case_per_elder_and_kind(elder: int):
    with db.writing() as session:
        first, again, other = opened(session, elder), opened(session, elder), opened(session, elder, "gas")

    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert first.case.id == again.case.id != other.case.id


def test_after_a_false_alarm_a_new_case_may_open(elder: int):
    with db.writing() as session:
        first = opened(session, elder).case
        cases.close_false_alarm(session, first, "test", 1)
        second = opened(session, elder)

    assert (first.state, first.locked, second.is_new) == ("false_alarm", True, True)


def test_the_stages_follow_each_other(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        assert case.stage == "reported"
        cases.handled(session, case)
        assert case.stage == "handled"
        cases.feed_back(session, case, 1, "好了")
        assert case.stage == "fed_back"
        cases.review(session, case, 2, True, None, clock.now() + timedelta(days=3))
        assert case.stage == "reviewed"
        cases.archive(session, case, 2)

    assert (case.state, case.locked, case.open_key) == ("archived", True, None)


@pytest.mark.parametrize(("hours", "late"), [(24, False), (24.01, True)])
def test_feedback_counts_as_late_after_24_hours_from_the_report(elder: int, hours: float, late: bool):
    with db.writing() as session:
        case = opened(session, elder).case
        clock.move_by(timedelta(hours=hours))
        cases.feed_back(session, case, 1, None)

    assert case.feedback_late is late


def test_the_review_runs_from_the_feedback_or_from_when_it_was_due(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        due = case.opened_at + timedelta(hours=24)
        assert cases.reviewed_from(session, case) == due
        clock.move_by(timedelta(hours=2))
        cases.feed_back(session, case, 1, None)
        assert cases.reviewed_from(session, case) == clock.now()


def test_a_re_opening_begins_a_round_with_its_own_clock_and_reason(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        cases.feed_back(session, case, 1, None)
        clock.move_by(timedelta(days=2))
        assert cases.reopen(session, case, 2, "线路没换") == 2
        rounds = cases.rounds(session, case.id)

    assert [each.round for each in rounds] == [1, 2]
    assert rounds[1].reason == "线路没换"
    assert rounds[1].feedback_due_at == clock.now() + timedelta(hours=24)
    assert case.fed_back_at is None


def test_an_archived_case_changes_no_more(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        cases.archive(session, case, 1)
        for change in (cases.handled, lambda s, c: cases.feed_back(s, c, 1, None), lambda s, c: cases.archive(s, c, 1)):
            with pytest.raises(CaseLocked):
                change(session, case)


def test_abuse_is_closed_to_all_but_the_case_team_from_the_start(elder: int):
    with db.writing() as session:
        assert opened(session, elder, "abuse").case.restricted


def test_an_alleged_abuser_is_never_told(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        daughter = contacts.ordered(session, elder)[0]
        daughter.excluded = True
        session.flush()
        notices.first_contact(session, case, ())
        told = _told(session)

    assert told == [f"136{elder:08d}"]


def test_under_a_protective_hold_no_family_is_told(elder: int):
    with db.writing() as session:
        elders.get(session, elder).protective_hold = True
        case: Case = opened(session, elder).case
        notices.first_contact(session, case, ())

        assert _told(session) == []


def test_the_same_notice_is_written_once(elder: int):
    with db.writing() as session:
        case = opened(session, elder).case
        assert [notices.first_contact(session, case, ["property"]) for _ in range(2)] == [2, 0]


def test_what_no_diagram_takes_goes_to_the_village(elder: int):
    with db.reading() as session:
        found = unclaimed.unclaimed(session, "need.raised", str(elder), {"elder_id": elder, "items": ["meals"]})
        silent = unclaimed.unclaimed(session, "case.archived", "1", {"elder_id": elder})

    assert found is not None
    process_id, data = found
    assert (process_id, data["title"], data["message"]) == ("village_note", "需求转介（助餐） Need", "need.raised")
    assert silent is None


def _told(session: Session) -> list[str]:
    session.flush()
    rows = session.connection().execute(outgoing.outgoing.select().where(outgoing.outgoing.c.channel == "sms"))
    return [outgoing.addressed(session, row.channel, row.payload)["to"] for row in rows]
