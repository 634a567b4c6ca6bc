"""Work is claimed for a lease, then done, kept for longer, given back, or waits for its next attempt."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.work import turns
from engine.work.table import (
    CLAIMABLE,
    DEATHS,
    GIVEN_UP,
    HELD,
    LEASE,
    PAUSES,
    WAITING,
    Item,
    LeaseLost,
    lapsed_values,
    real_now,
    work,
)

SHARE = 4
"""Pieces that one district gets in a claim at least, before the next has its turn."""

_CLAIM = (
    update(work)
    .where(
        work.c.id.in_(
            select(work.c.id)
            .where(
                work.c.lane == bindparam("in_lane"),
                work.c.state == WAITING,
                work.c.turn >= bindparam("of_turn"),  # with the order below no index but ix_work_turn serves: one by
                work.c.turn <= bindparam("of_turn"),  # due_at would walk through all that waits for other districts
                work.c.due_at <= bindparam("now"),
                CLAIMABLE,
            )
            .order_by(work.c.turn, work.c.due_at)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(
        attempts=work.c.attempts + 1,
        token=work.c.token + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("owner"),
    )
    .returning(
        work.c.id,
        work.c.kind,
        work.c.ref,
        work.c.lane,
        work.c.detail,
        work.c.attempts,
        work.c.token,
        work.c.due_at,
        work.c.turn,
        work.c.error,
    )
)


def claim(
    session: Session,
    lanes: Collection[str],
    owner: str,
    limit: int = 20,
    lease: timedelta = LEASE,
    due: Sequence[str] | None = None,
    risky: bool = True,
) -> list[Item]:
    """Take up to `limit` pieces of due work of these lanes; commit before working on them.

    Districts take turns, each gets an even share; within a district the most urgent come first. `due` is what
    `turns.due` found in the only lane, if it was asked already. Work over which workers died before is taken alone, so
    that it takes nothing with it, and only when `risky`.
    """
    times = {"now": clock.now(), "until": real_now() + lease, **lapsed_values()}
    values = times | {"owner": owner, "risky": risky}
    taken: list[Item] = []
    for lane in lanes:
        found = turns.in_order(lane, turns.due(session, lane) if due is None else due)
        taken += _claim(session, lane, found, limit - len(taken), values | {"in_lane": lane})
    first = next((each for each in taken if each.is_risky), None)
    if first is None:
        return taken
    for each in taken:
        if each is not first:
            release(session, each)
    return [first]


def _claim(session: Session, lane: str, waiting: list[str], limit: int, values: dict[str, Any]) -> list[Item]:
    """A share for each turn, and again for those that have more, until there is enough."""
    taken: list[Item] = []
    served: list[str] = []
    while waiting and len(taken) < limit:
        share = max(min(SHARE, limit), limit // len(waiting))
        more = []
        for turn in waiting:
            size = min(share, limit - len(taken))
            if size == 0:
                break
            rows = session.connection().execute(_CLAIM, values | {"of_turn": turn, "limit": size}).all()
            taken += [_item(row) for row in sorted(rows, key=lambda row: row.due_at)]
            served.append(turn)
            if len(rows) == size:
                more.append(turn)
        waiting = more
    turns.serve(lane, served)
    return taken


def _item(r: Any) -> Item:
    detail = r.detail or {}
    return Item(
        r.id, r.kind, r.ref, r.lane, detail, r.attempts, r.token, r.due_at, turns.party(r.turn), r.error is None
    )


_MINE = (work.c.id == bindparam("item"), work.c.token == bindparam("fence"))
_DONE = delete(work).where(*_MINE)
_RENEW = update(work).where(*_MINE).values(lease_until=bindparam("until"))
_LATER = (
    update(work)
    .where(*_MINE)
    .values(
        lease_until=bindparam("until"),
        lease_owner=None,
        due_at=bindparam("due"),
        state=bindparam("next"),
        error=bindparam("fault"),
        attempts=bindparam("tries"),
    )
)


def done(session: Session, item: Item) -> None:
    """Strike the work off, in the transaction that did it; raises LeaseLost."""
    if session.connection().execute(_DONE, {"item": item.id, "fence": item.token}).rowcount != 1:
        raise LeaseLost(f"{item.kind} {item.id}")


def renew(session: Session, item: Item, lease: timedelta = LEASE) -> None:
    """Keep the work for another `lease` from now; raises LeaseLost."""
    values = {"item": item.id, "fence": item.token, "until": real_now() + lease}
    if session.connection().execute(_RENEW, values).rowcount != 1:
        raise LeaseLost(f"{item.kind} {item.id}")


def release(session: Session, item: Item, counts: bool = False) -> None:
    """Give the work back untouched (the program stops, somebody else held the rows); whether the attempt `counts`."""
    tries = item.attempts if counts else item.attempts - 1
    until = real_now() if tries >= DEATHS else None  # a lapsed lease that nobody takes any more
    values = {"due": item.due_at, "next": WAITING, "fault": None, "tries": tries, "until": until}
    session.connection().execute(_LATER, {"item": item.id, "fence": item.token, **values})


_HOLD = (
    update(work)
    .where(*_MINE)
    .values(lease_until=None, lease_owner=None, state=HELD, attempts=bindparam("tries"), held_for=bindparam("whom"))
)


def hold(session: Session, item: Item, instance_id: UUID) -> None:
    """Put the work aside until a suspended instance goes on; the attempt does not count."""
    values = {"item": item.id, "fence": item.token, "tries": item.attempts - 1, "whom": instance_id}
    session.connection().execute(_HOLD, values)


def retry(session: Session, item: Item, fault: str, permanent: bool = False) -> bool:
    """Let the work wait for its next attempt; True when it is given up instead."""
    pauses = PAUSES.get(item.kind) or PAUSES[item.lane]
    given_up = permanent or item.attempts > len(pauses)
    due = clock.now()
    if not given_up:
        due += timedelta(seconds=pauses[item.attempts - 1] * random.uniform(1.0, 1.2))
    state = GIVEN_UP if given_up else WAITING
    values = {"due": due, "next": state, "fault": fault[:2000], "tries": item.attempts, "until": None}
    session.connection().execute(_LATER, {"item": item.id, "fence": item.token, **values})
    return given_up
