"""The ten points that usually get skipped, each with the test that bears its number. Source: rulings 10.

Each walks its point through the shipped diagrams; the details have their own tests in tests/processes and tests/web.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from care import (
    absences,
    access,
    calendar_change,
    contacts,
    deadlines,
    district_policies,
    elders,
    people,
    planner,
    policy_calendar,
    referrals,
    visits,
)
from care.cases import Case
from care.duties import DutyCase
from care.errors import RuleBroken
from care.visits import Visit
from engine import clock, db, forms, instances, jobs, run, submissions, tasks
from tests import builders
from tests.flows.test_policy_switch import SWITCH, D, P, changes, choice, choose
from tests.processes import answers as say
from tests.processes import test_elder_exit as leaving
from tests.processes import test_meter_anomaly as metering
from tests.processes import test_need_referral as referring
from tests.processes import test_oversight as overseeing
from tests.processes import test_supporter_duty as duty
from tests.town import Town, nothing_breaks
from web.app import create_app


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    return Town()


def handled_by_the_village(town: Town) -> None:
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped("not_solved"))
    town.does("family_first", **say.helped("not_solved"))
    town.does("community_help", person=town.staff["village_desk"], **say.helped())
    town.does("feedback_24h", **say.feedback())


def test_1_the_review_is_on_site_by_another_person_and_a_reopened_case_has_its_own_clock(town: Town) -> None:
    with jobs.transaction() as session:
        other = builders.a_worker(session, "village_desk", session.merge(town.city.village)).id
    handled_by_the_village(town)
    with pytest.raises(tasks.SamePerson):
        town.does("review_3wd", person=town.staff["village_desk"], **say.review())
    with pytest.raises(forms.Invalid):
        town.does("review_3wd", person=other, **say.review(on_site_on=None))  # not without having been there

    town.does("review_3wd", person=other, **say.review("no"))
    reopened_at = clock.now()
    town.waits(hours=1)
    town.does("simple_help", **say.helped())

    assert town.case().round == 2
    assert town.open()["feedback_24h"].due_at == reopened_at + timedelta(hours=24)


NOTICE = (
    "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n2027-01-04,休,元旦\n"
)


def test_2_the_calendar_rolls_over_the_year_and_swapped_weekends_are_working_days(database: db.Database) -> None:
    sunday = deadlines.deadline("review_3wd", datetime(2026, 9, 17, 1, 0, tzinfo=UTC))
    assert clock.local(sunday.due).date() == date(2026, 9, 21)  # Friday, the working Sunday 20 September, Monday
    policy_calendar._years.clear()
    with clock.frozen(datetime(2026, 12, 30, 2, 0, tzinfo=UTC)):
        town = Town()
        with nothing_breaks(town):
            town.device_sends("sos")
            town.does("call_elder", **say.general())
            town.does("simple_help", **say.helped())
            town.does("feedback_24h", **say.feedback())
            assert deadlines.deadline("review_3wd", clock.now()).provisional
            assert town.open()["review_3wd"].due_at == datetime(2027, 1, 5, 15, 59, 59, tzinfo=UTC)
            with jobs.transaction() as session:
                calendar_change.confirm(session, 2027, calendar_change.read_notice(NOTICE.splitlines(), 2027), by=None)
            jobs.drain()
            assert town.open()["review_3wd"].due_at == datetime(2027, 1, 6, 15, 59, 59, tzinfo=UTC)
            town.waits(days=8)  # over New Year: the timers run on

            assert town.open()["review_late"].role == "township_desk"
    policy_calendar._years.clear()


def test_3_nobody_reached_runs_the_whole_cascade_and_an_sos_starts_all_four_together(town: Town) -> None:
    def is_away(role: str) -> None:
        with jobs.transaction() as session:
            people.away(session, town.staff[role], clock.now() - timedelta(hours=1), clock.now() + timedelta(days=2))

    town.device_sends("sos")
    assert {"call_elder", "call_family", "ask_visitor", "grid_worker_check"} <= town.elements()
    assert town.open()["ask_visitor"].assignee_id == town.staff["visitor"]
    for element in ("call_elder", "record_false_alarm"):
        town.does(element, **(say.mistaken() if element == "call_elder" else {"cause": "test", "told": ["elder"]}))

    is_away("visitor")
    town.device_sends("sos")
    assert town.open()["ask_visitor"].assignee_id == town.staff["visitor_b"]
    town.does("call_elder", **say.mistaken())
    town.does("record_false_alarm", cause="test", told=["elder"])
    is_away("visitor_b")
    town.device_sends("sos")
    assert town.open()["ask_visitor"].role == "village_desk"
    town.does("call_elder", **say.mistaken())
    town.does("record_false_alarm", cause="test", told=["elder"])

    town.device_sends("door", device=town.another_device("door"))
    seen: dict[str, int] = {}
    for minute in range(35):
        for element in town.elements():
            seen.setdefault(element, minute)
        town.waits(minutes=1)
    assert [seen[each] for each in ("contact_elder", "contact_family", "contact_visitor", "grid_worker_check")] == [
        0, 3, 8, 13,
    ]  # fmt: skip
    assert (seen["village_backup"], seen["not_arrived"], seen["call_110"]) == (18, 28, 30)


def test_4_absence_and_an_outage_of_the_area_come_before_a_meter_alarm_and_repeats_merge(town: Town) -> None:
    metering.test_an_outage_of_the_area_is_one_task_and_no_alarms(town)
    running = town.live()
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        absences.register(session, elder, "family", clock.now() + timedelta(days=9))
    metering.reported(town, metering.a_meter(town))
    assert (town.live(), metering.row(town).outcome) == (running, "absent")

    town.device_sends("sos")
    town.device_sends("sos", ago=timedelta(minutes=1))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert [element for element in town.open() if element == "call_elder"] == ["call_elder"]


def test_5_a_form_that_arrives_twice_counts_once_and_paper_is_entered_late_with_its_reason(town: Town) -> None:
    planner.plan(clock.today(), 1)
    jobs.drain()
    town.waits(days=2)
    task = town.open()["accept_or_swap"]
    same = db.new_id()
    for _ in range(2):
        with jobs.transaction() as session:
            done = run.complete_task(session, task.id, {"by": "visitor"}, town.staff["visitor"], same)
        jobs.drain()
    assert done.task_id == task.id
    with db.reading() as session:
        assert [each.id for each in submissions.of_task(session, task.id)] == [same]
    with pytest.raises(submissions.OtherContent), jobs.transaction() as session:
        run.complete_task(session, task.id, {"by": "visitor_b", "reason": "换人"}, town.staff["visitor"], same)

    yesterday = clock.local(clock.now() - timedelta(days=1)).isoformat(timespec="minutes")
    paper: dict[str, Any] = {"mode": "home", "by": "paper", "met": "yes", "arrived_at": yesterday}
    with pytest.raises(forms.Invalid):
        town.does("go", **paper)
    town.does("go", **paper, late_reason="没有网络")

    with db.reading() as session:
        visit = session.scalars(select(Visit)).first()
        assert visit is not None and visit.arrived_at == datetime.fromisoformat(yesterday)


def test_6_the_draft_holds_from_its_day_old_instances_keep_their_version_and_the_floor_is_asked(town: Town) -> None:
    with jobs.transaction() as session:
        elders.retier(session, elders.get(session, town.elder.id), "registered")
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    with pytest.raises(RuleBroken):
        choose(town, confirmed=False)  # below the monthly floor
    choice_id = choose(town)
    assert {each["floor"] for each in choice(choice_id).floor} == {"month"}
    town.does("approve", approved=True, floor_confirmed=True, words="试点一年")

    town.waits(days=13)
    with db.reading() as session:
        assert district_policies.in_force(session, town.elder.unit_path) == P  # not before its day
    town.waits(days=1, hours=6)

    with db.reading() as session:
        assert district_policies.in_force(session, town.elder.unit_path, SWITCH) == D
        assert {row.policy for row in visits.obligations_of(session, town.elder.id) if row.starts_on < SWITCH} == {P}
        begun_before = [each for each in instances.find(session, process_ids=["visit_cycle"]) if each.policy == P]
    assert begun_before, "the cycle that began under the issued plan stays with it"
    assert isinstance(changes(choice_id), dict) and choice(choice_id).state == "in_force"


def test_7_duty_stages_are_closed_need_evidence_and_no_notice_reaches_an_alleged_abuser(town: Town) -> None:
    with jobs.transaction() as session:
        son = contacts.supporters_of(session, town.elder.id)[0]
        name, supporter_id = son.name, son.id
    duty.suspected(town, "abuse", supporter_id=supporter_id)
    with db.reading() as session:
        told = {each.supporter_id for each in contacts.notifiable(session, town.elder.id)}
        assert supporter_id not in told
        assert next(each for each in contacts.supporters_of(session, town.elder.id) if each.id == supporter_id)
    town.device_sends("sos")
    with db.reading() as session:
        his = {each.phone for each in contacts.supporters_of(session, town.elder.id) if each.name == name}
    assert his.isdisjoint({each.get("to") for each in town.sent()})

    readers = {role for role in town.staff if duty.sees(town, role)}
    assert readers == {"township_lead"}  # abuse begins with the question of a crime, and that is the lead's
    with db.reading() as session:
        (running,) = instances.find(session, process_ids=["supporter_duty"])
        assert access.closed_instances(session, town.city.person(session, "visitor")) == {running.id}
        assert len(session.scalars(select(DutyCase)).all()) == 1
    with pytest.raises(forms.Invalid):
        town.does("assess_crime", suspected=True, signs=["injury"])  # without grounds
    town.does("assess_crime", suspected=True, signs=["injury"], finding="验伤单")
    with pytest.raises(forms.Invalid):
        town.does("make_transfer", facts="多次殴打", receiver="public_security")  # without a list of papers


def test_8_heating_is_checked_couriers_report_with_one_page_and_the_family_gets_a_liaison_card(town: Town) -> None:
    for key in ("visit", "assess"):
        assert "home_safety.heating.level" in forms.form(key).fields
    addresses = {rule.rule for rule in create_app({"TESTING": True}).url_map.iter_rules()}
    assert "/n/<token>" in addresses, "the poster's page: no sign-in (tests/web/test_neighbours.py)"
    with jobs.transaction() as session:
        for role in ("new_a", "new_b"):
            unit = session.merge(town.city.village)
            town.staff[role] = builders.a_worker(session, "visitor", unit, name=role).id
    town.message("visitor.vacant", str(town.elder.id))
    town.does("propose", **say.proposal("new_a", "new_b"))
    town.does("accept", answer="accept", read=True)
    town.does("confirm", answer="yes")

    assert town.sent("liaison_card")


def test_9_a_referral_closes_with_the_elder_lateness_is_counted_and_another_than_the_visitor_asks(town: Town) -> None:
    town.message("need.raised", str(town.elder.id), category="meals", items=["meals"])
    referring.checks(town)
    town.does("accept", answer="accept")
    town.waits(days=20)  # served ten working days after it was taken on: late
    assert "late" in {each.get("template") for each in town.sent()}
    referring.serves(town)
    assert referring.row(town).closed_at is None
    referring.confirms(town, "no")
    referring.serves(town)
    referring.confirms(town, "yes")

    assert referring.row(town).outcome == "settled"
    with db.reading() as session:
        rounds = referrals.rounds(session, referring.row(town).id)
        assert [each.settled for each in rounds] == [False, True]
    town.waits(days=3)
    asked = town.open()["call_back"]
    assert asked.role == "surveyor"
    assert town.doer(asked) not in (town.staff["visitor"], town.staff["visitor_b"])

    town.waits(days=12)  # into September
    overseeing.begun(town, "dispatch", date(2026, 8, 1))
    on_time = overseeing.report("dispatch", town.city.township.path).content["figures"]["K11.on_time"]
    assert on_time[0] < on_time[1], "the late round stands in the month's dispatch"


def test_10_a_death_stops_notices_at_once_the_spouse_is_a_major_change_and_a_move_keeps_history(town: Town) -> None:
    spouse = leaving.a_spouse(town)
    town.message("person.death", str(town.elder.id))
    leaving.confirms(town, "death")
    with db.reading() as session:
        assert contacts.notifiable(session, town.elder.id) == []  # before anybody approves
    town.does("approve", answer="yes")
    assert town.open()["confirm_change"].subject_id == spouse

    with jobs.transaction() as session:
        builders.a_second_township(session, town.city).village.name = "新居社区"
        elders.retier(session, elders.get(session, spouse), "registered")
    with jobs.transaction() as session:
        run.start(session, "elder_exit", {"elder_id": spouse})
    jobs.drain()
    with db.reading() as session:
        before = [each.id for each in elders.tier_history(session, spouse)]
    leaving.confirms(town, "moved_within", new_unit="新居社区", new_address="新居社区1号")
    town.does("approve", answer="yes")

    with db.reading() as session:
        moved = elders.get(session, spouse)
        assert (moved.status, moved.address) == ("in_register", "新居社区1号")
        assert [each.id for each in elders.tier_history(session, spouse)][-len(before) :] == before
