"""Invariant 7: the history is an unbroken chain, its heads are where they were written down, versions have no gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from engine import clock, jobs, seals
from engine.audit.checking import BATCH, Finding, Pass, check
from engine.definitions.tables import definition
from engine.history import history
from engine.instances import instance, instance_state
from engine.seals import Anchor, seal

UNSEALED_FOR = timedelta(minutes=15)


@check(7, "the history is one chain")
def unbroken(looking: Pass) -> Iterator[Finding]:
    """Every row is what was sealed: none changed, taken out, put in or put elsewhere."""
    before: Row[Any] | None = None
    query = select(seal).where(looking.lately(seal.c.sealed_at))
    for session, blocks in looking.batches(query, seal.c.number):
        before = before or _block_before(session, blocks[0].number)
        for block in blocks:
            yield from _fault_of_block(block, before)
            yield from _faults_of_rows(session, block, before.last_id if before else 0)
            looking.did(len(block.entries) // 40)
            before = block


def _block_before(session: Session, number: int) -> Row[Any] | None:
    query = select(seal).where(seal.c.number < number).order_by(seal.c.number.desc()).limit(1)
    return session.connection().execute(query).first()


def _fault_of_block(block: Row[Any], before: Row[Any] | None) -> Iterator[Finding]:
    expected = before.number + 1 if before else 1
    if block.number != expected:
        yield "history_seal", str(expected), f"is gone; the next that is there is {block.number}"
    elif block.before != (before.head if before else seals.NOTHING):
        yield "history_seal", str(block.number), "does not go on where the block before it ends"
    if seals.signature_of(dict(block._mapping)) != block.signature:
        yield "history_seal", str(block.number), "was changed or made by somebody without the key"


def _faults_of_rows(session: Session, block: Row[Any], last_id: int) -> Iterator[Finding]:
    """Each row by its own hash, so that the one that was touched is named and not all after it."""
    entries = seals.entries_of(block)
    stored = seals.rows_between(session, min(last_id + 1, block.first_id), block.last_id)
    hashed = block.before
    for row_id, wanted in entries:
        row = stored.pop(row_id, None)
        if row is None:
            yield "history", str(row_id), "is gone"
        elif seals.hash_after(hashed, row) != wanted:
            yield "history", str(row_id), "was changed"
        hashed = wanted
    if not entries or hashed != block.head:
        yield "history_seal", str(block.number), "does not end with its head"
    for row_id in stored:
        yield "history", str(row_id), "was put in after its place was sealed"


@check(7, "the history is sealed within minutes")
def sealed_in_time(looking: Pass) -> Iterator[Finding]:
    """While workers run, the tail that nothing holds fast is some seconds long."""
    with looking.view() as session:
        waiting = seals.tail(session)
        if waiting.oldest_at and waiting.oldest_at < clock.now() - UNSEALED_FOR and jobs.somebody_works():
            yield "history", str(waiting.rows), f"rows are not sealed, the oldest of {waiting.oldest_at.isoformat()}"


@check(7, "heads written down outside are still there")
def heads_stand(looking: Pass) -> Iterator[Finding]:
    """A tail that was cut, blocks and all, is missed by the head that was written off the database."""
    yield from anchored(looking, seals.anchors())


def anchored(looking: Pass, heads: Iterable[Anchor]) -> Iterator[Finding]:
    """Compare these heads with the blocks."""
    rest = iter(heads)
    while some := list(islice(rest, BATCH)):
        with looking.view() as session:
            query = select(seal.c.number, seal.c.head).where(seal.c.number.in_({each.number for each in some}))
            there = {row.number: row.head.hex() for row in session.connection().execute(query)}
        for each in some:
            if each.number not in there:
                yield "history_seal", str(each.number), f"is gone; its head was written down at {each.at}"
            elif there[each.number] != each.head:
                yield "history_seal", str(each.number), f"is not the one that was written down at {each.at}"
        looking.did(len(some))


def anchors_in(folder: Path) -> list[Finding]:
    """What heads of another folder (a copy from off the machine) say about this database."""
    return list(anchored(Pass(None, None), seals.anchors(folder)))


@check(7, "versions have no gap")
def versions_follow(looking: Pass) -> Iterator[Finding]:
    """Versions of a process are 1, 2, 3 …"""
    c = definition.c
    query = select(c.process_id, func.count().label("there"), func.max(c.version).label("newest"))
    with looking.view() as session:
        for row in session.connection().execute(query.group_by(c.process_id)):
            if row.there != row.newest:
                yield "definition", row.process_id, f"has {row.there} versions, the newest is {row.newest}"


@check(7, "every version of a state has its rows in the history")
def revisions_told(looking: Pass) -> Iterator[Finding]:
    """From the first version that tells of itself to the present one."""
    h = history.c
    query = (
        select(instance.c.id, instance_state.c.revision)
        .join(instance_state, instance_state.c.instance_id == instance.c.id)
        .where(looking.lately(func.coalesce(instance.c.ended_at, clock.now())))
    )
    for session, rows in looking.batches(query, instance.c.id):
        told = select(h.instance_id, func.count(h.revision.distinct()), func.min(h.revision), func.max(h.revision))
        told = told.where(h.instance_id.in_([row.id for row in rows]), h.revision.is_not(None)).group_by(h.instance_id)
        found = {each[0]: tuple(each[1:]) for each in session.connection().execute(told)}
        for row in rows:
            if row.id in found:
                there, first, last = found[row.id]
                if last != row.revision:
                    yield "instance", str(row.id), f"is at version {row.revision}, its history ends with {last}"
                elif there != last - first + 1:
                    yield "instance", str(row.id), f"has {there} versions in its history from {first} to {last}"
