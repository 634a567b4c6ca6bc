"""Loops last: gateways inside them wait for this round, and a round costs the same however many went before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import clock
from engine.spiff import Budget, ElementFailed, RunsWithoutStopping
from tests.engine.drawing import Drawing, members, repeated
from tests.engine.played import Play, RecordingHost


def round_trip() -> Drawing:
    drawing = Drawing().user("ask").gateway("xor", "again")
    drawing.path("start", "ask", "again").path("again", "ask", when="ask.more = true")
    return drawing.path("again", "end", default=True)


def in_a_loop(*inner: str, drawing: Drawing) -> Drawing:
    """start -> first -> inner -> ask -> back to first while ask.more"""
    drawing.user("ask").gateway("xor", "first", "again").path("start", "first", *inner, "ask", "again")
    return drawing.path("again", "first", when="ask.more = true").path("again", "end", default=True)


def test_two_hundred_rounds_cost_what_ten_cost():
    play = Play(round_trip())

    sizes = []
    for number in range(200):
        play.complete("ask", more=True, round=number)
        sizes.append((play.live.size, play.size))

    assert sizes[9][0] == sizes[199][0]
    assert abs(sizes[9][1] - sizes[199][1]) < 40
    assert not play.complete("ask", more=False).open()
    assert play.ended
    assert play.data["ask"] == {"more": False}


@pytest.mark.parametrize("saving", [True, False])
def test_a_parallel_join_in_a_loop_waits_for_both_branches_of_its_own_round(saving):
    drawing = Drawing().gateway("and", "fork", "join").user("a").user("b").user("ask").gateway("xor", "first", "again")
    drawing.path("start", "first", "fork", "a", "join", "ask", "again").path("fork", "b", "join")
    drawing.path("again", "first", when="ask.more = true").path("again", "end", default=True)
    play = Play(drawing, saving=saving)

    for number in range(6):
        one, other = ("a", "b") if number % 2 else ("b", "a")
        play.complete(one, round=number)
        assert play.open() == [other]
        play.complete(other, round=number)
        assert play.open() == ["ask"]
        assert play.data["a"] == play.data["b"] == {"round": number}
        play.complete("ask", more=number < 5)

    assert play.ended


def test_an_inclusive_join_in_a_loop_waits_for_the_branches_that_were_taken_this_round():
    drawing = Drawing().gateway("or", "split", "merge").gateway("xor", "first", "again").user("a").user("b").user("ask")
    drawing.path("start", "first", "split").path("split", "a", "merge", when="both = true or ask.only = true")
    drawing.path("split", "b", "merge", default=True).path("merge", "ask", "again")
    drawing.path("again", "first", when="ask.more = true").path("again", "end", default=True)

    play = Play(drawing, data={"both": False})

    assert play.open() == ["b"]
    play.complete("b").complete("ask", more=True, only=True)
    assert play.open() == ["a"]
    play.complete("a")
    assert play.open() == ["ask"]


def test_an_inclusive_join_waits_for_every_branch_taken():
    drawing = Drawing().gateway("or", "split", "merge").user("a").user("b").user("after")
    drawing.path("start", "split").path("split", "a", "merge", when="x > 1").path("split", "b", "merge", when="x > 2")
    drawing.path("split", "merge", default=True).path("merge", "after", "end")

    assert Play(drawing, data={"x": 0}).open() == ["after"]
    assert Play(drawing, data={"x": 2}).complete("a").open() == ["after"]
    both = Play(drawing, data={"x": 3})
    assert both.open() == ["a", "b"]
    assert both.complete("b").open() == ["a"]
    assert both.complete("a").open() == ["after"]


def test_a_loop_without_waiting_point_is_stopped():
    drawing = Drawing().service("work", "work").gateway("xor", "again")
    drawing.path("start", "work", "again").path("again", "work", when="true").path("again", "end", default=True)

    with pytest.raises(RunsWithoutStopping) as stopped:
        Play(drawing)

    assert "one path" in stopped.value.reason


def test_a_budget_of_tasks_in_all_holds_across_branches():
    drawing = (
        Drawing().service("work", "work", members(cardinality="100", sequential=True)).path("start", "work", "end")
    )

    with pytest.raises(RunsWithoutStopping):
        Play(drawing, host=RecordingHost(budget=Budget(tasks=50)))


def test_a_standard_loop_repeats_while_its_condition_holds():
    drawing = Drawing().user("ask", repeated("ask.more = true", most=5)).path("start", "ask", "end")
    play = Play(drawing)

    play.complete("ask", more=True).complete("ask", more=True)
    assert play.open() == ["ask"]
    assert play.task("ask").member == 2
    assert play.complete("ask", more=False).ended


def test_a_standard_loop_stops_at_its_maximum_and_may_be_left_out():
    most = Drawing().user("ask", repeated(most=2)).path("start", "ask", "end")
    none = Drawing().user("ask", repeated("wanted = true", before=True)).path("start", "ask", "end")

    assert Play(most).complete("ask").complete("ask").ended
    assert Play(none, data={"wanted": False}).ended


def parallel_members(until: str = "", sequential: bool = False) -> Drawing:
    loop = members("people", "person", sequential, until=until, results="answers", result="ask")
    drawing = (
        Drawing().user("ask", loop, role="= person.role", due="PT24H", name='= "Ask " + person.name').user("after")
    )
    return drawing.path("start", "ask", "after", "end")


PEOPLE = {
    "people": [{"role": "visitor", "name": "甲"}, {"role": "family", "name": "乙"}, {"role": "desk", "name": "丙"}]
}


def test_parallel_members_are_open_at_once_each_with_its_own_role():
    play = Play(parallel_members(), data=PEOPLE)

    assert [(each.properties["role"], each.name, each.member) for each in play.live.open_tasks] == [
        ("visitor", "Ask 甲", 0),
        ("family", "Ask 乙", 1),
        ("desk", "Ask 丙", 2),
    ]
    assert play.task("ask").properties["due"] == "PT24H"
    play.complete("ask", 1, ok=2).complete("ask", 0, ok=1).complete("ask", ok=3)
    assert play.open() == ["after"]
    assert play.data["answers"] == [{"ok": 1}, {"ok": 2}, {"ok": 3}]
    assert "person" not in play.data


def test_the_others_are_cancelled_when_the_completion_condition_holds():
    play = Play(parallel_members('ask.ok = "yes"'), data=PEOPLE)

    play.complete("ask", ok="no")
    assert play.open() == ["ask", "ask"]
    play.complete("ask", ok="yes")

    assert play.open() == ["after"]
    assert play.history.count(("ask", "cancelled")) == 1
    assert play.history.count(("ask", "completed")) == 2


def test_a_completion_condition_may_count():
    play = Play(parallel_members("nrOfCompletedInstances >= 2"), data=PEOPLE)

    assert play.complete("ask").complete("ask").open() == ["after"]


def test_sequential_members_come_one_after_the_other():
    play = Play(parallel_members(sequential=True), data=PEOPLE)

    for number, role in enumerate(("visitor", "family", "desk")):
        assert [(each.properties["role"], each.member) for each in play.live.open_tasks] == [(role, number)]
        play.complete("ask", ok=number)

    assert play.data["answers"] == [{"ok": 0}, {"ok": 1}, {"ok": 2}]


def test_no_members_means_the_activity_is_left_out():
    play = Play(parallel_members(), data={"people": []})

    assert play.open() == ["after"]
    assert play.history == [("start", "completed"), ("ask", "completed")]


@pytest.mark.parametrize("value", [None, "text", list(range(1001))])
def test_what_is_no_list_of_members_fails_at_its_element(value):
    with pytest.raises(ElementFailed) as failed:
        Play(parallel_members(), data={"people": value})

    assert failed.value.element_id == "ask"


@pytest.mark.parametrize("sequential", [True, False])
def test_members_in_a_loop_start_afresh_each_round(sequential):
    loop = members("people", "person", sequential, results="answers", result="ask")
    drawing = Drawing().user("ask", loop).user("check").gateway("xor", "first", "again")
    drawing.path("start", "first", "ask", "check", "again")
    drawing.path("again", "first", when="check.more = true").path("again", "end", default=True)
    play = Play(drawing, data={"people": [1, 2]})

    for number in range(5):
        play.complete("ask", n=number).complete("ask", n=number)
        assert play.data["answers"] == [{"n": number}] * 2
        play.complete("check", more=number < 4)

    assert play.ended


def test_a_called_process_in_a_loop_gets_and_gives_data():
    caller = in_a_loop("sub", drawing=Drawing("caller").call("sub", "called"))
    called = Drawing("called").user("inner", name='= "Round " + string(ask.n)').path("start", "inner", "end")
    play = Play(caller, called, data={"ask": {"n": 0}})

    sizes = []
    for number in range(1, 30):
        assert play.task("inner").process_id == "called"
        assert play.task("inner").name == f"Round {number - 1}"
        play.complete("inner", n=number)
        assert play.data["inner"] == {"n": number}
        play.complete("ask", more=number < 29, n=number)
        sizes.append(play.live.size)

    assert play.ended
    assert len(set(sizes[:-1])) == 1


def test_sequential_calls_take_their_item_in_and_give_their_result_back():
    loop = members("people", "person", True, results="answers", result="inner")
    caller = Drawing("caller").call("sub", "called", loop).path("start", "sub", "end")
    called = Drawing("called").user("inner", role="= person").path("start", "inner", "end")
    play = Play(caller, called, data={"people": ["a", "b", "c"]})

    for each in "abc":
        assert play.task("inner").properties["role"] == each
        play.complete("inner", by=each)

    assert play.ended
    assert play.data["answers"] == [{"by": "a"}, {"by": "b"}, {"by": "c"}]


def test_parallel_subprocesses_are_cancelled_with_what_is_inside(monday):
    drawing = Drawing().user("after").user("late")
    with drawing.subprocess("all", members("people", "person")):
        drawing.user("ask").path("start_in", "ask", "end_in")
    drawing.boundary("timeout", "all", after="PT1H").path("start", "all", "after", "end").path("timeout", "late", "end")
    play = Play(drawing, data={"people": [1, 2]})
    play.complete("ask")

    clock.move_by(timedelta(hours=2))
    play.fire()

    assert play.open() == ["late"]
    assert ("ask", "cancelled") in play.history


def test_a_process_that_calls_itself_is_stopped():
    drawing = Drawing().call("again", "p").path("start", "again", "end")

    with pytest.raises((ElementFailed, RunsWithoutStopping)):
        Play(drawing)
