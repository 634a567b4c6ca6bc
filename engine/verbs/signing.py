"""Who else signs the task: asked (加签) and asked no more (减签)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from engine import run, tasks
from engine.errors import NotPossible
from engine.run import signing
from engine.tasks import signers
from engine.verbs.begun import begin, held, tells, worded
from engine.verbs.passing import not_done_before

MOST = 20


def sign(
    session: Session, task_id: UUID, by: int, people: Collection[int], part: str = signers.BEFORE, why: str = ""
) -> list[UUID]:
    """Ask these people to sign before, together with or after the holder; the ids of their tasks."""
    row, word = begin(session, task_id, "sign", by, why)
    asked = {each.assignee_id for each in signers.of(session, row.id)}
    fresh = [each for each in dict.fromkeys(people) if each not in asked]
    if part not in signers.PARTS or not fresh or by in fresh or row.assignee_id in fresh:
        raise NotPossible("请选还没有会签的其他人。", "Choose others who have not been asked to sign.")
    if len(asked) + len(fresh) > MOST:
        raise NotPossible(f"最多 {MOST} 人会签。", f"At most {MOST} people sign.")
    for person in fresh:
        not_done_before(session, row, person)
    if row.assignee_id is None:
        tasks.change(session, row, "claimed", by, assignee_id=by, claimed_by=by)
    opened = signers.add(session, row, fresh, part)
    known = sorted(each for each in asked if each)
    tasks.tell(session, row, "sign_asked", by, word, before=known, after=sorted({*known, *fresh}))
    tells(session, "sign_asked", row, fresh, by)
    return opened


def unsign(session: Session, task_id: UUID, by: int, person: int, why: str = "") -> None:
    """Ask this person no more; if nobody is left and the holder has finished, the process goes on."""
    row, word = begin(session, task_id, "unsign", by, why)
    asked = signers.outstanding(signers.of(session, row.id))
    gone = [each for each in asked if each.assignee_id == person]
    if not gone:
        raise NotPossible("这个人没有待签的会签。", "This person is not asked to sign, or has signed.")
    for each in gone:
        signers.remove(session, each)
    left = [each.assignee_id for each in asked if each not in gone]
    tasks.tell(session, row, "sign_removed", by, word, before=[each.assignee_id for each in asked], after=left)
    waiting = signing.ready(session, row)
    if waiting is not None:
        run.finish_signed(session, row, run.hold(session, row.id).locked, waiting)


def take_up(session: Session, task_id: UUID, by: int, why: str = "") -> bool:
    """Take back what the holder has handed in and others have yet to sign; False when nothing waits for signers."""
    row = held(session, task_id)
    waiting = signing.waiting_of(session, row, by)
    if waiting is None:
        return False
    signing.take_up(session, row, waiting)
    word = tasks.words.say(session, row, "withdraw", by, worded(why))
    tasks.tell(session, row, "withdrawn", by, word, before="handed_in", after="open")
    return True
