"""A million tasks for the bench of lists: real tasks of a few kinds, cloned by SQL, and a city's elders to search in.

What is cloned: tasks and their instances (half as many, without stored state: lists never read it), copies of tasks,
elders with the words by which they are found. New ids rise with time like real ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Integer, MetaData, String, Table, case, func, insert, literal, select, text

from care import finding
from care.elders import Elder
from engine import clock, db, jobs, run
from engine.db import Id, Instant
from engine.instances import instance
from engine.rows import UNIT_PATH, insert_all
from engine.tasks import DONE, NO_DUE, OPEN, task
from engine.tasks.table import RANKS
from engine.tasks.words import COPY, task_copy
from tests.bench.rows_at_scale import AT_ONCE, units
from tests.town import Town

ELDERS = 100_000
OF_ONE = {"visitor": "家访", "township_desk": "本岗", "monitor_desk": "急事", "district_desk": "升级来的"}
"""Whose lists are long, and of what: tasks of their own, of their post, urgent ones, late ones that came up to them."""
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "桂兰秀英玉珍淑芳凤霞丽华春梅建国志强文斌宝山福生永贵德海长林金花银巧素芬云清明月红"

_own = MetaData()
clone = Table(
    "bench_row",
    _own,
    Column("number", Integer, primary_key=True),
    Column("original", Id, nullable=False),
    Column("new", Id, nullable=False),
    Column("of", Id, nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("subject_id", Integer, nullable=False),
    Column("assignee_id", Integer),
    Column("also_role", String(60)),
    Column("also_unit_path", UNIT_PATH),
    Column("state", String(10), nullable=False),
    Column("done_by", Integer),
    Column("done_at", Instant),
    Column("started_by", Integer),
    Column("priority", String(20)),
    Column("rank", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
)
clone_elder = Table(
    "bench_elder",
    _own,
    Column("id", Integer, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("initials", String(12), nullable=False),
    Column("address_marks", String(160), nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
)


@dataclass(frozen=True)
class Kind:
    """So many clones of one task. Without a place they lie all over the city, without a person they are spread."""

    original: Any
    how_many: int
    place: str | None = None
    assignee: int | None = None
    also: tuple[str | None, str | None] = (None, None)
    state: str = OPEN
    done_by: int | None = None


def grow(town: Town, how_many: int, of_one: int) -> None:
    """So many tasks, of which each person of OF_ONE has `of_one` open, did as many, began and was copied as many."""
    visit, desk, urgent = _originals(town)
    city, staff = town.city, town.staff
    places = units(town)
    kinds = [
        Kind(visit, of_one, city.village.path, staff["visitor"]),
        Kind(desk, of_one, city.township.path),
        Kind(urgent, of_one, city.city.path),
        Kind(desk, of_one, None, also=("district_desk", city.district.path)),
        *(Kind(visit, of_one, city.village.path, staff[who], state=DONE, done_by=staff[who]) for who in OF_ONE),
    ]
    left = how_many - sum(each.how_many for each in kinds)
    kinds += [Kind(visit, left // 5), Kind(desk, left // 5), Kind(visit, left - 2 * (left // 5), state=DONE)]
    elders = _elders(town, places)
    with db.writing() as session:
        connection = session.connection()
        _own.create_all(connection)
        beside = [index for index in task.indexes if not index.unique]
        for index in beside:  # made anew at the end: a million rows go in a third of the time
            index.drop(connection)
        rows = _rows(kinds, places, elders, [staff[who] for who in OF_ONE], of_one)
        while some := list(islice(rows, AT_ONCE)):
            insert_all(session, clone, some)
        _copy(session, [staff[who] for who in OF_ONE], of_one)
        for index in beside:
            index.create(connection)
        _own.drop_all(connection)
    with db.database().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not db.database().is_sqlite:  # what autovacuum would do in a minute
            connection.execute(text("VACUUM ANALYZE"))


def _originals(town: Town) -> tuple[Any, Any, Any]:
    """An ordered visit of the visitor, a task for whoever is at the township's desk, an urgent one of the city's."""
    town.device_sends("sos")
    town.start("visit_ordered")
    with jobs.transaction() as session:
        begun = run.start(session, "bench", {"elder_id": town.elder.id, "points": 70}, "original")
    with db.reading() as session:
        found = session.connection().execute(select(task).where(task.c.state == OPEN)).all()
    visit = next(row for row in found if row.assignee_id == town.staff["visitor"])
    desk = next(row for row in found if row.instance_id == begun)
    return visit, desk, next(row for row in found if row.role == "monitor_desk")


def _rows(
    kinds: list[Kind], places: list[str], elders: list[int], people: list[int], of_one: int
) -> Iterator[dict[str, Any]]:
    """A row of `clone` for each new task; two neighbours share an instance."""
    chance, now, number, of = random.Random(7), clock.now(), 0, db.new_id()
    for kind in kinds:
        for _ in range(kind.how_many):
            number += 1
            of = db.new_id() if number % 2 else of
            yield _row(kind, number, of, places, elders, people, of_one, now, chance)


def _row(
    kind: Kind, number: int, of: UUID, places: list[str], elders: list[int], people: list[int], of_one: int,
    now: datetime, chance: random.Random,
) -> dict[str, Any]:  # fmt: skip
    first, done = kind.original, kind.state == DONE
    there = kind.place or places[number % len(places)]
    depth = first.unit_path.count("/") - 1  # as deep in the tree as the original's unit
    priority = "today" if first.priority is None and number % 10 == 0 else first.priority
    began = number // 2  # instances that somebody began: the first so many of each
    return {
        "number": number,
        "original": first.id,
        "new": db.new_id(),
        "of": of,
        "unit_path": "/" + "/".join(there.strip("/").split("/")[:depth]) + "/",
        "subject_id": elders[number % len(elders)],
        "assignee_id": kind.assignee or (first.assignee_id and first.assignee_id + 1000 + number % 4000),
        "also_role": kind.also[0],
        "also_unit_path": kind.also[1],
        "state": kind.state,
        "done_by": (kind.done_by or first.assignee_id + 1000 + number % 4000) if done else None,
        "done_at": now - timedelta(minutes=number % 500_000) if done else None,
        "started_by": people[began // of_one] if began // of_one < len(people) else None,
        "priority": priority,
        "rank": RANKS.get(priority or "", 2),
        "due_at": now + timedelta(minutes=chance.randint(-3 * 1440, 40 * 1440)),
    }


def _copy(session: db.Session, people: list[int], of_one: int) -> None:
    """The rows themselves, a statement for each table."""
    c = clone.c
    began = case((c.started_by.is_not(None), c.due_at), else_=instance.c.started_at)
    of_tasks = clone.join(task, task.c.id == c.original)
    _insert(session, instance, of_tasks.join(instance, instance.c.id == task.c.instance_id), {
        "id": c.of, "key": None, "live_key": None, "subject_id": c.subject_id, "unit_path": c.unit_path,
        "started_by": c.started_by, "started_at": began,
    }, c.number % 2 == 1)  # fmt: skip
    _insert(session, task, of_tasks, {
        "id": c.new, "instance_id": c.of, "unit_path": c.unit_path, "subject_id": c.subject_id,
        "assignee_id": c.assignee_id, "also_role": c.also_role, "also_unit_path": c.also_unit_path, "state": c.state,
        "done_by": c.done_by, "done_at": c.done_at, "priority": c.priority, "rank": c.rank, "due_at": c.due_at,
        "sort_at": func.coalesce(c.due_at, literal(NO_DUE, Instant)), "ladder_at": c.due_at,
    })  # fmt: skip
    for place, person in enumerate(people):
        chosen = (c.number > place * of_one, c.number <= (place + 1) * of_one)
        values = select(c.new, literal(person), literal(COPY), literal(person), c.due_at).where(*chosen)
        names = ["task_id", "person_id", "kind", "who", "at"]
        session.connection().execute(insert(task_copy).from_select(names, values.order_by(c.number)))


def _insert(session: db.Session, table: Table, source: Any, changed: dict[str, Any], *where: Any) -> None:
    values = {column.name: changed.get(column.name, column) for column in table.c}
    kept = {name: value for name, value in values.items() if value is not None}
    statement = insert(table).from_select(list(kept), select(*kept.values()).select_from(source).where(*where))
    session.connection().execute(statement)


def _elders(town: Town, places: list[str]) -> list[int]:
    """Ids of clones of the town's elder with names, addresses and places of their own."""
    table, chance = Elder.__table__, random.Random(11)
    changed = ("id", "name", "initials", "address_marks", "unit_path")
    copied = [column for column in table.c if column.name not in (*changed, "number", "id_index", "phone_index")]
    first = town.elder.id + 1
    words: list[dict[str, Any]] = []
    with db.writing() as session:
        _own.create_all(session.connection(), tables=[clone_elder])
        for begin in range(first, first + ELDERS, AT_ONCE):
            made = [_elder(each, places, chance) for each in range(begin, begin + AT_ONCE)]
            insert_all(session, clone_elder, made)
            words += [
                {"elder_id": each["id"], "unit_path": each["unit_path"], "word": word}
                for each in made
                for word in finding.words(each["name"], each["initials"], each["address_marks"])
            ]
        c = clone_elder.c
        number = literal("E") + func.substr(literal("00000") + func.cast(c.id, String), -6)
        source = select(*(c[name] for name in changed), number, *copied).select_from(
            clone_elder.join(table, table.c.id == town.elder.id)
        )
        names = [*changed, "number", *(column.name for column in copied)]
        session.connection().execute(insert(table).from_select(names, source))
        clone_elder.drop(session.connection())
        for begin in range(0, len(words), AT_ONCE):
            insert_all(session, cast(Table, finding.ElderWord.__table__), words[begin : begin + AT_ONCE])
    return list(range(first, first + ELDERS))


def _elder(elder_id: int, places: list[str], chance: random.Random) -> dict[str, Any]:
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2))
    door = f"{chance.randint(1, 40)}号楼{chance.randint(1, 6)}单元{chance.randint(1, 30)}0{chance.randint(1, 4)}"
    return {
        "id": elder_id,
        "name": name,
        "initials": finding.initials(name),
        "address_marks": finding.marks(door),
        "unit_path": places[elder_id % len(places)],
    }
