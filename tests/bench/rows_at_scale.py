"""A city's rows for the bench: real instances of a few kinds, cloned by SQL into hundreds of thousands.

What is cloned is what the engine wrote for the originals: instance, state, tasks, waits, the first rows of history.
New ids rise with time like real ones; places, persons, elders and due times are spread. The stored state of a clone
is its original's, token ids included, so clones may fire their timer, and tasks are completed at originals only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    text,
)

from care import organisation
from care.elders import Elder
from engine import clock, db, jobs, run
from engine.db import Id, Instant
from engine.history import history
from engine.instances import instance, instance_state
from engine.rows import UNIT_PATH, insert_all
from engine.tasks import OPEN, task
from engine.waits import wait
from tests.town import Town

AT_ONCE = 10_000
HISTORY_ROWS = 3
"""Of each clone: the table is long, and its length costs a step only the depth of its indexes."""
DISTRICTS, TOWNSHIPS, VILLAGES, GRIDS = 10, 10, 5, 3
ELDERS = 20_000

_own = MetaData()
clone = Table(
    "bench_clone",
    _own,
    Column("number", Integer, primary_key=True),
    Column("original", Id, nullable=False),
    Column("new", Id, nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("subject_id", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
)
clone_task = Table(
    "bench_clone_task",
    _own,
    Column("new", Id, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("original", Id, nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("assignee_id", Integer),
)


@dataclass(frozen=True)
class Original:
    """A real instance, and how many of a hundred clones are its."""

    id: UUID
    share: int
    tasks: list[Any]


def originals(town: Town) -> list[Original]:
    """An emergency with four tasks of which two are the city desk's, and an instance whose timer is due."""
    town.device_sends("sos")
    with clock.frozen(clock.now() - timedelta(hours=2)), jobs.transaction() as session:
        begun = run.start(session, "bench", {"elder_id": town.elder.id, "points": 70}, "original")
    sos = _emergency()
    with db.reading() as session:
        open_tasks = select(task).where(task.c.state == OPEN)
        rows = session.connection().execute(open_tasks.where(task.c.instance_id.in_([sos, begun]))).all()
    shares = {sos: 20, begun: 80}
    return [Original(each, share, [row for row in rows if row.instance_id == each]) for each, share in shares.items()]


def _emergency() -> UUID:
    """The instance of the alarm; on a busy machine its step may have to be tried again after a pause."""
    for _ in range(60):
        with db.reading() as session:
            found = session.connection().scalar(
                select(instance.c.id).where(instance.c.process_id == "emergency_online")
            )
        if found is not None:
            return found
        time.sleep(1)
        jobs.drain()
    raise AssertionError("the alarm began no instance")


def grow(town: Town, instances: int) -> None:
    """Clone the originals until there are `instances` more."""
    first = originals(town)
    places = units(town)
    elders = _elders(town)
    with db.writing() as session:
        connection = session.connection()
        _own.create_all(connection)
        rows = _mapping(first, places, elders, instances)
        while some := list(islice(rows, AT_ONCE)):
            insert_all(session, clone, [each for each, _ in some])
            insert_all(session, clone_task, [one for _, many in some for one in many])
        _copy(session)
        _own.drop_all(connection)
    with db.database().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not db.database().is_sqlite:  # what autovacuum would do in a minute
            connection.execute(text("VACUUM ANALYZE"))


def units(town: Town) -> list[str]:
    """Paths of grids all over the city: the town's own and new ones."""
    paths = [town.city.grid.path]
    with db.writing() as session:
        for d in range(DISTRICTS):
            district = organisation.add(session, town.city.city, "district", f"区{d}")
            for t in range(TOWNSHIPS):
                township = organisation.add(session, district, "township", f"镇{t}")
                for v in range(VILLAGES):
                    village = organisation.add(session, township, "village", f"村{v}")
                    for g in range(GRIDS):
                        paths.append(organisation.add(session, village, "grid", f"第{g}网格").path)
    return paths


def _elders(town: Town) -> list[int]:
    """Ids of clones of the town's elder."""
    table = Elder.__table__
    copied = [column for column in table.c if column.name not in ("id", "number", "id_index")]
    first = town.elder.id + 1
    numbered = select(literal(1).label("n")).cte("numbered", recursive=True)
    numbered = numbered.union_all(select(numbered.c.n + 1).where(numbered.c.n < ELDERS))
    source = select(numbered.c.n + town.elder.id, literal("S") + cast(numbered.c.n, String), *copied)
    source = source.select_from(numbered.join(table, table.c.id == town.elder.id))
    with db.writing() as session:
        session.connection().execute(insert(table).from_select(["id", "number", *copied], source))
    return list(range(first, first + ELDERS))


def _mapping(
    first: list[Original], places: list[str], elders: list[int], instances: int
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """A row of `clone` and its rows of `clone_task`, for each new instance."""
    by_share = [each for each in first for _ in range(each.share)]
    for number in range(instances):
        original = by_share[number * 37 % 100]
        place = places[number % len(places)]
        row = {
            "number": number,
            "original": original.id,
            "new": db.new_id(),
            "unit_path": place,
            "subject_id": elders[number % len(elders)],
            "due_at": clock.now() + timedelta(minutes=60 + number * 61 % 40_000),
        }
        yield row, [_task(number, place, each, number % len(places)) for each in original.tasks]


def _task(number: int, place: str, original: Any, which: int) -> dict[str, Any]:
    depth = original.unit_path.count("/") - 1  # as deep in the tree as the original's unit
    there = "/" + "/".join(place.strip("/").split("/")[:depth]) + "/"
    somebody = None if original.assignee_id is None else original.assignee_id + which * 1000
    return {
        "new": db.new_id(),
        "number": number,
        "original": original.id,
        "unit_path": there,
        "assignee_id": somebody,
    }


def _copy(session: db.Session) -> None:
    """The rows themselves, a statement for each table."""
    c, t = clone.c, clone_task.c
    key = literal("c") + cast(c.number, String)
    _insert(session, instance, _join(instance.c.id), {
        "id": c.new, "key": key, "live_key": key, "subject_id": c.subject_id, "unit_path": c.unit_path,
    })  # fmt: skip
    _insert(session, instance_state, _join(instance_state.c.instance_id), {"instance_id": c.new})
    own_key = case((wait.c.key.is_not(None), key))
    due = case((wait.c.due_at.is_not(None), c.due_at))
    _insert(session, wait, _join(wait.c.instance_id), {"instance_id": c.new, "key": own_key, "due_at": due})
    tasks = clone_task.join(clone, c.number == t.number).join(task, task.c.id == t.original)
    _insert(session, task, tasks, {
        "id": t.new, "instance_id": c.new, "unit_path": t.unit_path, "assignee_id": t.assignee_id,
        "subject_id": c.subject_id, "due_at": c.due_at, "sort_at": c.due_at, "ladder_at": c.due_at,
    })  # fmt: skip
    rows = select(history.c.id, func.row_number().over(partition_by=history.c.instance_id, order_by=history.c.id))
    ranked = rows.subquery("ranked")
    some = select(ranked.c[0]).where(ranked.c[1] <= HISTORY_ROWS)
    _insert(
        session, history, _join(history.c.instance_id), {"id": None, "instance_id": c.new, "unit_path": c.unit_path},
        history.c.id.in_(some),
    )  # fmt: skip


def _join(of_original: Any) -> Any:
    return clone.join(of_original.table, of_original == clone.c.original)


def _insert(session: db.Session, table: Table, source: Any, changed: dict[str, Any], *where: Any) -> None:
    names = [column.name for column in table.c if changed.get(column.name, column) is not None]
    values = [changed.get(name, table.c[name]) for name in names]
    statement = insert(table).from_select(names, select(*values).select_from(source).where(*where))
    session.connection().execute(statement)


def make_due(how_many: int, since: datetime) -> int:
    """Let the timers of so many clones be due, one each millisecond since then; how many there were."""
    some = (
        select(wait.c.instance_id)
        .join(instance, instance.c.id == wait.c.instance_id)
        .where(instance.c.process_id == "bench", wait.c.kind == "timer", instance.c.key != "original")
        .order_by(wait.c.instance_id)
        .limit(how_many)
    )
    change = (
        wait.update()
        .where(wait.c.instance_id == bindparam("of_instance"), wait.c.kind == "timer")
        .values(due_at=bindparam("moment"))
    )
    with db.writing() as session:
        found = session.connection().scalars(some).all()
        moments = [{"of_instance": each, "moment": since + timedelta(milliseconds=n)} for n, each in enumerate(found)]
        session.connection().execute(change, moments)
    return len(found)
