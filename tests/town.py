"""The shipped diagrams deployed over a small city, with one elder and the moves of everybody concerned.

    town = Town()                    # inside the fixtures `database` and `monday`
    town.device_sends("sos")         # by the one door in, admission included
    town.open()                      # {"call_elder": TaskRow, ...} of the elder's instances
    town.does("call_elder", reached="yes", level="general", risk="low")
    town.waits(minutes=3)            # the clock moves on, stopping at each due time

Answers are those of the real forms; `does` acts as whoever the task is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, func, select

from care import cases, elders, people
from care.cases import Case
from care.elders import Elder
from engine import clock, db, definitions, incidents, incoming, jobs, outgoing, run, tasks
from engine.definitions import specifications, tables
from engine.incoming import incoming as events
from engine.tasks import TaskRow
from tests import builders
from web.bundles import collect
from web.joined import join

join()  # before the fixture `database` makes the tables of whatever is imported

ROOT = Path(__file__).resolve().parents[1]
_event_ids = count(1)


@cache
def shipped() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """All shipped diagrams, and the forms that they name."""
    return collect([ROOT / "processes"])


_DEPLOYED = (tables.bundle, tables.bundle_file, tables.definition, tables.definition_start, tables.form_version)
_first: dict[str, Any] = {}


def deploy_shipped() -> definitions.Deployed:
    """Deploy everything: checked and compiled once per run, then written as it was into each empty database."""
    files, forms = shipped()
    with jobs.transaction() as session:
        connection = session.connection()
        again = definitions.newest(session) == 0
        if again and _first:
            for table, rows in _first["rows"]:
                connection.execute(table.insert(), rows)
            _number_on(connection, tables.bundle, tables.definition)
            specifications._kept.of(session)[_first["deployed"].bundle_id] = _first["compiled"]
            return cast(definitions.Deployed, _first["deployed"])
        deployed = definitions.deploy(session, files, None, forms)
        if again:
            rows = [(each, [dict(row._mapping) for row in connection.execute(each.select())]) for each in _DEPLOYED]
            compiled = definitions.specification(session, deployed.bundle_id)
            _first.update(rows=rows, deployed=deployed, compiled=compiled)
        return deployed


def _number_on(connection: Connection, *copied: Table) -> None:
    """PostgreSQL counts on after the highest number that was copied; SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        for table in copied:
            highest = select(func.max(table.c.id)).scalar_subquery()
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest)))


class Town:
    """A city with one elder who wears a pendant. `rural`: the elder lives in a 嘎查村."""

    def __init__(self, *, deployed: bool = True, rural: bool = False, **elder: Any) -> None:
        if deployed:
            deploy_shipped()
        with jobs.transaction() as session:
            self.city = builders.a_city(session)
            builders.a_department(session, self.city, "public_security")
            self.city.village.rural = rural
            self.elder: Elder = builders.an_elder(session, self.city, **elder)
            self.device = builders.a_device(session, self.elder).number
            self.staff = {role: each.id for role, each in self.city.staff.items()}
            self._by_post = {
                (role, unit): each.id
                for role, each in self.city.staff.items()
                for unit in [people.posts_of(session, each.id)[0].unit_path]
            }

    # --- the outside ---

    def device_sends(
        self, kind: str, *, event_id: str = "", device: str = "", ago: timedelta = timedelta(0), **data: Any
    ) -> incoming.Recorded:
        """An event as the connectors record it, then all that follows from it."""
        number = device or self.device
        name = event_id or f"e{next(_event_ids)}"
        said = {
            "id": name, "device": number, "topic_device": number, "type": kind, "seq": None, "data": data, "sig": None,
            "time": int((clock.now() - ago).timestamp() * 1000), "signed": None, "proved": True, "platform": None,
            "channel": "test",
        }  # fmt: skip
        with jobs.transaction() as session:
            recorded = incoming.record(
                session, "device", f"{number}:{name}", f"device.{kind}", said, raw=b"{}", lane="alarm"
            )
        jobs.drain()
        return recorded

    def message(self, name: str, key: str, **data: Any) -> None:
        with jobs.transaction() as session:
            incoming.message(session, name, key, {"elder_id": self.elder.id, **data})
        jobs.drain()

    def waits(self, **time: float) -> None:
        """Time passes; whatever falls due is done in its order."""
        jobs.move_clock(timedelta(**time))
        jobs.drain()

    def start(self, process_id: str, key: str | None = None, **data: Any) -> UUID:
        with jobs.transaction() as session:
            started = run.start(session, process_id, {"elder_id": self.elder.id, **data}, key)
        jobs.drain()
        return started

    def elder_is(self, **facts: Any) -> None:
        """Change columns of the elder's file."""
        with jobs.transaction() as session:
            for name, value in facts.items():
                setattr(elders.get(session, self.elder.id), name, value)

    def another_device(self, kind: str) -> str:
        """One more device in the elder's home; its number."""
        with jobs.transaction() as session:
            return builders.a_device(session, elders.get(session, self.elder.id), kind=kind).number

    # --- people ---

    def open(self) -> dict[str, TaskRow]:
        """Open tasks by element; plain ones by what they are about."""
        with db.reading() as session:
            rows = tasks.find(session, filters=tasks.Filters(), limit=200).rows
        return {row.element_id: row for row in rows}

    def elements(self) -> set[str]:
        return set(self.open())

    def doer(self, row: TaskRow) -> int | None:
        """Somebody who may do this task."""
        if row.assignee_id is not None:
            return row.assignee_id
        with db.reading() as session:
            return next(iter(people.holders(session, row.role, row.unit_path)), None)

    def does(self, element: str, person: int | None = None, **answers: Any) -> run.Completed:
        """Complete an open task with these answers of its form, and let everything follow."""
        row = self.open()[element]
        with jobs.transaction() as session:
            done = run.complete_task(session, row.id, answers, person or self.doer(row))
        jobs.drain()
        return done

    def takes(self, element: str, by: int | None = None) -> None:
        """Claim a task."""
        row = self.open()[element]
        with jobs.transaction() as session:
            tasks.claim(session, row.id, by or self.doer(row) or 0)

    # --- what became of it ---

    def case(self) -> Case:
        """The newest case of the elder."""
        with db.reading() as session:
            found = cases.of_elder(session, self.elder.id)
            assert found, "no case"
            session.expunge_all()
            return found[0]

    def case_notes(self) -> list[str]:
        with db.reading() as session:
            return [entry.what for entry in cases.timeline(session, self.case().id)]

    def sent(self, template: str = "") -> list[dict[str, Any]]:
        """Words that went out, by template, with the numbers that they went to."""
        with db.reading() as session:
            rows = session.connection().execute(select(outgoing.outgoing.c.channel, outgoing.outgoing.c.payload)).all()
            wanted = [row for row in rows if not template or row.payload.get("template") == template]
            return [outgoing.addressed(session, row.channel, row.payload) for row in wanted]

    def messages(self) -> list[str]:
        """Names of the messages that diagrams sent."""
        with db.reading() as session:
            rows = session.connection().execute(
                select(events.c.name).where(events.c.kind == incoming.MESSAGE).order_by(events.c.stored_at)
            )
            return [row.name for row in rows]

    def incidents(self) -> list[str]:
        with db.reading() as session:
            return [f"{each.process_id}/{each.element}: {each.error}" for each in incidents.find(session)]

    def live(self) -> list[str]:
        """Processes that are still running."""
        from engine import instances

        with db.reading() as session:
            return sorted(each.process_id for each in instances.find(session) if each.state == instances.LIVE)


@contextmanager
def nothing_breaks(town: Town) -> Iterator[None]:
    """No incident is opened within the block."""
    yield
    assert town.incidents() == []
