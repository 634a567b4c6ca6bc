"""Steps: start, complete, message, timer; one transaction each, and what happens when they fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import clock, db, forms, history, incidents, instances, jobs, operations, run, submissions, tasks, waits
from engine.operations import OperationFailed, operation
from engine.run import completing
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, counted, deploy, open_incidents, open_tasks, start, urgent


def two_tasks() -> Drawing:
    """a, then b if a said yes; an hour after a came up, c reminds."""
    return (
        Drawing("p")
        .user("a", **TASK)
        .user("b", **TASK | {"separate_from": "a", "role": "boss"})
        .user("c", **TASK | {"role": "chief"})
        .boundary("late", "a", False, after="PT1H")
        .gateway("xor", "g")
        .path("start", "a", "g")
        .path("g", "b", "end", when='a.ok = "yes"')
        .path("g", "end2", default=True)
        .path("late", "c", "end3")
    )


@operation("test.counts")
def counts(session: db.Session, step: operations.Step) -> dict[str, object]:
    done.append(step)
    return {"number": len(done)}


@operation("test.breaks")
def breaks(session: db.Session, step: operations.Step) -> dict[str, object]:
    if broken:
        raise RuntimeError("no luck")
    return {}


@operation("test.refuses")
def refuses(session: db.Session, step: operations.Step) -> dict[str, object]:
    raise OperationFailed("NOT_FOUND")


done: list[operations.Step] = []
broken: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    done.clear()
    broken.clear()


def state_of(instance_id: object) -> str:
    with db.reading() as session:
        return instances.get(session, instance_id).state  # type: ignore[arg-type]


def test_a_started_instance_waits_at_its_first_task(database, monday):
    deploy(two_tasks())

    instance_id = start(data={"elder_id": 7}, key="k")

    [task] = open_tasks().values()
    assert (task.element_id, task.role, task.subject_id, task.form_key, task.form_version) == (
        "a", "desk", 7, "answer", 1,
    )  # fmt: skip
    assert task.due_at == monday + timedelta(hours=2)
    assert (task.next_role, task.next_at) == ("chief", monday + timedelta(hours=1))
    assert state_of(instance_id) == "live"


def test_a_start_with_the_key_of_a_live_instance_returns_that_one(database, monday):
    deploy(two_tasks())
    first = start(key="k")

    assert start(key="k") == first
    assert start(key="other") != first
    complete("a", "no", instance_id=first)
    assert start(key="k") != first


def test_a_completed_task_moves_the_token_by_what_its_form_hands_over(database, monday):
    deploy(two_tasks())
    instance_id = start()

    moved = complete("a", "yes", by=4)

    assert set(open_tasks()) == {"b"}
    assert moved.opened == (open_tasks()["b"].id,)
    with db.reading() as session:
        assert submissions.of(session, instance_id, "a") == {"ok": "yes"}
        row = next(each for each in history.of_instance(session, instance_id) if each.element == "a")
    assert (row.what, row.who) == ("completed", 4)


def test_an_instance_ends_and_frees_its_waits(database, monday):
    deploy(two_tasks())
    instance_id = start()

    assert complete("a", "no").ended

    assert state_of(instance_id) == "ended"
    with db.reading() as session:
        assert waits.of_instance(session, instance_id) == []


def test_answers_with_faults_come_back_and_bind_nothing(database, monday):
    deploy(two_tasks())
    start()
    submission_id = uuid4()

    with pytest.raises(forms.Invalid):
        complete("a", "perhaps", submission_id=submission_id)

    assert complete("a", "yes", submission_id=submission_id).submission_id == submission_id


def test_the_same_submission_again_gets_the_same_answer(database, monday):
    deploy(two_tasks())
    start()
    task_id, submission_id = open_tasks()["a"].id, uuid4()

    answers = []
    for _ in range(3):
        with jobs.transaction() as session:
            answers.append(run.complete_task(session, task_id, {"ok": "yes"}, 1, submission_id))

    assert [each.replayed for each in answers] == [False, True, True]
    assert len({each.opened for each in answers}) == 1
    with pytest.raises(submissions.OtherContent), jobs.transaction() as session:
        run.complete_task(session, task_id, {"ok": "no"}, 1, submission_id)


def test_a_second_person_hears_who_was_faster_and_the_text_is_kept(database, monday):
    deploy(two_tasks())
    start()
    task_id = open_tasks()["a"].id
    complete("a", "yes", by=1)

    with pytest.raises(tasks.TaskNotOpen) as late, jobs.transaction() as session:
        run.complete_task(session, task_id, {"ok": "no", "text": "nobody there"}, 2, uuid4())

    assert (late.value.who, late.value.when) == (1, monday)
    with db.reading() as session:
        kept = submissions.of_task(session, task_id)
    assert [(each.state, each.who) for each in kept] == [("accepted", 1), ("late", 2)]
    assert kept[1].body["text"] == "nobody there"


def test_of_twenty_who_submit_at_once_one_wins_and_no_text_is_lost(database, monday):
    deploy(two_tasks())
    start()
    task_id = open_tasks()["a"].id

    def submit(person: int) -> bool:
        try:
            with jobs.transaction() as session:
                run.complete_task(session, task_id, {"ok": "yes", "text": f"by {person}"}, person, uuid4())
            return True
        except tasks.TaskNotOpen:
            return False

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(submit, range(20)))

    assert won.count(True) == 1
    with db.reading() as session:
        kept = submissions.of_task(session, task_id)
    assert {each.body["text"] for each in kept} == {f"by {person}" for person in range(20)}
    assert [each.state for each in kept].count("accepted") == 1


def test_the_same_submission_sent_twenty_times_at_once_is_answered_alike(database, monday):
    deploy(two_tasks())
    start()
    task_id, submission_id = open_tasks()["a"].id, uuid4()

    def submit(_: int) -> run.Completed:
        with jobs.transaction() as session:
            return run.complete_task(session, task_id, {"ok": "yes"}, 1, submission_id)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(submit, range(20)))

    assert [each.replayed for each in answers].count(False) == 1
    assert len({each.opened for each in answers}) == 1


@pytest.mark.parametrize("what", ["complete", "claim"])
def test_of_many_who_take_a_plain_task_at_once_one_gets_it(database, monday, what):
    with jobs.transaction() as session:
        task_id = tasks.plain(session, name="call", role="desk", form_key=None)
    assert task_id is not None

    def take(person: int) -> bool:
        try:
            with jobs.transaction() as session:
                if what == "claim":
                    tasks.claim(session, task_id, person)
                else:
                    run.complete_task(session, task_id, {"ok": "yes"}, person)
            return True
        except (tasks.NotYours, tasks.TaskNotOpen):
            return False

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(take, range(1, 21)))

    assert got.count(True) == 1


def test_another_person_has_to_do_what_is_separate(database, monday):
    deploy(two_tasks())
    start()
    complete("a", by=1)

    with pytest.raises(tasks.SamePerson):
        complete("b", by=1)

    assert complete("b", by=2).ended


def test_a_task_that_somebody_took_is_theirs(database, monday):
    deploy(two_tasks())
    start()
    with jobs.transaction() as session:
        tasks.claim(session, open_tasks()["a"].id, 5)

    with pytest.raises(tasks.NotYours):
        complete("a", by=6)
    complete("a", by=5)


def test_a_timer_fires_when_it_is_due_and_once(database, monday):
    deploy(two_tasks())
    instance_id = start()
    clock.move_by(timedelta(minutes=59))
    jobs.sweep()
    assert jobs.drain() == 0

    clock.move_by(timedelta(minutes=2))
    jobs.sweep()
    jobs.sweep()
    jobs.drain()

    assert set(open_tasks()) == {"a", "c"}
    assert open_tasks()["a"].next_at is None
    with jobs.transaction() as session:
        assert run.fire_timers(session, instance_id) == 0


def test_an_overdue_timer_fires_before_the_completion(database, monday):
    deploy(two_tasks())
    start()
    clock.move_by(timedelta(hours=1))

    complete("a", "yes")

    assert set(open_tasks()) == {"b", "c"}


def test_a_task_that_its_overdue_timer_takes_away_is_not_open_and_its_text_is_kept(database, monday):
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK).boundary("late", "a", True, after="PT1H")
    deploy(drawing.path("start", "a", "end").path("late", "b", "end2"))
    start()
    task_id = open_tasks()["a"].id
    clock.move_by(timedelta(hours=1))

    with pytest.raises(tasks.TaskNotOpen):
        complete("a")

    with db.reading() as session:
        assert [each.state for each in submissions.of_task(session, task_id)] == ["late"]
    jobs.sweep()
    jobs.drain()
    assert set(open_tasks()) == {"b"}


def test_an_operation_knows_where_it_is_called(database, monday):
    drawing = Drawing("p").user("a", **TASK).service("s", "test.counts", result="sum").user("b", **TASK)
    deploy(drawing.path("start", "a", "s", "b", "end"))
    instance_id = start(data={"elder_id": 3}, key="k")

    complete("a", by=9)

    [step] = done
    assert (step.instance_id, step.key, step.subject_id, step.by, step.element_id) == (instance_id, "k", 3, 9, "s")
    assert step.answers("a") == {"ok": "yes"}
    assert set(open_tasks()) == {"b"}


def test_a_business_refusal_takes_the_boundary_path(database, monday):
    drawing = Drawing("p").service("s", "test.refuses").user("b", **TASK).boundary("no", "s", error="NOT_FOUND")
    deploy(drawing.path("start", "s", "end").path("no", "b", "end2"))

    start()

    assert set(open_tasks()) == {"b"}


def broken_after_task(lane_urgent: bool = False) -> None:
    drawing = Drawing("p").user("a", **TASK).service("s", "test.breaks").user("b", **TASK)
    drawing.path("start", "a", "s", "b", "end")
    deploy(files={"p.bpmn": urgent(drawing) if lane_urgent else drawing.xml()})


def test_a_step_that_fails_changes_nothing_keeps_the_form_and_goes_on_later(database, monday):
    broken_after_task()
    instance_id = start()
    broken.append("yes")

    with pytest.raises(run.StepFailed) as fault:
        complete("a", by=3)

    assert fault.value.element == "s"
    assert set(open_tasks()) == {"a"}
    jobs.drain()
    assert set(open_tasks()) == {"a"}
    broken.clear()
    clock.move_by(timedelta(seconds=5))
    jobs.drain()
    assert set(open_tasks()) == {"b"}
    with db.reading() as session:
        assert submissions.of(session, instance_id, "a") == {"ok": "yes"}


def nested(depth: int) -> dict[str, object]:
    return {"ok": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize("answers", [{"ok": "yes", "text": "\ud800"}, {"ok": 2**64}, nested(600)])
def test_answers_that_no_database_can_hold_are_refused_in_words(database, monday, answers):
    broken_after_task()
    start()
    task_id = open_tasks()["a"].id

    with pytest.raises(forms.Invalid), jobs.transaction() as session:
        run.complete_task(session, task_id, answers, 1)

    assert set(open_tasks()) == {"a"}


def test_a_kept_form_that_somebody_sent_again_meanwhile_stays_accepted(database, monday, monkeypatch):
    broken_after_task()
    start()
    broken.append("yes")
    submission_id, task_id = db.new_id(), open_tasks()["a"].id
    with pytest.raises(run.StepFailed):
        complete("a", submission_id=submission_id)
    broken.clear()
    real = completing.fire_timers

    def overtaken(session, instance_id):
        """While this waits for the lock, the same form is sent again and goes through."""
        run.complete_task(session, task_id, {"ok": "yes"}, 1, submission_id)
        return real(session, instance_id)

    monkeypatch.setattr(completing, "fire_timers", overtaken)
    clock.move_by(timedelta(seconds=5))
    jobs.drain()

    with db.reading() as session:
        kept = submissions.get(session, submission_id)
    assert kept is not None and kept.state == submissions.ACCEPTED
    assert set(open_tasks()) == {"b"}


def test_a_step_that_keeps_failing_becomes_an_incident_of_its_instance_alone(database, monday):
    broken_after_task()
    stopped, other = start(key="1"), start(key="2")
    broken.append("yes")
    with pytest.raises(run.StepFailed):
        complete("a", instance_id=stopped)

    for _ in range(5):
        jobs.drain()
        clock.move_by(timedelta(minutes=3))

    [incident] = open_incidents()
    assert (incident.instance_id, incident.element, incident.attempts) == (stopped, "s", 4)
    assert "no luck" in incident.error
    broken.clear()
    complete("a", instance_id=other)
    assert set(open_tasks(other)) == {"b"}
    with jobs.transaction() as session:
        run.retry(session, incident.id, 1)
    jobs.drain()
    assert set(open_tasks(stopped)) == {"b"}
    assert open_incidents() == []


def test_two_who_try_an_incident_again_at_once_do_it_once(database, monday, monkeypatch):
    broken_after_task()
    start()
    broken.append("yes")
    with pytest.raises(run.StepFailed):
        complete("a")
    for _ in range(5):
        jobs.drain()
        clock.move_by(timedelta(minutes=3))
    [seen_by_both] = open_incidents()
    monkeypatch.setattr(incidents, "get", lambda session, incident_id: seen_by_both)

    with jobs.transaction() as session:
        first = run.retry(session, seen_by_both.id, 1)
    with jobs.transaction() as session:
        second = run.retry(session, seen_by_both.id, 2)

    assert (first, second) == (True, False)
    with db.reading() as session:
        told = history.of_instance(session, seen_by_both.instance_id)
    assert [each.who for each in told if each.what == "retried"] == [1]


def test_cancelling_ends_tasks_and_waits(database, monday):
    deploy(two_tasks())
    instance_id = start(key="k")

    with jobs.transaction() as session:
        run.cancel(session, instance_id, "entered twice", 8)

    assert state_of(instance_id) == "cancelled"
    assert open_tasks() == {}
    with db.reading() as session:
        assert waits.of_instance(session, instance_id) == []
        notes = [(each.who, each.note) for each in history.of_instance(session, instance_id) if each.element == "p"]
    assert (8, "entered twice") in notes


def test_a_plain_task_lives_without_an_instance(database, monday):
    with jobs.transaction() as session:
        first = tasks.plain(session, name="打电话", role="desk", key="alarm:1", detail={"alarm": 1}, form_key="")
        again = tasks.plain(session, name="打电话", role="desk", key="alarm:1", form_key="")
    assert first is not None and again is None

    with jobs.transaction() as session:
        run.complete_task(session, first, {"done": True}, 5)

    assert open_tasks() == {}
    with db.reading() as session:
        assert submissions.of_task(session, first)[0].body == {"done": True}
        told = session.connection().execute(select(history.history)).all()
    assert [(row.what, row.name, row.who) for row in told] == [("completed", "打电话", 5)]


def test_a_worker_who_slept_over_anothers_step_changes_nothing(database, monday):
    deploy(two_tasks())
    instance_id = start()
    with db.writing() as session:
        _, revision, blob = instances.load(session, instance_id)
    complete("a", "yes")

    with pytest.raises(instances.Overtaken), jobs.transaction() as session:
        instances.save(session, instance_id, revision, blob)


def test_a_diagram_that_runs_without_stopping_is_stopped(database, monday):
    drawing = Drawing("p").gateway("xor", "g").user("a", **TASK).service("s", "test.counts", result="x")
    drawing.path("start", "g", "s").path("s", "h")
    drawing = Drawing("p").gateway("xor", "g", "h").service("s", "test.counts", result="x")
    drawing.path("start", "g", "s", "h").path("h", "g", default=True).path("h", "end", when="x.number < 0")
    deploy(drawing)

    with pytest.raises(run.StepFailed, match="RunsWithoutStopping"):
        start()


def test_ten_statements_and_one_commit_are_enough(database, monday):
    deploy(two_tasks())
    start(key="warm")
    complete("a", "yes")
    clock.move_by(timedelta(hours=1))
    jobs.sweep()
    jobs.drain()

    with counted(database) as at_start:
        instance_id = start(key="k")
    task_id = open_tasks(instance_id)["a"].id
    with counted(database) as at_completion, jobs.transaction() as session:
        run.complete_task(session, task_id, {"ok": "yes"}, 1)
    other = start(key="t")
    clock.move_by(timedelta(hours=1))
    with counted(database) as at_timer, jobs.transaction() as session:
        assert run.fire_timers(session, other) == 1

    for statements in (at_start, at_completion, at_timer):
        assert statements.count("COMMIT") == 1
        own = [each for each in statements if each != "COMMIT" and not each.startswith("BEGIN")]
        assert len(own) <= 10, own


def computed(name: str) -> Drawing:
    return Drawing("p").user("a", **TASK | {name: "= said"}).path("start", "a", "end")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("role", None),
        ("role", ""),
        ("role", "x" * 61),
        ("role", "a\0b"),
        ("form", "nobody_drew_it"),
        ("form", "../forms/answer"),
        ("form", "x" * 300),
        ("due", "soon"),
        ("due", "today()"),
        ("due", 5),
        ("priority", "x" * 21),
        ("separate_from", "x" * 401),
    ],
)
def test_a_task_that_would_reach_nobody_is_refused_with_its_element(database, monday, name, said):
    deploy(computed(name))

    with pytest.raises(run.StepFailed) as failed:
        start(data={"said": said})

    assert failed.value.element == "a"
    assert failed.value.is_the_diagrams


@pytest.mark.parametrize(
    ("said", "name"),
    [("李奶奶", "李奶奶"), (None, "问一问"), (7.0, "7"), (True, "true"), ("a\0b", "ab"), ("名" * 300, "名" * 200)],
)
def test_the_name_of_a_task_may_come_from_data(database, monday, said, name):
    deploy(Drawing("p").user("a", **TASK | {"name": "= said", "Name": "问一问"}).path("start", "a", "end"))

    start(data={"said": said})

    assert open_tasks()["a"].name == name


@pytest.mark.parametrize("said", ["PT3H", "2026-08-03T12:00:00+08:00", "2026-08-03T12:00:00"])
def test_a_due_time_may_come_from_data(database, monday, said):
    deploy(computed("due"))

    start(data={"said": said})

    assert open_tasks()["a"].due_at == monday + timedelta(hours=3)


@pytest.mark.parametrize("said", ["k" * 201, "a\0b"])
def test_a_message_key_that_no_table_can_hold_is_told_with_its_element(database, monday, said):
    deploy(Drawing("p").catch("heard", key="said", message="m").path("start", "heard", "end"))

    with pytest.raises(run.StepFailed) as failed:
        start(data={"said": said})

    assert failed.value.element == "heard"
