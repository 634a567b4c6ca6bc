"""Messages find who awaits them, begin who is begun by them, or are kept; an alarm always reaches a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from engine import clock, db, history, incoming, jobs, operations, run, tasks, work
from engine.operations import operation
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, counted, deploy, open_incidents, open_tasks, start, urgent

broken: list[bool] = []


@operation("test.may_break")
def may_break(session: db.Session, step: operations.Step) -> None:
    if broken:
        raise RuntimeError("no luck")


@pytest.fixture(autouse=True)
def _whole() -> Iterator[None]:
    broken.clear()
    yield
    operations._answers.pop("fallback", None)
    operations._answers.pop("unclaimed", None)


def awaiting(process_id: str = "p") -> Drawing:
    """Waits for `answer` under its own key, then asks task b."""
    drawing = Drawing(process_id).catch("wait_answer", message="answer", variable="reply").user("b", **TASK)
    return drawing.path("start", "wait_answer", "b", "end")


def begun() -> Drawing:
    """Begun by `alarm.raised`; calls an operation, then asks task a."""
    drawing = Drawing("alarm").start("start", message="alarm.raised").service("s", "test.may_break").user("a", **TASK)
    return drawing.path("start", "s", "a", "end")


def send(name: str, key: str | None, lane: str = "normal", **payload: object) -> UUID | None:
    with jobs.transaction() as session:
        sent = incoming.message(session, name, key, payload, lane=lane)
    jobs.drain()
    return sent


def test_a_message_reaches_the_instance_that_awaits_its_key(database, monday):
    deploy(awaiting())
    meant, other = start(key="1"), start(key="2")

    send("answer", "1", text="yes")

    assert set(open_tasks(meant)) == {"b"}
    assert open_tasks(other) == {}
    with db.reading() as session:
        assert run.data_of(session, meant)["reply"] == {"text": "yes"}


def test_a_message_begins_a_process_and_its_payload_becomes_data(database, monday):
    deploy(begun())

    send("alarm.raised", "alarm-1", elder_id=4)

    [task] = open_tasks().values()
    assert (task.process_id, task.subject_id) == ("alarm", 4)
    with db.reading() as session:
        assert task.instance_id is not None
        assert run.data_of(session, task.instance_id)["elder_id"] == 4


def test_a_message_with_the_key_of_a_live_instance_begins_no_second_one(database, monday):
    deploy(begun())

    send("alarm.raised", "alarm-1")
    send("alarm.raised", "alarm-1")

    assert len(open_tasks()) == 1


def test_a_message_that_comes_too_early_is_kept_until_somebody_awaits_it(database, monday):
    deploy(awaiting())
    send("answer", "1", text="early")

    instance_id = start(key="1")
    jobs.drain()

    assert set(open_tasks(instance_id)) == {"b"}


def test_a_message_is_kept_for_its_time_to_live_only(database, monday):
    deploy(awaiting())
    send("answer", "1")
    clock.move_by(timedelta(days=8))
    jobs.sweep()

    instance_id = start(key="1")
    jobs.drain()

    assert open_tasks(instance_id) == {}


def test_everybody_who_awaits_a_message_gets_it_in_a_step_of_their_own(database, monday):
    deploy(awaiting("p"), awaiting("q"))
    first, second = start("p", key="1"), start("q", key="1")

    send("answer", "1")

    assert set(open_tasks(first)) == set(open_tasks(second)) == {"b"}


def test_a_message_begins_every_process_that_it_is_meant_for(database, monday):
    other = Drawing("other").start("start", message="alarm.raised").user("x", **TASK)
    deploy(begun(), other.path("start", "x", "end"))

    send("alarm.raised", "1")

    assert set(open_tasks()) == {"a", "x"}


def test_a_thrown_message_begins_the_next_process_after_the_commit(database, monday):
    throwing = Drawing("p").user("a", **TASK)
    throwing.throw("tell", message="need.raised", payload='{elder_id: elder_id, category: "meals"}', key="a.ok")
    catching = Drawing("need").start("start", message="need.raised").user("n", **TASK)
    deploy(throwing.path("start", "a", "tell", "end"), catching.path("start", "n", "end"))
    start(data={"elder_id": 7})

    complete("a")

    assert open_tasks() == {}
    jobs.drain()
    assert open_tasks()["n"].subject_id == 7


def test_what_no_diagram_takes_goes_where_the_domain_says(database, monday):
    deploy(Drawing("village").user("note", **TASK).path("start", "note", "end"))
    operations.answers_question("unclaimed")(lambda session, name, key, data: ("village", {"about": name}))

    send("need.raised", "1")

    assert set(open_tasks()) == {"note"}


def test_an_asynchronous_service_task_goes_out_and_its_answer_comes_back(database, monday):
    from engine import outgoing

    asked = []
    outgoing.delivers("test.registry", ["number"])(lambda payload, key: asked.append(payload) or {"known": True})
    drawing = Drawing("p").service("ask", "test.registry", result="found", wait="true", number="elder_id")
    deploy(drawing.user("b", **TASK).path("start", "ask", "b", "end"))
    instance_id = start(data={"elder_id": 7})

    jobs.drain()

    assert asked == [{"number": 7}]
    assert set(open_tasks()) == {"b"}
    with db.reading() as session:
        assert run.data_of(session, instance_id)["found"] == {"known": True}


def test_an_effect_that_cannot_be_delivered_is_the_diagrams_error(database, monday):
    from engine import outgoing

    def refuse(payload: dict[str, object], key: str) -> None:
        raise outgoing.DeliveryFailed("no such number", permanent=True, code="UNKNOWN")

    outgoing.delivers("test.refusing")(refuse)
    drawing = Drawing("p").service("ask", "test.refusing", wait="true").boundary("no", "ask", error="UNKNOWN")
    deploy(drawing.user("b", **TASK).path("start", "ask", "end").path("no", "b", "end2"))
    start()

    jobs.drain()

    assert set(open_tasks()) == {"b"}


def deploy_alarm() -> None:
    deploy(files={"alarm.bpmn": urgent(begun())})


def test_an_alarm_whose_diagram_fails_reaches_a_person_at_once_and_is_an_incident(database, monday):
    deploy_alarm()
    broken.append(True)

    send("alarm.raised", "alarm-1", "alarm", elder_id=4)

    [task] = open_tasks().values()
    assert (task.instance_id, task.role, task.name) == (None, "desk", run.CALL_NOW)
    [incident] = open_incidents()
    assert (incident.kind, incident.process_id, incident.attempts) == ("incoming", "alarm", 1)


def test_a_failing_alarm_is_tried_again_and_its_incident_closes_when_it_goes_on(database, monday):
    deploy_alarm()
    broken.append(True)
    send("alarm.raised", "alarm-1", "alarm")
    broken.clear()

    clock.move_by(timedelta(seconds=2))
    jobs.drain()

    assert set(open_tasks()) == {"a", "plain"}
    assert open_incidents() == []


def test_a_failing_alarm_calls_a_person_once_however_often_it_fails(database, monday):
    deploy_alarm()
    broken.append(True)
    send("alarm.raised", "alarm-1", "alarm")

    for _ in range(5):
        clock.move_by(timedelta(seconds=20))
        jobs.drain()

    assert set(open_tasks()) == {"plain"}
    [incident] = open_incidents()
    assert incident.attempts == 4


def test_a_domain_that_fails_at_the_fallback_is_passed_over(database, monday):
    def fall(session: db.Session, trouble: run.Trouble) -> None:
        raise RuntimeError("the domain is broken too")

    operations.answers_question("fallback")(fall)
    deploy_alarm()
    broken.append(True)

    send("alarm.raised", "alarm-1", "alarm")

    assert set(open_tasks()) == {"plain"}
    assert len(open_incidents()) == 1


def test_a_form_that_an_urgent_instance_cannot_take_calls_a_person_too(database, monday):
    drawing = Drawing("p").user("a", **TASK).service("s", "test.may_break").user("b", **TASK)
    deploy(files={"p.bpmn": urgent(drawing.path("start", "a", "s", "b", "end"))})
    start()
    broken.append(True)
    with pytest.raises(run.StepFailed):
        complete("a")

    jobs.drain()

    assert set(open_tasks()) == {"a", "plain"}
    assert [each.element for each in open_incidents()] == ["s"]


def test_an_alarm_that_no_diagram_takes_reaches_a_person(database, monday):
    send("alarm.raised", "alarm-1", "alarm", elder_id=4)

    assert set(open_tasks()) == {"plain"}


def test_the_domain_says_who_is_called_when_an_alarm_fails(database, monday):
    told: list[run.Trouble] = []
    operations.answers_question("fallback")(lambda session, trouble: told.append(trouble))
    deploy_alarm()
    broken.append(True)

    send("alarm.raised", "alarm-1", "alarm", elder_id=4)

    assert [(each.name, each.key, each.data) for each in told] == [("alarm.raised", "alarm-1", {"elder_id": 4})]
    assert open_tasks() == {}


def test_translated_events_become_messages_and_others_are_left(database, monday):
    deploy(begun())
    incoming.translates("test.sos")(lambda session, event: incoming.Message("alarm.raised", event, key=event["id"]))
    incoming.translates("test.heartbeat")(lambda session, event: None)
    with jobs.transaction() as session:
        first = incoming.record(session, "gate", "1", "test.sos", {"id": "1"})
        second = incoming.record(session, "gate", "2", "test.heartbeat", {"id": "2"})

    jobs.drain()

    assert set(open_tasks()) == {"a"}
    with db.reading() as session:
        rows = {row.id: row.state for row in incoming.since(session)}
    assert rows == {first.id: "handled", second.id: "handled"}


def test_a_delivered_message_takes_ten_statements_at_most(database, monday):
    deploy(awaiting())
    start(key="1")
    with jobs.transaction() as session:
        sent = incoming.message(session, "answer", "1", {})
    with db.writing() as session:
        [item] = work.claim(session, ["normal"], "me")

    with counted(database) as statements, jobs.transaction() as session:
        run.handle(session, sent)  # type: ignore[arg-type]
        work.done(session, item)

    assert statements.count("COMMIT") == 1
    assert len([each for each in statements if each != "COMMIT" and not each.startswith("BEGIN")]) <= 10
    with db.reading() as session:
        [task] = tasks.find(session).rows
        assert "message" in {row.what for row in history.of_instance(session, task.instance_id)}  # type: ignore[arg-type]
