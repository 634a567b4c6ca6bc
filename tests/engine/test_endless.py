"""What would run for ever between processes becomes an incident while others go on; what is only wide goes through."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from engine import db, instances, jobs, run, tasks, work
from engine.instances import instance
from engine.run import signals
from engine.work import chains
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, open_incidents, open_tasks, start


def echo(process_id: str, hears: str, says: str) -> Drawing:
    """Waits for a signal, throws another, waits again."""
    drawing = Drawing(process_id).catch("hear", signal=hears)
    return around(drawing, says, "hear")


def around(drawing: Drawing, says: str, *steps: str) -> Drawing:
    """These steps, then a signal, again and again."""
    drawing.gateway("xor", "again", "enough").throw("say", signal=says)
    drawing.path("start", "again", *steps, "say", "enough").path("enough", "end", when="1 = 2")
    return drawing.path("enough", "again", default=True)


def breeder(process_id: str, *bears: str) -> Drawing:
    """Begun by message `bear.<id>`; throws one for each of `bears`, and ends."""
    drawing = Drawing(process_id).start("begun", message=f"bear.{process_id}")
    names = []
    for number, each in enumerate(bears):
        name = f"bears_{number}"
        drawing.throw(name, key="string(now())", message=f"bear.{each}", payload="{}")
        names.append(name)
    return drawing.path("begun", *names, "end")


def bystander() -> UUID:
    deploy(Drawing("other").user("a", **TASK).path("start", "a", "end"))
    return start("other")


def number_of(process_id: str) -> int:
    with db.reading() as session:
        query = select(func.count()).where(instance.c.process_id == process_id)
        return int(session.connection().execute(query).scalar_one())


def nothing_is_due() -> bool:
    with db.reading() as session:
        return not work.any_due(session, work.LANES)


def test_two_processes_that_raise_each_others_signals_become_an_incident(database, monday):
    deploy(echo("ping", "pong", "ping"))
    deploy(echo("pong", "ping", "pong"))
    start("ping")
    start("pong")
    other = bystander()
    with jobs.transaction() as session:
        run.signal(session, "ping")

    jobs.drain()

    [found] = open_incidents()
    assert "go round between processes" in found.error and found.process_id in ("ping", "pong")
    assert nothing_is_due()
    complete("a", instance_id=other)
    assert open_tasks(other) == {}


def test_a_person_in_between_begins_the_chain_anew(database, monday):
    deploy(around(Drawing("ping").catch("hear", signal="pong").user("agree", **TASK), "ping", "hear", "agree"))
    deploy(echo("pong", "ping", "pong"))
    instance_id = start("ping")
    start("pong")
    with jobs.transaction() as session:
        run.signal(session, "pong")

    for _ in range(chains.LONGEST // 2 + 1):
        jobs.drain()
        complete("agree", instance_id=instance_id)

    assert open_incidents() == []


def test_processes_that_start_each_other_by_messages_become_an_incident(database, monday):
    deploy(breeder("hen", "egg"), breeder("egg", "hen"))
    other = bystander()

    with jobs.transaction() as session:
        run.publish(session, "bear.hen", "1", {})
    jobs.drain()

    assert len(open_incidents()) == 1
    assert number_of("hen") + number_of("egg") == chains.LONGEST + 1
    assert nothing_is_due()
    assert list(open_tasks(other)) == ["a"]


def test_a_process_that_starts_two_of_itself_stops_before_it_fills_the_queue(database, monday, monkeypatch):
    monkeypatch.setattr(chains.Chain, "__init__", _few(100))
    deploy(breeder("rabbit", "rabbit", "rabbit"))
    other = bystander()

    with jobs.transaction() as session:
        run.publish(session, "bear.rabbit", "1", {})
    jobs.drain()

    assert open_incidents() != []
    assert number_of("rabbit") <= 2 ** (chains.SHALLOW + 1)
    assert nothing_is_due()
    assert list(open_tasks(other)) == ["a"]


def _few(most: int):  # type: ignore[no-untyped-def]
    def made(self: chains.Chain, length: int = 0, left: int = most) -> None:
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "left", left)

    return made


def test_a_signal_that_everybody_hears_and_answers_goes_through(database, monday, monkeypatch):
    """More hear it than a chain may have members, and each starts a process by message."""
    monkeypatch.setattr(chains.Chain, "__init__", _few(8))
    monkeypatch.setattr(signals, "AT_ONCE", 4)
    drawing = Drawing("listens").catch("hear", signal="storm").throw("tell", key='"k"', message="told")
    deploy(drawing.path("start", "hear", "tell", "end"))
    deploy(Drawing("told").start("begun", message="told").user("a", **TASK).path("begun", "a", "end"))
    for number in range(30):
        start("listens", key=str(number))

    with jobs.transaction() as session:
        run.signal(session, "storm")
    jobs.drain()

    assert open_incidents() == []
    with db.reading() as session:
        assert instances.counts(session).get("listens") is None
        assert len(tasks.find(session, filters=tasks.Filters(), limit=50).rows) >= 1


@pytest.mark.parametrize(
    ("pieces", "length", "refused"), [(1, 99, False), (1, 100, True), (30_000, 5, False), (30_000, 6, True)]
)
def test_a_chain_is_long_or_wide_but_not_both(pieces: int, length: int, refused: bool):
    rows = [work.new("incoming") for _ in range(pieces)]
    token = chains._chain.set(chains.Chain(length))
    try:
        if refused:
            with pytest.raises(work.Endless):
                chains.carry_on(rows)
        else:
            chains.carry_on(rows)
            assert rows[0]["detail"]["chain"][0] == length + 1
    finally:
        chains._chain.reset(token)
