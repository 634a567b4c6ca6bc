"""Compares what the clients were told with what is stored, after the program has come to rest."""

from __future__ import annotations

import json
import time
from collections import Counter
from uuid import UUID

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.pool import NullPool

from engine import clock, submissions, tasks
from engine.submissions import submission
from engine.tasks import task
from engine.work import WAITING, work
from tests.faults.ledger import Ledger
from tests.faults.program import Program


def wait_until_quiet(program: Program, patience_seconds: float = 120) -> int:
    """Wait until no work that is due is left; how much is left in the end."""
    until = time.monotonic() + patience_seconds
    left = -1
    while time.monotonic() < until:
        left = due_work(program)
        if left == 0:
            break
        time.sleep(0.5)
    return left


def due_work(program: Program) -> int:
    asked = select(func.count()).select_from(work).where(work.c.state == WAITING, work.c.due_at <= clock.now())
    with _rows(program) as rows:
        return int(rows.execute(asked).scalar_one())


def faults(program: Program, ledger: Ledger) -> list[str]:
    """Everything that was acknowledged and is not stored, or stored twice; empty when the promise held."""
    return _events(program, ledger) + _completions(program, ledger) + _audit(program)


def _rows(program: Program) -> Connection:
    return create_engine(program.database, poolclass=NullPool).connect()


def _events(program: Program, ledger: Ledger) -> list[str]:
    """Each acknowledged event is stored once."""
    said = [json.loads(line) for line in program.demand("events", "--json", "--since", "2000-01-01").splitlines()]
    stored = Counter(f"{each['device']}:{each['id'].rpartition(':')[2]}" for each in said)
    lost = [
        f"event {key} was answered {answer} and is not stored"
        for key, answer in ledger.events.items()
        if not stored[key]
    ]
    twice = [f"event {key} is stored {stored[key]} times" for key in ledger.events if stored[key] > 1]
    return lost + twice


def _completions(program: Program, ledger: Ledger) -> list[str]:
    """Each finished page is one accepted submission of a task that is done, and no task has two."""
    found = []
    with _rows(program) as rows:
        states = {row.id: row.state for row in rows.execute(select(submission.c.id, submission.c.state))}
        ends = {row.id: row.state for row in rows.execute(select(task.c.id, task.c.state))}
        accepted = rows.scalars(select(submission.c.task_id).where(submission.c.state == submissions.ACCEPTED)).all()
    for submission_id, task_id in ledger.completions.items():
        state, end = states.get(UUID(submission_id)), ends.get(UUID(task_id))
        if state is None:
            found.append(f"submission {submission_id} was acknowledged and is not stored")
        elif state == submissions.ACCEPTED and end != tasks.DONE:
            found.append(f"task {task_id} was acknowledged as finished and is {end}")
    double = [each for each, times in Counter(accepted).items() if times > 1]
    return found + ([f"{len(double)} tasks were finished twice"] if double else [])


def _audit(program: Program) -> list[str]:
    done = program.command("audit")
    return [] if done.returncode == 0 else [f"audit: {done.stdout}{done.stderr}"]
