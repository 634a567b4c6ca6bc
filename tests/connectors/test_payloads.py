"""What a device sends is read without believing anything."""

from __future__ import annotations

import orjson
import pytest

from connectors.payloads import MAX_BYTES, Payload, Unreadable, read, sign, signature_of

KEY = bytes.fromhex("aa" * 16)
SOUND = {"id": "5f0c", "device": "d000123", "type": "sos", "time": 1795252800123, "seq": 41, "data": {}}


def test_a_signed_payload_is_read_with_the_text_that_the_signature_covers():
    text = orjson.dumps(SOUND)

    found = read(sign(text, KEY))

    assert isinstance(found, Payload)
    assert found.signed == text.decode()
    assert found.signature == signature_of(text, KEY)
    assert (found.device, found.type, found.seq) == ("d000123", "sos", 41)


def test_the_signature_of_a_changed_payload_does_not_hold():
    changed = sign(orjson.dumps(SOUND), KEY).replace(b'"sos"', b'"gas"')

    found = read(changed)

    assert isinstance(found, Payload) and found.signed is not None
    assert signature_of(found.signed.encode(), KEY) != found.signature


def test_a_signature_that_is_not_the_last_member_covers_nothing():
    found = read(orjson.dumps({"sig": "0" * 32} | SOUND))

    assert isinstance(found, Payload)
    assert found.signature is not None and found.signed is None


def test_spaces_before_the_brace_do_not_break_a_signature():
    text = b'{ "id": "a", "device": "d1", "type": "sos", "time": 1 }'

    found = read(sign(text, KEY))

    assert isinstance(found, Payload)
    assert found.signed == text.decode()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[1]", "object"),
        (b"null", "object"),
        (orjson.dumps(SOUND | {"id": ""}), "id"),
        (orjson.dumps(SOUND | {"id": "x" * 65}), "id"),
        (orjson.dumps(SOUND | {"id": 7}), "id"),
        (orjson.dumps(SOUND | {"device": "../etc"}), "device"),
        (orjson.dumps(SOUND | {"device": "d1\n"}), "device"),
        (orjson.dumps(SOUND | {"type": ""}), "type"),
        (orjson.dumps(SOUND | {"time": "now"}), "time"),
        (orjson.dumps(SOUND | {"time": True}), "time"),
        (orjson.dumps(SOUND | {"time": -1}), "time"),
        (orjson.dumps(SOUND | {"time": 10**17}), "time"),
        (orjson.dumps(SOUND | {"seq": 1.5}), "seq"),
        (orjson.dumps(SOUND | {"data": []}), "data"),
        (orjson.dumps(SOUND | {"sig": 1}), "sig"),
        (b"[" * 100_000, "over 64 kB"),
        (b" " * (MAX_BYTES + 1), "over 64 kB"),
        (b"[" * 60_000, "JSON"),
    ],
)
def test_what_cannot_be_read_says_why_and_keeps_its_beginning(body, fault):
    found = read(body)

    assert isinstance(found, Unreadable)
    assert fault in found.fault
    assert len(found.raw) <= 4096 and body.startswith(found.raw)


def test_a_reading_needs_no_type():
    without = {name: value for name, value in SOUND.items() if name != "type"}

    assert isinstance(read(orjson.dumps(without), needs_type=False), Payload)
    assert isinstance(read(orjson.dumps(without)), Unreadable)
