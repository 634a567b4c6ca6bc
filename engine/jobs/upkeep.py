"""Chores beside the lanes: what is done every so many seconds of real time, whatever the clock of the program says.

They run in a thread of their own in each process that works in lane `normal`, so that no timer waits for them. A chore
may run in several processes at once and must bear it; one that fails is logged and comes again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars

from engine import seals
from engine.jobs.doing import stopping

logger = logging.getLogger(__name__)

Chore = Callable[[], object]


@dataclass
class _Planned:
    chore: Chore
    seconds: float
    next_at: float = 0.0


_planned: dict[str, _Planned] = {}


def every(seconds: float) -> Callable[[Chore], Chore]:
    """Register a chore, done first when the workers start."""

    def register(chore: Chore) -> Chore:
        _planned[f"{chore.__module__}.{chore.__name__}"] = _Planned(chore, seconds)
        return chore

    return register


@every(2)
def seal_history() -> None:
    """Seal what happened since; at most some thousand rows, so that the thread comes round again."""
    seals.seal_rows(blocks=8)
    seals.anchor_when_due()


def start() -> threading.Thread:
    """Begin; ends when the workers stop."""
    thread = threading.Thread(target=_for_ever, name="upkeep", daemon=True)
    thread.start()
    return thread


def _for_ever() -> None:
    for each in _planned.values():
        each.next_at = 0.0
    while not stopping.wait(0.5):
        for name, each in list(_planned.items()):
            if time.monotonic() >= each.next_at:
                each.next_at = time.monotonic() + each.seconds
                _do(name, each.chore)


def _do(name: str, chore: Chore) -> None:
    with bound_contextvars(chore=name):
        try:
            chore()
        except Exception:
            logger.exception("a chore failed; it comes again")
