"""The claimable queue that steps, timers, deliveries and batch jobs share.

A row is claimed for a lease (30 s of real time, however the clock is moved) under a rising fencing token; `attempts`
rises at the claim, so that a row which kills its worker cannot loop for ever. `done` deletes the row and fails when
the lease went to somebody else. After a failure the row waits (alarm lane 1, 5, 15 s; others 10 s, 1 min, 10 min;
deliveries 15 s to 1 h) and is then given up: it stays, and an incident points to it. Work over which workers died
twice is done apart from all other work, and given up at the third death. Lanes have their own workers:
nothing in `bulk` delays an alarm. Inside a lane districts take turns (`turns.py`).
"""

from engine.work.adding import add, add_all, doorbells, new, ring
from engine.work.chains import Endless, chain_so_far, following
from engine.work.claiming import claim, done, hold, release, renew, retry
from engine.work.table import (
    ALARM,
    BULK,
    DEATHS,
    GIVEN_UP,
    HELD,
    HUMAN,
    LANES,
    LEASE,
    NORMAL,
    PAUSES,
    WAITING,
    Item,
    LeaseLost,
    work,
)
from engine.work.turns import due, on_behalf_of, party_of
from engine.work.watching import (
    again,
    any_ahead,
    any_due,
    any_worn_out,
    bring_back,
    drop,
    exists,
    free,
    held_for,
    let_go,
    next_due,
    owners,
    unfinished,
    worn_out,
)

__all__ = [
    "ALARM",
    "BULK",
    "DEATHS",
    "GIVEN_UP",
    "HELD",
    "HUMAN",
    "LANES",
    "LEASE",
    "NORMAL",
    "PAUSES",
    "WAITING",
    "Endless",
    "Item",
    "LeaseLost",
    "add",
    "add_all",
    "again",
    "any_ahead",
    "any_due",
    "any_worn_out",
    "bring_back",
    "chain_so_far",
    "claim",
    "done",
    "doorbells",
    "drop",
    "due",
    "exists",
    "following",
    "free",
    "held_for",
    "hold",
    "let_go",
    "new",
    "next_due",
    "on_behalf_of",
    "owners",
    "party_of",
    "release",
    "renew",
    "retry",
    "ring",
    "unfinished",
    "work",
    "worn_out",
]
