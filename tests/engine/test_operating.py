"""Operations on instances: suspended and going on, cancelled, edited, moved by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine import audit, clock, db, history, instances, jobs, run, submissions, tasks, waits, work
from engine.errors import NotPossible
from engine.operations import Step, operation
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, open_incidents, open_tasks, start, urgent

called: list[str] = []


@operation("test.moved_past")
def moved_past(session: db.Session, step: Step) -> dict[str, object]:
    called.append(step.element_id)
    return {}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    called.clear()


def drawn() -> Drawing:
    """ask beside a message; a reminder every hour; then a service task and the end."""
    drawing = Drawing("p").user("ask", **TASK).user("reminded", **TASK).user("last", **TASK)
    drawing.service("work", "test.moved_past").catch("news", key="elder", message="news").gateway("and", "f", "j")
    drawing.boundary("hour", "ask", False, every="R3/PT1H")
    drawing.path("start", "f", "ask", "j", "work", "last", "end").path("f", "news", "j")
    return drawing.path("hour", "reminded", "end_reminded")


def begun(**data: Any) -> UUID:
    deploy(drawn())
    return start(data={"elder": "7"} | data)


def suspend(instance_id: UUID, reason: str = "why") -> bool:
    with jobs.transaction() as session:
        return run.suspend(session, instance_id, reason, by=9)


def resume(instance_id: UUID) -> None:
    with jobs.transaction() as session:
        run.resume(session, instance_id, by=9)
    jobs.drain()


def send(name: str, key: str, lane: str = work.NORMAL) -> None:
    with jobs.transaction() as session:
        jobs_incoming(session, name, key, lane)
    jobs.drain()


def jobs_incoming(session: db.Session, name: str, key: str, lane: str) -> None:
    from engine import incoming

    incoming.message(session, name, key, {"x": 1}, lane=lane)


def told(instance_id: UUID) -> list[tuple[str, str | None, int | None, str | None]]:
    with db.reading() as session:
        return [(row.what, row.element, row.who, row.note) for row in history.of_instance(session, instance_id)]


def state(instance_id: UUID) -> str:
    with db.reading() as session:
        return instances.get(session, instance_id).state


def sound() -> list[Any]:
    return audit.run()


def test_a_suspended_instance_takes_no_time_until_it_goes_on_then_all_in_order(database, monday):
    instance_id = begun()
    suspend(instance_id)

    clock.move_by(timedelta(hours=2, minutes=30))
    jobs.sweep()
    jobs.drain()
    assert [each.element_id for each in opened(instance_id)] == ["ask"]
    assert (open_incidents(), sound()) == ([], [])

    resume(instance_id)
    assert sorted(each.element_id for each in opened(instance_id)) == ["ask", "reminded", "reminded"]
    assert (state(instance_id), sound()) == ("live", [])


def opened(instance_id: UUID) -> list[tasks.TaskRow]:
    with db.reading() as session:
        return [row for row in tasks.of_instance(session, instance_id) if row.state == tasks.OPEN]


def test_a_message_for_a_suspended_instance_is_kept_beyond_its_time_to_live(database, monday):
    instance_id = begun()
    suspend(instance_id)

    send("news", "7")
    clock.move_by(timedelta(days=30))
    jobs.sweep()
    jobs.drain()
    with db.reading() as session:
        assert [each.element for each in waits.of_instance(session, instance_id) if each.kind == "message"] == ["news"]
    assert sound() == []

    resume(instance_id)
    with db.reading() as session:
        assert [each for each in waits.of_instance(session, instance_id) if each.kind == "message"] == []
        assert run.data_of(session, instance_id)["news"] == {"x": 1}


def test_a_form_for_a_suspended_instance_is_kept_and_acts_when_it_goes_on(database, monday):
    instance_id = begun()
    task_id = open_tasks(instance_id)["ask"].id
    suspend(instance_id)

    with pytest.raises(instances.Suspended):
        complete("ask", "yes", by=4, instance_id=instance_id)
    jobs.drain()
    assert open_tasks(instance_id)["ask"].id == task_id
    assert open_incidents() == []

    resume(instance_id)
    with db.reading() as session:
        assert submissions.of(session, instance_id, "ask") == {"ok": "yes"}
        assert tasks.get(session, task_id).done_by == 4
    assert sound() == []


def test_other_instances_go_on_and_one_message_reaches_those_that_may_take_it(database, monday):
    first = begun()
    second = start(data={"elder": "7"})
    suspend(first)

    send("news", "7")

    with db.reading() as session:
        assert "news" in run.data_of(session, second)
        assert "news" not in run.data_of(session, first)
    resume(first)
    with db.reading() as session:
        assert "news" in run.data_of(session, first)


def test_suspending_what_is_urgent_has_a_person_call_and_so_has_an_alarm_for_it(database, monday):
    deploy(files={"p.bpmn": urgent(drawn())})
    instance_id = start(data={"elder": "7"})

    suspend(instance_id)
    with db.reading() as session:
        assert [row.name for row in tasks.find(session).rows if row.instance_id is None] == [run.CALL_NOW]

    send("news", "7", lane=work.ALARM)
    with db.reading() as session:
        assert len([row for row in tasks.find(session).rows if row.instance_id is None]) == 2


def test_a_suspended_instance_can_be_cancelled_and_lets_go_what_was_kept_for_it(database, monday):
    instance_id = begun()
    suspend(instance_id, "wrong address")
    send("news", "7")

    with jobs.transaction() as session:
        run.cancel(session, instance_id, "moved away", by=9)
    jobs.drain()

    assert state(instance_id) == "cancelled"
    assert ("suspended", "p", 9, "wrong address") in told(instance_id)
    assert ("cancelled", "p", 9, "moved away") in told(instance_id)
    assert sound() == []


def test_suspending_twice_and_going_on_twice_change_nothing(database, monday):
    instance_id = begun()

    assert [suspend(instance_id), suspend(instance_id)] == [True, False]
    resume(instance_id)
    with jobs.transaction() as session:
        assert run.resume(session, instance_id) is False


def test_nobody_is_reminded_of_tasks_of_a_suspended_instance(database, monday):
    instance_id = begun()
    suspend(instance_id)
    clock.move_by(timedelta(hours=3))
    jobs.sweep()

    assert "reminded_half" not in [what for what, *_ in told(instance_id)]
    resume(instance_id)
    jobs.sweep()
    with db.reading() as session:
        assert tasks.ladder.next_due(session) is not None


def test_edited_data_stand_in_the_history_with_before_and_after(database, monday):
    instance_id = begun(level=2, visit={"reached": "no", "place": "home"})
    suspend(instance_id)

    with jobs.transaction() as session:
        before = run.edit(session, instance_id, {"level": 3, "visit.reached": "yes", "fresh": [1]}, "typing error", 9)

    with db.reading() as session:
        data = run.data_of(session, instance_id)
        row = next(each for each in history.of_instance(session, instance_id) if each.what == "edited")
    assert before == {"level": 2, "visit.reached": "no", "fresh": None}
    assert (data["level"], data["visit"], data["fresh"]) == (3, {"reached": "yes", "place": "home"}, [1])
    assert (row.who, row.note, row.ids) == (
        9, "typing error", {"before": before, "after": {"level": 3, "visit.reached": "yes", "fresh": [1]}},
    )  # fmt: skip
    assert sound() == []


@pytest.mark.parametrize(
    "values", [{}, {"@": 1}, {"typename": 1}, {"a b": 1}, {"level": "3"}, {"level.x": 1}, {"visit.__class__.x": 1.5}]
)
def test_edits_that_would_damage_the_data_are_refused(database, monday, values):
    instance_id = begun(level=2, visit={"__class__": "y"})

    with pytest.raises(NotPossible), jobs.transaction() as session:
        run.edit(session, instance_id, values, "why")


def test_a_moved_token_opens_and_closes_rows_and_is_told(database, monday):
    instance_id = begun()
    task_id = open_tasks(instance_id)["ask"].id
    with db.reading() as session:
        seen = run.preview(session, instance_id, task_id, "last")

    with jobs.transaction() as session:
        moved = run.move(session, instance_id, task_id, "last", by=9, reason="done on paper")

    assert {each.element for each in seen.cancelled} == {"ask", "hour", "news"}
    assert [each.element for each in seen.opened] == ["last"]
    assert [each.element for each in moved.opened] == ["last"]
    assert list(open_tasks(instance_id)) == ["last"]
    with db.reading() as session:
        assert waits.of_instance(session, instance_id) == []
        assert tasks.get(session, task_id).state == tasks.CANCELLED
        row = next(each for each in history.of_instance(session, instance_id) if each.what == "moved")
    assert (row.element, row.who, row.note) == ("ask", 9, "done on paper")
    assert row.ids is not None and row.ids["to"] == "last"
    assert (called, sound()) == ([], [])


def test_a_preview_carries_out_nothing_and_says_where_it_stopped(database, monday):
    instance_id = begun()
    task_id = open_tasks(instance_id)["ask"].id

    with db.reading() as session:
        seen = run.preview(session, instance_id, task_id, "work")
    assert (seen.runs, called) == ("work", [])

    with jobs.transaction() as session:
        run.move(session, instance_id, task_id, "work")
    assert called == ["work"]


def test_a_skipped_task_is_cancelled_in_the_worklist_and_told_as_skipped(database, monday):
    instance_id = begun()
    send("news", "7")

    with jobs.transaction() as session:
        run.move(session, instance_id, open_tasks(instance_id)["ask"].id, None, by=9, reason="nobody there")

    assert list(open_tasks(instance_id)) == ["last"]
    assert ("skipped_by_hand", "ask", 9, "nobody there") in told(instance_id)
    assert ("skipped", "ask", None, None) in told(instance_id)
    assert sound() == []


def test_a_token_that_has_gone_on_is_not_moved(database, monday):
    instance_id = begun()
    task_id = open_tasks(instance_id)["ask"].id
    complete("ask", instance_id=instance_id)

    with pytest.raises(NotPossible), jobs.transaction() as session:
        run.move(session, instance_id, task_id, "last")


def test_a_suspended_instance_does_not_move(database, monday):
    instance_id = begun()
    task_id = open_tasks(instance_id)["ask"].id
    suspend(instance_id)

    with pytest.raises(instances.Suspended), jobs.transaction() as session:
        run.move(session, instance_id, task_id, "last")
    with pytest.raises(NotPossible), db.reading() as session:
        run.preview(session, instance_id, task_id, "last")


def test_what_is_over_cannot_be_operated(database, monday):
    instance_id = begun()
    with jobs.transaction() as session:
        run.cancel(session, instance_id, "over")

    for operate in (
        lambda session: run.suspend(session, instance_id, "why"),
        lambda session: run.edit(session, instance_id, {"x": 1}, "why"),
        lambda session: run.tokens(session, instance_id),
    ):
        with pytest.raises(NotPossible), jobs.transaction() as session:
            operate(session)


def test_each_token_is_named_with_the_elements_it_may_go_to(database, monday):
    instance_id = begun()

    with db.reading() as session:
        found = {token.element_id: targets for token, targets in run.tokens(session, instance_id)}

    assert set(found) == {"ask", "news"}
    assert "last" in found["ask"] and "news" not in found["ask"]
