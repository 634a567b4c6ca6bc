"""Compares what the clients were told with what is stored, after the program has come to rest."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from uuid import UUID

from tests.faults.ledger import Ledger
from tests.faults.program import Program


def wait_until_quiet(program: Program, patience_seconds: float = 120) -> int:
    """Wait until no work that is due is left; how much is left in the end."""
    until = time.monotonic() + patience_seconds
    left = -1
    while time.monotonic() < until:
        left = _due_work(program)
        if left == 0:
            break
        time.sleep(0.5)
    return left


def _due_work(program: Program) -> int:
    with sqlite3.connect(f"file:{program.home / 'visitflow.db'}?mode=ro", uri=True, timeout=10) as rows:
        asked = "SELECT count(*) FROM work WHERE state = 'waiting' AND due_at <= ?"
        return int(rows.execute(asked, (int(time.time() * 1_000_000),)).fetchone()[0])


def faults(program: Program, ledger: Ledger) -> list[str]:
    """Everything that was acknowledged and is not stored, or stored twice; empty when the promise held."""
    return _events(program, ledger) + _completions(program, ledger) + _audit(program)


def _events(program: Program, ledger: Ledger) -> list[str]:
    """Each acknowledged event is stored once, and each accepted one opened at most one case."""
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
    with sqlite3.connect(f"file:{program.home / 'visitflow.db'}?mode=ro", uri=True, timeout=10) as rows:
        for submission, task in ledger.completions.items():
            row = rows.execute("SELECT state FROM submission WHERE id = ?", (UUID(submission).bytes,)).fetchone()
            state = rows.execute("SELECT state FROM task WHERE id = ?", (UUID(task).bytes,)).fetchone()
            if row is None:
                found.append(f"submission {submission} was acknowledged and is not stored")
            elif state is None or (row[0] == "accepted" and state[0] != "done"):
                found.append(f"task {task} was acknowledged as finished and is {state and state[0]}")
        accepted = rows.execute("SELECT task_id FROM submission WHERE state = 'accepted'").fetchall()
    double = [task for task, times in Counter(each[0] for each in accepted).items() if times > 1]
    return found + ([f"{len(double)} tasks were finished twice"] if double else [])


def _audit(program: Program) -> list[str]:
    done = program.command("audit")
    return [] if done.returncode == 0 else [f"audit: {done.stdout}{done.stderr}"]
