"""The program that test_kill.py kills: workers, and load that prints a line for each thing acknowledged.

`python -m tests.engine.killed DATABASE_URL NUMBER`: `event ID` after an event is stored, `done TASK` after a completion
is committed. Events begin instances of `p`, whose operation writes a row of history; their task is completed here.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from uuid import UUID, uuid5

from engine import db, forms, history, incoming, jobs, run, tasks
from engine.incoming import Message, translates
from engine.operations import Step, operation

NAMESPACE = UUID(int=7)


@translates("kill.event")
def begins(session: db.Session, event: dict[str, str]) -> Message:
    return Message("kill.begin", {"number": event["id"]}, key=event["id"])


@operation("kill.count")
def count(session: db.Session, step: Step) -> None:
    """One row per call that was committed."""
    history.write(session, step.instance_id, None, "counted")


def say(line: str) -> None:
    """One write: the two threads must not mix their lines."""
    os.write(1, f"{line}\n".encode())


def send(first: int) -> None:
    number = first
    while True:
        event_id = f"e{number}"
        for _ in range(2):  # repeated, as devices do
            with jobs.transaction() as session:
                incoming.record(session, "gate", event_id, "kill.event", {"id": event_id})
        say(f"event {event_id}")
        number += 1
        time.sleep(0.01)


def finish() -> None:
    while True:
        with db.reading() as session:
            rows = tasks.find(session, limit=20).rows
        for row in rows:
            try:
                with jobs.transaction() as session:
                    run.complete_task(session, row.id, {"ok": "yes"}, 1, uuid5(NAMESPACE, str(row.id)))
            except (tasks.TaskNotOpen, forms.Invalid):
                continue
            say(f"done {row.id}")
        time.sleep(0.02)


if __name__ == "__main__":
    db.open_database(sys.argv[1])
    jobs.start_workers()
    say("ready")
    if sys.argv[2] != "rest":
        threading.Thread(target=send, args=(int(sys.argv[2]),), daemon=True).start()
    threading.Thread(target=finish, daemon=True).start()
    threading.Event().wait()
