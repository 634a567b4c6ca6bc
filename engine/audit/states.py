"""Invariants 3, 4, 8 and 9: what stands in the tables is what stands in the stored states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Row, or_, select, type_coerce
from sqlalchemy.orm import Session

from engine import instances, tasks, vault
from engine.audit.checking import Finding, Found, Pass, check_several
from engine.instances import Instance, instance, instance_state
from engine.run.step import Step
from engine.spiff import Live
from engine.tasks import task
from engine.waits import MESSAGE, WaitRow, wait


@dataclass(frozen=True)
class _Looked:
    """An instance with its state and its rows, all of one moment."""

    row: Instance
    live: Live
    tasks: dict[UUID, str]
    waits: set[tuple[Any, ...]]

    @property
    def is_live(self) -> bool:
        return self.row.state in instances.UNDER_WAY


CheckOfInstance = Callable[[_Looked], Iterator[Finding]]


def _each(looking: Pass) -> Iterator[_Looked | Finding]:
    """Every instance that lives or ended lately; a Finding for a state that cannot be read."""
    query = (
        select(*instances.COLUMNS, type_coerce(instance_state.c.stored, LargeBinary).label("stored"))
        .outerjoin(instance_state, instance_state.c.instance_id == instance.c.id)
        .where(or_(instance.c.state.in_(instances.UNDER_WAY), looking.lately(instance.c.ended_at)))
    )
    for session, rows in looking.batches(query, instance.c.id):
        opened, waiting = _open_tasks(session, rows), _waits(session, rows)
        for each in rows:
            row = instances.of_row(each)
            try:
                live = Step.looking(session, row, vault.decrypt(each.stored)).live
            except Exception as fault:
                yield "instance_state", str(row.id), f"cannot be read: {type(fault).__name__}: {fault}"
                continue
            yield _Looked(row, live, opened[row.id], waiting[row.id])


def _open_tasks(session: Session, rows: list[Row[Any]]) -> dict[UUID, dict[UUID, str]]:
    found: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    query = select(task.c.instance_id, task.c.id, task.c.element_id)
    query = query.where(task.c.instance_id.in_([row.id for row in rows]), task.c.state == tasks.OPEN)
    for row in session.connection().execute(query):
        found[row.instance_id][row.id] = row.element_id
    return found


def _waits(session: Session, rows: list[Row[Any]]) -> dict[UUID, set[tuple[Any, ...]]]:
    found: dict[UUID, set[tuple[Any, ...]]] = defaultdict(set)
    columns = (wait.c[name] for name in WaitRow.__dataclass_fields__)
    query = select(*columns).where(wait.c.instance_id.in_([row.id for row in rows]))
    for row in session.connection().execute(query):
        found[row.instance_id].add((row.kind, row.token_id, row.number, row.element, row.due_at, row.name, row.key))
    return found


def _tasks_follow(looked: _Looked) -> Iterator[Finding]:
    """3: the open tasks of the worklist are the open tasks of the state."""
    state = {each.id: each.element_id for each in looked.live.open_tasks} if looked.is_live else {}
    for task_id in state.keys() - looked.tasks.keys():
        yield "task", str(task_id), f"{state[task_id]} is open in instance {looked.row.id} and not in the worklist"
    for task_id in looked.tasks.keys() - state.keys():
        yield "task", str(task_id), f"{looked.tasks[task_id]} is in the worklist and not open in {looked.row.id}"


def _waits_follow(looked: _Looked) -> Iterator[Finding]:
    """4: each timer, message and answer that the state waits for has its row, and the reverse."""
    state: set[tuple[Any, ...]] = set()
    for each in looked.live.waits if looked.is_live else ():
        key = (each.key or looked.row.key) if each.kind == MESSAGE else each.key
        state.add((each.kind, each.task_id, each.number, each.element_id, each.due_at, each.name, key))
    for kind, token, _, element, *_ in state - looked.waits:
        yield "wait", str(token), f"{kind} {element} of instance {looked.row.id} has no such row"
    for kind, token, _, element, *_ in looked.waits - state:
        yield "wait", str(token), f"{kind} {element} has a row, and instance {looked.row.id} does not wait for it"


def _ended_is_over(looked: _Looked) -> Iterator[Finding]:
    """8: an instance is ended when its state is, and only then; every task of the state is looked at."""
    if looked.row.state == instances.ENDED and not looked.live.ended:
        yield "instance", str(looked.row.id), "is ended, but its state still has tokens"
    if looked.is_live and looked.live.ended:
        yield "instance", str(looked.row.id), "is live, but its state has ended"
    for element in looked.live.loose_ends if looked.live.ended else ():
        yield "instance", str(looked.row.id), f"has ended, but {element} is unfinished"


def _at_rest(looked: _Looked) -> Iterator[Finding]:
    """9: no automatic task is ready while the instance rests."""
    for element in looked.live.loose_ends if looked.is_live and not looked.live.ended else ():
        yield "instance", str(looked.row.id), f"{element} is automatic and ready, but was not carried out"


_OF_INSTANCE: tuple[tuple[int, str, CheckOfInstance], ...] = (
    (3, "the worklist is what the states say", _tasks_follow),
    (4, "waits are what the states say", _waits_follow),
    (8, "an instance ends with its state", _ended_is_over),
    (9, "nothing automatic is left ready", _at_rest),
)


@check_several(3, "states can be read")
def states_followed(looking: Pass) -> Iterator[Found]:
    """One reading of each state serves the four invariants."""
    for looked in _each(looking):
        if not isinstance(looked, _Looked):
            yield 3, "states can be read", looked
            continue
        for number, name, function in _OF_INSTANCE:
            for finding in function(looked):
                yield number, name, finding
