"""When: later (稍后再办), and everything to the stand-in when its holder leaves (离岗)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from engine import clock, history, tasks
from engine.errors import NotPossible
from engine.tasks import COLUMNS, IS_OPEN, NO_DUE, of_row, task
from engine.verbs.begun import begin, worded

LONGEST = timedelta(days=30)


def snooze(session: Session, task_id: UUID, by: int, until: datetime, why: str = "") -> None:
    """Out of one's own list until then, at most until it is due and 30 days; the ladder of lateness goes on."""
    row, word = begin(session, task_id, "snooze", by, why)
    now = clock.now()
    if until <= now:
        raise NotPossible("请选以后的时间。", "Choose a time to come.")
    latest = now + LONGEST if row.due_at is None else min(now + LONGEST, row.due_at)
    if until > latest:
        raise NotPossible("不能晚于办理期限，最长 30 天。", "Not beyond the time it is due, and at most 30 days.")
    tasks.change(session, row, "snoozed", by, word, hidden_until=until, assignee_id=row.assignee_id or by)


def wake(session: Session, task_id: UUID, by: int) -> None:
    """Back into one's list now."""
    row, _ = begin(session, task_id, "snooze", by)
    tasks.change(session, row, "woken", by, hidden_until=None)


def leave(session: Session, person: int, stand_in: int, by: int, why: str = "") -> int:
    """Every open task of a person is the stand-in's from now on; how many those were."""
    c = task.c
    query = select(*COLUMNS).where(c.assignee_id == person, IS_OPEN).with_for_update()
    rows = [of_row(found) for found in session.connection().execute(query)]
    if not rows:
        return 0
    awake = case((c.hidden_until == NO_DUE, c.hidden_until))  # what waits for co-signers goes on waiting
    change = update(task).where(c.assignee_id == person, IS_OPEN)
    values = {"assignee_id": stand_in, "claimed_by": None, "why": "stands_in", "hidden_until": awake}
    session.connection().execute(change.values(**values))
    reason = tasks.words.say_of_each(session, rows, "leave", by, worded(why))
    told = [
        history.row_of(
            "left",
            instance_id=row.instance_id,
            who=by,
            element=row.element_id,
            name=row.name,
            task_id=row.id,
            subject_id=row.subject_id,
            unit_path=row.unit_path,
            ids={"before": {"assignee_id": person}, "after": {"assignee_id": stand_in}} | reason.get(row.id, {}),
        )
        for row in rows
    ]
    history.write_all(session, told)
    return len(rows)
