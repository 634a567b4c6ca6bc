"""What only run time can know becomes an incident of its instance alone; the others go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import clock, jobs, run
from tests.engine.drawing import Drawing, members
from tests.engine.steps import TASK, complete, deploy, open_incidents, open_tasks, start


def endless_gateways() -> Drawing:
    drawing = Drawing("trap").user("a", **TASK).gateway("xor", "merge", "again")
    drawing.path("start", "a", "merge", "again").path("again", "merge", when="1 = 1")
    return drawing.path("again", "end", default=True)


def many_members(**loop: str) -> Drawing:
    return Drawing("trap").user("a", **TASK).user("b", members(**loop), **TASK).path("start", "a", "b", "end")


@pytest.mark.parametrize(
    ("drawing", "element"),
    [
        (endless_gateways(), None),
        (many_members(cardinality="1000 * 1000"), "b"),
        (many_members(items="many", item="one"), "b"),
    ],
    ids=["endless gateways", "a million members", "a list of many members"],
)
def test_a_trap_becomes_an_incident_while_others_go_on(database, monday, drawing, element):
    deploy(drawing, Drawing("p").user("c", **TASK).user("d", **TASK).path("start", "c", "d", "end"))
    caught, other = start("trap", {"many": [0] * 5000}, "1"), start("p", {}, "2")

    with pytest.raises(run.StepFailed):
        complete("a", instance_id=caught)
    for _ in range(5):
        jobs.drain()
        clock.move_by(timedelta(minutes=3))

    [incident] = open_incidents()
    assert incident.instance_id == caught and (element is None or incident.element == element)
    complete("c", instance_id=other)
    assert set(open_tasks(other)) == {"d"}
