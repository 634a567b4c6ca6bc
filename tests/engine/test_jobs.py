"""Workers, sweeps and the clock that can be moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from engine import clock, db, history, incidents, incoming, instances, jobs, outgoing, tasks, waits, work
from engine.errors import EngineError
from engine.jobs import actors, doing, sweeps
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy, open_incidents, open_tasks, start


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def workers(database):
    jobs.start_workers()
    yield
    jobs.stop_workers()


def reminded() -> Drawing:
    """a; after 10 min b, after 20 min c, each beside it; b is itself followed by d after 5 min."""
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK).user("c", **TASK).user("d", **TASK)
    drawing.boundary("first", "a", False, after="PT10M").boundary("second", "a", False, after="PT20M")
    drawing.boundary("third", "b", False, after="PT5M")
    drawing.path("start", "a", "end").path("first", "b", "e2").path("second", "c", "e3")
    return drawing.path("third", "d", "e4")


def test_work_is_done_by_the_workers_of_its_lane_after_the_commit(workers):
    done = threading.Event()
    jobs.does("test.done")(lambda session, item: done.set())

    with jobs.transaction() as session:
        work.add(session, "test.done", lane="alarm")

    assert done.wait(30)
    eventually(lambda: not left())


def left() -> bool:
    with db.reading() as session:
        return work.unfinished(session)


def test_a_long_batch_does_not_delay_an_alarm(workers):
    release, alarmed = threading.Event(), threading.Event()
    jobs.does("test.batch")(lambda session, item: release.wait(0.5))
    jobs.does("test.alarm")(lambda session, item: alarmed.set())
    with jobs.transaction() as session:
        for _ in range(100):
            work.add(session, "test.batch", lane="bulk")

    with jobs.transaction() as session:
        work.add(session, "test.alarm", lane="alarm")

    assert alarmed.wait(30)
    assert left()  # the batch takes 50 s
    release.set()
    eventually(lambda: not left())


def test_due_timers_fire_by_themselves(workers):
    deploy(Drawing("p").user("a", **TASK).boundary("t", "a", after="PT1S").user("b", **TASK)
           .path("start", "a", "end").path("t", "b", "e2"))  # fmt: skip
    start()

    eventually(lambda: set(open_tasks()) == {"b"})


def test_a_timer_that_a_worker_with_a_slow_clock_found_not_due_fires_all_the_same(database, monday):
    deploy(Drawing("p").user("a", **TASK).boundary("t", "a", after="PT1H").user("b", **TASK)
           .path("start", "a", "end").path("t", "b", "e2"))  # fmt: skip
    start()
    with clock.frozen(monday + timedelta(hours=1)):
        sweeps.queue_timers()
    with db.writing() as session:
        session.connection().execute(work.work.update().values(due_at=monday))
    assert jobs.drain() == 1
    assert set(open_tasks()) == {"a"}

    clock.move_by(timedelta(hours=1))
    jobs.sweep()
    jobs.drain()

    assert set(open_tasks()) == {"b"}


def test_a_lost_bell_costs_delay_only(workers):
    done = threading.Event()
    jobs.does("test.silent")(lambda session, item: done.set())

    with db.writing() as session:
        work.add(session, "test.silent", lane="normal")
        session.info.clear()  # as if nobody had rung

    assert done.wait(30)


def test_what_fails_is_undone_and_waits(database, monday):
    def half(session: db.Session, item: work.Item) -> None:
        history.write(session, None, None, "half done")
        raise RuntimeError("no luck")

    jobs.does("test.half")(half)
    with jobs.transaction() as session:
        work.add(session, "test.half")

    jobs.drain()

    with db.reading() as session:
        assert session.connection().execute(history.history.select()).all() == []
        assert work.next_due(session) is not None
    assert open_incidents() == []


def test_work_of_an_unknown_kind_becomes_an_incident(database, monday):
    with jobs.transaction() as session:
        work.add(session, "nobody.does.this")

    for _ in range(4):
        jobs.drain()
        clock.move_by(timedelta(minutes=15))

    [incident] = open_incidents()
    assert incident.kind == "nobody.does.this"


def test_a_remedy_is_kept_though_its_transaction_is_not(database, monday):
    fault = EngineError("refused")
    fault.remedy = lambda session: history.write(session, None, 1, "kept")

    with pytest.raises(EngineError), jobs.transaction() as session:
        history.write(session, None, 1, "lost")
        raise fault

    with db.reading() as session:
        assert [row.what for row in session.connection().execute(history.history.select())] == ["kept"]


def test_an_effect_is_sent_outside_any_transaction_and_marked(database, monday):
    sent: list[bool] = []

    def deliver(payload: dict[str, object], key: str) -> None:
        with db.writing() as session:  # would wait for ever inside another transaction
            sent.append(work.unfinished(session))

    outgoing.delivers("test.sms")(deliver)
    with jobs.transaction() as session:
        row_id = outgoing.record(session, "test.sms", "k", to=1)

    jobs.drain()

    assert len(sent) == 1
    with db.reading() as session:
        assert row_id is not None
        assert outgoing.get(session, row_id).state == "sent"


def test_an_effect_that_nobody_takes_is_given_up_after_its_tries_and_is_an_incident(database, monday):
    def refuse(payload: dict[str, object], key: str) -> None:
        raise outgoing.DeliveryFailed("busy")

    outgoing.delivers("test.busy")(refuse)
    with jobs.transaction() as session:
        row_id = outgoing.record(session, "test.busy", "k")

    for _ in range(10):
        jobs.drain()
        clock.move_by(timedelta(hours=2))

    assert [each.kind for each in open_incidents()] == ["deliver"]
    with db.reading() as session:
        assert row_id is not None
        assert outgoing.get(session, row_id).state == "given_up"


def test_an_instance_that_waits_for_nothing_is_found(database, monday):
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    instance_id = start()
    with db.writing() as session:
        session.connection().execute(tasks.task.delete())
    clock.move_by(timedelta(minutes=1))

    jobs.sweep()
    jobs.sweep()

    [incident] = open_incidents()
    assert (incident.instance_id, incident.kind) == (instance_id, "stuck")


def test_of_many_instances_some_are_looked_at_in_each_sweep_and_none_is_left_out(database, monday, monkeypatch):
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    begun = [start() for _ in range(5)]
    with db.writing() as session:
        session.connection().execute(tasks.task.delete())
    clock.move_by(timedelta(minutes=1))
    monkeypatch.setattr(sweeps, "LOOKED_AT", 2)

    found = [sweeps.open_incidents_for_stuck() for _ in range(4)]

    assert found == [2, 2, 1, 0]
    assert {each.instance_id for each in open_incidents()} == set(begun)


def test_a_killed_workers_lease_is_given_back_at_once(database, monday):
    host = doing.OWNER.partition(":")[0]
    with db.writing() as session:
        work.add(session, "step")
        work.claim(session, ["normal"], f"{host}:999999999:dead")

    assert sweeps.free_dead_leases() == 1

    with db.writing() as session:
        assert len(work.claim(session, ["normal"], "me")) == 1


def test_a_living_workers_lease_is_left_alone(database, monday):
    with db.writing() as session:
        work.add(session, "step")
        work.claim(session, ["normal"], doing.OWNER)

    assert sweeps.free_dead_leases() == 0


def test_a_kept_message_that_was_awaited_in_the_same_moment_wakes(database, monday):
    deploy(Drawing("p").catch("wait", message="m").user("b", **TASK).path("start", "wait", "b", "end"))
    with jobs.transaction() as session:
        incoming.message(session, "m", "k", {})
    start(key="k")
    with db.writing() as session:  # the two transactions did not see each other
        session.connection().execute(incoming.incoming.update().values(state="kept"))
        session.connection().execute(work.work.delete())

    jobs.sweep()
    jobs.drain()

    assert set(open_tasks()) == {"b"}


def test_the_moved_clock_stops_at_each_due_time_on_the_way(database, monday):
    deploy(reminded())
    start()

    jobs.move_clock(timedelta(hours=1))

    assert clock.now() == monday + timedelta(hours=1)
    came_up = {name: task.created_at - monday for name, task in open_tasks().items()}
    assert came_up == {
        "a": timedelta(0),
        "b": timedelta(minutes=10),
        "d": timedelta(minutes=15),
        "c": timedelta(minutes=20),
    }


def test_another_program_takes_over_the_moved_clock(database, monday):
    jobs.move_clock(timedelta(days=1))
    clock.set_offset(timedelta(0))
    from engine.jobs import moved_clock

    moved_clock._seen = None
    jobs.load_clock()

    assert clock.now() == monday + timedelta(days=1)


def test_the_clock_is_moved_by_the_running_program_when_there_is_one(database, monday):
    deploy(reminded())
    start()
    from engine.jobs import parts

    with db.writing() as session:
        session.connection().execute(parts.program.insert(), {"owner": "elsewhere:1:x", "seen_at": clock.now()})
    running = threading.Thread(target=lambda: [time.sleep(0.2), jobs.work_lane("human")], daemon=True)
    running.start()

    moved = jobs.move_clock(timedelta(minutes=12))
    running.join()

    assert moved == monday + timedelta(minutes=12)
    assert set(open_tasks()) == {"a", "b"}


def test_the_bell_of_a_broker_that_is_down_is_no_fault(database, monday, caplog):
    actors.ring("normal")

    assert incidents and instances and waits  # nothing was raised


def trouble(error: Exception) -> OperationalError:
    return OperationalError("UPDATE", {}, error)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), 1),
     (psycopg.errors.AdminShutdown("terminating connection"), 2)],
)  # fmt: skip
def test_work_that_the_database_interrupts_is_given_back_and_is_no_incident(database, monday, error, attempts):
    seen = []

    def interrupted(session, item):
        seen.append(item.attempts)
        if len(seen) < 2:
            raise trouble(error)

    jobs.does("test.interrupted")(interrupted)
    with jobs.transaction() as session:
        work.add(session, "test.interrupted", lane="alarm")

    jobs.drain()

    assert seen == [1, attempts]
    assert open_incidents() == [] and not open_tasks()


def test_work_is_given_back_when_the_database_can_be_written_again(database, monday, monkeypatch):
    real, away = db.writing, []

    def writing():
        if away:
            raise trouble(psycopg.errors.AdminShutdown("the database system is starting up"))
        return real()

    def cut(session, item):
        away.append(True)
        raise trouble(psycopg.errors.AdminShutdown("terminating connection"))

    jobs.does("test.cut")(cut)
    with jobs.transaction() as session:
        work.add(session, "test.cut")
    monkeypatch.setattr(db, "writing", writing)
    with pytest.raises(OperationalError):
        jobs.drain()
        doing.give_back()

    away.clear()

    assert doing.give_back() == 1
    with db.writing() as session:
        assert len(work.claim(session, ["normal"], "me")) == 1
