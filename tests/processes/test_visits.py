"""P07 and P08, walked along each way out. Source: draft annex 4; policy 3.5; processes P07, P08."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from care import absences, changes, planner, referrals, visits
from care.visits import VisitObligation
from engine import clock, db, history, instances, jobs, run, submissions, tasks
from engine.tasks import TaskRow
from tests.processes import answers as say
from tests.town import Town
from web import stories
from web.app import create_app

RECORD: dict[str, Any] = {
    "kind": "regular", "mode": "home", "started_at": say.NOW, "ended_at": "2026-08-03T10:00:00+08:00",
}  # fmt: skip


@pytest.fixture
def due(town: Town) -> Town:
    """The week is planned; the visitor has the visit."""
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    return town


def obligation(town: Town) -> VisitObligation:
    with db.reading() as session:
        return visits.obligations_of(session, town.elder.id)[0]


def record(**changes: Any) -> dict[str, Any]:
    """A visit by telephone, the short form: what annex 4 asks when nobody is at the door."""
    said: dict[str, Any] = {
        "kind": "regular",
        "mode": "phone",
        "started_at": say.NOW,
        "ended_at": "2026-08-03T10:00:00+08:00",
        "met": ["elder"],
        "alone": True,
        "living": {"same": False, "self_care": "full", "attention": "normal"},
        "health": {"same": False, "general": "good", "medicines": "as_told", "changes": [], "attention": "normal"},
        "feelings": {
            "same": False, "mood": "calm", "loneliness": 0, "change": "same", "self_harm": False, "attention": "normal",
        },
        "wishes": {"same": False, "attention": "normal"},
        "medication_safety": {"run_out": False, "doctor_wanted": False},
        "family_duty": {"troubled": "no"},
        "safety_talk": ["fire"],
        "facts_changed": [],
        "major_change": [],
        "consent": "kept",
    }  # fmt: skip
    return {name: value for name, value in (said | changes).items() if value is not None}


def goes(town: Town, **check_in: Any) -> None:
    town.does("accept_or_swap", by="visitor")
    town.does("go", **say.arrived(**({"mode": "phone", "by": None} | check_in)))


def test_a_planned_week_gives_the_visitor_one_visit(due: Town):
    row = obligation(due)
    assert (row.period, row.required, row.starts_on) == ("week", 1, date(2026, 8, 3))
    task = due.open()["accept_or_swap"]
    assert task.assignee_id == due.staff["visitor"]
    assert task.due_at is not None and clock.local(task.due_at).date() == date(2026, 8, 6)


def test_a_visit_without_findings_fulfils_the_week(due: Town):
    goes(due)
    due.does("visit_form", **record())
    due.does("elder_confirm", satisfaction="good")

    row = obligation(due)
    assert (row.state, row.done) == ("fulfilled", 1)
    assert "visit_cycle" not in due.live() or "village_check" in due.elements()


def test_findings_go_where_they_belong_and_none_is_lost(due: Town):
    goes(due)
    due.does(
        "visit_form",
        **record(
            wishes={"same": False, "meals": "wish", "legal_aid": "soon", "attention": "normal"},
            medication_safety={"run_out": True, "doctor_wanted": True},
            facts_changed=["phone"],
            facts_note="换了号码",
            major_change=["bereavement"],
            consent="withdrawn",
            withdrawn=["health"],
        ),
    )

    sent = due.messages()
    assert {"facts.changed", "major_change.reported", "consent.withdrawn"} <= set(sent)
    assert {"confirm_withdraw", "confirm_change", "review_facts"} <= due.elements()
    with db.reading() as session:
        needs = {each.category for each in referrals.of_elder(session, due.elder.id)}
    assert needs == {"meals", "legal_aid", "medication"}
    assert "village_note" not in due.live()


def test_an_urgent_finding_starts_the_emergency_at_once(due: Town):
    goes(due)
    due.does(
        "visit_form",
        **record(health={"same": False, "general": "poor", "medicines": "as_told", "changes": ["pain"],
                         "attention": "urgent", "note": "胸口疼"}),
    )  # fmt: skip

    assert "emergency_offline" in due.live()
    assert {"report_community", "notify_family"} <= due.elements()
    assert due.case().channel == "visit"


def test_nobody_at_home_and_found_at_the_daughters(due: Town):
    goes(due, mode="home", by="qr", met="no")
    due.does("second_try", tries=["phone"], found="yes", where="family", talked=True)
    due.does("absence", kind="family", from_on="2026-08-03", until_on="2026-08-20")

    with db.reading() as session:
        away = absences.current(session, due.elder.id)
    assert away is not None and away.kind == "family"
    assert "elder.absent" in due.messages()
    assert obligation(due).done == 1  # talked by telephone, which counts under the issued plan


def test_nobody_at_home_for_two_hours_is_an_emergency(due: Town):
    goes(due, mode="home", by="qr", met="no")

    due.waits(hours=2)

    assert "emergency_offline" in due.live()
    assert due.case().kind == "lost_contact"


def test_a_general_elder_is_looked_for_a_day(town: Town):
    town.elder_is(tier="general")
    planner.plan(date(2026, 8, 3), 1)
    town.waits(days=14)
    goes(town, mode="home", by="qr", met="no")

    town.waits(hours=23)
    assert "second_try" in town.elements()
    town.waits(hours=1)
    assert "emergency_offline" in town.live()


def test_not_found_waits_for_the_hour_and_danger_does_not(due: Town):
    goes(due, mode="home", by="qr", met="no")
    due.does("second_try", tries=["phone", "neighbour"], found="no")
    assert "emergency_offline" not in due.live()
    due.waits(hours=2)
    assert "emergency_offline" in due.live()


def test_danger_at_the_door_is_reported_at_once(due: Town):
    goes(due, mode="home", by="qr", met="no")

    due.does("second_try", tries=["door"], found="danger", signs="屋里有呻吟声")

    assert "emergency_offline" in due.live()


def test_a_refusal_brings_b_and_then_the_township(due: Town):
    goes(due, mode="home", by="qr", met="refused")
    assert due.open()["b_tries"].assignee_id == due.staff["visitor_b"]

    due.does("b_tries", **say.arrived("refused"))
    assert due.open()["second_refusal"].role == "township_desk"
    due.does("second_refusal", **say.note())

    row = obligation(due)
    assert (row.done, row.attempts, row.state) == (0, 1, "open")


def test_b_is_let_in(due: Town):
    goes(due, mode="home", by="qr", met="refused")
    due.does("b_tries", **say.arrived("yes", mode="phone", by=None))

    assert due.open()["visit_form"].assignee_id == due.staff["visitor_b"]


def test_a_visit_handed_to_b(due: Town):
    due.does("accept_or_swap", by="visitor_b", reason="出差")

    assert due.open()["go"].assignee_id == due.staff["visitor_b"]


def test_the_first_visit_of_a_visitor_is_checked_and_may_come_back(due: Town):
    goes(due)
    due.does("visit_form", **record())
    due.does("elder_confirm", satisfaction="good")
    assert due.open()["village_check"].role == "village_desk"
    assert obligation(due).done == 1

    due.does("village_check", way="phone", answer="return", what="时间不对")
    assert obligation(due).done == 0
    due.does("correct_visit", **record())
    due.does("village_check", way="phone", answer="ok")

    assert (obligation(due).done, obligation(due).state) == (1, "fulfilled")
    assert due.live() == []


def test_a_record_that_does_not_come_is_asked_for(due: Town):
    goes(due)

    due.waits(hours=24)

    assert due.sent("visit_not_submitted")


def test_the_visitors_are_reminded_and_a_missed_week_is_explained(due: Town):
    due.waits(days=4, hours=23)  # Saturday 08:00
    assert {each["person"] for each in due.sent("visit_period_ends")} == {
        due.staff["visitor"],
        due.staff["visitor_b"],
    }

    due.waits(days=2)

    row = obligation(due)
    assert row.state == "missed"
    opened = due.open()
    assert opened["why_missed"].role == "township_desk"
    assert opened["same_day_check"].role == "township_desk"
    assert "twice_missed" not in opened
    assert "visit.missed" in due.messages()
    due.does("same_day_check", reached="elder", well="well")
    due.does("why_missed", reason="no_worker", new_date="2026-08-11")
    goes(due)
    due.does("visit_form", **record())
    due.does("elder_confirm", satisfaction="good")
    with db.reading() as session:
        week = next(each for each in visits.obligations_of(session, due.elder.id) if each.starts_on == date(2026, 8, 3))
    assert (week.state, week.missed_reason) == ("made_up", "no_worker")


def test_two_missed_weeks_go_to_the_district(due: Town):
    due.waits(days=7)
    planner.plan(date(2026, 8, 10), 1)
    due.waits(days=7)

    assert due.open()["twice_missed"].role == "district_desk"


def test_an_elder_who_leaves_owes_nothing_more(due: Town):
    due.message("elder.exited", str(due.elder.id))

    assert obligation(due).state == "cancelled"
    assert due.elements() == set()
    assert due.live() == []


def test_a_raised_tier_is_planned_anew_at_once(town: Town):
    town.elder_is(tier="general")
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    assert obligation(town).period == "month"
    town.elder_is(tier="high")

    town.message("tier.raised", str(town.elder.id), tier="high")

    row = obligation(town)
    assert (row.period, row.ends_on, row.tier) == ("week", date(2026, 8, 9), "high")
    assert "accept_or_swap" in town.elements()


def is_visited(town: Town) -> None:
    goes(town)
    town.does("visit_form", **record())
    town.does("elder_confirm", satisfaction="good")
    town.does("village_check", way="phone", answer="ok")


def periods_of(town: Town) -> list[tuple[str, str, str, str]]:
    with db.reading() as session:
        found = visits.obligations_of(session, town.elder.id)
        return [(each.period, f"{each.starts_on:%m%d}", f"{each.ends_on:%m%d}", each.state) for each in reversed(found)]


def test_a_tier_raised_after_the_months_visit_owes_the_running_week_and_each_further_one(town: Town):
    town.elder_is(tier="general")
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    is_visited(town)
    town.waits(days=16)  # Wednesday 19 August
    town.elder_is(tier="high")

    town.message("tier.raised", str(town.elder.id), tier="high")

    assert periods_of(town) == [("month", "0801", "0816", "fulfilled"), ("week", "0817", "0823", "open")]
    assert "accept_or_swap" in town.elements()
    planner.plan(date(2026, 8, 24), 1)
    assert periods_of(town)[-1] == ("week", "0824", "0830", "open")


def test_a_tier_raised_in_the_week_of_the_months_visit_owes_the_next_week(town: Town):
    town.elder_is(tier="general")
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    is_visited(town)
    town.elder_is(tier="high")

    town.message("tier.raised", str(town.elder.id), tier="high")

    assert periods_of(town) == [("week", "0801", "0809", "fulfilled")]
    assert "accept_or_swap" not in town.elements()
    planner.plan(date(2026, 8, 10), 1)
    assert periods_of(town)[-1] == ("week", "0810", "0816", "open")


def test_a_tier_raised_while_the_village_checks_an_older_visit_asks_for_one_in_the_running_week(town: Town):
    town.elder_is(tier="general")
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    goes(town)
    town.does("visit_form", **record())
    town.does("elder_confirm", satisfaction="good")
    town.waits(days=16)
    assert "village_check" in town.elements()
    town.elder_is(tier="high")

    town.message("tier.raised", str(town.elder.id), tier="high")
    town.waits(days=2)

    assert "accept_or_swap" in town.elements()
    assert obligation(town).state == "open"


def test_a_long_absence_turns_the_visit_to_the_telephone(due: Town):
    with jobs.transaction() as session:
        elder = session.merge(due.elder)
        absences.register(session, elder, "travel", clock.now() + timedelta(days=20))

    due.message("elder.absent", str(due.elder.id))

    assert obligation(due).mode == "phone"


def test_a_visit_that_a_manager_orders(town: Town):
    town.message("visit.ordered", str(town.elder.id), kind="targeted")

    assert town.open()["accept_or_swap"].assignee_id == town.staff["visitor"]
    assert "visit_ordered" in town.live()


def test_a_registered_elder_is_visited_in_the_running_period(town: Town):
    town.message("elder.registered", str(town.elder.id))

    assert obligation(town).starts_on == date(2026, 8, 3)
    assert "accept_or_swap" in town.elements()


def test_planning_twice_plans_nothing_twice(due: Town):
    again = planner.plan(date(2026, 8, 3), 7)

    assert (again.periods, again.before) == (0, 1)


def is_visited_otherwise(town: Town, **record_says: Any) -> None:
    """A manager orders a visit beside the planned one, and it is made; the planned one is left alone."""
    planned = town.open()["accept_or_swap"].id if "accept_or_swap" in town.elements() else None
    town.message("visit.ordered", str(town.elder.id), kind="targeted")
    for element, answers in (
        ("accept_or_swap", {"by": "visitor"}),
        ("go", say.arrived(mode="phone", by=None)),
        ("visit_form", record(kind="targeted", **record_says)),
        ("elder_confirm", {"satisfaction": "good"}),
    ):
        with db.reading() as session:
            rows = tasks.find(session, filters=tasks.Filters(), limit=200).rows
        (row,) = (each for each in rows if each.element_id == element and is_ordered(each))
        assert row.id != planned
        with jobs.transaction() as session:
            run.complete_task(session, row.id, answers, town.doer(row))
        jobs.drain()


def is_ordered(row: TaskRow) -> bool:
    with db.reading() as session:
        return row.instance_id is not None and instances.get(session, row.instance_id).process_id == "visit_ordered"


def of_the_period(town: Town) -> list[TaskRow]:
    """Open tasks of the elder's visit period."""
    with db.reading() as session:
        rows = tasks.find(session, filters=tasks.Filters(), limit=200).rows
        return [
            each for each in rows if each.instance_id == visits.obligations_of(session, town.elder.id)[0].instance_id
        ]


def told(row: TaskRow) -> list[str]:
    """What the history of a task's matter tells people, in words."""
    app = create_app({"TESTING": True})
    with app.test_request_context(), db.reading() as session:
        assert row.instance_id is not None
        return [each.title for each in stories.of_rows(session, history.of_instance(session, row.instance_id))]


def test_a_period_that_another_visit_fulfilled_asks_for_no_more_and_says_why(due: Town):
    planned = due.open()["accept_or_swap"]

    is_visited_otherwise(due)

    row = obligation(due)
    assert (row.state, row.done, row.required) == ("fulfilled", 1, 1)
    assert of_the_period(due) == []
    assert "visit_cycle" not in due.live()
    assert "本期已由另一次探访完成，这次不用去" in told(planned)
    with db.reading() as session:
        states = {each.kind: each.state for each in visits.of_elder(session, due.elder.id)}
    assert states == {"regular": "cancelled", "targeted": "done"}
    due.waits(days=8)
    assert obligation(due).state == "fulfilled"  # the end of the week asks nobody why
    assert not {"why_missed", "same_day_check"} & due.elements()


def test_whoever_holds_a_visit_that_is_not_needed_any_more_hears_of_it(due: Town):
    due.does("accept_or_swap", by="visitor_b", reason="出差")

    is_visited_otherwise(due)

    assert [each["person"] for each in due.sent("visit_made_otherwise")] == [due.staff["visitor_b"]]


def test_a_visit_that_somebody_has_begun_is_made_although_another_fulfilled_the_period(due: Town):
    goes(due, mode="home", by="qr")
    begun = due.open()["visit_form"]

    is_visited_otherwise(due)

    assert [each.id for each in of_the_period(due)] == [begun.id]
    assert due.sent("visit_made_otherwise") == []
    with jobs.transaction() as session:
        run.complete_task(session, begun.id, record(), due.staff["visitor"])
    jobs.drain()
    due.does("elder_confirm", satisfaction="good")
    assert (obligation(due).state, obligation(due).done) == ("fulfilled", 2)


def test_what_comes_in_for_a_visit_that_is_not_needed_stays_as_a_supplement(due: Town):
    due.does("accept_or_swap", by="visitor")
    planned = due.open()["go"]
    is_visited_otherwise(due)

    with pytest.raises(tasks.TaskNotOpen), jobs.transaction() as session:
        run.complete_task(session, planned.id, say.arrived(mode="phone", by=None), due.staff["visitor"])
    jobs.drain()

    with db.reading() as session:
        assert [each.state for each in submissions.of_task(session, planned.id)] == [submissions.LATE]
    assert due.open()["look_at_supplement"].role == "village_desk"


def test_of_two_visits_the_second_is_not_planned_for_anybody_once_another_was_made(town: Town):
    with jobs.transaction() as session:
        elder = session.merge(town.elder)
        change = changes.open_change(session, elder, ["bereavement"], "issued-2026-37", None)
        changes.confirm(session, change, True, [])
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    assert obligation(town).required == 2
    goes(town)
    town.does("visit_form", **record())
    town.does("elder_confirm", satisfaction="good")
    town.does("village_check", way="phone", answer="ok")
    assert (of_the_period(town), obligation(town).done) == ([], 1)  # the second is for later in the week

    is_visited_otherwise(town)
    town.waits(days=5)

    assert of_the_period(town) == []
    assert (obligation(town).state, obligation(town).done) == ("fulfilled", 2)


def test_a_record_that_the_village_sends_back_owes_the_period_again(due: Town):
    is_visited_otherwise(due)
    assert of_the_period(due) == []

    due.does("village_check", way="phone", answer="return", what="没见到老人")

    assert (obligation(due).state, obligation(due).done) == ("open", 0)
    assert [each.element_id for each in of_the_period(due)] == ["accept_or_swap"]
    due.does("correct_visit", **record(kind="targeted"))
    assert of_the_period(due) == []
    assert obligation(due).state == "fulfilled"


def test_a_period_that_was_missed_and_is_made_up_by_another_visit_keeps_the_question_why(due: Town):
    due.message("visit.ordered", str(due.elder.id), kind="targeted")
    ordered = next(each for each in due_tasks() if is_ordered(each))
    due.waits(days=7)
    assert obligation(due).state == "missed"
    with jobs.transaction() as session:
        run.complete_task(session, ordered.id, {"by": "visitor"}, due.staff["visitor"])
    jobs.drain()
    due.does("go", **say.arrived(mode="phone", by=None))
    due.does("visit_form", **record())
    due.does("elder_confirm", satisfaction="good")

    assert obligation(due).state == "made_up"
    assert {each.element_id for each in of_the_period(due)} == {"why_missed", "same_day_check"}


def due_tasks() -> list[TaskRow]:
    with db.reading() as session:
        return list(tasks.find(session, filters=tasks.Filters(), limit=200).rows)
