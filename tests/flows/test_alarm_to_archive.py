"""Flow i: from the device to the archive, in the words of the trade. Source: house style A4; issue points 1 and 2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from care import people
from engine import clock, db, definitions, jobs, tasks
from tests import builders
from tests.processes import answers as say
from tests.town import Town, shipped

FOUR = {"call_elder", "call_family", "ask_visitor", "grid_worker_check"}


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    return Town()


def test_the_same_sos_sent_ten_times_opens_one_case(town: Town):
    answers = [town.device_sends("sos", event_id="press-1") for _ in range(10)]

    assert [each.answer for each in answers] == ["accepted"] + ["duplicate"] * 9
    assert {each.case for each in answers} == {town.case().id}
    assert town.case().repeats == 0
    assert town.elements() == FOUR


def test_the_four_tasks_are_in_the_right_worklists(town: Town):
    town.device_sends("sos")

    assert _worklist(town, "monitor_desk") == {"call_elder", "call_family"}
    assert _worklist(town, "visitor") == {"ask_visitor"}
    assert _worklist(town, "grid_worker") == {"grid_worker_check"}


def test_a_type_that_nobody_foresaw_is_handled_as_urgent(town: Town):
    town.device_sends("earthquake")

    assert town.elements() == FOUR


def test_an_sos_of_an_unknown_device_reaches_a_person(town: Town):
    recorded = town.device_sends("sos", device="nobody-knows")

    assert (recorded.answer, recorded.case) == ("held", None)
    assert town.elements() == {"unverified_call"}
    assert _worklist(town, "monitor_desk") == {"unverified_call"}


def test_with_the_emergency_diagram_broken_the_desk_still_calls(town: Town):
    _break_the_emergency_diagram()

    town.device_sends("sos")

    assert "call_this_person" in town.elements()
    assert town.case().state == "open"
    assert any("emergency_online" in each for each in town.incidents())


def test_an_alarm_that_its_diagram_ends_without_handling_still_reaches_the_desk(town: Town):
    _break_the_emergency_diagram(b'value="alarm_id"/>', b'value="null"/>')

    town.device_sends("sos")
    assert town.elements() == set()
    town.waits(minutes=1)
    assert town.elements() == {"call_this_person"}

    town.does("call_this_person", **say.nobody())
    town.device_sends("sos")
    town.waits(minutes=1)
    assert town.elements() == {"call_this_person"}

    town.does("call_this_person", **say.nobody())
    town.waits(hours=25)
    assert town.elements() == {"call_this_person"}


def test_a_desk_that_is_called_into_an_emergency_has_ten_minutes(town: Town):
    town.device_sends("sos")
    town.waits(minutes=2)

    called = town.open()["desk_idle"]

    assert called.role == "monitor_lead"
    assert called.due_at == called.created_at + timedelta(minutes=10)


def test_a_case_in_hand_is_left_alone_by_the_watch(town: Town):
    town.device_sends("sos")

    town.waits(minutes=1)

    assert town.elements() == FOUR


def test_without_any_diagram_the_desk_still_calls(database: db.Database, monday: datetime):
    town = Town(deployed=False)

    town.device_sends("sos")

    assert town.elements() == {"call_this_person"}


def test_b_stands_in_for_an_absent_a(town: Town):
    with jobs.transaction() as session:
        people.away(session, town.staff["visitor"], clock.now() - timedelta(hours=1), clock.now() + timedelta(days=2))

    town.device_sends("sos")

    task = town.open()["ask_visitor"]
    assert (task.assignee_id, task.why) == (town.staff["visitor_b"], "stands_in_for_a")


def test_nobody_reached_and_the_cascade_runs_in_time(town: Town):
    begun = clock.now()
    town.device_sends("door", device=town.another_device("door"))

    seen: dict[str, float] = {}
    for minute in range(50):
        for element in town.elements():
            seen.setdefault(element, minute)
        town.waits(minutes=1)

    assert {name: seen[name] for name in ("contact_elder", "desk_idle", "contact_family", "contact_visitor")} == {
        "contact_elder": 0,
        "desk_idle": 2,
        "contact_family": 3,
        "contact_visitor": 8,
    }
    assert (seen["grid_worker_check"], seen["village_backup"], seen["not_arrived"], seen["call_110"]) == (
        13,
        18,
        28,
        30,
    )
    assert clock.now() - begun == timedelta(minutes=50)
    assert town.incidents() == []


def test_a_review_over_a_weekend(town: Town):
    town.waits(days=3)  # Thursday 6 August
    _handled(town)
    town.does("feedback_24h", **say.feedback())

    due = town.open()["review_3wd"].due_at
    assert due == datetime(2026, 8, 11, 15, 59, 59, tzinfo=UTC)  # Friday, Monday, Tuesday


def test_a_review_over_a_working_sunday(database: db.Database):
    with clock.frozen(datetime(2026, 9, 17, 1, 0, tzinfo=UTC)):  # Thursday; Sunday 20 September is a 调休 working day
        town = Town()
        _handled(town)
        town.does("feedback_24h", **say.feedback())

        due = town.open()["review_3wd"].due_at
    assert due == datetime(2026, 9, 21, 15, 59, 59, tzinfo=UTC)  # Friday, working Sunday, Monday


def test_a_review_over_the_working_saturday_after_the_national_holiday(database: db.Database):
    with clock.frozen(datetime(2026, 10, 8, 1, 0, tzinfo=UTC)):  # Thursday; Saturday 10 October is a working day
        town = Town()
        _handled(town)
        town.does("feedback_24h", **say.feedback())

        due = town.open()["review_3wd"].due_at
    assert due == datetime(2026, 10, 12, 15, 59, 59, tzinfo=UTC)  # Friday, working Saturday, Monday


def test_not_resolved_then_resolved_and_the_archive_is_locked(town: Town):
    _handled(town)
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review("no"))
    assert town.case().round == 2
    town.does("simple_help", **say.helped())
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review())
    town.does("check_file", **say.case_file())

    case = town.case()
    assert (case.state, case.locked, case.round) == ("archived", True, 2)
    assert town.live() == ["reassessment", "satisfaction"]  # the tier is reviewed; asked three days later
    assert town.elements() == {"review_facts"}


def test_twenty_devices_without_power_are_one_district_incident(town: Town):
    numbers = _neighbours(town, 20)

    for number in numbers:
        town.device_sends("offline", device=number)

    assert "district_incident" in town.elements()
    town.device_sends("sos")
    assert town.elements() >= FOUR


def _worklist(town: Town, role: str) -> set[str]:
    with db.reading() as session:
        person = people.person(session, town.staff[role])
        assert person is not None
        page = tasks.worklist(session, person.worklist_posts, person.id)
    return {row.element_id for row in page.rows}


def _handled(town: Town) -> None:
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped())


SOUND = b'id="case_id" type="any" value="case.case_id"'


def _break_the_emergency_diagram(sound: bytes = SOUND, broken: bytes = b'id="case_id" type="any" value="-1"') -> None:
    """Deploy a version of the online emergency that asks about a case which nobody has: it fails at every start."""
    files, forms = shipped()
    path = "emergency_online/emergency_online.bpmn"
    changed = files[path].replace(sound, broken)
    assert changed != files[path]
    with jobs.transaction() as session:
        definitions.deploy(session, {**files, path: changed}, None, forms)


def _neighbours(town: Town, how_many: int) -> list[str]:
    numbers = []
    with jobs.transaction() as session:
        for _ in range(how_many):
            elder = builders.an_elder(session, town.city)
            numbers.append(builders.a_device(session, elder, kind="gateway").number)
    return numbers
