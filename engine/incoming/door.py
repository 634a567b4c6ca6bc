"""The door: who decides about a source, what follows for the domain, who translates a kind, writing events down once.

Events that arrive together are one batch: `record_all` asks the domain once about all of them, writes the new ones in
one statement, has the domain act on those, and only then looks after repeats. Rows are locked in the same order by
every batch (new events by key, what the domain locks, repeats by id), so that two doors never wait for each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from engine import clock, db, failpoints, metrics, vault, work
from engine.incoming.table import (
    ACCEPTED,
    DUPLICATE,
    RAW_LIMIT,
    REFUSED,
    Admission,
    Consequence,
    Event,
    Message,
    Recorded,
    Stored,
    incoming,
)
from engine.rows import insert_once

Admit = Callable[[Session, Sequence[Event]], list[Admission]]
Follow = Callable[[Session, Sequence[Stored]], Sequence[Consequence]]
Translate = Callable[[Session, dict[str, Any]], Message | None]
_admits: dict[str, Admit] = {}
_follows: dict[str, Follow] = {}
_translates: dict[str, Translate] = {}


def admits(source: str) -> Callable[[Admit], Admit]:
    """Register who decides about events of a source: the part before the first colon (`device` for `device:d1`)."""

    def register(function: Admit) -> Admit:
        _admits[source] = function
        return function

    return register


def follows(source: str) -> Callable[[Follow], Follow]:
    """Register what the domain does about new events of a source whose admission says `about`, in their transaction.

    It answers one Consequence for each, in their order.
    """

    def register(function: Follow) -> Follow:
        _follows[source] = function
        return function

    return register


def translates(kind: str) -> Callable[[Translate], Translate]:
    """Register what makes a message of the payload of an event; None: nothing follows from it.

    `device.*` stands for every kind of that beginning which nobody registered.
    """

    def register(function: Translate) -> Translate:
        _translates[kind] = function
        return function

    return register


def record(
    session: Session,
    source: str,
    event_id: str,
    kind: str,
    payload: dict[str, Any],
    raw: bytes | None = None,
    lane: str = work.NORMAL,
) -> Recorded:
    """Write one event down, once; acknowledge it only after the commit."""
    return record_all(session, [Event(source, event_id, kind, payload, raw, lane)])[0]


def record_all(session: Session, events: Sequence[Event]) -> list[Recorded]:
    """Write events down, each once, in few statements for all; acknowledge them only after the commit.

    What is refused is stored under an id of its own (a spoofed event must not block the true one), cut at 4 kB.
    """
    admissions = _admitted(session, events)
    rows = [row_of(event, admission) for event, admission in zip(events, admissions, strict=True)]
    new = _insert(session, rows)
    stored = [
        Stored(row["id"], event, admission)
        for row, event, admission in zip(rows, events, admissions, strict=True)
        if row["id"] in new
    ]
    consequences = _consequences(session, stored)
    _settle(session, stored, consequences)
    _queue(session, stored, consequences)
    failpoints.reach("incoming.written")
    fresh = {each.id: _recorded(each, consequences.get(each.id)) for each in stored}
    known = _repeated(session, [row for row in rows if row["id"] not in new])
    answers = [fresh.get(row["id"]) or known[row["source"], row["event_id"]] for row in rows]
    db.after_commit(session, partial(_count, answers))
    return answers


def _count(answers: list[Recorded]) -> None:
    for each in answers:
        metrics.incoming_events.labels(each.answer).inc()


def _admitted(session: Session, events: Sequence[Event]) -> list[Admission]:
    """The domain's answer to each event; it is asked once for all events of a source."""
    found: list[Admission] = [Admission()] * len(events)
    for source, places in _by_source(event.source for event in events).items():
        admit = _admits.get(source)
        if admit is not None:
            answers = admit(session, [events[place] for place in places])
            for place, answer in zip(places, answers, strict=True):
                found[place] = answer
    return found


def _by_source(sources: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, source in enumerate(sources):
        places[source.partition(":")[0]].append(place)
    return places


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[UUID]:
    """Write the rows whose source and event id are new, one of each; the ids of those that were."""
    ordered = sorted(rows, key=lambda row: (row["source"], row["event_id"]))
    written = session.connection().execute(insert_once(session, incoming).returning(incoming.c.id), ordered)
    return set(written.scalars())


def _consequences(session: Session, stored: list[Stored]) -> dict[UUID, Consequence]:
    found: dict[UUID, Consequence] = {}
    asked = [each for each in stored if each.admission.about is not None]
    for source, places in _by_source(each.event.source for each in asked).items():
        follow = _follows.get(source)
        if follow is not None:
            those = [asked[place] for place in places]
            answers = follow(session, those)
            found |= {each.id: answer for each, answer in zip(those, answers, strict=True)}
    return found


_SETTLE = (
    update(incoming)
    .where(incoming.c.id == bindparam("this"))
    .values(case_id=bindparam("of_case"), state=bindparam("became"), handled_at=bindparam("moment"))
)


def _settle(session: Session, stored: list[Stored], consequences: dict[UUID, Consequence]) -> None:
    """Note the case that an event opened or joined (repeats are answered with it), and that nothing else follows."""
    now, changes = clock.now(), []
    for each in stored:
        then = consequences.get(each.id)
        if then is not None and (then.case is not None or then.settled):
            waits = each.admission.answer == ACCEPTED and not then.settled
            became = "waiting" if waits else "handled" if each.admission.answer == ACCEPTED else "closed"
            changes.append(
                {
                    "this": each.id,
                    "of_case": then.case,
                    "became": became,
                    "moment": now if became == "handled" else None,
                }
            )
    if changes:
        session.connection().execute(_SETTLE, changes)


def _queue(session: Session, stored: list[Stored], consequences: dict[UUID, Consequence]) -> None:
    """Work for what was accepted and is not settled yet."""
    nothing = Consequence()
    rows = [
        work.new("incoming", ref=each.id, lane=each.lane, unit_path=each.admission.unit_path)
        for each in stored
        if each.admission.answer == ACCEPTED and not consequences.get(each.id, nothing).settled
    ]
    work.add_all(session, rows)


def _recorded(stored: Stored, then: Consequence | None) -> Recorded:
    said = stored.admission
    case = said.case if then is None or then.case is None else then.case
    return Recorded(stored.id, said.answer, True, case, said.answer, said.reason)


_REPEAT = (
    update(incoming).where(incoming.c.id == bindparam("this")).values(repeats=incoming.c.repeats + bindparam("times"))
)


def _repeated(session: Session, rows: list[dict[str, Any]]) -> dict[tuple[str, str], Recorded]:
    """Count repeats, and find what the first of each got."""
    if not rows:
        return {}
    times = Counter((row["source"], row["event_id"]) for row in rows)
    c = incoming.c
    asked = select(c.id, c.source, c.event_id, c.case_id, c.answer, c.reason).where(
        c.source.in_({source for source, _ in times}), c.event_id.in_({event_id for _, event_id in times})
    )
    firsts = [row for row in session.connection().execute(asked) if (row.source, row.event_id) in times]
    counted = [{"this": row.id, "times": times[row.source, row.event_id]} for row in sorted(firsts, key=_by_id)]
    session.connection().execute(_REPEAT, counted)
    return {
        (row.source, row.event_id): Recorded(row.id, DUPLICATE, False, row.case_id, row.answer, row.reason)
        for row in firsts
    }


def _by_id(row: Any) -> UUID:
    found: UUID = row.id
    return found


def row_of(event: Event, admission: Admission) -> dict[str, Any]:
    refused = admission.answer == REFUSED
    row_id = db.new_id()
    raw = None if event.raw is None else vault.encrypt(event.raw[:RAW_LIMIT] if refused else event.raw)
    return {
        "id": row_id,
        "source": event.source[:120],
        "event_id": f"refused:{row_id}" if refused else event.event_id[:200],
        "kind": (admission.kind or event.kind)[:60],
        "lane": admission.lane or event.lane,
        "device": admission.device and admission.device[:80],
        "payload": {} if refused else event.payload,
        "raw": raw,
        "answer": admission.answer,
        "reason": admission.reason,
        "late": admission.late,
        "key": event.event_id[:200] if refused else None,  # as it was reported
        "case_id": admission.case,
        "repeats": 0,
        "state": "waiting" if admission.answer == ACCEPTED else "closed",
        "sent_at": admission.sent_at,
        "stored_at": clock.now(),
    }


def translate(session: Session, kind: str, payload: dict[str, Any]) -> tuple[bool, Message | None]:
    """(whether anybody translates this kind, the message or None)."""
    translator = _translates.get(kind) or _translates.get(f"{kind.partition('.')[0]}.*")
    return (False, None) if translator is None else (True, translator(session, payload))
