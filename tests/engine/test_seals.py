"""The chain of the history: whatever is changed, taken out, put in or cut off is named."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, LargeBinary, Table, delete, select, type_coerce, update
from sqlalchemy.exc import DBAPIError

from engine import audit, clock, db, history, incidents, jobs, seals, work
from engine.history import history as rows
from engine.jobs import upkeep
from engine.seals import seal
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, start
from web.commands_database import upgrade


@pytest.fixture
def sealed(database, monday, tmp_path, monkeypatch) -> int:
    """1,200 rows, as steps and people write them, in three blocks; how many there are."""
    monkeypatch.setattr(seals, "anchor_folder", lambda: tmp_path / "anchors")
    monkeypatch.setattr(seals, "_anchored", (0.0, 0))
    with db.writing() as session:
        for number in range(1200):
            history.write(session, db.new_id(), number, "seen", "e", number, "/1/", "note", other=db.new_id())
    assert seals.seal_rows() == 1200
    return 1200


def broken() -> list[tuple[str, str]]:
    return [(each.table, each.row) for each in audit.run(limit=2000) if each.number == 7]


def force(table: Table, statement: object) -> None:
    """What somebody does who has the database in his hands."""
    with db.writing() as session:
        session.connection().execute(statement)  # type: ignore[call-overload]


def flip(column: Column, row_id: int, chance: random.Random) -> None:
    """Turn one bit of the stored value round."""
    binary = column is rows.c.ids
    stored = type_coerce(column, LargeBinary) if binary else column
    with db.writing() as session:
        connection = session.connection()
        value = connection.execute(select(stored).where(rows.c.id == row_id)).scalar_one()
        raw = bytearray(value if binary else value.encode())
        raw[chance.randrange(len(raw))] ^= 1
        changed = type_coerce(bytes(raw), LargeBinary) if binary else raw.decode()
        connection.execute(update(rows).where(rows.c.id == row_id).values({column: changed}))


def test_an_untouched_history_is_one_chain(sealed):
    assert broken() == []
    with db.reading() as session:
        blocks = session.connection().execute(select(seal).order_by(seal.c.number)).all()
    assert [block.number for block in blocks] == [1, 2, 3]
    assert {block.day for block in blocks} == {"2026-08-03"}


def test_one_flipped_byte_in_a_row_names_that_row_and_no_other(sealed):
    chance = random.Random(7)
    touched = sorted(chance.sample(range(1, sealed + 1), 300))
    columns = (rows.c.what, rows.c.note, rows.c.element, rows.c.unit_path, rows.c.ids)
    for row_id in touched:
        column = chance.choice(columns)
        flip(column, row_id, chance)

    assert broken() == [("history", str(row_id)) for row_id in touched]


@pytest.mark.parametrize("column", ["at", "who", "subject_id", "revision", "task_id", "instance_id", "name"])
def test_every_column_is_held(sealed, column):
    other = {
        "at": clock.now() + timedelta(microseconds=1),
        "task_id": db.new_id(),
        "instance_id": db.new_id(),
        "name": "x",
    }.get(column, 12345)
    force(rows, update(rows).where(rows.c.id == 77).values({column: other}))

    assert broken() == [("history", "77")]


def test_a_row_that_was_taken_out_is_named(sealed):
    force(rows, delete(rows).where(rows.c.id.in_((5, 700))))

    assert broken() == [("history", "5"), ("history", "700")]


def test_two_rows_that_changed_places_are_named(sealed):
    force(rows, update(rows).where(rows.c.id == 10).values(id=99999))
    force(rows, update(rows).where(rows.c.id == 11).values(id=10))
    force(rows, update(rows).where(rows.c.id == 99999).values(id=11))

    assert broken() == [("history", "10"), ("history", "11")]


def test_a_row_that_was_put_in_is_named(sealed):
    force(rows, delete(rows).where(rows.c.id == 30))
    with db.writing() as session:
        row = history.row_of("forged")
        session.connection().execute(rows.insert(), row | {"id": 30})

    assert broken() == [("history", "30")]


def test_whoever_reckons_the_hashes_anew_lacks_the_key(sealed, monkeypatch):
    force(rows, update(rows).where(rows.c.id == 1100).values(what="forged"))
    force(seal, delete(seal).where(seal.c.number == 3))
    with monkeypatch.context() as other:
        other.setattr(seals, "_key", lambda: b"guessed")
        assert seals.seal_rows() == 200

    assert broken() == [("history_seal", "3")]


def test_a_tail_that_was_cut_off_is_missed_where_its_head_was_written_down(sealed):
    assert seals.anchor() is not None
    force(rows, delete(rows).where(rows.c.id > 1000))
    force(seal, delete(seal).where(seal.c.number == 3))

    assert broken() == [("history_seal", "3")]


def test_a_tail_that_was_cut_and_grown_again_is_not_the_one_that_was_written_down(sealed):
    seals.anchor()
    force(rows, delete(rows).where(rows.c.id > 1000))
    force(seal, delete(seal).where(seal.c.number == 3))
    with db.writing() as session:
        history.write(session, None, 1, "seen")
    seals.seal_rows()

    assert broken() == [("history_seal", "3")]


def test_a_block_in_the_middle_that_was_taken_out_is_named(sealed):
    force(seal, delete(seal).where(seal.c.number == 2))

    assert ("history_seal", "2") in broken()


def test_the_head_is_written_down_only_when_it_moved(sealed, tmp_path):
    assert seals.anchor() is not None
    assert seals.anchor() is None

    [line] = (tmp_path / "anchors" / "history-2026-08.jsonl").read_text().splitlines()
    assert '"number":3' in line
    copy = Path(tmp_path / "anchors")
    assert audit.anchors_in(copy) == []


def test_a_history_that_is_not_sealed_is_told_while_somebody_works(sealed):
    with db.writing() as session:
        history.write(session, None, 1, "seen")
        assert seals.tail(session).rows == 1
    clock.move_by(timedelta(minutes=16))
    assert broken() == []

    jobs.beat()
    assert broken() == [("history", "1")]
    upkeep.seal_history()
    assert broken() == []


def test_an_instance_tells_of_every_version_of_its_state(database, monday):
    deploy(Drawing("p").user("a", **TASK).user("b", **TASK).path("start", "a", "b", "end"))
    instance_id = start()
    complete("a")
    seals.seal_rows()
    assert broken() == []

    force(rows, delete(rows).where(rows.c.instance_id == instance_id, rows.c.revision == 1))

    assert ("instance", str(instance_id)) not in broken()  # as before an upgrade: it tells from 2 on
    complete("b")
    force(rows, delete(rows).where(rows.c.instance_id == instance_id, rows.c.revision == 3))
    assert ("instance", str(instance_id)) in broken()


def test_the_hourly_audit_opens_one_incident_and_closes_it_when_all_is_well(sealed):
    audit.keep_auditing()
    clock.move_by(timedelta(hours=2))
    jobs.drain()
    with db.reading() as session:
        assert incidents.find(session) == []
        assert work.next_due(session) is not None

    force(rows, update(rows).where(rows.c.id == 9).values(what="forged"))
    for _ in range(2):
        clock.move_by(timedelta(hours=1))
        jobs.drain()
    with db.reading() as session:
        [incident] = incidents.find(session)
    assert (incident.kind, "history 9" in incident.error) == ("audit", True)

    force(rows, update(rows).where(rows.c.id == 9).values(what="seen"))
    clock.move_by(timedelta(hours=1))
    jobs.drain()
    with db.reading() as session:
        assert incidents.find(session) == []


@pytest.mark.parametrize("table", [rows, seal], ids=["history", "history_seal"])
def test_the_database_lets_nobody_change_or_delete(all_databases, tmp_path, monday, table):
    db.open_database(all_databases.new(tmp_path))
    upgrade()
    with db.writing() as session:
        history.write(session, None, 1, "seen")
    seals.seal_rows()

    for statement in (update(table).values({table.c[3].name: None}), delete(table)):
        with pytest.raises(DBAPIError, match="only added"), db.writing() as session:
            session.connection().execute(statement)
