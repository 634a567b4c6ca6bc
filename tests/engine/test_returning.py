"""Sent back (退回) and withdrawn (撤回), on the library of `returns`: the state, the worklist and the times agree."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from engine import audit, clock, db, history, instances, jobs, run, submissions, tasks, verbs, waits
from engine.errors import NotPossible
from engine.operations import Step, operation
from tests.engine.drawing import Drawing
from tests.engine.returns import PEOPLE, Matter, calling, nested, parallel, plain, rounds, several
from tests.engine.steps import TASK, urgent


@operation("test.told_outside")
def told_outside(session: db.Session, step: Step) -> dict[str, object]:
    return {}


@pytest.fixture(autouse=True)
def _all_agrees(database, monday):
    yield
    assert audit.run() == []


def due_of(matter: Matter, element: str) -> timedelta | None:
    with db.reading() as session:
        found = [each.due_at for each in waits.of_instance(session, matter.id) if each.element == element]
    assert len(found) < 2
    return found[0] - clock.now() if found and found[0] else None


def ended(matter: Matter) -> bool:
    with db.reading() as session:
        return instances.get(session, matter.id).state == instances.ENDED


def refused(matter: Matter, task_id: UUID, by: int = 1) -> str:
    """Why a completion cannot be withdrawn; the page hears the same before anybody tries."""
    with db.reading() as session:
        foretold = verbs.may_withdraw(session, tasks.get(session, task_id), by)
    before = matter.open()
    with pytest.raises(NotPossible) as fault:
        matter.withdraw(task_id, by)
    assert foretold is not None
    assert (foretold.zh, matter.open()) == (fault.value.zh, before)
    return fault.value.en


# --- sent back ---


def test_a_task_goes_back_to_a_chosen_step_and_to_whoever_did_it():
    matter = Matter(plain())
    matter.do("a", by=3)
    matter.do("b", by=4)
    left = matter.task("c").id

    assert matter.choices("c") == {"b": None, "a": None}
    matter.send_back("c", "a")

    assert matter.open() == ["a"]
    assert (matter.task("a").assignee_id, matter.task("a").why) == (3, "sent_back")
    with db.reading() as session:
        assert tasks.get(session, left).state == tasks.CANCELLED
        [told] = [each for each in history.of_instance(session, matter.id) if each.what == "sent_back"]
        assert told.ids is not None and told.ids["before"] == "c" and told.ids["after"]["to"] == "a"
        assert (told.who, told.task_id, told.note) == (9, left, None)
        assert tasks.words.texts(session, [UUID(told.ids["word"])]) == {UUID(told.ids["word"]): "a page is missing"}
    matter.finish()
    assert ended(matter)


def test_times_of_the_step_that_opens_again_run_anew():
    matter = Matter(plain())
    matter.do("a")
    clock.move_by(timedelta(minutes=50))
    matter.do("b")
    clock.move_by(timedelta(minutes=30))

    matter.send_back("c", "b")

    assert due_of(matter, "hour") == timedelta(hours=1)
    assert matter.task("b").due_at == clock.now() + timedelta(hours=2)
    clock.move_by(timedelta(hours=1))
    jobs.sweep()
    jobs.drain()
    assert sorted(matter.open()) == ["b", "late"]


def test_within_a_branch_the_other_branch_goes_on():
    matter = Matter(parallel())
    matter.do("before")
    matter.do("a1")

    assert matter.choices("a2") == {"a1": None, "before": None}
    matter.send_back("a2", "a1")

    assert sorted(matter.open()) == ["a1", "b"]
    matter.finish()
    assert ended(matter)


def test_before_the_fork_takes_the_whole_block_back():
    matter = Matter(parallel())
    matter.do("before")
    matter.do("a1")

    matter.send_back("a2", "before")

    assert matter.open() == ["before"]
    matter.finish()
    assert ended(matter)


def test_into_a_branch_that_was_joined_is_not_offered_and_says_why():
    matter = Matter(parallel())
    for element in ("before", "a1", "a2", "b"):
        matter.do(element)

    offered = matter.choices("after")

    assert offered["before"] is None
    assert all("parallel branch alone" in str(offered[each]) for each in ("a1", "a2", "b"))
    with pytest.raises(NotPossible, match="parallel branch"):
        matter.send_back("after", "b")
    assert matter.open() == ["after"]


def test_from_one_branch_to_another_is_not_offered():
    matter = Matter(parallel())
    matter.do("before")
    matter.do("a1")

    assert "one parallel branch to another" in str(matter.choices("b")["a1"])


@pytest.mark.parametrize("sequential", [False, True])
def test_a_member_sends_the_repeated_task_back_as_a_whole(sequential):
    matter = Matter(several(sequential), **PEOPLE)
    matter.do("before")
    matter.do("ask", ok="yes")

    assert matter.choices("ask") == {"before": None}
    matter.send_back("ask", "before")

    assert matter.open() == ["before"]
    matter.do("before")
    assert matter.data["answers"] == []
    matter.finish()
    assert ended(matter)


def test_behind_a_repeated_task_it_goes_back_to_all_members():
    matter = Matter(several(), **PEOPLE)
    matter.do("before")
    for _ in range(3):
        matter.do("ask")

    matter.send_back("after", "ask")

    assert matter.open() == ["ask", "ask", "ask"]
    matter.finish()
    assert ended(matter)


def test_out_of_nested_subprocesses_and_not_into_one():
    matter = Matter(nested())
    for element in ("before", "x", "y"):
        matter.do(element)
    assert matter.choices("z") == {"y": None, "x": None, "before": None}

    matter.send_back("z", "x")
    assert matter.open() == ["x"]
    matter.do("x")
    matter.send_back("y", "before")
    assert matter.open() == ["before"]
    assert due_of(matter, "hour") is None

    for element in ("before", "x", "y", "z"):
        matter.do(element)
    offered = matter.choices("after")
    assert offered["before"] is None
    assert all("subprocess" in str(offered[each]) for each in ("x", "y", "z"))


def test_out_of_a_called_process_and_not_into_one():
    matter = Matter(*calling())
    matter.do("before")
    matter.do("x")
    assert matter.choices("y") == {"x": None, "before": None}
    matter.send_back("y", "x")
    assert matter.open() == ["x"]
    matter.do("x")

    matter.send_back("y", "before")

    assert matter.open() == ["before"]
    for element in ("before", "x", "y"):
        matter.do(element)
    offered = matter.choices("after")
    assert offered["before"] is None and offered["x"] is not None and offered["y"] is not None


def acting(allowed: str = "") -> Drawing:
    """a, an operation, b; `allowed` are the verbs of both."""
    said = TASK | ({"verbs": allowed} if allowed else {})
    drawing = Drawing().user("a", **said).user("b", **said).service("work", "test.told_outside")
    return drawing.path("start", "a", "work", "b", "end")


def test_past_an_operation_only_where_the_diagram_allows_it():
    matter = Matter(acting())
    done = matter.do("a")
    assert "cannot be unsaid" in str(matter.choices("b")["a"])
    assert "cannot be unsaid" in refused(matter, done)


def test_past_an_operation_where_the_diagram_allows_it():
    matter = Matter(acting("+send_back +withdraw"))
    done = matter.do("a")
    assert matter.choices("b") == {"a": None}

    matter.withdraw(done)
    assert matter.open() == ["a"]
    matter.do("a")
    matter.send_back("b", "a")
    assert matter.open() == ["a"]


def test_a_diagram_may_forbid_it_and_an_emergency_always_does():
    matter = Matter(acting("-send_back, -withdraw"))
    done = matter.do("a")
    assert matter.choices("b") == {}
    assert "does not allow" in refused(matter, done)


def test_what_is_urgent_is_never_sent_back_or_withdrawn(database, monday):
    from tests.engine.steps import deploy

    matter = Matter.__new__(Matter)
    deploy(files={"p.bpmn": urgent(acting("+send_back +withdraw"))})
    with jobs.transaction() as session:
        matter.id = run.start(session, "p", {})
    done = matter.do("a")

    assert matter.choices("b") == {}
    assert "urgent" in refused(matter, done)


# --- withdrawn ---


def test_the_last_completion_is_withdrawn_and_done_again_with_other_answers():
    matter = Matter(plain())
    done = matter.do("a", by=1, ok="no")

    again = matter.withdraw(done)

    assert matter.open() == ["a"]
    assert (matter.task("a").id, matter.task("a").assignee_id) == (again, 1)
    assert due_of(matter, "hour") is None
    with db.reading() as session:
        assert [each.state for each in submissions.of_task(session, done)] == [submissions.WITHDRAWN]
        assert tasks.get(session, done).state == tasks.CANCELLED
        assert submissions.of(session, matter.id, "a") == {}
    matter.do("a", ok="yes")
    assert matter.data["a"] == {"ok": "yes"}
    assert due_of(matter, "hour") == timedelta(hours=1)
    matter.finish()
    assert ended(matter)


def test_not_by_somebody_else_and_not_when_the_next_step_is_done_or_taken():
    matter = Matter(plain())
    first = matter.do("a", by=1)
    assert "you completed yourself" in refused(matter, first, by=2)

    with jobs.transaction() as session:
        verbs.claim(session, matter.task("b").id, 2)
    assert "has taken the next step" in refused(matter, first)

    matter.do("b", by=2)
    assert "gone on" in refused(matter, first)


def test_the_fork_that_a_completion_opened_is_taken_away_again():
    matter = Matter(parallel())
    done = matter.do("before")

    matter.withdraw(done)
    assert matter.open() == ["before"]

    done = matter.do("before")
    matter.do("b")
    assert "gone on" in refused(matter, done)
    matter.finish()
    assert ended(matter)


def test_a_branch_that_waits_at_its_join_is_withdrawn_the_other_goes_on():
    matter = Matter(parallel())
    matter.do("before")
    done = matter.do("b")
    matter.do("a1", by=2)

    matter.withdraw(done)

    assert sorted(matter.open()) == ["a2", "b"]
    matter.finish()
    assert ended(matter)


def test_the_branch_that_fired_the_join_and_one_that_was_joined_say_why_not():
    matter = Matter(parallel())
    matter.do("before")
    joined = matter.do("b")
    matter.do("a1")
    last = matter.do("a2")

    assert "gone on" in refused(matter, joined)
    assert "parallel branch alone" in refused(matter, last)
    matter.finish()
    assert ended(matter)


def test_one_member_takes_its_part_back_and_the_results_stay_in_order():
    matter = Matter(several(), **PEOPLE)
    matter.do("before")
    first = matter.do("ask", 0, by=1, ok="no")
    matter.do("ask", 0, by=2, ok="yes")
    assert [each["ok"] for each in matter.data["answers"]] == ["no", "yes"]

    matter.withdraw(first)

    assert matter.open() == ["ask", "ask"]
    assert [each["ok"] for each in matter.data["answers"]] == ["yes"]
    again = next(row for row in matter.rows(tasks.OPEN) if row.assignee_id == 1)
    with jobs.transaction() as session:
        run.complete_task(session, again.id, {"ok": "yes"}, 1)
    assert [each["ok"] for each in matter.data["answers"]] == ["yes", "yes"]
    last = matter.do("ask", by=3, ok="no")
    assert [each["ok"] for each in matter.data["answers"]] == ["yes", "yes", "no"]
    assert "repeated task is over" in refused(matter, last, by=3)
    matter.finish()
    assert ended(matter)


def test_in_turn_the_member_before_comes_again_in_place_of_the_next():
    matter = Matter(several(True), **PEOPLE)
    matter.do("before")
    matter.do("ask", by=1, ok="no")
    second = matter.do("ask", by=2, ok="no")

    matter.withdraw(second, by=2)

    assert matter.open() == ["ask"]
    assert [each["ok"] for each in matter.data["answers"]] == ["no"]
    matter.do("ask", by=2, ok="yes")
    matter.do("ask", by=3, ok="yes")
    assert [each["ok"] for each in matter.data["answers"]] == ["no", "yes", "yes"]
    assert matter.open() == ["after"]


def test_in_turn_only_the_last_part_can_be_taken_back():
    matter = Matter(several(True), **PEOPLE)
    matter.do("before")
    first = matter.do("ask", by=1)
    matter.do("ask", by=2)

    assert "gone on" in refused(matter, first)


def test_a_round_of_a_loop_is_taken_back():
    matter = Matter(rounds())
    matter.do("ask")
    second = matter.do("ask")

    matter.withdraw(second)

    for _ in range(2):
        assert matter.open() == ["ask"]
        matter.do("ask")
    assert matter.open() == ["after"]


def test_within_nested_subprocesses_and_not_out_of_one_that_is_over():
    matter = Matter(nested())
    before = matter.do("before")
    matter.withdraw(before)
    assert matter.open() == ["before"]
    matter.do("before")

    x = matter.do("x")
    matter.withdraw(x)
    assert matter.open() == ["x"]
    assert due_of(matter, "hour") == timedelta(hours=1)

    matter.do("x")
    y = matter.do("y")
    matter.withdraw(y)
    assert matter.open() == ["y"]

    matter.do("y")
    z = matter.do("z")
    assert matter.open() == ["after"]
    assert "level" in refused(matter, z)
    matter.finish()
    assert ended(matter)


def test_within_a_called_process_and_not_out_of_one_that_is_over():
    matter = Matter(*calling())
    before = matter.do("before")
    matter.withdraw(before)
    assert matter.open() == ["before"]
    matter.do("before")

    x = matter.do("x")
    matter.withdraw(x)
    assert matter.open() == ["x"]

    matter.do("x")
    y = matter.do("y")
    assert "level" in refused(matter, y)
    matter.finish()
    assert ended(matter)


def test_after_the_end_nothing_is_withdrawn():
    matter = Matter(Drawing().user("a", **TASK).path("start", "a", "end"))
    done = matter.do("a")

    with pytest.raises(NotPossible), jobs.transaction() as session:
        verbs.withdraw(session, done, 1)
    assert ended(matter)
