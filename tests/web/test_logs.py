"""Log lines say whose they are and name nobody; what is stored with steps and effects holds ids only."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from care import contacts, elders, people
from connectors import mqtt
from engine import db, history, instances, jobs, outgoing, run, settings, tasks, work
from engine.db import Database
from engine.incidents import incident
from tests.processes import answers as say
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import logs

OURS = ("engine", "care", "connectors", "web")
WORDS = ("老人头晕躺在床上", "电饭锅插座松了", "邻居李二嫂帮忙看着", "门口堆着纸箱不让进")
"""Typed into forms during the life below; as personal as it gets."""


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Everything that our loggers say, from DEBUG on, as the program would write it in a city."""
    before, written = settings.settings(), io.StringIO()
    settings.change(log_format="json")
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter())
    kept = {name: logging.getLogger(name).level for name in OURS}
    for name in OURS:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.DEBUG)
    found = _Lines(written)
    yield found
    for name, level in kept.items():
        logging.getLogger(name).removeHandler(handler)
        logging.getLogger(name).setLevel(level)
    settings._current = before


class _Lines(list[dict[str, Any]]):
    """Read when asked, so that a test sees what came meanwhile."""

    def __init__(self, written: io.StringIO) -> None:
        super().__init__()
        self._written = written

    def text(self) -> str:
        return self._written.getvalue()

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


def live(site: Browser, desks: Desks) -> None:
    """An alarm by phone form, help, feedback, review and archive; a visit; a search; a form with a fault; a failure."""
    town = desks.town
    desks.alarm()
    site.sign_in(desks.users["monitor_desk"])
    site.get("/elders/?q=田桂芝")
    call = town.open()["call_elder"]
    assert site.get(f"/tasks/{call.id}").status_code == 200
    site.post(f"/tasks/{call.id}", {"level": "nonsense", "state_words": WORDS[0]})
    town.does("call_elder", **say.general(state_words=WORDS[0]))
    town.does("simple_help", **say.helped(what=WORDS[1]))
    town.does("feedback_24h", **say.feedback(result=WORDS[2]))
    town.does("review_3wd", **say.review("no", left=WORDS[1]))
    town.start("village_note", key="n", note={"text": "x"})
    site.get(f"/elders/{town.elder.id}")
    outgoing.delivers("test.logs")(_breaks)
    with jobs.transaction() as session:
        outgoing.record(session, "test.logs", "k")
        work.add(session, "no_such_kind")
    jobs.drain()


def _breaks(payload: dict[str, Any], key: str) -> None:
    raise outgoing.DeliveryFailed("the gateway is closed", permanent=True)


def personal(desks: Desks) -> set[str]:
    """What would tell who somebody is, of the elder, the family and the workers, and what people wrote."""
    with db.reading() as session:
        elder = elders.get(session, desks.town.elder.id)
        family = contacts.ordered(session, elder.id)
        staff = people.names(session, set(desks.town.staff.values()))
        found = {elder.name, elder.phone, elder.id_number, elder.address, *(elder.health or {}).get("illnesses", ())}
        found |= {each.phone for each in family} | {name for name in staff.values() if len(name) > 1}
    return {each for each in found if each} | set(WORDS)


def test_a_life_is_logged_with_ids_only(site: Browser, desks: Desks, lines: _Lines) -> None:
    live(site, desks)

    assert {each["event"] for each in lines.read()} >= {"answered", "worked", "work failed"}
    assert {each["logger"].partition(".")[0] for each in lines.read()} >= {"engine", "web"}
    assert [word for word in personal(desks) if word in lines.text()] == []


def test_every_line_says_whose_it_is(site: Browser, desks: Desks, lines: _Lines) -> None:
    live(site, desks)

    assert [each for each in lines.read() if not {"request", "work", "batch", "sweep", "chore"} & each.keys()] == []
    assert all("process" in each for each in lines.read())


def test_a_line_of_the_listener_names_its_batch(lines: _Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [RuntimeError("not now")]

    def takes(arrivals: object) -> list[object]:
        if faults:
            raise faults.pop()
        return []

    monkeypatch.setattr(mqtt, "take_each", takes)
    monkeypatch.setattr(mqtt, "RETRY_SECONDS", 0)
    lane = mqtt.Lane("event", mqtt.Address("127.0.0.1", 1), {"event": 1}, lambda heard: None)
    lane._store([])
    lane._store([])

    [line] = lines.read()
    assert line["event"].startswith("nothing stored") and len(line["batch"]) == 8


def test_the_answer_names_its_request_as_the_log_does(site: Browser, desks: Desks, lines: _Lines) -> None:
    given = site.get("/sign-in", headers={"X-Request-ID": "proxy-7.of_ours"})
    own = site.get("/sign-in", headers={"X-Request-ID": "bad id\t; drop"})

    assert given.headers["X-Request-ID"] == "proxy-7.of_ours"
    assert own.headers["X-Request-ID"].isalnum()
    told = [each["request"] for each in lines.read() if each["event"] == "answered"]
    assert told[-2:] == ["proxy-7.of_ours", own.headers["X-Request-ID"]]


def test_what_steps_and_effects_store_holds_ids_only(site: Browser, desks: Desks) -> None:
    live(site, desks)

    with db.reading() as session:
        connection = session.connection()
        found = [repr(row) for row in connection.execute(select(outgoing.outgoing))]
        assert len(found) >= 2
        found += [repr(row) for row in connection.execute(select(work.work))]
        found += [repr(row) for row in connection.execute(select(incident))]
        found += [repr(row) for row in connection.execute(select(history.history))]
        found += [repr(row) for row in connection.execute(select(tasks.task))]
        for each in connection.execute(select(instances.instance.c.id)).scalars().all():
            found.append(repr(run.data_of(session, each)))
    stored = "\n".join(found)

    assert [word for word in personal(desks) if word in stored] == []
