"""The ladder of lateness: reminded at 50 % and 80 %, late at 100 %, the next level has it as well from 150 % on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import clock, db, history, jobs, operations, tasks
from engine.jobs import sweeps
from engine.operations import Assignment
from engine.run import complete_task
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, counted, deploy, open_tasks, start

CHAIN = {"desk": "boss", "boss": "chief", "chief": None}
told: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def domain(database, monday):
    told.clear()

    @operations.answers_question("ladder_of")
    def ladder_of(session: object, undone: operations.Undone) -> Assignment | None:
        above = CHAIN.get((undone.also or undone.holder).role)
        return None if above is None else Assignment(above, "/", None, "handed_up")

    @operations.answers_question("ladder_tells")
    def ladder_tells(session: object, what: str, undone: operations.Undone, to: Assignment) -> None:
        told.append((what, to.role))


def one_task(**said: str) -> None:
    deploy(Drawing("p").user("a", **TASK | said).path("start", "a", "end"))
    start()


def passed(**time: float) -> tasks.TaskRow:
    jobs.move_clock(timedelta(**time))
    return open_tasks()["a"]


def happened() -> list[str]:
    with db.reading() as session:
        rows = session.connection().execute(history.history.select().order_by(history.history.c.id)).all()
    return [row.what for row in rows if row.what in ("late", "handed_up", "claimed")]


def test_a_task_that_its_diagram_hands_to_nobody_goes_one_level_up_at_half_its_time_more(monday):
    one_task(due="PT2H")

    task = open_tasks()["a"]

    assert (task.next_role, task.next_at) == ("boss", monday + timedelta(hours=3))


def test_the_holder_is_reminded_twice_and_then_the_next_level_hears_that_it_is_late():
    one_task(due="PT100M")

    passed(minutes=49)
    assert told == []
    passed(minutes=1)
    assert told == [("reminded_half", "desk")]
    passed(minutes=30)
    assert told[1:] == [("reminded_soon", "desk")]
    assert happened() == []
    passed(minutes=20)
    assert told[2:] == [("late", "boss")]
    assert happened() == ["late"]


def test_a_late_task_stays_its_holders_and_is_the_next_levels_as_well(monday):
    one_task(due="PT2H")

    task = passed(hours=3)

    assert (task.role, task.also_role, task.state) == ("desk", "boss", tasks.OPEN)
    assert (task.next_role, task.next_at) == ("chief", monday + timedelta(hours=4))
    assert happened() == ["late", "handed_up"] and told[-1] == ("handed_up", "boss")
    with db.reading() as session:
        for role in ("desk", "boss"):
            assert [row.id for row in tasks.worklist(session, [(role, "/")], None).rows] == [task.id]
        assert tasks.worklist(session, [("chief", "/")], None).rows == []


def test_it_climbs_to_the_top_and_waits_there_for_ever():
    one_task(due="PT2H")

    task = passed(days=30)

    assert (task.state, task.also_role, task.next_role, task.next_at) == (tasks.OPEN, "chief", None, None)
    assert happened() == ["late", "handed_up", "handed_up"]


def test_levels_follow_one_another_after_ten_minutes_at_least(monday):
    one_task(due="PT2M")

    assert open_tasks()["a"].next_at == monday + timedelta(minutes=3)
    assert passed(minutes=3).next_at == monday + timedelta(minutes=13)


def test_moments_are_whole_minutes_and_never_early(monday):
    one_task(due="PT1M")

    assert open_tasks()["a"].next_at == monday + timedelta(minutes=2)


def test_whoever_finishes_it_finished_it_late():
    one_task(due="PT2H")
    task = passed(hours=3)

    complete("a", by=9)

    with db.reading() as session:
        done = tasks.get(session, task.id)
    assert done.was_late and done.done_by == 9
    jobs.move_clock(timedelta(days=3))
    assert happened() == ["late", "handed_up"]


def test_a_task_done_in_time_is_not_late():
    one_task(due="PT2H")
    task = passed(hours=1)

    complete("a")

    with db.reading() as session:
        assert not tasks.get(session, task.id).was_late


def test_the_next_level_may_finish_or_take_what_somebody_took():
    one_task(due="PT2H")
    task = open_tasks()["a"]
    with jobs.transaction() as session:
        tasks.claim(session, task.id, 1)
    with pytest.raises(tasks.NotYours), jobs.transaction() as session:
        complete_task(session, task.id, {"ok": "yes"}, 9)
    passed(hours=3)

    with jobs.transaction() as session:
        tasks.claim(session, task.id, 9, taking_over=True)

    task = open_tasks()["a"]
    assert (task.claimed_by, task.role, task.also_role) == (9, "boss", None)
    assert complete("a", by=9).ended


def test_who_the_diagram_names_comes_first_and_the_ladder_after_the_last_of_them(monday):
    drawing = Drawing("p").user("a", **TASK | {"due": "PT2H"}).user("b", **TASK | {"role": "chief"})
    drawing.boundary("late", "a", False, after="PT4H")
    deploy(drawing.path("start", "a", "end").path("late", "b", "e2"))
    start()
    assert (open_tasks()["a"].next_role, open_tasks()["a"].next_at) == ("chief", monday + timedelta(hours=4))

    task = passed(hours=4)

    assert "b" in open_tasks()
    assert (task.also_role, task.next_role, task.next_at) == (None, "boss", monday + timedelta(hours=5))
    assert passed(hours=1).also_role == "boss"


def test_an_emergency_keeps_the_cascade_of_its_diagram_without_reminders(monday):
    drawing = Drawing("p").user("a", **TASK | {"due": "PT3M", "priority": "urgent"}).user("b", **TASK)
    drawing.boundary("late", "a", True, after="PT10M")
    deploy(drawing.path("start", "a", "end").path("late", "b", "e2"))
    start()
    assert open_tasks()["a"].next_at == monday + timedelta(minutes=10)

    jobs.move_clock(timedelta(minutes=9))
    assert told == [] and happened() == []
    jobs.move_clock(timedelta(minutes=2))
    assert set(open_tasks()) == {"b"} and happened() == []


def test_an_emergency_whose_diagram_names_nobody_climbs_too(monday):
    one_task(due="PT4M", priority="urgent")

    assert (open_tasks()["a"].next_role, open_tasks()["a"].next_at) == ("boss", monday + timedelta(minutes=6))
    assert passed(minutes=6).also_role == "boss"


def test_a_plain_task_has_the_ladder_as_well(monday):
    with jobs.transaction() as session:
        task_id = tasks.plain(session, name="to do", role="desk", due_in=timedelta(hours=1))
    with db.reading() as session:
        row = tasks.get(session, task_id)
    assert (row.next_role, row.next_at) == ("boss", monday + timedelta(minutes=90))


def test_a_task_without_a_time_has_none():
    with jobs.transaction() as session:
        task_id = tasks.plain(session, name="to do", role="desk", due_in=None)
    jobs.move_clock(timedelta(days=90))

    with db.reading() as session:
        row = tasks.get(session, task_id)
    assert (row.next_role, row.also_role, told) == (None, None, [])


def test_after_a_standstill_it_climbs_one_level_and_not_all_at_once(monday):
    one_task(due="PT1H")
    clock.move_by(timedelta(days=2))

    while sweeps.climb_ladder():
        pass

    task = open_tasks()["a"]
    assert (task.also_role, task.next_role) == ("boss", "chief")
    assert task.next_at == clock.now() + timedelta(minutes=30)


def test_two_programs_that_sweep_at_once_hand_it_up_once():
    one_task(due="PT1H")
    clock.move_by(timedelta(minutes=90))

    assert [sweeps.climb_ladder(), sweeps.climb_ladder()] == [1, 0]
    assert happened() == ["late", "handed_up"]


def test_one_ladder_that_fails_holds_up_no_other(monkeypatch):
    one_task(due="PT1H")
    with jobs.transaction() as session:
        broken = tasks.plain(session, name="breaks", role="other", due_in=timedelta(minutes=59))

    @operations.answers_question("ladder_of")
    def ladder_of(session: object, undone: operations.Undone) -> Assignment | None:
        if undone.task_id == broken:
            raise RuntimeError("no luck")
        return Assignment("boss", "/")

    clock.move_by(timedelta(hours=2))
    sweeps.climb_ladder()

    assert open_tasks()["a"].also_role == "boss"
    assert sweeps.climb_ladder() == 0
    clock.move_by(timedelta(minutes=10))
    assert sweeps.climb_ladder() >= 1


def test_a_task_handed_over_goes_to_the_level_above_its_new_holder():
    one_task(due="PT2H")
    with jobs.transaction() as session:
        tasks.hand_over(session, open_tasks()["a"].id, 4, "boss", "/", "stands_in_for_a")

    assert open_tasks()["a"].next_role == "chief"


def test_the_ladder_costs_a_step_no_statement(database):
    one_task(due="PT2H")

    with counted(database) as with_ladder:
        start(key="with")
    operations._answers.pop("ladder_of")
    with counted(database) as without:
        start(key="without")

    assert len(with_ladder) == len(without)
