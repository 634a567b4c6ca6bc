"""Messages, errors, escalations and signals: what wakes, where it goes, and what it leaves running."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.spiff import ErrorNotCaught
from tests.engine.drawing import Drawing, members
from tests.engine.played import Play, RecordingHost, later, refuse, watched


def test_a_repeating_message_on_a_boundary_makes_a_path_each_time():
    play = Play(watched(False, message="need.raised", variable="need"))

    for number in range(4):
        assert play.deliver("event", number=number)

    assert [each.data["need"]["number"] for each in play.live.open_tasks if each.element_id == "other"] == [0, 1, 2, 3]
    assert sorted(play.complete("ask").open()) == ["after", "other", "other", "other", "other"]
    assert [each.kind for each in play.live.waits] == []


def gateway() -> Drawing:
    drawing = Drawing().gateway("first", "either").user("a").user("b").user("c")
    drawing.catch("long", after="PT24H").catch("short", after="PT2H").catch(
        "word", key="elder", message="elder.answered"
    )
    drawing.path("start", "either", "long", "a", "end").path("either", "short", "b", "end")
    return drawing.path("either", "word", "c", "end")


def test_the_earliest_of_two_timers_behind_a_gateway_wins(monday):
    play = Play(gateway(), data={"elder": 7})

    assert play.due() == {"long": monday + timedelta(hours=24), "short": monday + timedelta(hours=2)}
    later(hours=30)
    play.fire()

    assert play.open() == ["b"]
    assert play.live.waits == []


def test_a_message_behind_a_gateway_wins_before_its_timers(monday):
    play = Play(gateway(), data={"elder": 7})

    wait = play.wait("word")
    assert (wait.kind, wait.name, wait.key, wait.number) == ("message", "elder.answered", "7", 2)
    assert play.deliver("word", text="fine")

    assert play.open() == ["c"]
    assert play.data["word"] == {"text": "fine"}
    later(hours=30)
    assert play.fire() == 0


@pytest.mark.parametrize(("elder", "key"), [(7, "7"), (7.0, "7"), (7.5, "7.5"), ("7", "7"), (True, "true")])
def test_the_key_of_a_message_is_written_as_the_expression_language_writes_it(elder, key):
    assert Play(gateway(), data={"elder": elder}).wait("word").key == key


def test_a_whole_number_with_a_point_counts_members():
    play = Play(Drawing().user("ask", members(cardinality="n")).path("start", "ask", "end"), data={"n": 3.0})

    assert play.open() == ["ask"] * 3
    assert play.data["n"] == 3


def test_a_message_for_nobody_is_not_taken():
    play = Play(gateway(), data={"elder": 7})
    wait = play.wait("word")
    play.deliver("word")

    assert not play.live.deliver(wait.task_id, {}, wait.number)


def test_a_message_is_thrown_with_payload_and_key():
    drawing = Drawing().throw("tell", key="case.id", message="need.raised", payload="{level: case.level, at: 1 + 1}")
    drawing.throw("plain", message="visit.closed").path("start", "tell", "plain", "end")

    play = Play(drawing, data={"case": {"id": 7, "level": "urgent"}})

    assert play.thrown == [("need.raised", "7", {"level": "urgent", "at": 2}), ("visit.closed", None, {})]
    assert play.ended


def test_send_and_receive_tasks_are_messages_too():
    drawing = Drawing()
    drawing.node("sendTask", "send", drawing.event(message="asked"))
    drawing.node("receiveTask", "receive", drawing.event(message="answered", variable="answer"))
    play = Play(drawing.path("start", "send", "receive", "end"))

    assert play.thrown == [("asked", None, {})]
    assert play.deliver("receive", ok=True)
    assert play.data["answer"] == {"ok": True}


def test_a_message_start_event_makes_its_payload_the_data():
    drawing = Drawing().start("by_hand").start("by_alarm", message="alarm.raised").user("a").user("b")
    drawing.path("by_hand", "a", "end").path("by_alarm", "b", "end")

    by_alarm = Play(drawing, data={"alarm_id": 3}, message="alarm.raised")
    by_hand = Play(drawing)

    assert by_alarm.open() == ["b"]
    assert by_alarm.data == {"alarm_id": 3}
    assert by_alarm.bundle.message_starts("p") == {"alarm.raised"}
    assert by_hand.open() == ["a"]
    assert by_hand.complete("a").ended


def failing() -> Drawing:
    drawing = Drawing().gateway("and", "fork").user("handled").user("other_handled").user("any_handled")
    drawing.service("send", "send", wait="true").service("tell", "tell", wait="true")
    for name in ("send", "tell"):
        drawing.boundary(f"{name}_failed", name, error="gateway_down").boundary(f"{name}_slow", name, after="PT1H")
    drawing.boundary("send_any", "send", error="")
    drawing.path("start", "fork", "send", "end").path("fork", "tell", "end_b")
    drawing.path("send_failed", "handled", "end_c").path("tell_failed", "other_handled", "end_d")
    drawing.path("send_any", "any_handled", "end_e").path("send_slow", "end_f").path("tell_slow", "end_g")
    return drawing


def test_an_asynchronous_service_task_asks_and_waits():
    drawing = Drawing().service("send", "sms.send", wait="true", result="sent", to="phone").path("start", "send", "end")
    play = Play(drawing, data={"phone": "1"}, saving=False)

    assert [(each.operation, each.parameters) for each in play.live.requested] == [("sms.send", {"to": "1"})]
    assert [each.kind for each in play.restore().live.waits] == ["job"]
    assert play.finish("send", id=5)
    assert play.ended
    assert play.data["sent"] == {"id": 5}


def test_a_failure_goes_to_its_own_boundary_event_and_not_to_the_neighbour():
    play = Play(failing())

    assert play.fail("send", "gateway_down")

    assert play.open() == ["handled"]
    assert [each.element_id for each in play.live.waits if each.kind == "job"] == ["tell"]
    assert play.data["send_failed"] == {"code": "gateway_down"}


def test_another_code_goes_to_the_event_that_takes_any():
    play = Play(failing())

    assert play.fail("send", "number_wrong")

    assert play.open() == ["any_handled"]


def test_a_code_that_nobody_takes_is_told():
    play = Play(failing())

    with pytest.raises(ErrorNotCaught) as fault:
        play.fail("tell", "number_wrong")

    assert (fault.value.element_id, fault.value.code) == ("tell", "number_wrong")


def test_an_answer_after_the_timeout_is_too_late(monday):
    play = Play(failing())
    job = play.wait("send")
    later(hours=1)

    play.fire()

    assert not play.live.finish(job.task_id, {"id": 1})
    assert not play.live.fail(job.task_id, "gateway_down")
    assert play.ended


def test_an_operation_that_refuses_takes_the_error_path():
    drawing = Drawing().service("open", "cases.open").user("instead").user("after")
    drawing.boundary("refused", "open", error="consent_withdrawn")
    drawing.path("start", "open", "after", "end").path("refused", "instead", "end_b")

    refused = Play(drawing, host=RecordingHost({"cases.open": refuse("consent_withdrawn")}))
    fine = Play(drawing)

    assert refused.open() == ["instead"]
    assert "open" not in refused.data
    assert ("open", "cancelled") in refused.history
    assert fine.open() == ["after"]


def test_an_error_leaves_the_subprocess_it_arose_in_and_no_other():
    drawing = Drawing().gateway("and", "fork").user("a_failed").user("b_failed")
    for name in ("a", "b"):
        with drawing.subprocess(name):
            drawing.user(f"{name}_ask").user(f"{name}_beside").gateway("and", f"{name}_fork")
            drawing.end(f"{name}_error", error="wrong")
            drawing.path(f"start_{name}", f"{name}_fork", f"{name}_ask", f"{name}_error")
            drawing.path(f"{name}_fork", f"{name}_beside", f"end_{name}")
        drawing.boundary(f"{name}_caught", name, error="wrong")
        drawing.path("fork", name, f"end_of_{name}").path(f"{name}_caught", f"{name}_failed", f"end_{name}_failed")
    play = Play(drawing.path("start", "fork"))

    play.complete("a_ask", found=3)

    assert sorted(play.open()) == ["a_failed", "b_ask", "b_beside"]
    assert play.task("a_failed").data["a_ask"] == {"found": 3}
    assert ("a_beside", "cancelled") in play.history


def test_an_error_goes_outwards_until_somebody_takes_it():
    called = Drawing("called").service("work", "work").path("start", "work", "end")
    caller = Drawing("caller").user("handled")
    with caller.subprocess("outer"):
        caller.call("call", "called", members(cardinality="2")).path("start_in", "call", "end_in")
    caller.boundary("caught", "outer", error="wrong").path("start", "outer", "end").path("caught", "handled", "end_b")

    play = Play(caller, called, host=RecordingHost({"work": refuse("wrong")}))

    assert play.open() == ["handled"]


def test_an_escalation_tells_the_outside_and_goes_on():
    drawing = Drawing().user("told")
    with drawing.subprocess("sub"):
        drawing.user("ask").throw("raise", escalation="late").user("rest")
        drawing.path("start_in", "ask", "raise", "rest", "end_in")
    drawing.boundary("raised", "sub", False, escalation="late")
    drawing.path("start", "sub", "end").path("raised", "told", "end_b")

    play = Play(drawing).complete("ask", n=1)

    assert sorted(play.open()) == ["rest", "told"]
    assert play.task("told").data["ask"] == {"n": 1}
    assert play.complete("rest").complete("told").ended


def test_an_escalation_that_nobody_takes_changes_nothing():
    drawing = Drawing().throw("raise", escalation="late").path("start", "raise", "end")

    assert Play(drawing).ended


def test_a_signal_reaches_all_that_wait_for_it():
    drawing = Drawing().gateway("and", "fork").user("a").user("b").user("go").throw("send", signal="all_clear")
    drawing.catch("one", signal="all_clear")
    with drawing.subprocess("sub"):
        drawing.user("inner").boundary("two", "inner", signal="all_clear").path("start_in", "inner", "end_in")
        drawing.path("two", "end_in_b")
    drawing.path("start", "fork", "one", "a", "end").path("fork", "sub", "b", "end_b").path(
        "fork", "go", "send", "end_c"
    )
    play = Play(drawing)

    assert sorted(each.kind for each in play.live.waits) == ["signal", "signal"]
    play.complete("go")

    assert sorted(play.open()) == ["a", "b"]


def test_a_terminate_end_event_ends_everything_and_keeps_what_was_written():
    drawing = Drawing().gateway("and", "fork").user("a").user("b").end("stop", terminate="yes")
    drawing.user("c").path("start", "fork", "a", "stop").path("fork", "b", "c", "end")
    play = Play(drawing)

    play.complete("b", n=1).complete("a", n=2)

    assert play.ended
    assert (play.data["a"], play.data["b"]) == ({"n": 2}, {"n": 1})
    assert ("c", "cancelled") in play.history


def test_terminating_a_subprocess_ends_only_that():
    drawing = Drawing().user("after")
    with drawing.subprocess("sub"):
        drawing.gateway("and", "fork").user("a").user("b").end("stop", terminate="yes")
        drawing.path("start_in", "fork", "a", "stop").path("fork", "b", "end_in")
    play = Play(drawing.path("start", "sub", "after", "end"))

    play.complete("a", n=1)

    assert play.open() == ["after"]
    assert play.data["a"] == {"n": 1}


def test_a_timer_on_a_subprocess_sees_what_was_written_inside(monday):
    drawing = Drawing().user("late")
    with drawing.subprocess("sub"):
        drawing.user("first").user("second").path("start_in", "first", "second", "end_in")
    drawing.boundary("timeout", "sub", after="PT1H").path("start", "sub", "end").path("timeout", "late", "end_b")
    play = Play(drawing).complete("first", n=5)

    later(hours=1)
    play.fire()

    assert play.open() == ["late"]
    assert play.task("late").data["first"] == {"n": 5}


def test_cancelling_ends_all_and_keeps_the_data():
    drawing = Drawing().user("ask")
    with drawing.subprocess("sub"):
        drawing.user("inner").path("start_in", "inner", "end_in")
    play = Play(drawing.path("start", "ask", "sub", "end")).complete("ask", n=1)

    play.live.cancel()
    play.restore()

    assert play.ended
    assert play.open() == []
    assert play.data["ask"] == {"n": 1}
