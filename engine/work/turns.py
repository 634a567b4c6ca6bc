"""Fairness inside a lane: districts take turns, so that a batch of one never starves another.

Every piece of work stands under a turn: the district that it is about and its priority. A claim reads which turns have
something due (one index probe each, whatever the number of rows), begins with the district after the one that was
served last, and takes at most a share for each. Work that nobody placed has the district of what it follows from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.work.table import CLAIMABLE, WAITING, lapsed_values, work

LEVELS = 2
"""Of a unit's path: city and district."""
_party: ContextVar[str] = ContextVar("party", default="")


def party_of(unit_path: str | None) -> str:
    """`/1/14/203/` -> `/1/14/`: who takes turns; "" for what is about no unit."""
    parts = [part for part in (unit_path or "").split("/") if part][:LEVELS]
    return f"/{'/'.join(parts)}/" if parts else ""


@contextmanager
def on_behalf_of(party: str) -> Iterator[None]:
    """What is queued within the block, and says nothing else, is this party's."""
    before = _party.set(party)
    try:
        yield
    finally:
        _party.reset(before)


def turn_of(unit_path: str | None, priority: int) -> str:
    """The turn of a new piece of work; without a unit that of the work that is being done."""
    party = _party.get() if unit_path is None else party_of(unit_path)
    return f"{party[:60]}:{priority:03d}"


def party(turn: str) -> str:
    return turn.rpartition(":")[0]


_first = select(func.min(work.c.turn).label("turn")).where(work.c.lane == bindparam("in_lane"), work.c.state == WAITING)
_turn = _first.cte("turns", recursive=True)
_next = (
    select(func.min(work.c.turn))
    .where(work.c.lane == bindparam("in_lane"), work.c.state == WAITING, work.c.turn > _turn.c.turn)
    .correlate(_turn)
    .scalar_subquery()
)
_turns = _turn.union_all(select(_next).where(_turn.c.turn.is_not(None)))
_DUE = select(_turns.c.turn).where(
    _turns.c.turn.is_not(None),
    exists().where(
        work.c.lane == bindparam("in_lane"),
        work.c.state == WAITING,
        work.c.turn == _turns.c.turn,
        work.c.due_at <= bindparam("now"),
        CLAIMABLE,
    ),
)


def due(session: Session, lane: str) -> list[str]:
    """The turns of a lane that have something to claim, in byte order; a read only."""
    values = {"in_lane": lane, "now": clock.now(), "risky": True, **lapsed_values()}
    return sorted(session.connection().execute(_DUE, values).scalars())


_served: dict[str, str] = {}


def in_order(lane: str, turns: Sequence[str]) -> list[str]:
    """Beginning with the party after the one that this process served last; urgent turns of a party first."""
    last = _served.get(lane, "")
    return sorted(turns, key=lambda turn: (party(turn) <= last, turn))


def serve(lane: str, turns: Collection[str]) -> None:
    """Remember who was served last."""
    if turns:
        _served[lane] = party(list(turns)[-1])
