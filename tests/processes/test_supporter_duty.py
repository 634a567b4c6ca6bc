"""P19 supporter_duty, walked along each way out. Source: processes P19, 4.9; R-FAM-03 to R-FAM-05, R-USR-05."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from care import access, contacts, duties, elders, notices, people
from care.duties import DutyCase
from engine import db, incoming, instances, jobs, outgoing
from tests.processes import answers as say
from tests.town import Town


def suspected(town: Town, kind: str = "care", **more: Any) -> Town:
    town.message("duty.suspected", str(town.elder.id), kind=kind, **more)
    return town


@pytest.fixture
def asked(town: Town) -> Town:
    """Nobody looks after the elder, it is said."""
    return suspected(town)


def row(town: Town) -> DutyCase:
    with db.reading() as session:
        found = session.scalars(select(DutyCase).where(DutyCase.elder_id == town.elder.id)).one()
        session.expunge_all()
        return found


def verified(town: Town, founded: bool = True, **more: Any) -> None:
    yes = {"founded": True, "kind": "care", "elder_wish": "go_on", "way": "urge"} if founded else {"founded": False}
    town.does("verify", **({"elder_words": "没人管", "finding": "邻里也这么说"} | yes | more))


def urged(town: Town, **more: Any) -> None:
    said = {"supporter": "儿子", "duties": ["care"], "must_change": "每周探望一次", "received_how": "phone"}
    town.does("urge", **(said | more))


def checked(town: Town, element: str, result: str, **more: Any) -> None:
    town.does(element, result=result, elder_words="老人的话", finding="上门核对", **more)


def urged_in_vain(town: Town) -> None:
    urged(town)
    town.waits(days=15, hours=12)
    checked(town, "check_urged", "not_performing")


def urged_twice_in_vain(town: Town) -> None:
    verified(town)
    urged_in_vain(town)
    urged_in_vain(town)


def educated(town: Town) -> None:
    urged_twice_in_vain(town)
    town.does("record_grave", results=["injury"], finding="摔伤住院")
    town.does(
        "joint_education", held_at=say.NOW, participants=["township", "justice"], said="依法应当履行", promised=False
    )
    town.waits(days=15, hours=12)


def ended(town: Town) -> str:
    assert "supporter_duty" not in town.live()
    found = row(town)
    assert (found.stage, found.closed_at is not None) == ("closed", True)
    return found.outcome


# --- stage 0 ---


def test_verified_within_five_working_days_by_the_village(asked: Town):
    task = asked.open()["verify"]
    assert (task.role, task.form_key) == ("village_desk", "duty_verify")

    verified(asked, founded=False)

    assert ended(asked) == "unfounded"


def test_not_verified_in_time_climbs_the_ladder(asked: Town):
    asked.waits(days=12)

    assert asked.open()["verify"].also_role == "township_desk"


def test_the_elders_wish_ends_it(asked: Town):
    verified(asked, elder_wish="stop")

    assert ended(asked) == "withdrew"


def test_the_elders_wish_does_not_end_abuse(asked: Town):
    verified(asked, elder_wish="stop", kind="abuse")

    assert "urge" in asked.elements()
    with db.reading() as session:
        assert elders.get(session, asked.elder.id).protective_hold  # nobody knows yet who it is


def test_measures_beside_the_urging_start_their_processes(asked: Town):
    verified(asked, measures=["legal_aid", "other_contact", "more_visits", "tier_again"])

    assert {"need.raised", "contact.unreachable", "visit.ordered", "facts.changed"} <= set(asked.messages())
    assert {"contact_determination", "visit_ordered", "reassessment"} <= set(asked.live())


# --- stage 1 ---


def test_urged_performing_and_watched_for_ninety_days(asked: Town):
    verified(asked)
    urged(asked)
    found = row(asked)
    assert found.until_at is not None and found.urged_at is not None
    assert (found.until_at.date() - found.urged_at.date()).days == 15
    assert asked.elements() == set()
    asked.waits(days=15, hours=12)
    checked(asked, "check_urged", "performing")
    assert row(asked).performing_at is not None  # K19
    asked.waits(days=89)
    assert "check_watch" not in asked.elements()
    asked.waits(days=1)
    checked(asked, "check_watch", "performing")

    assert ended(asked) == "performing"


def test_the_day_that_was_said_counts(asked: Town):
    verified(asked)
    urged(asked, until_on="2026-08-06")
    asked.waits(days=2)
    assert "check_urged" not in asked.elements()
    asked.waits(days=1, hours=12)

    assert "check_urged" in asked.elements()


def test_after_the_watch_it_begins_again_where_they_stopped(asked: Town):
    verified(asked)
    urged(asked)
    asked.waits(days=15, hours=12)
    checked(asked, "check_urged", "performing")
    asked.waits(days=90)
    checked(asked, "check_watch", "not_performing")

    assert asked.open()["urge"].name == "第2次督促赡养人"


def test_a_report_within_the_watch_is_verified_anew(asked: Town):
    verified(asked)
    urged(asked)
    asked.waits(days=15, hours=12)
    checked(asked, "check_urged", "performing")
    suspected(asked)

    assert "verify" in asked.elements()
    assert row(asked).reports == 2


def test_the_elder_withdraws_between_two_urgings(asked: Town):
    verified(asked)
    urged(asked)
    asked.waits(days=15, hours=12)
    checked(asked, "check_urged", "withdrew")

    assert ended(asked) == "withdrew"


# --- stage 2: only with a grave result that a person recorded ---


def test_without_a_grave_result_there_is_no_joint_education(asked: Town):
    urged_twice_in_vain(asked)
    assert asked.open()["record_grave"].role == "township_lead"
    asked.does("record_grave", finding="没有严重后果")

    assert "joint_education" not in asked.elements() and "mediate" in asked.elements()
    assert row(asked).joint_at is None


def test_joint_education_and_its_follow_up(asked: Town):
    educated(asked)
    found = row(asked)
    assert found.joint_at is not None and found.grave_results == ["injury"] and found.grave_by is not None
    checked(asked, "check_joint", "performing")

    assert row(asked).stage == "watching"


def test_withdrawn_after_the_joint_education(asked: Town):
    educated(asked)
    checked(asked, "check_joint", "withdrew")

    assert ended(asked) == "withdrew"


# --- stage 3 ---


def to_the_police(town: Town) -> None:
    town.does("assess_crime", suspected=True, finding="多次殴打")
    town.does("make_transfer", facts="……", papers="笔录", receiver="public_security")
    assert town.open()["approve_transfer"].role == "district_lead"
    town.does("approve_transfer", answer="yes")


def test_transferred_with_the_districts_approval_and_a_receipt(asked: Town):
    educated(asked)
    checked(asked, "check_joint", "not_performing")
    to_the_police(asked)
    assert asked.open()["transfer_result"].role == "dept:public_security"
    asked.does("protection_plan", **say.plan())
    asked.does("transfer_result", receipt="包公受〔2026〕8号", result="accepted")

    assert ended(asked) == "transferred"
    assert row(asked).transferred_at is not None and row(asked).receipt == "包公受〔2026〕8号"


def test_the_police_answer_by_message(asked: Town):
    educated(asked)
    checked(asked, "check_joint", "not_performing")
    to_the_police(asked)
    asked.does("protection_plan", **say.plan())
    with jobs.transaction() as session:
        incoming.message(session, "transfer.result", str(row(asked).id), {"result": "filed"})
    jobs.drain()

    assert ended(asked) == "transferred"


def test_the_district_sends_the_transfer_back(asked: Town):
    educated(asked)
    checked(asked, "check_joint", "not_performing")
    town = asked
    town.does("assess_crime", suspected=True, finding="多次殴打")
    town.does("make_transfer", facts="……", papers="笔录", receiver="public_security")
    town.does("approve_transfer", answer="return", note="缺病历")

    assert "make_transfer" in town.elements() and row(town).transferred_at is None


def test_no_crime_goes_to_mediation(asked: Town):
    educated(asked)
    checked(asked, "check_joint", "not_performing")
    asked.does("assess_crime", suspected=False, finding="够不上")

    assert "mediate" in asked.elements()


# --- mediation ---


def test_mediated(asked: Town):
    verified(asked, way="mediation")
    asked.does("mediate", **say.mediation())

    assert ended(asked) == "mediated"


def test_mediation_in_vain_gives_legal_aid_and_goes_on(asked: Town):
    verified(asked, way="mediation")
    asked.does("mediate", **say.mediation(result="continues", legal_aid=True))

    assert "urge" in asked.elements() and "need.raised" in asked.messages()


def test_mediation_may_end_with_the_police(asked: Town):
    verified(asked, way="mediation")
    asked.does("mediate", **say.mediation(result="police"))

    assert "assess_crime" in asked.elements()


# --- abuse and desertion: the elder first ---


@pytest.fixture
def abused(town: Town) -> Town:
    with db.reading() as session:
        son = contacts.supporters_of(session, town.elder.id)[1].id
    return suspected(town, "abuse", supporter_id=son)


def test_the_one_alleged_hears_nothing_from_the_first_sign_on(abused: Town):
    with db.reading() as session:
        called = [each.name for each in contacts.notifiable(session, abused.elder.id)]

    assert called == ["女儿"]
    before = len(abused.sent())
    abused.device_sends("sos")
    told = [each.get("to") for each in abused.sent()[before:]]
    assert f"136{abused.elder.id:08d}" not in told and f"137{abused.elder.id:08d}" in told


def test_abuse_calls_the_police_and_skips_to_the_third_stage(abused: Town):
    assert {"assess_crime", "judge_danger"} <= abused.elements()  # P17d: 110 and a safe place
    assert "verify" not in abused.elements()
    abused.does("assess_crime", suspected=False, finding="待查")

    assert "verify" in abused.elements()


def test_where_nobody_is_named_all_notices_to_the_family_rest(town: Town):
    suspected(town, "desertion")

    with db.reading() as session:
        assert contacts.notifiable(session, town.elder.id) == []


def test_abuse_that_comes_from_an_emergency_opens_no_second_one(town: Town):
    town.device_sends("sos")
    suspected(town, "abuse", case_id=town.case().id)

    assert "emergency.offline" not in town.messages()


def test_abuse_reported_later_stops_the_notices_at_once(asked: Town):
    suspected(asked, "abuse")

    assert row(asked).kind == "abuse"
    with db.reading() as session:
        assert contacts.notifiable(session, asked.elder.id) == []


def test_the_townships_lead_lets_notices_go_out_again_with_a_reason(abused: Town):
    found = row(abused)
    with jobs.transaction() as session:
        merged = session.merge(found)
        duties.lift_hold(session, merged, abused.staff["township_lead"], "核实后不属实")
    with db.reading() as session:
        assert len(contacts.notifiable(session, abused.elder.id)) == 2


# --- a later report of abuse jumps to the third stage ---


@pytest.mark.parametrize("reached", ["verify", "urge", "the day", "record_grave", "mediate", "the watch"])
@pytest.mark.parametrize("kind", ["abuse", "desertion"])
def test_a_later_report_of_abuse_interrupts_whatever_is_done(asked: Town, reached: str, kind: str):
    if reached == "mediate":
        verified(asked, way="mediation")
    elif reached == "record_grave":
        urged_twice_in_vain(asked)
    elif reached != "verify":
        verified(asked)
    if reached in ("the day", "the watch"):
        urged(asked)
    if reached == "the watch":
        asked.waits(days=15, hours=12)
        checked(asked, "check_urged", "performing")
    before = asked.elements()
    suspected(asked, kind)

    assert {"assess_crime", "judge_danger"} <= asked.elements()
    assert not (before & asked.elements())
    assert (row(asked).kind, row(asked).stage, row(asked).reports) == (kind, "danger", 2)
    assert asked.live().count("supporter_duty") == 1


def test_after_the_jump_the_file_goes_on_to_the_police_or_back_to_where_it_stood(asked: Town):
    verified(asked)
    suspected(asked, "abuse")
    asked.does("assess_crime", suspected=False, finding="够不上")
    assert "mediate" in asked.elements()
    suspected(asked, "abuse")  # once more: it jumps again
    assert "assess_crime" in asked.elements() and "mediate" not in asked.elements()
    to_the_police(asked)
    asked.does("protection_plan", **say.plan())
    asked.does("transfer_result", receipt="包公受〔2026〕9号", result="accepted")

    assert ended(asked) == "transferred"


def test_what_is_being_judged_is_not_begun_again(abused: Town):
    task = abused.open()["assess_crime"].id
    suspected(abused, "abuse")

    assert abused.open()["assess_crime"].id == task and row(abused).reports == 2


def test_a_later_report_that_names_nobody_holds_all_notices_of_the_family(town: Town):
    with db.reading() as session:
        son = contacts.supporters_of(session, town.elder.id)[1].id
    suspected(town, "care", supporter_id=son)
    suspected(town, "abuse")

    with db.reading() as session:
        assert contacts.notifiable(session, town.elder.id) == []


def test_a_later_report_that_names_another_leaves_both_out(town: Town):
    with db.reading() as session:
        daughter, son = (each.id for each in contacts.supporters_of(session, town.elder.id)[:2])
    suspected(town, "abuse", supporter_id=son)
    suspected(town, "abuse", supporter_id=daughter)

    with db.reading() as session:
        assert contacts.notifiable(session, town.elder.id) == []


def test_an_emergency_that_reports_abuse_again_opens_no_second_one(asked: Town):
    asked.device_sends("sos")
    suspected(asked, "abuse", case_id=asked.case().id)

    assert "assess_crime" in asked.elements() and "emergency.offline" not in asked.messages()


def test_a_text_that_waited_is_not_sent_to_the_one_alleged(town: Town):
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        (daughter, son) = contacts.notifiable(session, elder.id)
        notices.ask_contact(session, son, "waits")
        notices.family(session, elder, "meter_check", "waits too")
        son_id, daughter_id = son.id, daughter.id
    with db.reading() as session:
        named = contacts.supporters_of(session, town.elder.id)[1].id
    suspected(town, "abuse", supporter_id=named)

    with db.reading() as session, pytest.raises(outgoing.DeliveryFailed):
        outgoing.addressed(session, "sms", {"contact": son_id, "template": "contact_agree"})
    with db.reading() as session:
        assert outgoing.addressed(session, "sms", {"contact": daughter_id})["to"].startswith("137")


def test_the_same_number_under_another_name_hears_nothing_either(town: Town):
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        son = contacts.supporters_of(session, elder.id)[1]
        twin = contacts.Contact(
            elder_id=elder.id, unit_path=elder.unit_path, position=3, name="侄子", relation="other", phone=son.phone,
            phone_index=son.phone_index, accepts_alarms=True, reachable=True,
        )  # fmt: skip
        session.add(twin)
        named = son.id
    suspected(town, "abuse", supporter_id=named)

    with db.reading() as session:
        assert [each.name for each in contacts.notifiable(session, town.elder.id)] == ["女儿"]


# --- what runs beside it ---


def test_a_second_report_joins_the_file(asked: Town):
    suspected(asked)

    assert asked.live() == ["supporter_duty"] and row(asked).reports == 2
    assert asked.elements() == {"verify"}


def test_an_elder_who_leaves_ends_it(asked: Town):
    asked.message("elder.exited", str(asked.elder.id))

    assert ended(asked) == "exited"


def test_without_an_elder_somebody_finds_out_who_it_is(town: Town):
    with jobs.transaction() as session:
        incoming.message(session, "duty.suspected", "case:1", {"elder_id": None, "kind": "care"})
    jobs.drain()
    town.does("find_elder", **say.note())

    assert "supporter_duty" not in town.live()


# --- closed files ---


def sees(town: Town, role: str) -> bool:
    with access.reading(person(town, role)) as session:
        return session.scalars(select(DutyCase)).first() is not None


def person(town: Town, role: str) -> people.Person:
    with db.reading() as session:
        return town.city.person(session, role)


def test_only_who_works_on_a_file_reads_it(asked: Town):
    everybody = set(asked.staff)
    assert {role for role in everybody if sees(asked, role)} == {"village_desk"}
    urged_twice_in_vain(asked)
    asked.does("record_grave", results=["injury"], finding="摔伤住院")

    assert {role for role in everybody if sees(asked, role)} == {"village_desk", "township_lead"}


def test_its_instance_is_hidden_from_everybody_else(asked: Town):
    with db.reading() as session:
        (running,) = instances.find(session, process_ids=["supporter_duty"])
        for role in ("visitor", "township_desk", "district_lead", "city_desk", "auditor"):
            if role in asked.staff:
                assert access.closed_instances(session, asked.city.person(session, role)) == {running.id}
        assert access.closed_instances(session, asked.city.person(session, "village_desk")) == set()
