"""A signal reaches everybody who waits for it, in whichever instance, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from engine import clock, db, history, jobs, run, tasks, waits, work
from engine.run import signals
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, counted, deploy, open_tasks, start


def warned(process_id: str = "warned") -> Drawing:
    """Rests at task `rest`; each `storm` opens a task `shelter` beside it."""
    drawing = Drawing(process_id).user("rest", **TASK).user("shelter", **TASK)
    drawing.boundary("storm", "rest", False, signal="storm")
    return drawing.path("start", "rest", "end").path("storm", "shelter", "end_shelter")


def warning() -> Drawing:
    """Throws `storm` after task `decide`, and waits for it itself beside that."""
    drawing = Drawing("warning").user("decide", **TASK).user("own", **TASK).gateway("and", "fork", "join")
    drawing.throw("tell", signal="storm").catch("hear", signal="storm")
    drawing.path("start", "fork", "decide", "tell", "join", "end")
    return drawing.path("fork", "hear", "own", "join")


def shelters(instance_id: UUID) -> int:
    with db.reading() as session:
        page = tasks.find(session, filters=tasks.Filters(instance_id=instance_id))
    return sum(row.element_id == "shelter" for row in page.rows)


def test_a_signal_reaches_every_instance_that_waits_for_it_once(database, monday):
    deploy(warned())
    deploy(warning())
    waiting = [start("warned", key=str(number)) for number in range(300)]
    complete("decide", instance_id=start("warning"))
    jobs.drain()

    assert {shelters(each) for each in waiting} == {1}
    with db.reading() as session:
        assert [row.what for row in history.of_instance(session, waiting[0])].count("signal") == 1
        assert not work.any_due(session, work.LANES)


def test_the_throwing_instance_hears_it_in_its_own_step_and_not_again(database, monday):
    deploy(warning())
    instance_id = start("warning")

    complete("decide", instance_id=instance_id)
    assert set(open_tasks(instance_id)) == {"own"}
    jobs.drain()

    with db.reading() as session:
        assert "signal" not in {row.what for row in history.of_instance(session, instance_id)}
    assert set(open_tasks(instance_id)) == {"own"}


def test_each_throw_is_a_signal_of_its_own(database, monday):
    deploy(warned())
    deploy(warning())
    instance_id = start("warned")

    for number in range(1, 4):
        thrower = start("warning")
        complete("decide", instance_id=thrower)
        jobs.drain()
        assert shelters(instance_id) == number


def test_a_signal_that_is_told_again_after_a_crash_is_heard_once(database, monday, monkeypatch):
    deploy(warned())
    instance_id = start("warned")
    hear, crashes = run.hear, [True, True]

    def crashing(session: db.Session, instance_id: UUID, name: str) -> bool:
        heard = hear(session, instance_id, name)
        if crashes.pop() if crashes else False:
            raise RuntimeError("the worker dies before its commit")
        return heard

    monkeypatch.setattr(run, "hear", crashing)
    with jobs.transaction() as session:
        run.signal(session, "storm")
    for _ in range(3):
        jobs.drain()
        clock.move_by(timedelta(minutes=20))

    assert crashes == []
    assert shelters(instance_id) == 1


def test_more_instances_than_one_piece_of_work_tells_are_told_by_the_next(database, monday, monkeypatch):
    monkeypatch.setattr(signals, "AT_ONCE", 4)
    deploy(warned())
    waiting = [start("warned", key=str(number)) for number in range(11)]

    with jobs.transaction() as session:
        run.signal(session, "storm")
    jobs.drain()

    assert [shelters(each) for each in waiting] == [1] * 11


def test_who_stopped_waiting_hears_nothing(database, monday):
    deploy(warned())
    instance_id = start("warned")
    with jobs.transaction() as session:
        run.signal(session, "storm")
        run.broadcast(session, None, {"name": "storm"}, "normal")
    complete("rest")

    jobs.drain()

    assert open_tasks(instance_id) == {}


def test_an_event_behind_a_gateway_hears_signals(database, monday):
    drawing = Drawing("p").gateway("first", "either").catch("storm", signal="storm").catch("late", after="PT24H")
    drawing.user("shelter", **TASK).path("start", "either", "storm", "shelter", "end").path("either", "late", "end")
    deploy(drawing)
    instance_id = start()

    with jobs.transaction() as session:
        run.signal(session, "storm")
    jobs.drain()

    assert set(open_tasks(instance_id)) == {"shelter"}
    with db.reading() as session:
        assert waits.of_instance(session, instance_id) == []


def test_throwing_and_hearing_take_ten_statements_each_at_most(database, monday):
    deploy(warned())
    deploy(warning())
    waiting = [start("warned", key=str(number)) for number in range(20)]
    start("warning")
    task = open_tasks()["decide"]

    with counted(database) as throwing, jobs.transaction() as session:
        run.complete_task(session, task.id, {"ok": "yes"}, 1)
    [item] = claim()
    with counted(database) as telling, jobs.transaction() as session:
        run.broadcast(session, item.ref, item.detail, item.lane)
        work.done(session, item)
    item = claim()[0]
    with counted(database) as hearing, jobs.transaction() as session:
        run.hear(session, waiting[0], item.detail["name"])
        work.done(session, item)

    for statements in (throwing, telling, hearing):
        assert statements.count("COMMIT") == 1
        assert len([each for each in statements if each != "COMMIT" and not each.startswith("BEGIN")]) <= 10
    assert len(telling) <= 6  # however many there are


def claim() -> list[work.Item]:
    with db.writing() as session:
        return work.claim(session, ["normal"], "me", 8)


def test_the_waiting_are_found_by_index(database, monday):
    asked = str(signals._WAITING.compile(database.engine))
    with db.reading() as session:
        if database.engine.dialect.name == "sqlite":
            values = ("storm", bytes(16), 5, 0)[: asked.count("?")]
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values).all()
            assert "ix_wait_signal" in str(plan)
