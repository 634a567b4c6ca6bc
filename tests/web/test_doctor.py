"""What the doctor sees, one fault at a time."""

from __future__ import annotations

import json
import socket
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import event, update

from care import people, policy_calendar
from care.people.tables import Post
from care.policy_calendar import CalendarDay
from engine import clock, db, incidents, jobs, settings, work
from engine.outgoing import outgoing as effects
from tests.web.conftest import a_task
from web import commands_operator, doctor
from web.doctor import machine, program, services, times
from web.readiness import Checked

[COMMAND] = [each for each in commands_operator.commands if each.name == "doctor"]


@pytest.fixture
def sound(place, tmp_path, monkeypatch):
    """A city in which nothing is bad: everything in its place, a fast disk, a broker that answers."""
    monkeypatch.setattr(program.readiness, "of", lambda: [Checked("database", ""), Checked("workers", "")])
    monkeypatch.setattr(machine, "flushes_per_second", lambda folder: 5000)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 100 * 1024**3}))
    monkeypatch.setattr(doctor, "CHECKS", tuple(each for each in doctor.CHECKS if each is not times.same_clock))
    event.listen(db.database().engine, "connect", waits_for_the_disk)
    db.database().engine.dispose()
    with jobs.transaction() as session:
        policy_calendar.prepare(session)
        policy_calendar.decree(session, [], clock.today().year)
    before = settings.settings()
    listening = socket.create_server(("127.0.0.1", 0))
    settings.change(home=tmp_path / "home", mqtt_host="127.0.0.1", mqtt_port=listening.getsockname()[1])
    yield place
    listening.close()
    settings._current = before


def waits_for_the_disk(connection, record):
    """As in earnest; the databases of tests do not."""
    connection.execute("PRAGMA synchronous=FULL" if db.database().is_sqlite else "SET synchronous_commit = on")
    connection.commit()


def seen(level: str) -> set[str]:
    return {each.name for each in doctor.look() if each.level == level}


def test_a_sound_city_has_nothing_bad(sound):
    assert seen("bad") == set()
    assert {"disk_flush", "free_disk", "zone", "calendar", "broker", "redis", "database"} <= seen("ok")
    assert CliRunner().invoke(COMMAND, []).exit_code == 0


def test_every_finding_says_it_in_chinese_first_and_as_json(sound):
    result = CliRunner().invoke(COMMAND, ["--json"])

    for line in map(json.loads, result.stdout.splitlines()):
        assert set(line) == {"level", "name", "zh", "en"}
        assert any("\u4e00" <= sign <= "\u9fff" for sign in line["zh"]), line
        assert line["en"].isascii(), line


@pytest.mark.parametrize(("rate", "level"), [(10, "bad"), (200, "warn"), (3000, "ok")])
def test_a_slow_disk_is_named(sound, monkeypatch, rate, level):
    monkeypatch.setattr(machine, "flushes_per_second", lambda folder: rate)

    assert "disk_flush" in seen(level)


def test_flushes_are_measured_and_leave_nothing_behind(tmp_path):
    assert machine.flushes_per_second(tmp_path, seconds=0.05) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_bad_and_ends_with_1(sound, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10 * 1024**2}))

    assert "free_disk" in seen("bad")
    assert CliRunner().invoke(COMMAND, []).exit_code == 1


def test_an_estimated_calendar_is_bad(sound):
    with db.writing() as session:
        session.execute(update(CalendarDay).where(CalendarDay.date == clock.today()).values(confirmed=False))

    assert "calendar" in seen("bad")


def test_a_broker_that_cannot_be_reached_is_bad(sound):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.change(mqtt_port=port)

    assert "broker" in seen("bad")


def test_redis_that_does_not_answer_is_a_warning(sound):
    settings.change(redis_url="redis://127.0.0.1:1/0")

    assert "redis" in seen("warn")


def test_tasks_that_reach_nobody_are_bad(sound):
    with jobs.transaction() as session:
        a_task(session, "village_desk", sound.paths["village"], sound.elder_id)
        assert "posts" not in seen("bad")
        session.execute(update(Post).where(Post.role == "village_desk").values(until_on=clock.today()))
    told = [each for each in doctor.look() if each.name == "posts"]

    assert [each.level for each in told].count("bad") == 1
    assert any("village_desk" in each.en and "1 tasks" in each.en for each in told)
    assert any(each.level == "warn" and "units have no village_desk" in each.en for each in told)


def test_a_stand_in_reaches_the_tasks_of_the_absent(sound):
    with jobs.transaction() as session:
        a_task(session, "grid_worker", sound.paths["grid"], sound.elder_id)
        people.away(session, sound.ids["grid_worker"], clock.now(), None)
    assert "posts" in seen("bad")

    with jobs.transaction() as session:
        stand_in = sound.ids["village_desk"]
        people.away(session, sound.ids["grid_worker"], clock.now(), None, stand_in_id=stand_in)
    assert "posts" not in seen("bad")


def test_work_that_nobody_takes_is_bad(sound):
    with jobs.transaction() as session:
        work.add(session, "nothing", lane=work.ALARM)
    clock.move_by(timedelta(minutes=2))

    [told] = [each for each in doctor.look() if each.name == "work"]
    assert (told.level, "alarm" in told.en) == ("bad", True)


def test_old_incidents_are_bad_and_new_ones_a_warning(sound):
    with jobs.transaction() as session:
        incidents.open_or_update(session, kind="stuck", error="x", instance_id=db.new_id())
    assert "incidents" in seen("warn")

    clock.move_by(timedelta(hours=25))
    assert "incidents" in seen("bad")


def test_what_a_restore_held_back_is_told(sound):
    with jobs.transaction() as session:
        session.connection().execute(
            effects.insert(),
            {
                "id": db.new_id(),
                "channel": "sms",
                "key": "k",
                "payload": {},
                "state": "held",
                "created_at": clock.now(),
            },
        )

    assert "outgoing" in seen("warn")


def test_a_key_that_others_can_read_is_bad(sound, tmp_path):
    (tmp_path / "home" / "keys").mkdir(parents=True)
    key = tmp_path / "home" / "keys" / "data.key"
    key.write_text("11")
    key.chmod(0o644)

    assert "key_files" in seen("bad")


def test_a_check_that_fails_is_a_finding(sound, monkeypatch):
    def breaks():
        raise OSError("no such device")
        yield

    monkeypatch.setattr(doctor, "CHECKS", (breaks,))

    assert [(each.level, each.name) for each in doctor.look()] == [("bad", "breaks")]


def test_the_kind_of_a_file_system_is_the_one_of_its_nearest_mount(tmp_path):
    assert services.file_system(tmp_path) not in ("", "?")
