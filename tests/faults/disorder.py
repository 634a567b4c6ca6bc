"""Row 8: alarms doubled, out of order, twenty minutes late, cleared before they were raised; 500 devices at once.

Each elder gets one case of a kind and one instance for it, whatever the order; what is late is marked so; nothing that
is old clears what is newer.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import requests
from sqlalchemy import Connection, select, update

from care.alarms import Alarm
from care.cases import Case
from care.devices import Placement
from connectors.push import signature
from engine.incoming import incoming
from engine.instances import instance
from tests.faults.city import City
from tests.faults.load import Load
from tests.faults.verdict import Verdict

KINDS = ("sos", "fall", "smoke", "door")
SHUFFLED_OVER = 200
COPIES = 0.3
LATE_MINUTES = 20
TOO_OLD_HOURS = {"door": 2, "sos": 25}  # held: an SOS counts for 24 hours, a door for one
LATE = timedelta(minutes=2)
AT_ONCE, PUSHED = 8, 20
HANDLER = "emergency_online"


@dataclass
class Sent:
    """One event of a device; it is `age` seconds old when it is first sent, and the same bytes ever after."""

    device: str
    kind: str
    age: float
    seq: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    body: bytes = b""
    answers: list[str] = field(default_factory=list)
    pushed_at: float = float("inf")  # the first time, by the ticks of this machine
    answered_at: float = float("inf")

    @property
    def key(self) -> str:
        return f"{self.device}:{self.id}"

    @property
    def wanted(self) -> str:
        return "held" if self.age >= 3600 * TOO_OLD_HOURS.get(self.kind, 1e9) else "accepted"

    def bytes(self) -> bytes:
        if not self.body:
            told: dict[str, Any] = {"id": self.id, "device": self.device, "type": self.kind, "data": {}}
            self.body = orjson.dumps(told | {"time": int((time.time() - self.age) * 1000), "seq": self.seq})
        return self.body


def run(city: City, load: Load, count: int) -> Verdict:
    """So many alarms and 30 % copies of them; then everything that they led to is counted."""
    _have_been_there(city)
    devices = _heard(city, load)
    before = _cases_before(city)
    events = list(_events(devices, count))
    began = time.monotonic()
    _send_all(city, load, _in_disorder(events))
    took = time.monotonic() - began
    left = load.come_to_rest(1800)
    with city.engine.connect() as rows:
        found = [*left, *_answers(events), *_rows(rows, events), *_cases(rows, events, before), *_cleared(rows, events)]
    copies = sum(len(each.answers) for each in events) - len(events)
    late = sum(each.age > LATE.total_seconds() for each in events)
    return Verdict(
        f"{len(events)} alarms of {len(devices)} devices and {copies} copies, {late} of them late, shuffled over"
        f" {SHUFFLED_OVER}, in {took:.0f} s",
        found,
    )


def _have_been_there(city: City) -> None:
    """What was sent before its device was given out belongs to nobody; these were given out long ago."""
    with city.engine.begin() as rows:
        for each in rows.execute(select(Placement.id, Placement.from_at)).all():
            earlier = each.from_at - timedelta(days=7)
            rows.execute(update(Placement).where(Placement.id == each.id).values(from_at=earlier))


def _heard(city: City, load: Load) -> list[str]:
    """The devices whose elders agreed to be heard: what a cancelled SOS without an SOS is answered tells it."""
    asked = [Sent(device, "sos_cancelled", 0, 0) for device in load.http.devices]
    _send_all(city, load, asked)
    return [each.device for each in asked if each.answers == ["accepted"]]


def _events(devices: list[str], count: int) -> Iterator[Sent]:
    """Alarms of each kind; each device also loses power and gets it back, and half of the SOS are cancelled."""
    for number in range(count):
        device, kind = devices[number % len(devices)], random.choice(KINDS)
        yield Sent(device, kind, _age(kind), number)
        if kind == "sos" and number % 2:
            yield Sent(device, "sos_cancelled", 0, number + 1)
    for number, device in enumerate(devices):
        yield Sent(device, "power_loss", 60, count)
        yield Sent(device, "power_restore", 90 if number % 2 else 0, count + 1)


def _age(kind: str) -> float:
    if random.random() < 0.02 and kind in TOO_OLD_HOURS:
        return 3600.0 * TOO_OLD_HOURS[kind]
    return LATE_MINUTES * 60 if random.random() < 0.25 else 0


def _in_disorder(events: list[Sent]) -> list[Sent]:
    """Each once, a third of them again, everything shuffled within every SHUFFLED_OVER."""
    sent: list[Sent] = []
    for at in range(0, len(events), SHUFFLED_OVER):
        some = events[at : at + SHUFFLED_OVER]
        some = some + random.sample(some, int(len(some) * COPIES))
        random.shuffle(some)
        sent += some
    return sent


def _send_all(city: City, load: Load, sent: list[Sent]) -> None:
    """Several connections push at once, in the order given."""
    parts = [sent[at : at + PUSHED] for at in range(0, len(sent), PUSHED)]
    parts.reverse()

    def push() -> None:
        with requests.Session() as line:
            while parts:
                try:
                    some = parts.pop()
                except IndexError:
                    return
                _push(line, city, load, some)

    hands = [threading.Thread(target=push) for _ in range(AT_ONCE)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()


def _push(line: requests.Session, city: City, load: Load, some: list[Sent]) -> None:
    body = b"[" + b",".join(each.bytes() for each in some) + b"]"
    for each in some:
        each.pushed_at = min(each.pushed_at, time.monotonic())
    while True:
        head = {"X-Signature": signature(body, load.http.key, load.http.kid, int(time.time()))}
        answer = line.post(f"{city.pick()}/api/devices/events", data=body, headers=head, timeout=60)
        if answer.status_code == 200:
            break
        load.ledger.repeated()  # a lock that was held too long: the push is sent again as it was
    for each, said in zip(some, answer.json(), strict=True):
        each.answers.append(said["answer"])
        each.answered_at = min(each.answered_at, time.monotonic())
        load.ledger.event(each.device, each.id, said["answer"])


def _answers(events: list[Sent]) -> Iterator[str]:
    """One of all answers to an event is its own, all others say that it is a duplicate."""
    for each in events:
        own = [said for said in each.answers if said != "duplicate"]
        if own != [each.wanted]:
            yield f"{each.kind} {each.key}, {each.age:.0f} s old, was answered {each.answers}, wanted {each.wanted}"


def _rows(rows: Connection, events: list[Sent]) -> Iterator[str]:
    """Each event is one row that counts its copies and knows whether it was late."""
    c, sent = incoming.c, {each.key: each for each in events}
    asked = select(c.event_id, c.late, c.repeats, c.sent_at, c.stored_at).where(c.event_id.in_(list(sent)))
    stored = list(rows.execute(asked))
    if len(stored) != len(events):
        yield f"{len(stored)} rows of {len(events)} events"
    for row in stored:
        each = sent[row.event_id]
        if row.repeats != len(each.answers) - 1:
            yield f"{row.event_id} came {len(each.answers)} times and counts {row.repeats} repeats"
        if each.wanted == "accepted" and row.late != (row.stored_at - row.sent_at > LATE):
            yield f"{row.event_id}, stored {row.stored_at - row.sent_at} after it was sent, is marked late={row.late}"
        if each.wanted == "accepted" and each.age == LATE_MINUTES * 60 and not row.late:
            yield f"{row.event_id} is {LATE_MINUTES} minutes late and not marked"


def _cases_before(city: City) -> dict[tuple[int, str], int]:
    """(elder, kind) → repeats of the cases that the demonstration had open."""
    asked = select(Case.elder_id, Case.kind, Case.repeats).where(Case.open_key.is_not(None))
    with city.engine.connect() as rows:
        return {(row.elder_id, row.kind): row.repeats for row in rows.execute(asked) if row.elder_id is not None}


def _cases(rows: Connection, events: list[Sent], before: dict[tuple[int, str], int]) -> Iterator[str]:
    """One alarm an event; one case an elder and kind, still open, that counts its repeats; one instance a case."""
    raising = {each.key for each in events if each.kind in KINDS and each.wanted == "accepted"}
    asked = select(Alarm.id, Alarm.event_key, Alarm.elder_id, Alarm.kind, Alarm.case_id).where(Alarm.kind.in_(KINDS))
    alarms = [row for row in rows.execute(asked) if row.event_key in raising]
    if len(alarms) != len(raising):
        yield f"{len(alarms)} alarms of {len(raising)} events"
    told: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in alarms:
        told[row.elder_id, row.kind].append(row)
    cases = {row.id: row for row in rows.execute(select(Case.id, Case.repeats, Case.open_key))}
    began = Counter(rows.scalars(select(instance.c.key).where(instance.c.process_id == HANDLER)))
    for who, those in told.items():
        joined = {each.case_id for each in those}
        case = cases.get(min(joined, key=lambda each: each or 0))
        if len(joined) != 1 or case is None or case.open_key is None:
            yield f"{len(those)} alarms {who} joined the cases {joined}"
            continue
        is_new = who not in before
        repeats, instances = case.repeats - before.get(who, 0), sum(began[str(each.id)] for each in those)
        if (repeats, instances) != (len(those) - is_new, is_new):
            yield f"case {case.id} of {len(those)} alarms counts {repeats} repeats and has {instances} instances"


def _cleared(rows: Connection, events: list[Sent]) -> Iterator[str]:
    """Power that is back clears the cut that was answered before it was said, never one that is newer."""
    cuts = {each.device: each for each in events if each.kind == "power_loss"}
    backs = {each.device: each for each in events if each.kind == "power_restore"}
    asked = select(Alarm.event_key, Alarm.cleared_at, Alarm.raised_at).where(Alarm.kind == "power_loss")
    alarms = {row.event_key: row for row in rows.execute(asked)}
    for device, cut in cuts.items():
        back, row = backs[device], alarms.get(cut.key)
        if row is None:
            yield f"the power cut of {device} is no alarm"
        elif row.cleared_at is not None and (row.cleared_at < row.raised_at or back.age > cut.age):
            yield f"the power cut of {device} was cleared by something older"
        elif back.age < cut.age and back.pushed_at > cut.answered_at and row.cleared_at is None:
            yield f"power is back at {device}, and its alarm is still raised"
