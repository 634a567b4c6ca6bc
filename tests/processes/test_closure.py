"""P18, walked along each way out. Source: draft annex 5; processes P18, 4.9; rulings 9.1, 9.2, 9.29."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from care import cases, changes
from engine import clock, db, jobs, tasks
from tests import builders
from tests.processes import answers as say
from tests.town import Town


def handled_case(town: Town) -> None:
    """An ordinary trouble, solved at the telephone: closure begins."""
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped())


def test_feedback_in_time_begins_the_review(town: Town):
    handled_case(town)
    task = town.open()["feedback_24h"]
    assert task.role == "monitor_desk"
    assert task.due_at == clock.now() + timedelta(hours=24)

    town.does("feedback_24h", **say.feedback())

    review = town.open()["review_3wd"]
    assert review.role == "village_desk"
    assert review.due_at == datetime(2026, 8, 6, 15, 59, 59, tzinfo=UTC)  # end of Thursday, Monday not counted
    assert not town.case().feedback_late


def test_the_ladder_of_a_feedback_that_does_not_come(town: Town):
    handled_case(town)

    town.waits(hours=12)
    assert [each["role"] for each in town.sent("feedback_12h")] == ["monitor_desk"]
    town.waits(hours=8)
    assert [each["role"] for each in town.sent("feedback_20h")] == ["township_desk"]
    assert "review_3wd" not in town.elements()
    town.waits(hours=4)
    assert town.open()["feedback_24h"].state == tasks.OPEN
    assert town.case().feedback_late
    assert "desk_feedback_24h" in town.case_notes()
    assert "review_3wd" in town.elements()  # the review waits for nobody
    town.waits(hours=12)
    assert town.open()["feedback_36h"].role == "city_desk"


def test_a_late_feedback_and_the_review_meet_before_the_archive(town: Town):
    handled_case(town)
    town.waits(hours=25)

    town.does("review_3wd", **say.review())
    assert "check_file" not in town.elements()
    town.does("feedback_24h", **say.feedback())

    assert "check_file" in town.elements()
    town.does("check_file", **say.case_file())
    case = town.case()
    assert (case.state, case.feedback_late) == ("archived", True)


def test_an_interim_feedback_begins_a_new_24_hours(town: Town):
    handled_case(town)
    town.waits(hours=20)

    town.does("feedback_24h", **say.feedback("in_progress"))

    assert town.open()["feedback_24h"].due_at == clock.now() + timedelta(hours=24)
    town.does("feedback_24h", **say.feedback())
    assert "review_3wd" in town.elements()
    assert not town.case().feedback_late


def test_while_the_rescue_runs_the_feedback_is_interim_once_a_day(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.urgent("missing"))
    town.does("family_comes", **say.family())
    town.does("call_missing_110", **say.called("110"))

    town.waits(hours=20)
    assert town.open()["give_interim_feedback"].due_at == clock.now() + timedelta(hours=4)
    town.does("give_interim_feedback", **say.feedback("in_progress"))
    assert "give_interim_feedback" not in town.elements()
    town.waits(hours=20)
    assert "give_interim_feedback" in town.elements()
    town.does("search_team", **say.found())

    assert "give_interim_feedback" not in town.elements()
    assert "feedback_24h" in town.elements()
    assert not town.case().feedback_late


def test_a_late_interim_feedback_goes_to_district_and_city(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.urgent("missing"))

    town.waits(hours=24)
    assert "desk_feedback_24h" in town.case_notes()
    town.waits(hours=12)
    assert "desk_feedback_36h" in town.case_notes()


def test_a_late_interim_feedback_does_not_pass_for_a_begun_review(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.urgent("missing"))
    town.does("family_comes", **say.family())
    town.does("call_missing_110", **say.called("110"))
    town.waits(hours=25)
    town.does("give_interim_feedback", **say.feedback("in_progress"))
    town.does("search_team", **say.found())

    town.does("feedback_24h", **say.feedback())

    assert "review_3wd" in town.elements()
    assert town.case().feedback_late


def test_who_handled_it_may_not_review_it(town: Town):
    _second_in_the_village(town)
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped("not_solved"))
    town.does("family_first", **say.helped("not_solved"))
    town.does("community_help", person=town.staff["village_desk"], **say.helped())
    town.does("feedback_24h", **say.feedback())

    assert town.open()["review_3wd"].role == "village_desk"
    with pytest.raises(tasks.SamePerson):
        town.does("review_3wd", person=town.staff["village_desk"], **say.review())


def test_where_the_village_has_nobody_else_the_township_sends_one(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped("not_solved"))
    town.does("family_first", **say.helped("not_solved"))
    town.does("community_help", **say.helped())
    town.does("feedback_24h", **say.feedback())

    assert town.open()["review_3wd"].role == "township_desk"


def test_a_late_review_goes_to_the_township_and_a_day_later_to_the_district(town: Town):
    handled_case(town)
    town.does("feedback_24h", **say.feedback())

    town.waits(days=3)  # Thursday 09:00: three mornings have reminded
    assert len(town.sent("review_due")) == 3
    town.waits(hours=15)
    assert town.open()["review_late"].role == "township_desk"
    town.waits(days=1)
    assert town.case_notes().count("desk_review_late") == 2


def test_a_review_at_the_hospital_is_repeated_at_home(town: Town):
    handled_case(town)
    town.does("feedback_24h", **say.feedback())

    town.does("review_3wd", **say.review(where="hospital"))

    assert {"check_file", "review_again"} <= town.elements()


def test_the_first_second_and_third_re_opening(town: Town):
    handled_case(town)
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review("no"))
    assert town.elements() == {"simple_help"}

    _again(town)
    assert town.open()["lead_case"].role == "district_desk"
    town.does("lead_case", lead="district", plan="换线路")
    assert town.case().round == 3

    _again(town)
    assert town.open()["coordinate"].role == "district_desk"
    town.does("coordinate", lead="joint", plan="会商", dispatch=True)
    assert (town.case().round, town.elements()) == (4, {"simple_help"})


def test_a_new_round_has_its_own_clock(town: Town):
    handled_case(town)
    town.waits(hours=5)
    town.does("feedback_24h", **say.feedback())
    town.waits(hours=5)
    town.does("review_3wd", **say.review("no"))
    reopened_at = clock.now()
    town.waits(hours=1)

    town.does("simple_help", **say.helped())

    assert town.open()["feedback_24h"].due_at == reopened_at + timedelta(hours=24)


def test_an_urgent_archive_that_the_township_returns_is_checked_again(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.urgent("dispute"))
    town.does("family_comes", **say.family())
    town.does("judge_danger", kind="dispute", danger=False)
    town.does("joint_desk", **say.mediation())
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review())
    town.does("check_file", **say.case_file())

    town.does("approve_archive", answer="return", note="缺照片")
    assert town.elements() >= {"check_file"}
    town.does("check_file", **say.case_file())
    town.does("approve_archive", answer="yes")

    assert town.case().locked


def archived(town: Town) -> None:
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review())
    town.does("check_file", **say.case_file())
    if "approve_archive" in town.elements():
        town.does("approve_archive", answer="yes")
    assert town.case().locked


@pytest.mark.parametrize("under_way", [False, True])
def test_an_archived_urgent_case_is_a_major_change_and_the_tier_is_reviewed(town: Town, under_way: bool):
    """P10 if not already, P33. Source: processes P18 T3, 4.8."""
    if under_way:
        town.message("major_change.reported", str(town.elder.id), kind="bereavement")
    town.device_sends("sos")
    town.does("call_elder", **say.urgent("dispute"))
    town.does("family_comes", **say.family())
    town.does("judge_danger", kind="dispute", danger=False)
    town.does("joint_desk", **say.mediation())
    archived(town)

    assert {"confirm_change", "review_facts"} <= town.elements()
    with db.reading() as session:
        kinds = [each.kinds for each in changes.of_elder(session, town.elder.id)]
    assert kinds == ([["bereavement"]] if under_way else [["emergency"]])


def test_an_archived_ordinary_case_has_the_tier_reviewed_only(town: Town):
    handled_case(town)
    archived(town)

    assert town.elements() == {"review_facts"}


def test_the_township_opens_an_archived_case_again(town: Town):
    handled_case(town)
    archived(town)

    with jobs.transaction() as session:
        case = cases.get(session, town.case().id)
        cases.reopen_archived(session, case, town.staff["township_desk"], "家属来电：又停电")
    jobs.drain()

    assert (town.case().state, town.case().round) == ("open", 2)
    assert "report_community" in town.elements()
    with db.reading() as session:
        assert [each.resolved for each in cases.rounds(session, town.case().id)] == [True, None]


def _again(town: Town) -> None:
    """Once more handled, fed back, reviewed and not resolved."""
    town.does("simple_help", **say.helped())
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review("no"))


def _second_in_the_village(town: Town) -> None:
    with jobs.transaction() as session:
        village = session.merge(town.city.village)
        builders.a_worker(session, "village_desk", village)
