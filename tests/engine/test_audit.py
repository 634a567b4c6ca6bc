"""Each invariant of the stored data is seen when one row breaks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, Table, type_coerce

from engine import audit, clock, db, incoming, instances, jobs, outgoing, run, submissions, tasks, waits, work
from engine.operations import Step, operation
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, start


@pytest.fixture
def instance_id(database, monday) -> UUID:
    """Task a is done; b is open, with a timer and beside a message that is awaited."""
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK).user("c", **TASK)
    drawing.boundary("late", "b", False, after="PT9H").boundary("told", "b", False, message="m")
    deploy(drawing.path("start", "a", "b", "end").path("late", "c", "e2").path("told", "e3"))
    outgoing.delivers("test.audit")(lambda payload, key: None)
    with jobs.transaction() as session:
        incoming.record(session, "gate", "1", "test.nothing", {})
        outgoing.record(session, "test.audit", "1")
    started = start(key="k")
    complete("a")
    jobs.drain()
    return started


def broken() -> list[tuple[int, str]]:
    return [(each.number, each.table) for each in audit.run()]


def change(table: Table, where: Any = None, **values: Any) -> None:
    with db.writing() as session:
        statement = table.update().values(**values) if values else table.delete()
        session.connection().execute(statement if where is None else statement.where(where))


def test_sound_data_break_nothing(instance_id):
    assert broken() == []


def test_1_an_accepted_event_that_nobody_handles(instance_id):
    change(incoming.incoming, incoming.incoming.c.source == "gate", state="waiting")

    assert broken() == [(1, "incoming")]


def test_1_an_event_that_led_nowhere(instance_id):
    change(incoming.incoming, incoming.incoming.c.source == "gate", instance_id=db.new_id())

    assert broken() == [(1, "incoming")]


def test_2_a_finished_task_without_its_submission(instance_id):
    change(submissions.submission)

    assert broken() == [(2, "task")]


def test_2_a_submission_for_a_task_that_was_taken_away(instance_id):
    change(tasks.task, tasks.task.c.state == "done", state="cancelled")

    assert broken() == [(2, "task")]


def test_2_a_submission_with_other_content_than_was_completed(instance_id):
    change(submissions.submission, body={"ok": "no"})

    assert broken() == [(2, "submission")]


def test_2_a_submission_that_cannot_be_read(instance_id):
    body = type_coerce(b"1" * 60, LargeBinary)
    change(submissions.submission, body=body)

    assert broken() == [(2, "submission")]


def test_1_an_event_that_was_refused_and_led_somewhere(instance_id):
    change(incoming.incoming, incoming.incoming.c.source == "gate", answer="refused", instance_id=instance_id)

    assert broken() == [(1, "incoming")]


def test_an_audit_of_the_last_days_leaves_out_what_rested_before(instance_id):
    change(submissions.submission)
    clock.move_by(timedelta(days=3))

    assert [each.number for each in audit.run(since=clock.days_ago(2)) if each.number == 2] == []
    assert [each.number for each in audit.run() if each.number == 2] == [2]


def test_3_a_task_that_left_the_worklist(instance_id):
    change(tasks.task, tasks.task.c.state == "open", state="cancelled")

    assert broken() == [(3, "task")]


def test_3_a_task_that_no_token_stands_at(instance_id):
    change(tasks.task, tasks.task.c.state == "open", id=db.new_id())

    assert broken() == [(3, "task"), (3, "task")]


def test_3_a_state_that_cannot_be_read(instance_id):
    change(instances.instance_state, stored=b"\1\1nonsense that is long enough to be one")

    assert (3, "instance_state") in broken()


def test_4_a_timer_without_its_row(instance_id):
    change(waits.wait, waits.wait.c.kind == "timer")

    assert broken() == [(4, "wait")]


def test_4_a_row_for_another_time_than_the_state_says(instance_id):
    change(waits.wait, waits.wait.c.kind == "timer", due_at=clock.now() + timedelta(days=9))

    assert broken() == [(4, "wait"), (4, "wait")]


def test_5_due_work_that_nobody_claims(instance_id):
    with db.writing() as session:
        work.add(session, "forgotten", due_at=clock.now() - timedelta(seconds=61))

    assert broken() == [(5, "work")]


def test_5_a_batch_may_wait_for_everything_else_but_not_for_ever(instance_id):
    with db.writing() as session:
        work.add(session, "batch", lane=work.BULK, due_at=clock.now() - timedelta(hours=2, minutes=59))

    assert broken() == []

    with db.writing() as session:
        work.add(session, "forgotten batch", lane=work.BULK, due_at=clock.now() - timedelta(hours=3, minutes=1))

    assert broken() == [(5, "work")]


def test_5_a_due_timer_that_nothing_will_fire(instance_id):
    clock.move_by(timedelta(hours=10))

    assert broken() == [(5, "wait")]
    jobs.sweep()
    jobs.drain()
    assert broken() == []


def test_6_an_effect_that_nothing_will_send(instance_id):
    change(outgoing.outgoing, state="waiting")

    assert broken() == [(6, "outgoing")]


def test_8_an_instance_that_ended_though_tokens_are_left(instance_id):
    change(instances.instance, state="ended")

    assert (8, "instance") in broken()


def test_8_an_instance_that_lives_on_after_its_end(instance_id):
    complete("b")
    change(instances.instance, state="live")

    assert (8, "instance") in broken()


def test_10_an_instance_that_waits_for_nothing(instance_id):
    change(tasks.task, tasks.task.c.state == "open", state="cancelled")
    change(waits.wait)
    clock.move_by(timedelta(minutes=1))

    assert (10, "instance") in broken()


@operation("test.audited")
def audited(session: db.Session, step: Step) -> None:
    """Something automatic."""


def test_9_an_automatic_task_that_was_never_carried_out(database, monday):
    deploy(Drawing("p").user("a", **TASK).service("s", "test.audited").path("start", "a", "s", "end"))
    instance_id = start()
    with db.writing() as session:
        row, revision, _ = instances.load(session, instance_id)
        instances.save(session, instance_id, revision, _half_a_step(session, row))

    assert (9, "instance") in broken()


def _half_a_step(session: db.Session, row: instances.Instance) -> bytes:
    """The state after its task was completed, before the engine went on, as a fault of ours might leave it."""
    live = run.peek(session, row.id)
    for task in list(live._top.tasks.values()):
        if task.task_spec.manual:
            task.complete()
    return live.dump()
