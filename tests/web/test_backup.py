"""A backup under load goes back elsewhere whole, and what was going out waits for a person."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, table, text

from engine import audit, clock, db, held, history, jobs, operations, outgoing, seals, settings, tasks, vault, work
from engine.jobs import doing
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, start
from web import backup, commands_backup
from web.commands_database import upgrade

COMMANDS = {each.name: each for each in commands_backup.commands}
sent: list[str] = []


@pytest.fixture
def home(all_databases, tmp_path, monkeypatch) -> Iterator[Path]:
    """An installation with migrated tables, a process that sends something, and one attachment."""
    monkeypatch.setattr(operations, "_answers", {})
    monkeypatch.setattr(seals, "anchor_folder", lambda: tmp_path / "anchors")
    monkeypatch.setattr(seals, "_anchored", (0.0, 0))
    monkeypatch.setattr(outgoing, "_hold_until", None)
    before = settings.settings()
    settings.change(home=tmp_path / "home")
    (tmp_path / "home" / "attachments" / "ab").mkdir(parents=True)
    (tmp_path / "home" / "attachments" / "ab" / "photo").write_bytes(vault.encrypt(b"picture"))
    db.open_database(all_databases.new(tmp_path))
    upgrade()
    sent.clear()
    outgoing.delivers("test.backup")(lambda payload, key: sent.append(key))
    deploy(Drawing("p").user("a", **TASK).user("b", **TASK).path("start", "a", "b", "end"))
    yield tmp_path / "home"
    settings._current = before


@contextmanager
def load() -> Iterator[list[str]]:
    """Somebody starts and completes all the while; the keys of what was finished before the backup began."""
    stopping, done = threading.Event(), list[str]()

    def work_on() -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            instance_id = start(key=f"k{number}")
            complete("a", instance_id=instance_id)
            with jobs.transaction() as session:
                outgoing.record(session, "test.backup", f"k{number}")
            done.append(f"k{number}")

    thread = threading.Thread(target=work_on)
    thread.start()
    while len(done) < 5:
        clock_tick()
    try:
        yield done
    finally:
        stopping.set()
        thread.join()


def clock_tick() -> None:
    threading.Event().wait(0.01)


def elsewhere(all_databases, tmp_path: Path) -> None:
    """Another machine: a database and a home of its own, the same key."""
    settings.change(home=tmp_path / "other")
    db.open_database(all_databases.new(tmp_path) if not db.database().is_sqlite else f"sqlite:///{tmp_path}/other/v.db")


def rows() -> dict[str, int]:
    with db.reading() as session:
        names = [each for each in db.Base.metadata.tables if each not in ("program", "restored", "history", "work")]
        return {each: session.execute(select(func.count()).select_from(table(each))).scalar_one() for each in names}


def test_a_backup_under_load_goes_back_elsewhere_with_the_same_rows(home, all_databases, tmp_path):
    with load() as done:
        finished = list(done)
        listed = backup.make(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    elsewhere(all_databases, tmp_path)

    restored = backup.restore(tmp_path / "b.tar")

    there = rows()
    assert there == {name: listed.rows[name] for name in there}
    assert restored.reads and restored.held >= len(finished)
    assert audit.run() == []
    with db.reading() as session:
        keys = set(session.execute(text("SELECT key FROM instance")).scalars())
    assert set(finished) <= keys
    assert vault.decrypt((tmp_path / "other" / "attachments" / "ab" / "photo").read_bytes()) == b"picture"


def test_no_key_is_in_a_backup(home, tmp_path, monkeypatch):
    settings.change(data_key="", history_key="")
    vault._keys.cache_clear()
    vault.secret_file("data.key")
    secret = (home / "keys" / "data.key").read_bytes().strip()

    backup.make(tmp_path / "b.tar")
    vault._keys.cache_clear()

    assert secret not in (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as packed:
        assert not [name for name in packed.getnames() if "key" in name]


def test_what_was_going_out_waits_for_a_person(home, tmp_path):
    with jobs.transaction() as session:
        for key in ("one", "two"):
            outgoing.record(session, "test.backup", key)
    backup.make(tmp_path / "b.tar")
    backup.restore(tmp_path / "b.tar", replace=True)

    jobs.drain()
    assert sent == []
    assert audit.run() == []
    with db.reading() as session:
        first, second = held.find(session)

    listed = CliRunner().invoke(COMMANDS["outgoing"], ["--held", "--json"])
    assert [json.loads(line)["key"] for line in listed.stdout.splitlines()] == ["one", "two"]
    why = ("--reason", "asked the gateway")
    assert CliRunner().invoke(COMMANDS["outgoing"], ["--release", str(first.id)]).exit_code == 2
    assert CliRunner().invoke(COMMANDS["outgoing"], ["--release", str(first.id), *why]).exit_code == 0
    assert CliRunner().invoke(COMMANDS["outgoing"], ["--drop", str(second.id), *why]).exit_code == 0
    assert CliRunner().invoke(COMMANDS["outgoing"], ["--release", str(second.id), *why]).exit_code == 1
    jobs.drain()

    assert sent == ["one"]
    with db.reading() as session:
        told = [
            row.what for row in session.connection().execute(select(history.history).order_by(history.history.c.id))
        ]
        decided = [(each.outgoing_id, each.what, each.who, each.why) for each in held.decided(session)]
    assert told[-2:] == ["effect_released", "effect_dropped"]
    assert sorted(decided) == sorted(
        [(first.id, "released", None, "asked the gateway"), (second.id, "dropped", None, "asked the gateway")]
    )
    assert audit.run() == []


def test_a_dropped_effect_lets_its_process_go_on(home, tmp_path):
    drawing = (
        Drawing("q").service("s", "test.backup", wait="true").user("c", **TASK).boundary("lost", "s", error="dropped")
    )
    deploy(drawing.user("d", **TASK).path("start", "s", "c", "end").path("lost", "d", "e2"))
    instance_id = start("q")
    backup.make(tmp_path / "b.tar")
    backup.restore(tmp_path / "b.tar", replace=True)
    with jobs.transaction() as session:
        [row] = held.find(session)
        assert held.drop(session, row.id, None, "why")
    jobs.drain()

    with db.reading() as session:
        assert [each.element_id for each in tasks.of_instance(session, instance_id)] == ["d"]


def test_for_ten_minutes_of_work_new_effects_wait_too_but_for_alarms(home, tmp_path):
    backup.make(tmp_path / "b.tar")
    backup.restore(tmp_path / "b.tar", replace=True)
    now = clock.now()
    with clock.frozen(now):
        held.begin_work()
        with jobs.transaction() as session:
            outgoing.record(session, "test.backup", "a timer of the lost time")
            outgoing.record(session, "test.backup", "an alarm", lane=work.ALARM)
        jobs.drain()
    assert sent == ["an alarm"]

    with clock.frozen(now + timedelta(minutes=11)):
        held.begin_work()  # the program is started again
        with jobs.transaction() as session:
            outgoing.record(session, "test.backup", "as ever")
        jobs.drain()
    assert sent == ["an alarm", "as ever"]


def test_a_target_that_holds_data_needs_the_word(home, tmp_path):
    backup.make(tmp_path / "b.tar")
    start(key="later")

    refused = CliRunner().invoke(COMMANDS["restore"], [str(tmp_path / "b.tar")])

    assert isinstance(refused.exception, backup.RestoreRefused)
    with db.reading() as session:
        assert session.execute(text("SELECT count(*) FROM instance")).scalar_one() == 1


def test_a_target_on_which_a_program_works_is_refused(home, tmp_path):
    backup.make(tmp_path / "b.tar")
    jobs.beat()

    with pytest.raises(backup.RestoreRefused, match="stop it first"):
        backup.restore(tmp_path / "b.tar", replace=True)


@pytest.mark.parametrize("member", [backup.SQLITE, backup.POSTGRES, f"{backup.ATTACHMENTS}/ab/photo"])
def test_a_damaged_backup_is_refused_before_anything_is_changed(home, tmp_path, member):
    backup.make(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as packed:
        contents = {each.name: packed.extractfile(each).read() for each in packed.getmembers()}
    if member not in contents:
        pytest.skip("the other kind of database")
    contents[member] = contents[member][:-1] + bytes([contents[member][-1] ^ 1])
    with tarfile.open(tmp_path / "damaged.tar", "w") as packed:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))

    with pytest.raises(backup.RestoreRefused, match="damaged"):
        backup.restore(tmp_path / "damaged.tar", replace=True)
    with pytest.raises(backup.RestoreRefused):
        backup.look(tmp_path / "damaged.tar")


def test_a_member_that_would_leave_the_folder_is_refused(home, tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as packed:
        entry = tarfile.TarInfo("../../evil")
        entry.size = 1
        packed.addfile(entry, io.BytesIO(b"x"))

    with pytest.raises(backup.RestoreRefused):
        backup.restore(tmp_path / "evil.tar", replace=True)
    assert not (tmp_path.parent / "evil").exists()


def test_heads_of_the_lost_time_are_put_aside_and_the_chain_goes_on(home, tmp_path):
    seals.seal_rows()
    backup.make(tmp_path / "b.tar")
    start(key="lost")
    seals.seal_rows()
    seals.anchor()

    backup.restore(tmp_path / "b.tar", replace=True)
    seals.seal_rows()

    assert audit.run() == []
    assert list((tmp_path / "anchors").glob("before-restore-*/history-*.jsonl"))


def test_whoever_worked_when_the_backup_was_made_holds_nothing_afterwards(home, tmp_path):
    with db.writing() as session:
        work.add(session, "message")
        work.claim(session, work.LANES, doing.OWNER)
    backup.make(tmp_path / "b.tar")

    backup.restore(tmp_path / "b.tar", replace=True)

    with db.reading() as session:
        assert work.owners(session) == []
