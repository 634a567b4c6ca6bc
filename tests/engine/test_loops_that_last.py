"""A thousand rounds of every kind of loop, five hundred members, and what never stops: right, flat, or stopped."""

from __future__ import annotations

import pytest

from engine import clock, db, definitions, incoming, instances, jobs, operations, run, tasks
from engine.spiff import ElementFailed, RunsWithoutStopping
from tests.engine.drawing import Drawing, members
from tests.engine.elements import example as elements
from tests.engine.lasting import BEGIN, LASTING, Lasting, looped, weight
from tests.engine.played import Play
from tests.engine.steps import TASK, deploy, open_incidents, open_tasks, start

ROUNDS = 1000
COUNTERS = 9
"""Digits by which the numbers in one row (ticks, stamps of three variables) may grow meanwhile."""


@pytest.mark.parametrize("kind", LASTING, ids=[each.name for each in LASTING])
def test_a_thousand_rounds_end_right_and_weigh_what_ten_weigh(kind: Lasting):
    with clock.frozen(BEGIN):
        play = kind.begin()
        weights = {}
        for number in range(1, ROUNDS + 1):
            kind.round(play, number == ROUNDS)
            if number in (10, ROUNDS - 1):
                weights[number] = weight(play)

    assert play.ended
    assert play.history.count(("check", "completed")) == ROUNDS
    (tasks_at_10, bytes_at_10), (tasks_at_end, bytes_at_end) = weights[10], weights[ROUNDS - 1]
    assert tasks_at_end == tasks_at_10
    assert bytes_at_end <= bytes_at_10 + COUNTERS * tasks_at_10


@pytest.mark.slow
def test_a_thousand_rounds_on_the_database_end_right(database, monday):
    drawing = looped("check", **elements.TASK)
    with jobs.transaction() as session:
        definitions.deploy(session, {"p.bpmn": drawing.xml()}, None, {"forms/element.json": elements.FORM})
    instance_id = start()

    stored = []
    for number in range(ROUNDS):
        [task] = open_tasks(instance_id).values()
        with jobs.transaction() as session:
            run.complete_task(session, task.id, {"more": number < ROUNDS - 1}, 1)
            stored.append(len(instances.read(session, instance_id)[1]))

    assert open_tasks(instance_id) == {}
    assert abs(stored[-2] - stored[10]) <= 0.1 * stored[10]  # compressed, so a few bytes to and fro
    with db.reading() as session:
        assert len(tasks.of_instance(session, instance_id)) == ROUNDS
        assert run.peek(session, instance_id).ended


@pytest.mark.parametrize(
    "sequential", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["sequential", "parallel"]
)
def test_five_hundred_members_are_all_done_and_their_results_stand_in_order(sequential):
    loop = members("people", "person", sequential, results="answers", result="ask")
    play = Play(Drawing().user("ask", loop).path("start", "ask", "end"), data={"people": list(range(500))})

    for number in range(500):
        play.complete("ask", -1 if not sequential else 0, n=number)

    assert play.ended
    numbers = [each["n"] for each in play.data["answers"]]
    assert numbers == (list(range(500)) if sequential else list(reversed(range(500))))


def ring(*, bomb: bool) -> Drawing:
    """An endless loop of gateways whose way out is never taken; with `bomb` each round doubles the tokens."""
    drawing = Drawing("bad").start("start", message="go").gateway("xor", "again", "out").path("start", "again")
    if bomb:
        drawing.gateway("and", "fork").path("again", "fork", "out").path("fork", "again")
    else:
        drawing.service("work", "test.nothing").path("again", "work", "out")
    drawing.path("out", "end", when="never = 1").path("out", "again", default=True)
    return drawing


def crowd(items: str) -> Drawing:
    loop = members(cardinality=items)
    return Drawing("bad").start("start", message="go").user("ask", loop, **TASK).path("start", "ask", "end")


def nested_crowds() -> Drawing:
    drawing = Drawing("bad").start("start", message="go")
    with drawing.subprocess("outer", members(cardinality="n")):
        with drawing.subprocess("inner", members(cardinality="n")):
            drawing.user("ask", members(cardinality="n"), **TASK).path("start_inner", "ask", "end_inner")
        drawing.path("start_outer", "inner", "end_outer")
    return drawing.path("start", "outer", "end")


def restless(cycle: str) -> Drawing:
    drawing = Drawing("bad").start("start", message="go").user("ask", **TASK)
    drawing.boundary("tick", "ask", False, every=cycle).path("start", "ask", "end")
    return drawing.service("work", "test.nothing").path("tick", "work", "end_tick")


LONG = "members of members of members"
BAD = {
    "an endless loop of gateways": lambda: ring(bomb=False),
    "a million members": lambda: crowd("1000 * 1000"),
    LONG: nested_crowds,
    "a cycle without interval": lambda: restless('"R/PT" + "0S"'),
    "a million ticks in the past": lambda: restless('"R999999/2020-01-01T00:00:00+08:00/PT1S"'),
}


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.slow) if each == LONG else each for each in BAD])
def test_what_never_stops_is_an_incident_at_once_and_others_go_on(name, database, monday):
    operations.operation("test.nothing")(lambda session, step: None)
    deploy(Drawing("good").start("start", message="go").user("fine", **TASK).path("start", "fine", "end"))
    deploy(BAD[name]())

    with jobs.transaction() as session:
        incoming.message(session, "go", None, {"n": 900})
    jobs.drain()

    assert set(open_tasks()) == {"fine"}
    [incident] = open_incidents()
    assert incident.attempts == 1


def test_a_process_that_calls_itself_is_refused_or_stopped():
    drawing = Drawing().call("again", "p").path("start", "again", "end")

    with pytest.raises(ElementFailed, match="deeper than"):
        Play(drawing)


def test_a_fork_bomb_is_refused_and_would_be_stopped(database, monday):
    with pytest.raises(definitions.Refused):
        deploy(ring(bomb=True))
    with pytest.raises(RunsWithoutStopping):
        Play(ring(bomb=True), message="go")
