"""Rows 10 and 11: many finish one task at once; a form is sent up to 20 times, also late and changed. None is lost."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from uuid import UUID

from sqlalchemy import select

from engine import audit, db, jobs, run, submissions, tasks
from engine.errors import EngineError
from engine.submissions import submission
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy
from tests.faults import small
from tests.faults.verdict import Verdict

HANDS = 8


def of_both(url: str, short: bool) -> Verdict:
    """20 people with a key each per task; the winner's key is sent again, with the same and with other content."""
    opened = db.open_database(url)
    db.Base.metadata.create_all(opened.engine)
    deploy(Drawing("p").user("a", **TASK).user("b", **TASK).path("start", "a", "b", "end"))
    count, copies = (25, 6) if short else (500, 20)
    with jobs.transaction() as session:
        for _ in range(count):
            run.start(session, "p", {})
    with db.reading() as session:
        open_now = [row.id for row in tasks.find(session, limit=10_000).rows]
    sent = [(task, db.new_id()) for task in open_now for _ in range(copies)]
    random.shuffle(sent)
    told = _send_all(sent)
    winners = {task: key for (task, key), said in told.items() if said == "done"}
    again = [(task, key) for task, key in winners.items() for _ in range(random.randint(1, copies))]
    replayed = _send_all(again)
    changed = _send_all(list(winners.items()), ok="no")
    found = _judged(open_now, sent, told, replayed, changed)
    opened.close()
    return Verdict(
        f"{copies} copies of {count} completions at once on {small.name_of(url)}: {len(winners)} won,"
        f" {Counter(told.values())['late']} kept as supplements, {len(again)} replays answered as before",
        found,
    )


Sent = list[tuple[UUID, UUID]]


def _send_all(sent: Sent, ok: str = "yes") -> dict[tuple[UUID, UUID], str]:
    """Several hands send at once; the last answer to each (task, key)."""
    told: dict[tuple[UUID, UUID], str] = {}
    waiting = list(sent)

    def hand(number: int) -> None:
        with contextlib.suppress(IndexError):
            while True:
                task, key = waiting.pop()
                told[task, key] = _send(task, key, number, ok)

    hands = [threading.Thread(target=hand, args=(number,)) for number in range(HANDS)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    return told


def _send(task: UUID, key: UUID, by: int, ok: str) -> str:
    for _ in range(5):
        try:
            with jobs.transaction() as session:
                done = run.complete_task(session, task, {"ok": ok}, by, key)
            return "replayed" if done.replayed else "done"
        except tasks.TaskNotOpen:
            return "late"
        except submissions.OtherContent:
            return "other"
        except EngineError as fault:
            said = type(fault).__name__
        except Exception as fault:
            if db.trouble(fault) is None:
                raise
            said = str(db.trouble(fault))
    return said


def _judged(
    wanted: list[UUID],
    sent: Sent,
    told: dict[tuple[UUID, UUID], str],
    replayed: dict[tuple[UUID, UUID], str],
    changed: dict[tuple[UUID, UUID], str],
) -> list[str]:
    with db.reading() as session:
        rows = session.connection().execute(select(submission.c.id, submission.c.task_id, submission.c.state)).all()
    broken = audit.run()
    kept = {row.id: row.state for row in rows}
    accepted = Counter(row.task_id for row in rows if row.state == submissions.ACCEPTED)
    found = [f"task {task} was finished {accepted[task]} times" for task in wanted if accepted[task] != 1]
    found += [f"the text under {key} is gone ({told.get((task, key))})" for task, key in sent if key not in kept]
    found += [f"a replay was answered {each}" for each in replayed.values() if each != "replayed"]
    found += [f"other content under the same key was answered {each}" for each in changed.values() if each != "other"]
    strange = Counter(told.values()) - Counter({"done": 10**9, "late": 10**9})
    found += [f"{times} completions were answered {said}" for said, times in strange.items()]
    return found + [each.sentence() for each in broken]
