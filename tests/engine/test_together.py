"""What a step writes is carried out together: one statement on PostgreSQL, the same rows on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import bindparam, func, select, update

from engine import clock, db, history, jobs, tasks, waits
from engine.rows import insert_all
from engine.together import together, write
from engine.waits import WaitRow, wait
from tests.engine.steps import counted

_QUEUE = update(wait).where(wait.c.element == bindparam("at")).values(queued=bindparam("now"))


def timer(element: str, seconds: int) -> WaitRow:
    return WaitRow(
        db.new_id(), db.new_id(), waits.TIMER, 0, element, None, clock.now() + timedelta(seconds=seconds), None, None,
        "normal",
    )  # fmt: skip


def armed() -> dict[str, bool]:
    with db.reading() as session:
        found = session.connection().execute(select(wait.c.element, wait.c.queued))
        return {row.element: row.queued for row in found}


def rows() -> int:
    with db.reading() as session:
        return session.connection().execute(select(func.count()).select_from(history.history)).scalar_one()


def test_everything_in_a_block_is_written_and_on_postgresql_in_one_statement(database, monday):
    first, second = timer("a", 1), timer("b", 2)
    with jobs.transaction() as session:
        waits.follow(session, set(), {first})

    with counted(database) as statements, jobs.transaction() as session, together(session):
        waits.follow(session, {first}, {second})
        history.write_all(session, [history.row_of("tried", element=each) for each in ("a", "b")])
        with together(session):
            history.write_all(session, [history.row_of("tried", element="c")])

    own = [each for each in statements if each != "COMMIT" and not each.startswith("BEGIN")]
    assert len(own) == (4 if database.is_sqlite else 1)
    assert (armed(), rows()) == ({"b": False}, 3)


def test_whoever_wrote_to_no_row_is_told_and_nobody_else(database, monday):
    told: list[str] = []
    with jobs.transaction() as session:
        waits.follow(session, set(), {timer("here", 1)})

    with jobs.transaction() as session, together(session):
        write(session, _QUEUE, {"at": "nowhere", "now": True}, lambda: told.append("nowhere"))
        write(session, _QUEUE, {"at": "here", "now": True}, lambda: told.append("here"))
        assert told == []

    assert told == ["nowhere"]
    assert armed() == {"here": True}


def test_what_a_failed_block_meant_to_write_is_forgotten(database, monday):
    with jobs.transaction() as session:
        with pytest.raises(RuntimeError), together(session):
            history.write_all(session, [history.row_of("lost")])
            raise RuntimeError
        history.write_all(session, [history.row_of("kept")])

    assert rows() == 1


def test_a_timer_that_is_armed_again_goes_and_comes_in_one_step(database, monday):
    before = timer("again", 1)
    after = WaitRow(**before.__dict__ | {"due_at": clock.now() + timedelta(hours=1)})
    other = WaitRow(**before.__dict__ | {"number": 1, "element": "other"})
    with jobs.transaction() as session:
        waits.follow(session, set(), {before, other})

    with jobs.transaction() as session, together(session):
        waits.follow(session, {before, other}, {after})

    with db.reading() as session:
        assert waits.of_instance(session, before.instance_id) == [after]


def test_rows_of_one_statement_keep_their_order_and_values(database, monday):
    opened = [
        {"what": name, "at": clock.now(), "ids": {"n": number}, "note": None} for number, name in enumerate("abc")
    ]
    with jobs.transaction() as session, together(session):
        insert_all(session, history.history, opened)
        insert_all(session, history.history, [opened[0] | {"what": "d", "note": "100 % (s)"}])

    c = history.history.c
    with db.reading() as session:
        found = session.connection().execute(select(c.id, c.what, c.ids, c.note, c.at).order_by(c.what)).all()
    assert [(row.what, row.ids, row.note) for row in found] == [
        ("a", {"n": 0}, None), ("b", {"n": 1}, None), ("c", {"n": 2}, None), ("d", {"n": 0}, "100 % (s)"),
    ]  # fmt: skip
    assert {row.at for row in found} == {monday}
    assert found[0].id < found[1].id < found[2].id


def test_many_tasks_may_close_in_one_block(database, monday):
    with jobs.transaction() as session:
        ids = [tasks.plain(session, name=each, role="desk") for each in "abc"]

    with jobs.transaction() as session, together(session):
        tasks.follow(session, [], [(ids[0], tasks.DONE, 7), *((each, tasks.CANCELLED, None) for each in ids[1:])])

    with db.reading() as session:
        found = [tasks.get(session, each) for each in ids]
    assert [(row.state, row.done_by) for row in found] == [("done", 7), ("cancelled", None), ("cancelled", None)]
