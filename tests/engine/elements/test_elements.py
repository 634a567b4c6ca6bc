"""Every example of the element library: in memory whole, saved and restored, and on the database, all the same."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine import clock, operations, run
from engine.checks import RULES
from engine.settings import CHECKOUT
from tests.engine.drawing import Drawing
from tests.engine.elements.example import Example, subset
from tests.engine.elements.in_memory import InMemory
from tests.engine.elements.library import ELSEWHERE, EXAMPLES, REFUSED
from tests.engine.elements.on_database import OnDatabase
from tests.engine.steps import deploy, start
from tests.silent import nothing_calls_out

__all__ = ["nothing_calls_out"]


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.id for each in EXAMPLES])
def test_an_element_does_what_the_reference_says(example: Example, database, monday):
    pictures = []
    for player in (lambda: InMemory(example, False), lambda: InMemory(example, True), lambda: OnDatabase(example)):
        with clock.frozen(monday):
            playing = player()
            seen = [playing.picture()]
            for step in example.steps:
                step.play(playing)
                seen.append(playing.picture())
            assert playing.ended == example.ends
            assert subset(playing.knows(), example.data) == dict(example.data)
            if example.order:
                said = tuple(("" if what == "completed" else "-") + element for element, what in playing.history)
                assert said == example.order
            pictures.append((seen, playing.history))

    assert pictures[0] == pictures[1]
    assert pictures[0] == pictures[2]


def test_examples_have_names_of_their_own_and_say_what_they_show():
    assert len({each.id for each in EXAMPLES}) == len(EXAMPLES)
    assert all(each.zh and each.en and each.variant for each in (*EXAMPLES, *ELSEWHERE, *REFUSED))


@pytest.mark.parametrize("where", [each.test for each in ELSEWHERE])
def test_what_takes_several_instances_has_a_test_of_its_own(where):
    path, _, function = where.partition("::")

    assert f"def {function}(" in (CHECKOUT / path).read_text()


@pytest.mark.parametrize("refusal", REFUSED, ids=[f"{each.element}-{each.rule}" for each in REFUSED])
def test_what_is_refused_has_a_rule_and_a_diagram(refusal):
    assert refusal.rule in {each.__name__ for each in RULES}
    assert (Path(__file__).parents[1] / "diagrams" / f"{refusal.rule}.bpmn").exists()


def test_an_operation_that_calls_out_within_its_step_is_found(database, monday):
    def calls_out(session, step):
        socket.create_connection(("127.0.0.1", 9))

    operations.operation("element.calls_out")(calls_out)
    deploy(Drawing().service("ask", "element.calls_out").path("start", "ask", "end"))

    with pytest.raises(run.StepFailed, match="called out"):
        start()
