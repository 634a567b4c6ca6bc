"""How every verb begins: the task and its instance held, the policy asked, the reason kept; and how it tells people."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from engine import operations, run, tasks
from engine.errors import NotPossible
from engine.tasks import NO_DUE, NotYours, TaskNotOpen, TaskRow
from engine.verbs import policy

LONGEST = 1000
"""Characters of a reason or comment."""


def begin(session: Session, task_id: UUID, verb: str, by: int, why: str = "") -> tuple[TaskRow, UUID | None]:
    """(the open task that this person may use the verb on, the id of the reason kept).

    Raises tasks.NoSuchTask, TaskNotOpen, NotYours when somebody else took it, NotPossible with the reason.
    """
    row = held(session, task_id)
    require_open(row, by)
    if row.hidden_until == NO_DUE and verb not in ("unsign", "comment", "attach", "copy", "urge"):
        raise NotPossible("正在等人会签；先减签或撤回。", "It waits for co-signers; remove them or withdraw it first.")
    policy.require(session, row, verb)
    return row, tasks.words.say(session, row, verb, by, worded(why))


def held(session: Session, task_id: UUID) -> TaskRow:
    """The task as it is once nobody else can change it: who waits for a lock may have read it before."""
    run.hold(session, task_id)
    return tasks.get(session, task_id)


def require_open(row: TaskRow, by: int | None) -> None:
    """Raises TaskNotOpen; with `by`, NotYours when somebody else took the task and it did not come up to others."""
    if row.state != tasks.OPEN:
        raise TaskNotOpen(row.id, row.state, row.done_by, row.done_at)
    if by is not None and row.claimed_by not in (None, by) and row.also_role is None:
        raise NotYours(row.claimed_by)


def worded(text: str) -> str:
    """What somebody wrote, without the space around it; raises NotPossible when it is too long or cannot be kept."""
    text = text.strip()
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as JSON may carry one
        raise NotPossible("有不能保存的字，改一下。", "Something in it cannot be stored; change it.") from None
    if len(text) > LONGEST:
        raise NotPossible(f"最多 {LONGEST} 字，请写短一点。", f"At most {LONGEST} characters; write less.")
    return text


def tells(session: Session, what: str, row: TaskRow, to: Iterable[int], by: int) -> None:
    """Have the domain let these people know; ids and codes only."""
    answer = operations.answer_to("verb_tells")
    people = [each for each in to if each != by]
    if answer is not None and people:
        answer(session, what, row, people, by)
