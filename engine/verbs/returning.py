"""Back: to an earlier step (退回), and one's own completion or change taken back (撤回, 撤销)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, history, run, tasks
from engine.errors import NotPossible
from engine.run import Earlier
from engine.tasks import TaskRow, words
from engine.verbs import policy
from engine.verbs.begun import begin, held, tells, worded
from engine.verbs.signing import take_up

UNDO_WITHIN = timedelta(seconds=5)
ON_THE_WAY = timedelta(seconds=3)
"""How much later than the button shows an undo may arrive."""
_TIMES = frozenset(("hidden_until",))
UNDONE = frozenset(("claimed", "released", "transferred", "delegated", "snoozed"))


def choices(session: Session, row: TaskRow) -> list[Earlier]:
    """The steps that this task could be sent back to, with those that it cannot and why; empty where it may not."""
    rules = policy.of(session, row)
    if row.state != tasks.OPEN or not rules.allows("send_back"):
        return []
    return run.ways_back(session, row, "send_back" in rules.past)


def send_back(session: Session, task_id: UUID, by: int, key: str, why: str) -> UUID:
    """Open an earlier step again (`key` of `choices`) in place of this task, for a reason; the id of the new task."""
    if not why.strip():
        raise NotPossible("请写退回的原因。", "Say why it is sent back.")
    row, word = begin(session, task_id, "send_back", by, why)
    rules = policy.of(session, row)
    opened = run.send_back(session, run.hold(session, task_id), key, by, word, "send_back" in rules.past)
    again = tasks.get(session, opened)
    tells(session, "sent_back", again, [each for each in (again.assignee_id,) if each is not None], by)
    return opened


def withdraw(session: Session, task_id: UUID, by: int, why: str = "") -> UUID:
    """Take back one's own completion while nobody has gone on; the id of the task that is open again."""
    if take_up(session, task_id, by, why):
        return task_id
    return _withdraw(session, task_id, by, why, None)


def may_withdraw(session: Session, row: TaskRow, by: int) -> NotPossible | None:
    """Why this person cannot withdraw that completion; None when it can be. Nothing is changed."""
    try:
        rules = policy.require(session, row, "withdraw")
        run.look_at_withdrawal(session, row, by, "withdraw" in rules.past)
    except NotPossible as refusal:
        return refusal
    return None


def _withdraw(session: Session, task_id: UUID, by: int, why: str, since: datetime | None) -> UUID:
    found = run.hold(session, task_id)
    rules = policy.require(session, found.row, "withdraw")
    word = words.say(session, found.row, "withdraw", by, worded(why))
    return run.withdraw(session, found, by, word, "withdraw" in rules.past, since)


def undo(session: Session, task_id: UUID, by: int) -> UUID:
    """Take back what this person has just done with the task, if nothing has followed; the id of the open task.

    Within 5 seconds (and a few for the way). A completion is withdrawn; a change of who has it or when is put back.
    """
    since = clock.now() - UNDO_WITHIN - ON_THE_WAY
    row = held(session, task_id)
    policy.require(session, row, "undo")
    if row.state == tasks.DONE:
        return _withdraw(session, task_id, by, "", since)
    if take_up(session, task_id, by):
        return task_id
    last = history.last_of(session, by, task_id)
    if last is None or last.what not in UNDONE or last.at < since:
        raise NotPossible("没有可以撤销的，或时间过了。", "There is nothing to undo, or it is too late.")
    before, after = (last.ids or {}).get("before", {}), (last.ids or {}).get("after", {})
    taken = "claimed_by" not in after and row.claimed_by not in (None, by)
    if row.state != tasks.OPEN or taken or any(str(_now(row, name)) != str(value) for name, value in after.items()):
        raise NotPossible("后面已经有人动过，不能撤销。", "Somebody has gone on since; it cannot be undone.")
    values: dict[str, Any] = {name: _read(name, value) for name, value in before.items()}
    tasks.change(session, row, "undone", by, **values)
    return task_id


def _now(row: TaskRow, name: str) -> object:
    value = getattr(row, name)
    return value.isoformat() if isinstance(value, datetime) else value


def _read(name: str, value: str | int | None) -> object:
    return datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else value
