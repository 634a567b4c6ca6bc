"""Row 15: hostile payloads and answers. Refused at the door or kept apart; what comes after them is handled."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

import orjson

from connectors.intake import Arrival, take_each
from connectors.payloads import read
from engine import db, forms, jobs, run, tasks
from tests.faults import points, small
from tests.faults.small import Child, Say
from tests.faults.verdict import Verdict


def payloads() -> dict[str, bytes]:
    """Bytes that a device, a gateway or an attacker may send."""

    def event(name: str, **more: Any) -> bytes:
        return orjson.dumps({"id": f"poison-{name}", "device": "d", "type": "sos", "time": 1_790_000_000_000, **more})

    def ends(name: str, data: bytes) -> bytes:
        return event(name)[:-1] + b',"data":' + data + b"}"

    return {
        "nan": ends("nan", b'{"n":NaN}'),
        "infinity": ends("infinity", b'{"n":1e999}'),
        "nul in the type": event("nul-type", type="so\0s"),
        "nul in the data": event("nul-data", data={"a\0b": "c\0d"}),
        "lone surrogate": ends("surrogate", b'{"s":"\\ud800"}'),
        "invalid UTF-8": ends("utf8", b'{"s":"\xff\xfe"}'),
        "deep nesting": ends("deep", b'{"a":' * 900 + b"1" + b"}" * 900),
        "nothing but brackets": b"[" * 60_000,
        "huge number": ends("number", b'{"n":' + b"9" * 5_000 + b"}"),
        "whole number beyond 64 bits": ends("whole", b'{"n":18446744073709551616}'),
        "year 9999": event("time", time=253_402_300_799_000),
        "negative time": event("negative", time=-1),
        "array": b"[1,2,3]",
        "empty": b"",
        "5 MB": event("large", data={"x": "y" * 5_000_000}),
        "path as id": event("path", id="../../etc/passwd"),
    }


def answers() -> dict[str, dict[str, Any]]:
    """What a form may be sent with."""
    return {
        "nul": {"ok": "yes", "text": "a\0b"},
        "lone surrogate": {"ok": "yes", "text": "\ud800"},
        "not a number": {"ok": float("nan")},
        "5 MB": {"ok": "yes", "text": "字" * 1_700_000},
        "deep": json.loads('{"ok":' * 900 + '"yes"' + "}" * 900),
        "a key of 1 MB": {"ok": "yes", "k" * 1_000_000: "v"},
    }


def _send(url: str, say: Say) -> None:
    """Each hostile payload with a sound one behind it, then the forms on an open task; what was answered is said."""
    db.open_database(url)
    for number, (name, raw) in enumerate(payloads().items(), 1):
        sound = orjson.dumps({"id": f"e{number}", "device": "d", "type": "sos", "time": 1_790_000_000_000})
        try:
            say(f"answer {take_each([_arrival(raw)])[0].answer} {name}")
            say(f"event {take_each([_arrival(sound)])[0].id}")
        except Exception as fault:
            say(f"fault {type(fault).__name__}: {name}")
    task_id = _open_task()
    for name, answer in answers().items():
        try:
            with jobs.transaction() as session:
                run.complete_task(session, task_id, answer, 1)
        except forms.Invalid:
            say(f"answer refused {name}")
        except Exception as fault:
            say(f"fault {type(fault).__name__}: {name}")


def _arrival(raw: bytes) -> Arrival:
    return Arrival(read(raw), "mqtt", "d")


def _open_task() -> UUID:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        jobs.sweep()
        jobs.drain()
        with db.reading() as session:
            found = [row.id for row in tasks.find(session).rows if row.instance_id is not None]
        if found:
            return found[0]
        time.sleep(0.3)
    raise TimeoutError("no task was opened")


def try_all(url: str, short: bool) -> Verdict:
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    door = Child(lambda say: _send(url, say))
    door.wait(120)
    live = Child(lambda say: small.live(url, 0, say, load=False))
    found = points.settled(url)
    live.kill()
    sound, said = door.said("event"), door.said("answer")
    found += points.judge(url, sound, live.said("done"), None)
    found += [f"an answer of the hostile corpus ended with {each}" for each in door.said("fault")]
    found += [] if len(sound) == len(payloads()) else [f"{len(sound)} of {len(payloads())} sound events were stored"]
    return Verdict(
        f"{len(payloads())} hostile payloads and {len(answers())} forms on {small.name_of(url)}: {len(said)} answered,"
        f" {len(sound)} sound ones between them handled",
        found,
    )
