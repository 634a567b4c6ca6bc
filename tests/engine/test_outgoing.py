"""The one door out: what is written with a step is sent at least once, under the same key."""

from __future__ import annotations

import pytest

from engine import db, outgoing, work


def test_an_effect_is_written_once_per_channel_and_key(database, monday):
    with db.writing() as session:
        assert outgoing.record(session, "sms", "alarm:1:1", to=7) is not None
        assert outgoing.record(session, "sms", "alarm:1:1", to=7) is None
        assert outgoing.record(session, "voice", "alarm:1:1", to=7) is not None

    with db.writing() as session:
        assert [item.kind for item in work.claim(session, work.LANES, "test")] == ["deliver", "deliver"]


def test_what_is_rolled_back_is_never_sent(database, monday):
    with pytest.raises(RuntimeError), db.writing() as session:
        outgoing.record(session, "sms", "k", to=7)
        raise RuntimeError

    with db.writing() as session:
        assert work.claim(session, work.LANES, "test") == []


def test_the_deliverer_gets_payload_and_key(database, monday):
    got = []
    outgoing.delivers("test_channel")(lambda payload, key: got.append((payload, key)) or {"receipt": 1})
    with db.writing() as session:
        row_id = outgoing.record(session, "test_channel", "k", to=7)
    assert row_id is not None
    with db.reading() as session:
        row = outgoing.get(session, row_id)

    assert outgoing.send(row) == {"receipt": 1}
    assert got == [({"to": 7}, "k")]


def test_a_channel_that_nobody_serves_is_a_failure_that_may_pass(database, monday):
    with db.writing() as session:
        row_id = outgoing.record(session, "nobody", "k")
    assert row_id is not None
    with db.reading() as session:
        row = outgoing.get(session, row_id)

    with pytest.raises(outgoing.DeliveryFailed) as fault:
        outgoing.send(row)
    assert not fault.value.permanent
