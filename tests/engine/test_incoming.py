"""The one door in: written down once, answered, then handled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from engine import clock, db, incoming, work
from engine.incoming import Admission, Consequence, Event, Stored
from engine.incoming import door as door_of_engine


@pytest.fixture
def door() -> Iterator[None]:
    """Device `d1` is known, its event `spoofed` is refused, device `d2` belongs to nobody."""

    @incoming.admits("device")
    def admit_all(session: db.Session, events: Sequence[Event]) -> list[Admission]:
        return [admit(event) for event in events]

    def admit(event: Event) -> Admission:
        device = event.source.partition(":")[2]
        if event.event_id == "spoofed" or event.payload.get("forged"):
            return Admission("refused", "signature", device=device)
        if device == "d2":
            return Admission("held", "unknown device", device=device)
        return Admission(device=device, lane="alarm", about="the case")

    @incoming.follows("device")
    def follow(session: db.Session, stored: Sequence[Stored]) -> list[Consequence]:
        return [Consequence(17) for _ in stored]

    yield
    door_of_engine._admits.pop("device")
    door_of_engine._follows.pop("device")


def send(event_id: str, device: str = "d1", **payload: object) -> incoming.Recorded:
    with db.writing() as session:
        return incoming.record(session, f"device:{device}", event_id, "device.sos", payload, b"{}")


def queued() -> list[work.Item]:
    with db.writing() as session:
        return work.claim(session, work.LANES, "test")


def test_an_accepted_event_is_stored_and_queued_in_its_lane(database, monday, door):
    recorded = send("e1")

    assert (recorded.answer, recorded.new, recorded.case) == ("accepted", True, 17)
    assert [(item.kind, item.ref, item.lane) for item in queued()] == [("incoming", recorded.id, "alarm")]


def test_the_same_event_again_changes_nothing_and_gets_the_first_ones_case(database, monday, door):
    first = send("e1")

    again = [send("e1") for _ in range(9)]

    assert {(each.id, each.answer, each.case, each.first_answer) for each in again} == {
        (first.id, "duplicate", 17, "accepted")
    }
    assert len(queued()) == 1
    with db.reading() as session:
        [row] = incoming.since(session)
    assert row.repeats == 9


def test_the_same_id_of_another_device_is_another_event(database, monday, door):
    send("e1")

    assert send("e1", device="d3").new


def test_held_events_are_kept_visible_and_not_acted_on(database, monday, door):
    recorded = send("e1", device="d2")

    assert recorded.answer == "held"
    assert queued() == []
    with db.reading() as session:
        assert [row.reason for row in incoming.since(session, answers=("held",))] == ["unknown device"]


def test_a_forged_event_does_not_block_the_true_one_of_that_id(database, monday, door):
    forged = send("e1", forged=True)

    true = send("e1")

    assert (forged.answer, true.answer) == ("refused", "accepted")
    with db.reading() as session:
        assert incoming.payload(session, forged.id) == {}


def test_a_message_with_an_event_id_is_sent_once(database, monday):
    with db.writing() as session:
        first = incoming.message(session, "need.raised", "5:meals", {"elder_id": 5}, event_id="visit:9:meals")
        second = incoming.message(session, "need.raised", "5:meals", {"elder_id": 5}, event_id="visit:9:meals")

    assert first is not None and second is None
    assert len(queued()) == 1


def test_a_kept_message_wakes_when_somebody_awaits_it_and_expires_otherwise(database, monday):
    with db.writing() as session:
        for key in ("a", "b"):
            incoming.message(session, "rescue.status", key, {})
        session.connection().execute(incoming.incoming.update().values(state="kept"))
        rows = incoming.match_kept(session, [("rescue.status", "a"), ("other", "b")])

    assert len(rows) == 1
    clock.move_by(timedelta(days=8))
    with db.writing() as session:
        assert incoming.expire(session) == 1
        assert incoming.match_kept(session, [("rescue.status", "b")]) == []
