"""From the wire to stored rows and back: both channels, acknowledged only after the commit."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

import care.alarms  # noqa: F401  (registers the admission)
from connectors import intake, push, simulator
from connectors.broker import EmbeddedBroker
from connectors.mqtt import Address, Lane, Listener, _Message, parse_topic
from connectors.payloads import read, sign
from engine import clock, incoming, tasks
from tests.builders import a_city, a_device, an_elder

KEY = bytes.fromhex("ab" * 16)


def body(device: str, event_id: str = "e1", kind: str = "sos", **more: object) -> bytes:
    content = {"id": event_id, "device": device, "type": kind, "time": int(clock.now().timestamp() * 1000), **more}
    return orjson.dumps(content)


@pytest.fixture
def city(database):
    """A device with the key KEY in the home of an elder who agreed to it."""
    with database.writing() as session:
        elder = an_elder(session, a_city(session))
        device = a_device(session, elder=elder)
        device.secret = KEY.hex()
        number = device.number
    return number


def pushed(raw: bytes, covers=lambda number: True, key: bytes = KEY, at: float | None = None) -> list[push.Answer]:
    seconds = int(at if at is not None else clock.wall().timestamp())
    sender = push.Sender(KEY, covers, "cloud")
    return push.accept(raw, push.signature(raw, key, "cloud", seconds), lambda kid: sender, clock.wall().timestamp())


def stored(database) -> list[incoming.IncomingRow]:
    with database.reading() as session:
        return incoming.since(session)


def test_a_push_is_stored_and_answered_in_order(city, database):
    raw = b"[" + b",".join((body(city, "e1"), b'{"id":1}', body(city, "e2", "smoke"))) + b"]"

    answers = pushed(raw)

    assert [(each.id, each.answer) for each in answers] == [("e1", "accepted"), (None, "refused"), ("e2", "accepted")]
    assert answers[0].case is not None
    assert len(stored(database)) == 3


def test_what_is_refused_is_answered_under_its_id_where_that_can_be_read(city, database):
    odd = orjson.dumps({"id": "odd", "device": city, "type": "sos", "time": "now"})

    assert pushed(odd) == [push.Answer("odd", "refused", None)]
    assert pushed(body("d-other", "spoof"), covers=lambda number: False) == [push.Answer("spoof", "refused", None)]
    assert pushed(b'{"id": ["x"]}') == [push.Answer(None, "refused", None)]


def test_the_same_event_twice_is_one_event_with_the_same_case(city, database):
    first = pushed(body(city))[0]
    second = pushed(body(city))[0]

    assert (first.answer, second.answer) == ("accepted", "duplicate")
    assert first.case == second.case
    assert len(stored(database)) == 1


def test_a_platform_does_not_speak_for_other_devices(city, database):
    answer = pushed(body(city), covers=lambda number: number.startswith("x"))[0]

    assert answer.answer == "refused"


@pytest.mark.parametrize("header", [None, "", "t=1,kid=cloud", "t=x,kid=cloud,v1=00", "t=1,kid=cloud,v1=00"])
def test_a_push_without_a_sound_signature_stores_nothing(city, database, header):
    with pytest.raises(push.NotAuthenticated):
        push.accept(
            body(city), header, lambda kid: push.Sender(KEY, lambda number: True, kid), clock.wall().timestamp()
        )

    assert stored(database) == []


def test_a_push_signed_with_another_key_or_long_ago_stores_nothing(city, database):
    with pytest.raises(push.NotAuthenticated):
        pushed(body(city), key=b"other")
    with pytest.raises(push.NotAuthenticated):
        pushed(body(city), at=clock.wall().timestamp() - 301)

    assert stored(database) == []


def test_too_much_at_once_is_refused_whole(city, database):
    with pytest.raises(push.TooMuch):
        pushed(b"[" + b",".join([b"{}"] * 501) + b"]")
    with pytest.raises(push.TooMuch):
        pushed(b" " * (push.MAX_BYTES + 1))

    assert stored(database) == []


def test_topics_are_read_strictly():
    assert parse_topic("care/v1", "care/v1/site/d1/event").device == "d1"
    assert parse_topic("care/v1", "care/v1/site/d1") is None
    assert parse_topic("care/v1", "care/v2/site/d1/event") is None
    assert parse_topic("care/v1", "care/v1//d1/event") is None


@pytest.fixture(scope="module")
def broker():
    embedded = EmbeddedBroker(18_930)
    embedded.start()
    yield Address("127.0.0.1", embedded.port)
    embedded.stop()


@pytest.fixture
def listener(broker, city):
    listening = Listener(broker)
    listening.start()
    wait_for(lambda: all(lane.health()["connected"] for lane in listening.lanes))
    time.sleep(0.2)  # the subscription follows the connection
    yield listening
    listening.stop()


def wait_for(true, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.02)


def test_an_event_over_mqtt_is_confirmed_once_it_is_stored(listener, broker, city, database):
    confirmed = simulator.send(broker, city, "m1", sign(body(city, "m1"), KEY), patience_seconds=10)

    assert confirmed == {"id": "m1", "case": confirmed["case"], "answer": "accepted"}
    assert confirmed["case"] is not None
    assert [row.answer for row in stored(database)] == ["accepted"]


def test_a_repeat_over_mqtt_is_confirmed_again_with_its_own_answer(listener, broker, city):
    first = simulator.send(broker, city, "m1", sign(body(city, "m1"), KEY), patience_seconds=10)
    second = simulator.send(broker, city, "m1", sign(body(city, "m1"), KEY), patience_seconds=10)

    assert second == first | {"answer": "duplicate"}


def test_what_is_refused_is_stored_and_never_confirmed(listener, broker, city, database):
    assert simulator.send(broker, city, "m1", sign(body(city, "m1"), b"wrong"), patience_seconds=1) is None
    assert simulator.send(broker, city, "m2", b"garbage", patience_seconds=1) is None

    assert {row.answer for row in stored(database)} == {"refused"}


@pytest.fixture
def poisoned(monkeypatch):
    """Events whose id begins with `poison` cannot be recorded, alone or with others."""
    real = intake.incoming.record_all

    def record_all(session, events):
        if any(":poison" in event.event_id for event in events):
            raise RuntimeError("boom")
        return real(session, events)

    monkeypatch.setattr(intake.incoming, "record_all", record_all)


def test_a_message_that_cannot_be_handled_does_not_stop_its_neighbours(listener, broker, city, database, poisoned):
    odd = simulator.send(broker, city, "poison", sign(body(city, "poison", "door"), KEY), patience_seconds=1)
    confirmed = simulator.send(broker, city, "sound", sign(body(city, "sound"), KEY), patience_seconds=10)

    assert odd is None
    assert confirmed is not None and confirmed["answer"] == "accepted"
    assert {row.answer for row in stored(database)} == {"accepted", "refused"}


def arrivals(*raws: bytes) -> list[intake.Arrival]:
    return [intake.Arrival(read(raw), "test", proved=True) for raw in raws]


def test_one_bad_message_of_a_batch_is_kept_apart_and_its_neighbours_are_stored(city, database, poisoned):
    batch = arrivals(*(body(city, f"e{n}") for n in range(9)), body(city, "poison-1", "door"), body(city, "e9"))

    answers = intake.take_each(batch)

    assert [each.answer for each in answers] == ["accepted"] * 9 + ["refused"] + ["accepted"]
    assert len(stored(database)) == 11


def test_a_cry_for_help_that_cannot_be_handled_still_reaches_a_person(city, database, poisoned):
    [answer] = intake.take_each(arrivals(body(city, "poison-1", "sos")))

    assert answer.answer == "held"
    with database.reading() as session:
        [task] = tasks.find(session, filters=tasks.Filters()).rows
    assert task.element_id == "unverified_call"


def test_while_the_database_is_away_nothing_is_answered(city, database, monkeypatch):
    def away(session, events):
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr(intake.incoming, "record_all", away)

    with pytest.raises(OperationalError):
        intake.take_each(arrivals(body(city)))


def test_a_batch_costs_no_more_statements_than_one_event(city, database):
    with database.writing() as session:
        town = a_city(session)
        others = [a_device(session, an_elder(session, town)).number for _ in range(30)]

    alone = statements(database, lambda: intake.take(arrivals(body(city, "alone"))))
    together = statements(database, lambda: intake.take(arrivals(*(body(each, "e1") for each in others))))

    assert together <= alone + 2


def test_the_same_event_twice_in_one_batch_is_one_event(city, database):
    answers = intake.take(arrivals(body(city, "e1"), body(city, "e2"), body(city, "e1")))

    assert [each.answer for each in answers] == ["accepted", "accepted", "duplicate"]
    assert len({each.case for each in answers}) == 1
    assert len(stored(database)) == 2


def test_an_event_with_characters_that_no_column_takes_still_alerts_a_person(city, database):
    [answer] = intake.take(arrivals(body(city, "e1", "so\0s")))

    assert answer.answer == "accepted" and answer.case is not None


def test_pushes_that_come_together_share_a_transaction_and_each_gets_its_own_answers(city, database):
    gate, begun, go_on = intake.Gate(), threading.Event(), threading.Event()
    sizes: list[int] = []
    real = intake.take_each

    def slow(batch):
        sizes.append(len(batch))
        begun.set()
        assert go_on.wait(30)
        return real(batch)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(intake, "take_each", slow)
        first = pool.submit(gate.take, arrivals(body(city, "first")))
        assert begun.wait(30)
        rest = [pool.submit(gate.take, arrivals(body(city, f"e{n}"), body(city, f"f{n}"))) for n in range(5)]
        while len(gate._waiting) < 5:
            time.sleep(0.01)
        go_on.set()
        answers = [each.result(30) for each in [first, *rest]]

    assert sizes == [1, 10]
    assert [[each.id for each in found] for found in answers] == [["first"], *([f"e{n}", f"f{n}"] for n in range(5))]


def test_a_cry_for_help_is_stored_before_what_waits_longer(broker):
    lane = Lane("busy", broker, {"event": 1}, lambda devices: None)
    for number in range(300):
        lane._read(_Message(0, number, 1, "care/v1/site/d1/event", body("d1", f"p{number}", "power_loss")))
    lane._read(_Message(0, 301, 1, "care/v1/site/d2/event", body("d2", "help")))

    first = lane._waiting.batch()

    assert first[0][1].content.id == "help"
    assert [arrival.content.id for _, arrival in first[1:4]] == ["p0", "p1", "p2"]


def statements(database, what) -> int:
    seen: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    what()
    event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_lane_acknowledges_nothing_of_an_earlier_connection(broker):
    lane = Lane("old", broker, {"event": 1}, lambda devices: None)
    acknowledged = []
    lane._client.ack = lambda mid, qos: acknowledged.append(mid)
    lane._generation = 2

    lane._read(_Message(1, 7, 1, "care/v1/site/d1/hb", b"{}"))
    lane._read(_Message(2, 8, 1, "care/v1/site/d1/hb", b"{}"))

    assert acknowledged == [8]
