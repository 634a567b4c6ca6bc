"""Plays an example through `engine/run`: every step is a transaction, what it leaves to workers is done after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from engine import clock, db, definitions, history, incoming, instances, jobs, operations, outgoing, run, tasks, waits
from engine import work as queue
from engine.jobs import sweeps
from engine.outgoing import DeliveryFailed
from engine.spiff import Live
from tests.engine.elements.example import CHANNEL, FORM, KEY, OPERATIONS, Example

ANSWERS: dict[str, tuple[dict[str, Any] | None, str | None]] = {}
"""What the outside will say, by token: (result, code of a failure)."""

for _name, _call in OPERATIONS.items():
    operations.operation(_name)(_call)


@outgoing.delivers(CHANNEL, ("to",))
def _deliver(payload: dict[str, Any], key: str) -> dict[str, Any]:
    token = key.split(":")[1]
    if token not in ANSWERS:
        raise DeliveryFailed("nobody has answered yet")
    result, code = ANSWERS.pop(token)
    if code is not None:
        raise DeliveryFailed("the outside refuses", permanent=True, code=code)
    return result or {}


class OnDatabase:
    def __init__(self, example: Example) -> None:
        files = {f"{each.process_id}.bpmn": each.xml() for each in example.drawn} | dict(example.files)
        self._tokens: dict[str, UUID] = {}
        process_id = example.drawn[0].process_id
        with jobs.transaction() as session:
            definitions.deploy(session, files, None, {"forms/element.json": FORM})
        if example.message is None:
            with jobs.transaction() as session:
                self.instance_id = run.start(session, process_id, dict(example.start), KEY)
        else:
            self.message(example.message, KEY, dict(example.start))
            with db.reading() as session:
                [row] = instances.find(session, process_ids=[process_id], state=None)
            self.instance_id = row.id
        self._settle()

    def complete(self, element: str, number: int, answers: dict[str, Any]) -> None:
        task = [each for each in self.live().open_tasks if each.element_id == element][number]
        with jobs.transaction() as session:
            run.complete_task(session, task.id, answers, 1)
        self._settle()

    def pass_time(self, **step: float) -> None:
        clock.move_by(timedelta(**step))
        self._settle()

    def message(self, name: str, key: str, payload: dict[str, Any]) -> None:
        with jobs.transaction() as session:
            incoming.message(session, name, key, payload)
        jobs.drain()

    def signal(self, name: str) -> None:
        with jobs.transaction() as session:
            run.signal(session, name)
        self._settle()

    def answer(self, element: str, result: dict[str, Any] | None, code: str | None) -> None:
        ANSWERS[str(self._tokens[element])] = (result, code)
        with jobs.transaction() as session:
            change = update(queue.work).where(queue.work.c.kind == "deliver")
            session.connection().execute(change.values(due_at=clock.now()))
        self._settle()
        assert str(self._tokens[element]) not in ANSWERS

    def open(self) -> list[str]:
        return [each.element_id for each in self.live().open_tasks]

    def knows(self) -> dict[str, Any]:
        return self.live().data

    def live(self) -> Live:
        with db.reading() as session:
            return run.peek(session, self.instance_id)

    @property
    def ended(self) -> bool:
        with db.reading() as session:
            return instances.get(session, self.instance_id).state == instances.ENDED

    @property
    def history(self) -> list[tuple[str, str]]:
        with db.reading() as session:
            rows = history.of_instance(session, self.instance_id, limit=100_000)
        return [(str(row.element), row.what) for row in rows if row.what in ("completed", "cancelled")]

    def picture(self) -> dict[str, Any]:
        """As the rows have it; they must say what the state says."""
        live = self.live()
        with db.reading() as session:
            page = tasks.find(session, filters=tasks.Filters(instance_id=self.instance_id), limit=2000)
            waiting = waits.of_instance(session, self.instance_id)
        assert {each.id for each in page.rows} == {each.id for each in live.open_tasks}
        members = {each.id: -1 if each.member is None else each.member for each in live.open_tasks}
        return {
            "open": sorted((row.element_id, members[row.id]) for row in page.rows),
            "waits": sorted(
                (row.kind, row.element, str(row.due_at), row.name or "", "" if row.key == KEY else row.key or "")
                for row in waiting
            ),
            "data": live.data,
            "ended": self.ended,
        }

    def _settle(self) -> None:
        """Do what is due until nothing is."""
        while jobs.drain() + sweeps.queue_timers():
            pass
        with db.reading() as session:
            rows = session.connection().execute(
                select(waits.wait.c.element, waits.wait.c.token_id).where(waits.wait.c.kind == waits.JOB)
            )
            self._tokens |= {row.element: row.token_id for row in rows}
