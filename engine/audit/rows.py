"""Invariants that rows alone can tell: 1 events, 2 completions, 5 due work, 6 effects, 10 liveness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import LargeBinary, Row, exists, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from engine import clock, jobs, outgoing, submissions, tasks, vault, waits, work
from engine.audit.checking import Finding, Pass, check
from engine.history import history
from engine.incidents import incident
from engine.incoming import ACCEPTED, incoming
from engine.instances import instance
from engine.outgoing import outgoing as effects
from engine.submissions import submission
from engine.tasks import task

UNCLAIMED_FOR = timedelta(seconds=60)
BULK_UNCLAIMED_FOR = timedelta(hours=3)
"""A batch gives way to everything else: a city's visits are planned in a part of a night."""
UNSENT_FOR = timedelta(hours=3)


@check(1, "an accepted event is handled once")
def handled_once(looking: Pass) -> Iterator[Finding]:
    """It has been handled, or is queued, or is an incident; what it led to exists; what was refused led nowhere."""
    c = incoming.c
    query = select(
        c.id,
        c.state,
        c.answer,
        c.instance_id,
        exists().where(work.work.c.ref == c.id).label("queued"),
        exists().where(instance.c.id == c.instance_id).label("there"),
    ).where(looking.lately(c.stored_at))
    yield from looking.faults(query, c.id, "incoming", _fault_of_event)


def _fault_of_event(row: Row[Any]) -> str:
    if row.instance_id is not None and not row.there:
        return "led to an instance that does not exist"
    if row.answer != ACCEPTED:
        return "" if row.instance_id is None else f"was {row.answer}, and led to an instance all the same"
    if row.state == "waiting" and not row.queued:
        return "waits, and no work will handle it"
    return "was accepted and never acted on" if row.state == "closed" else ""


@check(2, "a completion is one submission")
def completed_once(looking: Pass) -> Iterator[Finding]:
    """A finished task has one accepted submission."""
    c, s = task.c, submission.c
    accepted = select(func.count()).where(s.task_id == c.id, s.state == submissions.ACCEPTED).scalar_subquery()
    query = select(c.id, accepted.label("accepted")).where(c.state == tasks.DONE, looking.lately(c.done_at))
    for _, rows in looking.batches(query, c.id):
        for row in rows:
            if row.accepted == 0:
                yield "task", str(row.id), "is done without a submission"
            elif row.accepted > 1:
                yield "task", str(row.id), f"has {row.accepted} accepted submissions"


@check(2, "a submission is what its completion took")
def same_content(looking: Pass) -> Iterator[Finding]:
    """An accepted submission finished its task, and has the hash that the history wrote down then."""
    s = submission.c
    query = (
        select(
            s.number, s.id, s.task_id, s.instance_id, s.state, task.c.state.label("became"),
            type_coerce(s.body, LargeBinary).label("body"),
        )
        .outerjoin(task, task.c.id == s.task_id)
        .where(s.state == submissions.ACCEPTED, looking.lately(s.at))
    )  # fmt: skip
    for session, rows in looking.batches(query, s.number):
        told = _hashes_told(session, rows)
        for row in rows:
            if row.became != tasks.DONE:
                yield "task", str(row.task_id), f"is {row.became}, but a submission for it was accepted"
            hashed = _hash_of(row.body)
            if hashed is None:
                yield "submission", str(row.id), "cannot be read with the present key"
            elif told.get(row.task_id, hashed) != hashed:
                yield "submission", str(row.id), "has other content than the completion that the history tells of"


def _hashes_told(session: Session, rows: list[Row[Any]]) -> dict[Any, str]:
    """Task → hash of the content that finished it, as the history has it."""
    c = history.c
    query = select(c.task_id, c.ids).where(
        c.instance_id.in_({row.instance_id for row in rows if row.instance_id}),
        c.task_id.in_({row.task_id for row in rows}),
    )
    return {
        row.task_id: row.ids["submitted"]
        for row in session.connection().execute(query)
        if "submitted" in (row.ids or {})
    }


def _hash_of(body: bytes) -> str | None:
    try:
        return submissions.hash_of(orjson.loads(vault.decrypt(body))).hex()
    except (vault.CannotDecrypt, orjson.JSONDecodeError):
        return None


@check(5, "due work is claimed within 60 s, in the bulk lane within 3 h")
def claimed_in_time(looking: Pass) -> Iterator[Finding]:
    """No due work and no due timer lies unclaimed for long."""
    c, w = work.work.c, waits.wait.c
    late = clock.now() - UNCLAIMED_FOR
    too_late = or_(c.lane != work.BULK, c.due_at < clock.now() - BULK_UNCLAIMED_FOR)
    unclaimed = select(c.id, c.kind, c.lane).where(
        c.state == work.WAITING, c.due_at < late, too_late, c.lease_until.is_(None)
    )
    unfired = select(w.token_id, w.element).where(
        waits.IS_TIMER, w.due_at < late, ~exists().where(c.ref == w.instance_id, c.kind == "timer")
    )
    with looking.view() as session:
        for row in session.connection().execute(unclaimed):
            yield "work", str(row.id), f"{row.kind} in lane {row.lane}"
        for timer in session.connection().execute(unfired):
            yield "wait", str(timer.token_id), f"timer {timer.element} was due and nothing will fire it"


@check(6, "an effect is sent or becomes an incident")
def sent_in_time(looking: Pass) -> Iterator[Finding]:
    """An effect is sent, is held for a person, still has work that sends it, or is an incident."""
    c = effects.c
    has_work = exists().where(work.work.c.ref == c.id, work.work.c.kind == "deliver", work.work.c.state == work.WAITING)
    given_up = exists().where(
        work.work.c.ref == c.id, work.work.c.state == work.GIVEN_UP, incident.c.work_id == work.work.c.id
    )
    query = select(c.id, c.channel, c.state, c.created_at).where(c.state.in_((outgoing.WAITING, outgoing.GIVEN_UP)))
    old = query.where(c.state == outgoing.WAITING, c.created_at < clock.now() - UNSENT_FOR)
    with looking.view() as session:
        for row in session.connection().execute(query.where(~has_work, ~given_up)):
            yield "outgoing", str(row.id), f"{row.channel} is {row.state}, and nothing will send it"
        for row in session.connection().execute(old):
            yield "outgoing", str(row.id), f"{row.channel} has waited since {row.created_at}"


@check(10, "a live instance waits for something")
def waiting_for_something(looking: Pass) -> Iterator[Finding]:
    """An open task, a wait, queued work or an open incident."""
    with looking.view() as session:
        for instance_id in jobs.stuck(session):
            yield "instance", str(instance_id), "waits for nothing"
