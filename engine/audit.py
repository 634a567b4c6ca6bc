"""The invariants of the stored data (`visitflow audit`): each is a function that yields the rows that break it.

Run it while the program runs or stands still; a row that is in the middle of a step is never seen, because steps are
transactions. Their numbers stay; 7 (the hash chain of the history) is not kept yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine import clock, instances, jobs, outgoing, submissions, tasks, waits, work
from engine import run as steps
from engine.incidents import incident
from engine.incoming import incoming
from engine.instances import Instance, instance
from engine.outgoing import outgoing as effects
from engine.spiff import Live
from engine.submissions import submission
from engine.tasks import task
from engine.waits import MESSAGE, WaitRow

UNCLAIMED_FOR = timedelta(seconds=60)
UNSENT_FOR = timedelta(hours=3)


@dataclass(frozen=True)
class Broken:
    """One row that breaks an invariant: its number and name, the table and id of the row, what is wrong."""

    number: int
    invariant: str
    table: str
    row: str
    what: str

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__}

    def sentence(self) -> str:
        return f"{self.number} {self.invariant}: {self.table} {self.row}: {self.what}"


@dataclass(frozen=True)
class _Looked:
    """A live instance with its state and its rows."""

    row: Instance
    live: Live
    tasks: dict[UUID, str]
    waits: set[tuple[Any, ...]]


Check = Callable[[Session], Iterator[Broken]]
CheckOfInstance = Callable[[_Looked], Iterator[tuple[str, str, str]]]


def run(session: Session, limit: int = 100) -> list[Broken]:
    """Every row that breaks an invariant, the first `limit` of each."""
    found: list[Broken] = []
    for check in (_handled_once, _completed_once, _claimed_in_time, _sent_in_time, _waiting_for_something):
        found += [each for each, _ in zip(check(session), range(limit), strict=False)]
    found += [each for each, _ in zip(_states(session), range(limit), strict=False)]
    return sorted(found, key=lambda each: each.number)


def _handled_once(session: Session) -> Iterator[Broken]:
    """1: an accepted event has been handled, or is queued, or is an incident; what it led to exists."""
    c = incoming.c
    name = "an accepted event is handled once"
    queued = exists().where(work.work.c.ref == c.id)
    lost = select(c.id).where(c.answer == "accepted", c.state == "waiting", ~queued)
    for row in session.connection().execute(lost):
        yield Broken(1, name, "incoming", str(row.id), "waits, and no work will handle it")
    nowhere = select(c.id).where(c.instance_id.is_not(None), ~exists().where(instance.c.id == c.instance_id))
    for row in session.connection().execute(nowhere):
        yield Broken(1, name, "incoming", str(row.id), "led to an instance that does not exist")


def _completed_once(session: Session) -> Iterator[Broken]:
    """2: one accepted submission per finished task, its hash that of its body; none for a task that is open."""
    c = submission.c
    name = "a completion is one submission"
    rows = session.connection().execute(
        select(task.c.id, task.c.state, c.id.label("submission_id"))
        .outerjoin(submission, (c.task_id == task.c.id) & (c.state == submissions.ACCEPTED))
        .where((task.c.state == tasks.DONE) | c.id.is_not(None))
        .order_by(task.c.id)
    )
    before = None
    for row in rows:
        if row.submission_id is None:
            yield Broken(2, name, "task", str(row.id), "is done without a submission")
        elif row.state != tasks.DONE:
            yield Broken(2, name, "task", str(row.id), f"is {row.state}, but a submission for it was accepted")
        elif row.id == before:
            yield Broken(2, name, "task", str(row.id), "has two accepted submissions")
        before = row.id


def _claimed_in_time(session: Session) -> Iterator[Broken]:
    """5: no due work and no due timer lies unclaimed for more than a minute."""
    name = "due work is claimed within 60 s"
    c, w = work.work.c, waits.wait.c
    late = clock.now() - UNCLAIMED_FOR
    rows = session.connection().execute(
        select(c.id, c.kind, c.lane).where(c.state == work.WAITING, c.due_at < late, c.lease_until.is_(None))
    )
    for row in rows:
        yield Broken(5, name, "work", str(row.id), f"{row.kind} in lane {row.lane}")
    unfired = select(w.token_id, w.element).where(
        w.kind == waits.TIMER, w.due_at < late, ~exists().where(c.ref == w.instance_id, c.kind == "timer")
    )
    for timer in session.connection().execute(unfired):
        yield Broken(5, name, "wait", str(timer.token_id), f"timer {timer.element} was due and nothing will fire it")


def _sent_in_time(session: Session) -> Iterator[Broken]:
    """6: an effect is sent, still has work that sends it, or is an incident."""
    c = effects.c
    name = "an effect is sent or becomes an incident"
    has_work = exists().where(work.work.c.ref == c.id, work.work.c.kind == "deliver", work.work.c.state == work.WAITING)
    given_up = exists().where(
        work.work.c.ref == c.id, work.work.c.state == work.GIVEN_UP, incident.c.work_id == work.work.c.id
    )
    query = select(c.id, c.channel, c.state, c.created_at).where(c.state != outgoing.SENT)
    for row in session.connection().execute(query.where(~has_work, ~given_up)):
        yield Broken(6, name, "outgoing", str(row.id), f"{row.channel} is {row.state}, and nothing will send it")
    old = query.where(c.state == outgoing.WAITING, c.created_at < clock.now() - UNSENT_FOR)
    for row in session.connection().execute(old):
        yield Broken(6, name, "outgoing", str(row.id), f"{row.channel} has waited since {row.created_at}")


def _waiting_for_something(session: Session) -> Iterator[Broken]:
    """10: a live instance has an open task, a wait, queued work or an open incident."""
    for instance_id in jobs.stuck(session):
        yield Broken(10, "a live instance waits for something", "instance", str(instance_id), "waits for nothing")


def _states(session: Session) -> Iterator[Broken]:
    """3, 4, 8, 9: what stands in the tables is what stands in the states."""
    query = select(instance.c.id).order_by(instance.c.id).execution_options(yield_per=500)
    for instance_id in session.connection().scalars(query).all():
        try:
            looked = _look(session, instances.get(session, instance_id))
        except Exception as fault:
            yield Broken(
                3, "states can be read", "instance_state", str(instance_id), f"{type(fault).__name__}: {fault}"
            )
            continue
        for (number, name), check in _OF_INSTANCE.items():
            for table, at, what in check(looked):
                yield Broken(number, name, table, at, what)


def _look(session: Session, row: Instance) -> _Looked:
    connection = session.connection()
    opened = connection.execute(
        select(task.c.id, task.c.element_id).where(task.c.instance_id == row.id, task.c.state == tasks.OPEN)
    )
    stored = {_comparable(each) for each in waits.of_instance(session, row.id)}
    return _Looked(row, steps.peek(session, row.id), {each.id: each.element_id for each in opened}, stored)


def _comparable(row: WaitRow) -> tuple[Any, ...]:
    return row.kind, row.token_id, row.number, row.element, row.due_at, row.name, row.key


def _tasks_follow(looked: _Looked) -> Iterator[tuple[str, str, str]]:
    """3: the open tasks of the worklist are the open tasks of the state."""
    state = {each.id: each.element_id for each in looked.live.open_tasks} if _is_live(looked) else {}
    for task_id in state.keys() - looked.tasks.keys():
        yield "task", str(task_id), f"{state[task_id]} is open in instance {looked.row.id} and not in the worklist"
    for task_id in looked.tasks.keys() - state.keys():
        yield "task", str(task_id), f"{looked.tasks[task_id]} is in the worklist and not open in {looked.row.id}"


def _waits_follow(looked: _Looked) -> Iterator[tuple[str, str, str]]:
    """4: each timer, message and answer that the state waits for has its row, and the reverse."""
    state: set[tuple[Any, ...]] = set()
    for each in looked.live.waits if _is_live(looked) else ():
        key = (each.key or looked.row.key) if each.kind == MESSAGE else each.key
        state.add((each.kind, each.task_id, each.number, each.element_id, each.due_at, each.name, key))
    for kind, token, _, element, *_ in state - looked.waits:
        yield "wait", str(token), f"{kind} {element} of instance {looked.row.id} has no such row"
    for kind, token, _, element, *_ in looked.waits - state:
        yield "wait", str(token), f"{kind} {element} has a row, and instance {looked.row.id} does not wait for it"


def _ended_is_over(looked: _Looked) -> Iterator[tuple[str, str, str]]:
    """8: an instance is ended when its state is, and only then."""
    if looked.row.state == instances.ENDED and not looked.live.ended:
        yield "instance", str(looked.row.id), "is ended, but its state still has tokens"
    if looked.row.state == instances.LIVE and looked.live.ended:
        yield "instance", str(looked.row.id), "is live, but its state has ended"
    for element in looked.live.loose_ends if looked.live.ended else ():
        yield "instance", str(looked.row.id), f"has ended, but {element} is unfinished"


def _at_rest(looked: _Looked) -> Iterator[tuple[str, str, str]]:
    """9: no automatic task is ready while the instance rests."""
    for element in looked.live.loose_ends if _is_live(looked) and not looked.live.ended else ():
        yield "instance", str(looked.row.id), f"{element} is automatic and ready, but was not carried out"


def _is_live(looked: _Looked) -> bool:
    return looked.row.state == instances.LIVE


_OF_INSTANCE: dict[tuple[int, str], CheckOfInstance] = {
    (3, "the worklist is what the states say"): _tasks_follow,
    (4, "waits are what the states say"): _waits_follow,
    (8, "an instance ends with its state"): _ended_is_over,
    (9, "nothing automatic is left ready"): _at_rest,
}
