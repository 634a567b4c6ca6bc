"""Who does the task: taken, given back, passed on for good (转办), passed on to come back (委派)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from engine import tasks
from engine.errors import NotPossible
from engine.tasks import SamePerson, TaskRow
from engine.verbs import policy
from engine.verbs.begun import begin, tells


def claim(session: Session, task_id: UUID, by: int, taking_over: bool = False) -> TaskRow:
    """Take it: others see that it is taken. Raises tasks.NotYours, tasks.TaskNotOpen."""
    row = tasks.get(session, task_id)
    policy.require(session, row, "claim")
    not_done_before(session, row, by)
    return tasks.claim(session, task_id, by, taking_over)


def release(session: Session, task_id: UUID, by: int, why: str = "") -> None:
    """Give it back to everybody of its role. The caller makes sure that somebody holds the role."""
    row, word = begin(session, task_id, "release", by, why)
    if row.claimed_by != by:
        raise NotPossible("你没有接手，不用放回。", "You have not taken it; there is nothing to give back.")
    tasks.hand_over(session, row.id, None, row.role, row.unit_path, "your_role", by, what="released", word=word)


def transfer(session: Session, task_id: UUID, by: int, to: int, why: str = "") -> None:
    """It is the other person's from now on. Raises NotPossible, tasks.SamePerson."""
    row, word = begin(session, task_id, "transfer", by, why)
    _another(session, row, by, to)
    back = {"delegated_by": None, "hidden_until": None}
    tasks.hand_over(
        session, row.id, to, row.role, row.unit_path, "transferred", by, what="transferred", word=word, **back
    )
    tells(session, "transferred", row, [to], by)


def delegate(session: Session, task_id: UUID, by: int, to: int, why: str = "") -> None:
    """The other person does it, then it comes back to be confirmed. Raises NotPossible, tasks.SamePerson."""
    row, word = begin(session, task_id, "delegate", by, why)
    _another(session, row, by, to)
    if row.delegated_by is not None:
        raise NotPossible(
            "这件事是别人委派给你的，办不了请转办。",
            "It was delegated to you; if you cannot do it, transfer it.",
        )
    out = {"delegated_by": by, "hidden_until": None}
    tasks.hand_over(session, row.id, to, row.role, row.unit_path, "delegated", by, what="delegated", word=word, **out)
    tells(session, "delegated", row, [to], by)


def _another(session: Session, row: TaskRow, by: int, to: int) -> None:
    if to in (by, row.assignee_id):
        raise NotPossible("请选另一个人。", "Choose another person.")
    not_done_before(session, row, to)


def not_done_before(session: Session, row: TaskRow, person_id: int) -> None:
    """Raises tasks.SamePerson for who did the step that this one must be separate from."""
    if row.separate_from and row.instance_id is not None:
        elements = [each.strip() for each in row.separate_from.split(",")]
        if person_id in tasks.doers(session, row.instance_id, elements):
            raise SamePerson(str(SamePerson.__doc__))
