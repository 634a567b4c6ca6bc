"""The claimable queue that steps, timers, deliveries and batch jobs share.

A row is claimed for a lease (30 s of real time, however the clock is moved) under a rising fencing token; `attempts`
rises at the claim, so that a row which kills its worker cannot loop for ever. `done` deletes the row and fails when
the lease went to somebody else. After a failure the row waits (alarm lane 1, 5, 15 s; others 10 s, 1 min, 10 min;
deliveries 15 s to 1 h) and is then given up: it stays, and an incident points to it. Lanes have their own workers:
nothing in `bulk` delays an alarm.
"""

from engine.work.adding import add, add_all, doorbells, new, ring
from engine.work.claiming import claim, done, release, renew, retry
from engine.work.table import (
    ALARM,
    BULK,
    DEATHS,
    GIVEN_UP,
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
from engine.work.watching import again, any_due, drop, exists, free, next_due, owners, unfinished, worn_out

__all__ = [
    "ALARM",
    "BULK",
    "DEATHS",
    "GIVEN_UP",
    "HUMAN",
    "LANES",
    "LEASE",
    "NORMAL",
    "PAUSES",
    "WAITING",
    "Item",
    "LeaseLost",
    "add",
    "add_all",
    "again",
    "any_due",
    "claim",
    "done",
    "doorbells",
    "drop",
    "exists",
    "free",
    "new",
    "next_due",
    "owners",
    "release",
    "renew",
    "retry",
    "ring",
    "unfinished",
    "work",
    "worn_out",
]
