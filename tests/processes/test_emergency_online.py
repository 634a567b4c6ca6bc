"""P15, walked along each way out. Source: draft annex 5 part one; processes P15, 4.9, 4.10."""

from __future__ import annotations

from datetime import timedelta

from engine import clock
from tests.processes import answers as say
from tests.town import Town

FOUR = {"call_elder", "call_family", "ask_visitor", "grid_worker_check"}


def test_an_urgent_alarm_opens_the_four_tasks_at_once(town: Town):
    recorded = town.device_sends("sos")

    assert recorded.answer == "accepted"
    assert recorded.case == town.case().id
    opened = town.open()
    assert set(opened) == FOUR
    assert opened["ask_visitor"].assignee_id == town.staff["visitor"]
    assert opened["grid_worker_check"].assignee_id == town.staff["grid_worker"]
    minutes = {name: (row.due_at - clock.now()) / timedelta(minutes=1) for name, row in opened.items()}
    assert minutes == {"call_elder": 3, "call_family": 5, "ask_visitor": 5, "grid_worker_check": 15}
    assert [each["to"] for each in town.sent("first_contact")] == [f"137{town.elder.id:08d}"]


def test_the_first_result_that_settles_the_level_ends_the_other_tasks(town: Town):
    town.device_sends("sos")

    town.does("call_family", **say.nobody())
    assert town.elements() == FOUR - {"call_family"}

    town.does("call_elder", **say.general())
    assert town.elements() == {"simple_help"}
    assert town.case().level == "general"


def test_a_false_alarm_is_closed_without_a_review(town: Town):
    town.device_sends("sos")

    town.does("call_elder", **say.mistaken())
    assert town.elements() == {"record_false_alarm"}
    town.does("record_false_alarm", cause="pressed", told=["elder"])

    assert town.case().state == "false_alarm"
    assert town.elements() == set()
    assert town.live() == []


def test_an_ordinary_trouble_goes_from_the_elder_to_family_to_the_village(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.general())

    town.does("simple_help", **say.helped("not_solved"))
    assert town.elements() == {"family_first"}
    town.does("family_first", **say.helped("not_solved"))
    assert town.elements() == {"community_help"}
    town.does("community_help", **say.helped())

    assert town.elements() == {"feedback_24h"}
    assert town.case().stage == "handled"


def test_an_ordinary_trouble_may_turn_urgent(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.general())

    town.does("simple_help", **say.helped("urgent"))

    assert "family_comes" in town.elements()
    assert "ask_type" in town.elements() or "call_120" in town.elements()


def test_an_urgent_case_gets_every_rescue_that_its_kinds_need(town: Town):
    town.device_sends("sos")

    town.does("call_elder", **say.urgent("illness", "gas"))

    assert {"family_comes", "call_120", "escort", "doctor_informs", "call_119", "property"} <= town.elements()
    assert "call_110" not in town.elements()


def test_a_kind_that_the_table_does_not_know_is_asked_for(town: Town):
    town.device_sends("sos")

    town.does("call_elder", **say.urgent("unknown"))
    assert {"family_comes", "ask_type"} == town.elements()
    town.does("ask_type", branches=["dispute"])

    assert "judge_danger" in town.elements()
    assert town.case().restricted


def test_an_unclear_alarm_goes_round_one_after_another(town: Town):
    town.device_sends("door", device=town.another_device("door"))

    assert town.elements() == {"contact_elder"}
    town.does("contact_elder", **say.nobody())
    assert town.elements() == {"contact_family"}
    town.waits(minutes=5)
    assert town.elements() == {"contact_visitor"}
    town.does("contact_visitor", **say.nobody())
    assert town.elements() == {"grid_worker_check"}
    town.does("grid_worker_check", **say.general())
    assert town.elements() == {"simple_help"}


def test_nobody_acts_for_two_minutes_and_the_shift_leader_is_called(town: Town):
    town.device_sends("door", device=town.another_device("door"))

    town.waits(minutes=2)
    assert "desk_idle" in town.elements()
    town.waits(minutes=1)
    assert "contact_family" in town.elements()
    assert "contact_elder" not in town.elements()


def test_the_shift_leader_is_left_alone_when_somebody_took_the_call(town: Town):
    town.device_sends("door", device=town.another_device("door"))

    town.takes("contact_elder")
    town.waits(minutes=2)

    assert town.elements() == {"contact_elder"}


def test_a_silent_elder_of_the_high_tier_turns_urgent(town: Town):
    town.device_sends("inactivity")

    assert town.elements() == {"contact_elder"}
    town.waits(minutes=3)

    assert town.elements() >= FOUR


def test_a_device_that_loses_power_is_checked_as_a_device(town: Town):
    town.device_sends("power_loss")

    assert town.elements() == {"check_device"}
    assert town.open()["check_device"].assignee_id == town.staff["visitor"]


def test_power_loss_of_an_elder_who_depends_on_it_is_an_emergency(town: Town):
    town.elder_is(depends_on_power=True)

    town.device_sends("power_loss")

    assert town.elements() >= FOUR


def test_a_later_alarm_of_the_same_kind_joins_the_case(town: Town):
    first = town.device_sends("sos")

    again = town.device_sends("sos")

    assert again.case == first.case
    assert town.case().repeats == 1
    assert town.elements() == FOUR


def test_another_kind_of_alarm_is_another_case(town: Town):
    first = town.device_sends("sos")

    other = town.device_sends("fall")

    assert other.case != first.case


def test_the_whole_way_from_the_button_to_the_archive(town: Town):
    town.device_sends("sos")
    town.does("ask_visitor", **say.urgent("fall"))
    town.does("family_comes", **say.family())
    town.does("call_120", **say.called("120"))
    town.does("escort", **say.escort())
    town.does("hospital_result", **say.hospital("home"))
    assert town.case().stage == "handled"
    town.does("feedback_24h", **say.feedback())
    town.does("review_3wd", **say.review())
    town.does("check_file", **say.case_file())
    town.does("approve_archive", answer="yes")

    case = town.case()
    assert (case.state, case.locked, case.round) == ("archived", True, 1)
    assert case.stage == "reviewed"
    assert "case.archived" in town.messages()
    assert "emergency_online" not in town.live()


def test_a_case_that_is_not_resolved_is_handled_again(town: Town):
    town.device_sends("sos")
    town.does("call_elder", **say.general())
    town.does("simple_help", **say.helped())
    town.does("feedback_24h", **say.feedback())
    before = town.case().clock_from
    town.waits(hours=2)

    town.does("review_3wd", **say.review("no"))

    assert town.elements() == {"simple_help"}
    assert town.case().round == 2
    assert town.case().clock_from > before


def test_a_contact_in_vain_on_three_days_has_to_be_replaced(town: Town):
    for _ in range(3):
        town.device_sends("sos")
        town.does("call_family", **say.nobody())
        town.does("call_elder", **say.mistaken())
        town.does("record_false_alarm", cause="pressed", told=["elder"])
        town.waits(days=1)

    assert "contact.unreachable" in town.messages()
    assert "list_supporters" in town.elements(), "contacts are determined anew"
