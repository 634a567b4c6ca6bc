"""The moments of a task's ladder: reminders at 50 % and 80 % of its time, late at 100 %, handed up at 150 %.

Hours run through. Every moment is a whole minute, rounded up, so that a page may name it and nothing comes before its
time. Source: processes 4.0.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.tasks.table import TaskRow

HALF, SOON, LATE, HANDED_UP = range(4)
"""Stages of `ladder_stage`: what comes next. From HANDED_UP on the task's own `next_at` rules."""
PARTS = (0.5, 0.8, 1.0, 1.5)
LEAST = timedelta(minutes=10)
GRACE = timedelta(minutes=1)
"""How long after a time that its diagram named the ladder looks whether the diagram has acted."""


def moment(row: TaskRow, stage: int) -> datetime | None:
    """When a stage of the task begins; None without a due time."""
    if row.due_at is None:
        return None
    span = row.due_at - row.created_at
    if span <= timedelta(0):
        return _minute(row.due_at + (LEAST if stage == HANDED_UP else timedelta(0)))
    return _minute(row.created_at + span * PARTS[stage])


def handed_up_at(row: TaskRow) -> datetime | None:
    """When the next level gets the task as well: 150 % of the time that it had."""
    return moment(row, HANDED_UP)


def one_more(row: TaskRow, now: datetime) -> datetime:
    """When the level after that gets it: half the time that it had later, at least ten minutes."""
    half = LEAST if row.due_at is None else max(LEAST, (row.due_at - row.created_at) / 2)
    since = row.next_at if row.next_at is not None and now - row.next_at < half else now
    return _minute(since + half)


def first(row: TaskRow) -> datetime | None:
    """When the ladder looks at a new task for the first time, None when it never will.

    The cascade that an emergency's own diagram draws goes first: the ladder waits until that should have acted.
    """
    if row.due_at is None:
        return None
    if row.priority == "urgent" and row.next_at is not None and row.next_at != handed_up_at(row):
        return row.next_at + GRACE
    return moment(row, HALF)


def _minute(at: datetime) -> datetime:
    """The whole minute at or after a moment."""
    return at if not (at.second or at.microsecond) else at.replace(second=0, microsecond=0) + timedelta(minutes=1)
