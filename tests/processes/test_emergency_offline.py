"""P16, walked along each way out. Source: draft annex 5 part two; processes P16, 4.9."""

from __future__ import annotations

from typing import Any

from care import cases
from engine import db, incoming, jobs
from tests.processes import answers as say
from tests.town import Town


def report(town: Town, *kinds: str, danger: bool = False, **more: Any) -> None:
    chosen = list(kinds or ("illness",))
    town.message(
        "emergency.offline",
        f"{town.elder.id}:{chosen[0]}",
        kind=chosen[0],
        kinds=chosen,
        danger=danger,
        channel="neighbour",
        **more,
    )


def test_the_village_and_the_family_hear_at_once(town: Town):
    report(town)

    opened = town.open()
    assert set(opened) == {"report_community", "notify_family"}
    assert opened["report_community"].role == "village_desk"
    assert town.case().level == "urgent"
    assert town.sent("first_contact")


def test_once_acknowledged_first_aid_and_rescue_begin(town: Town):
    report(town)
    town.does("report_community", **say.taken())

    assert {"onsite_first_aid", "call_120", "escort", "doctor_informs"} <= town.elements()


def test_danger_to_life_waits_for_nobody(town: Town):
    report(town, danger=True)

    assert {"report_community", "onsite_first_aid", "call_120"} <= town.elements()
    town.does("report_community", **say.taken())
    assert "onsite_first_aid" in town.elements()


def test_not_acknowledged_in_10_and_20_minutes_township_then_district(town: Town):
    report(town)

    town.waits(minutes=10)
    assert town.open()["report_unacknowledged"].role == "township_desk"
    town.waits(minutes=10)
    assert "report_community" not in town.elements()
    assert town.open()["district_takes_over"].role == "district_emergency"
    town.does("district_takes_over", **say.taken())
    assert "onsite_first_aid" in town.elements()


def test_a_family_that_refuses_is_noted_for_the_duty_of_support(town: Town):
    report(town)

    town.does("notify_family", **say.family("refuses"))

    assert "duty.suspected" in town.messages()
    assert "supporter_duty" in town.live() and "verify" in town.elements()


def test_the_same_emergency_again_joins_the_open_case(town: Town):
    report(town)
    report(town)

    assert sum(each == "emergency_offline" for each in town.live()) == 1
    town.message("emergency.offline", "another-key", kind="illness", kinds=["illness"], danger=False, channel="family")
    assert town.case().repeats >= 1
    assert sum(element == "report_community" for element in town.elements()) == 1


def test_several_kinds_bring_several_rescues(town: Town):
    report(town, "illness", "dispute")
    town.does("report_community", **say.taken())

    assert {"call_120", "judge_danger"} <= town.elements()
    assert town.case().restricted


def test_the_whole_way_to_the_archive(town: Town):
    report(town, "fire")
    town.does("report_community", **say.taken())
    town.does("notify_family", **say.family())
    for element in ("onsite_first_aid", "property", "family_community"):
        town.does(element, **say.on_scene())
    town.does("call_119", **say.called("119"))
    town.does("fire_result", **say.fire())
    assert town.elements() == {"feedback_24h"}
    assert town.open()["feedback_24h"].role == "township_desk"
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review())
    town.does("check_file", **say.case_file())
    town.does("approve_archive", answer="yes")

    assert town.case().state == "archived"
    assert town.live() == ["major_change", "reassessment", "satisfaction"]  # P10 and P33, P23 three days later


def test_not_resolved_brings_the_scene_again(town: Town):
    report(town, "fire")
    town.does("report_community", **say.taken())
    town.does("notify_family", **say.family())
    for element in ("onsite_first_aid", "property", "family_community"):
        town.does(element, **say.on_scene())
    town.does("call_119", **say.called("119"))
    town.does("fire_result", **say.fire())
    town.does("feedback_24h", **say.feedback())

    town.does("review_3wd", **say.review("no"))

    assert "onsite_first_aid" in town.elements()
    assert town.case().round == 2


def test_somebody_unknown_at_a_place_is_helped_too(town: Town):
    with jobs.transaction() as session:
        payload = {"elder_id": None, "kind": "fall", "kinds": ["fall"], "danger": True, "channel": "courier",
                   "place": "公园南门长椅", "report": "老人摔倒", "reported_by": None}  # fmt: skip
        incoming.message(session, "emergency.offline", "place:1", payload, lane="alarm")
    jobs.drain()

    assert {"report_community", "onsite_first_aid", "call_120"} <= town.elements()
    town.does("report_community", **say.taken())
    town.does("notify_family", **say.family("no_answer"))
    town.does("onsite_first_aid", **say.on_scene())
    town.does("call_120", **say.called("120"))
    town.does("escort", **say.escort())
    town.does("hospital_result", **say.hospital("admitted"))
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", person=town.staff["city_desk"], **say.review())
    town.does("check_file", **say.case_file())
    town.does("approve_archive", answer="yes")
    with db.reading() as session:
        (case,) = cases.in_unit(session, "/")
        assert (case.elder_id, case.place, case.report, case.state) == (None, "公园南门长椅", "老人摔倒", "archived")
