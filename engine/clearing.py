"""Take away instances that are over and that nobody will ever ask about (test alarms), with the rows that are theirs.

The history stays: its rows are only added. Never for what concerns a person.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.instances import CANCELLED, ENDED, instance, instance_state
from engine.migration import instance_before
from engine.submissions import submission
from engine.tasks import task
from engine.waits import wait


def clear(session: Session, process_id: str, before: datetime, limit: int = 500) -> int:
    """Delete what of a process began before then, is over and is about nobody; how many instances (at most `limit`).

    Events that led there are the caller's to delete: only it knows how to find them by index.
    """
    c = instance.c
    over = select(c.id).where(
        c.state.in_((ENDED, CANCELLED)), c.process_id == process_id, c.started_at < before, c.subject_id.is_(None)
    )
    ids = list(session.connection().scalars(over.order_by(c.started_at).limit(limit)))
    if not ids:
        return 0
    for table in (submission, task, wait, instance_before, instance_state):
        session.connection().execute(delete(table).where(table.c.instance_id.in_(ids)))
    session.connection().execute(delete(instance).where(c.id.in_(ids)))
    return len(ids)
