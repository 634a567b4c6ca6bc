"""One operation on many instances: each has a verdict of its own, and nobody reaches beyond their units."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import audit, bulk, db, definitions, history, instances, jobs
from engine.errors import NotPossible
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, open_tasks, start
from tests.web.desks import counted_statements


def drawn(*names: str) -> Drawing:
    drawing = Drawing("p")
    for each in names:
        drawing.user(each, **TASK)
    return drawing.path("start", *names, "end")


def begun(number: int = 3) -> list[UUID]:
    deploy(drawn("a", "b"))
    return [start() for _ in range(number)]


def run(kind: str, ids: list[UUID], units: tuple[str, ...] = ("/",), **detail: Any) -> UUID:
    with jobs.transaction() as session:
        run_id = bulk.begin(session, kind, ids, units, "because", 9, **detail)
    jobs.drain()
    return run_id


def foreseen(kind: str, ids: list[UUID], units: tuple[str, ...] = ("/",), **detail: Any) -> dict[UUID, tuple[str, str]]:
    with db.reading() as session:
        found = bulk.preview(session, kind, ids, units, **detail)
    return {each.instance_id: (each.state, each.en or "") for each in found}


def verdicts(run_id: UUID) -> dict[UUID, tuple[str, str | None]]:
    with db.reading() as session:
        return {each.instance_id: (each.state, each.en) for each in bulk.verdicts(session, run_id)}


def states(ids: list[UUID]) -> list[str]:
    with db.reading() as session:
        return [instances.get(session, each).state for each in ids]


def test_each_instance_has_its_own_verdict_and_transaction(database, monday):
    ids = begun()
    complete("a", instance_id=ids[1])
    unknown = uuid4()

    run_id = run("move", [*ids, unknown], **{"from": "a", "to": "b"})

    found = verdicts(run_id)
    assert [found[each][0] for each in (*ids, unknown)] == ["done", "refused", "done", "refused"]
    assert found[ids[1]][1] == "It does not stand at a exactly once."
    assert all(list(open_tasks(each)) == ["b"] for each in ids)
    with db.reading() as session:
        assert bulk.progress(session, run_id) == {"waiting": 0, "done": 2, "refused": 2, "failed": 0}
        told = [row for row in history.of_instance(session, ids[0]) if row.what == "moved"]
    assert [(row.who, row.note) for row in told] == [(9, "because")]
    assert audit.run() == []


def test_suspended_going_on_and_cancelled_together(database, monday):
    ids = begun()

    run("suspend", ids)
    assert states(ids) == ["suspended"] * 3
    again = run("suspend", ids[:1])
    run("resume", ids)
    assert states(ids) == ["live"] * 3
    run("cancel", ids)
    assert states(ids) == ["cancelled"] * 3

    assert verdicts(again)[ids[0]] == ("done", "Was suspended already")
    assert {each[0] for each in verdicts(run("cancel", ids)).values()} == {"refused"}
    assert audit.run() == []


def test_versions_are_changed_together_and_back(database, monday):
    ids = begun()
    complete("a", instance_id=ids[0])
    deploy(drawn("a", "c", "b"))
    with db.reading() as session:
        target = definitions.current(session, "p").id

    found = verdicts(run("migrate", ids, definition=target))
    assert [found[each][0] for each in ids] == ["refused", "done", "done"]

    run("undo", ids[1:])
    with db.reading() as session:
        assert [instances.get(session, each).version for each in ids] == [1, 1, 1]


def test_data_are_edited_together_and_a_fault_in_one_changes_nothing_there(database, monday):
    deploy(drawn("a"))
    ids = [start(data={"level": 1}), start(data={"level": "one"})]

    found = verdicts(run("edit", ids, values={"level": 2}))

    assert [found[each][0] for each in ids] == ["done", "refused"]


@pytest.mark.parametrize("units", [("/9/",), ("/1/14/",)])
def test_nothing_outside_of_the_units_is_touched(database, monday, units):
    ids = begun(1)

    found = verdicts(run("cancel", ids, units))

    assert found[ids[0]][0] == "refused"
    assert states(ids) == ["live"]


def test_a_run_without_units_reason_or_instances_is_refused(database, monday):
    ids = begun(1)

    for kind, wanted, units, reason in (
        ("cancel", ids, (), "why"),
        ("cancel", ids, ("/",), " "),
        ("cancel", [], ("/",), "why"),
        ("delete", ids, ("/",), "why"),
    ):
        with pytest.raises(NotPossible), jobs.transaction() as session:
            bulk.begin(session, kind, wanted, units, reason)


def test_what_has_stopped_is_tried_again_and_what_runs_is_refused(database, monday):
    ids = begun(1)

    assert verdicts(run("retry", ids))[ids[0]] == ("refused", "Nothing has stopped there.")


def test_a_preview_says_of_each_what_the_run_then_does(database, monday):
    ids = begun()
    complete("a", instance_id=ids[1])
    unknown = uuid4()
    asked = {"from": "a", "to": "b"}

    seen = foreseen("move", [*ids, unknown], **asked)
    assert all(open_tasks(each) for each in ids)
    done = verdicts(run("move", [*ids, unknown], **asked))

    assert seen[ids[0]] == ("would", "cancels a, opens b")
    assert {each: state == "would" for each, (state, _) in seen.items()} == {
        each: state == "done" for each, (state, _) in done.items()
    }
    assert (seen[ids[1]][1], seen[unknown][1]) == (done[ids[1]][1], done[unknown][1])


def test_a_preview_of_each_kind_changes_nothing(database, monday):
    deploy(drawn("a", "b"))
    ids = [start(data={"level": 1}), start(data={"level": "one"})]
    with db.reading() as session:
        before = instances.read_many(session, ids)

    assert foreseen("suspend", ids)[ids[0]] == ("would", "Would be suspended")
    assert foreseen("resume", ids)[ids[0]] == ("would", "Is not suspended")
    assert foreseen("cancel", ids)[ids[0]] == ("would", "Would be cancelled")
    assert foreseen("retry", ids)[ids[0]] == ("refused", "Nothing has stopped there.")
    assert foreseen("edit", ids, values={"level": 2})[ids[0]] == ("would", "level: 1 → 2")
    assert foreseen("edit", ids, values={"level": 2})[ids[1]][0] == "refused"
    assert foreseen("undo", ids)[ids[0]][0] == "refused"
    assert foreseen("cancel", ids, ("/9/",))[ids[0]][0] == "refused"
    with pytest.raises(NotPossible):
        foreseen("delete", ids)

    with db.reading() as session:
        assert instances.read_many(session, ids) == before


def test_a_preview_of_versions_and_of_the_way_back(database, monday):
    ids = begun()
    complete("a", instance_id=ids[0])
    deploy(drawn("a", "c", "b"))
    with db.reading() as session:
        target = definitions.current(session, "p").id

    assert [foreseen("migrate", ids, definition=target)[each][0] for each in ids] == ["refused", "would", "would"]
    run("migrate", ids, definition=target)
    seen = foreseen("undo", ids)

    assert [seen[each][0] for each in ids] == ["refused", "would", "would"]
    assert seen[ids[1]][1] == "Would go back to version 1"


@pytest.mark.parametrize("number", [2, 40])
def test_a_preview_reads_a_page_of_instances_at_once(database, monday, number):
    ids = begun(number)

    with db.reading() as session, counted_statements() as statements:
        bulk.preview(session, "move", ids, ["/"], **{"from": "a", "to": "b"})

    assert len(statements) <= 3


def test_verdicts_are_read_by_key(database, monday):
    ids = begun(3)
    run_id = run("suspend", ids)

    with db.reading() as session:
        first = bulk.verdicts(session, run_id, limit=2)
        rest = bulk.verdicts(session, run_id, limit=2, after=first[-1].instance_id)

    assert [each.instance_id for each in (*first, *rest)] == sorted(ids)
