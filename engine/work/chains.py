"""How far a chain of consequences has gone: messages and signals that follow from each other with nothing in between.

Two processes that raise each other's signals, or start each other by messages, would go round through the queue for
ever, and those that start two of each other would fill it. So work that delivers a message or a signal carries its
chain: how long it is, and how many pieces may still follow from it, shared among those that come at once. A person, a
time or an answer from outside begins anew. Wide is not endless: a signal to the whole city and the messages that
follow from it go through, as long as the chain stays short (SHALLOW).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.work.table import Item

LONGEST = 100
MOST = 20_000
SHALLOW = 6
_THROWN = frozenset(("incoming", "signal"))
_CHAINED = _THROWN | {"message", "signalled"}


class Endless(EngineError):
    """Messages or signals go round between processes without a person, a time or an answer in between."""


@dataclass(frozen=True)
class Chain:
    """`length`: pieces of work one behind the other; `left`: how many may still follow."""

    length: int = 0
    left: int = MOST


_chain: ContextVar[Chain | None] = ContextVar("chain", default=None)


@contextmanager
def following(item: Item) -> Iterator[None]:
    """What is queued within the block follows from this piece of work."""
    told = item.detail.get("chain", ())
    before = _chain.set(Chain(*told) if item.kind in _CHAINED else None)
    try:
        yield
    finally:
        _chain.reset(before)


def chain_so_far() -> list[int]:
    """The chain of the work that is being done, as its detail has it."""
    now = _chain.get() or Chain()
    return [now.length, now.left]


def carry_on(rows: list[dict[str, Any]]) -> None:
    """Write the chain into the details of new work that follows from other work; raises Endless."""
    before = _chain.get()
    if before is None:
        return
    members = [row for row in rows if row["kind"] in _CHAINED and "chain" not in row["detail"]]
    if not members:
        return
    length, left = before.length + 1, (before.left - len(members)) // len(members)
    thrown = any(row["kind"] in _THROWN for row in members)
    if thrown and (length > LONGEST or (left < 0 and length > SHALLOW)):
        raise Endless(
            f"messages or signals go round between processes: {length} followed from one another"
            " without a person, a time or an answer in between"
        )
    for row in members:
        row["detail"] = row["detail"] | {"chain": [length, max(left, 0)]}
