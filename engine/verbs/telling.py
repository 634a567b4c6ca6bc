"""Who hears of the task and what is said: copies (抄送), urges (催办), comments with @, files."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, operations, tasks
from engine.errors import NotPossible
from engine.settings import settings
from engine.tasks import TaskNotOpen, words
from engine.verbs import policy
from engine.verbs.begun import held, tells, worded

HOUR = timedelta(hours=1)
MOST = 50


def copy(session: Session, task_id: UUID, by: int, people: Collection[int], why: str = "") -> list[int]:
    """These people may read the task and find it under 抄送我的; those who had no copy before."""
    row = held(session, task_id)
    policy.require(session, row, "copy")
    others = [each for each in dict.fromkeys(people) if each != by]
    if not others or len(others) > MOST:
        raise NotPossible(f"请选 1 到 {MOST} 个人。", f"Choose 1 to {MOST} people.")
    before = sorted(words.copied_to(session, row.id))
    fresh = words.let_know(session, row.id, others, words.COPY, by)
    word = words.say(session, row, "copy", by, worded(why))
    tasks.tell(session, row, "copied", by, word, before=before, after=sorted({*before, *fresh}))
    tells(session, "copied", row, fresh, by)
    return fresh


def urge(session: Session, task_id: UUID, by: int, why: str = "") -> int:
    """Ask whoever has the task to get on with it; how many urges are left in this hour. Raises NotPossible."""
    row = held(session, task_id)
    if row.state != tasks.OPEN:
        raise TaskNotOpen(row.id, row.state, row.done_by, row.done_at)
    policy.require(session, row, "urge")
    most: int = settings().urges_per_hour
    before = words.said_since(session, row.id, words.URGE, clock.now() - HOUR)
    if before >= most:
        raise NotPossible(
            f"一小时内已催办 {before} 次，过一会儿再催；急事直接打电话。",
            f"It was urged {before} times within the hour; wait, or call if it cannot wait.",
        )
    word = words.say(session, row, words.URGE, by, worded(why))
    tasks.tell(session, row, "urged", by, word, before=before, after=before + 1)
    answer = operations.answer_to("verb_urges")
    if answer is not None:
        answer(session, row, by, word)
    return most - before - 1


def comment(session: Session, task_id: UUID, by: int, text: str, mentioned: Collection[int] = ()) -> UUID:
    """Say something about the task, open or over; who is mentioned may read it and hears of it."""
    row = held(session, task_id)
    policy.require(session, row, "comment")
    word = words.say(session, row, words.COMMENT, by, worded(text))
    if word is None:
        raise NotPossible("请写点什么。", "Write something.")
    others = [each for each in dict.fromkeys(mentioned) if each != by][:MOST]
    words.let_know(session, row.id, others, words.MENTION, by)
    tasks.tell(session, row, "commented", by, word, after=others)
    tells(session, "mentioned", row, others, by)
    return word


def attach(session: Session, task_id: UUID, by: int, file_id: UUID, text: str = "") -> UUID | None:
    """Add a stored file to the task."""
    row = held(session, task_id)
    policy.require(session, row, "attach")
    word = words.say(session, row, words.FILE, by, worded(text), file_id)
    tasks.tell(session, row, "attached", by, word, after=str(file_id))
    return word
