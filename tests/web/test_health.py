"""What machines ask: alive, ready with reasons, figures for whoever may see them."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from connectors.broker import next_free_port
from engine import clock, db, incidents, incoming, jobs, metrics, operations, settings, standing, tasks, vault, work
from engine.incoming import door
from engine.jobs import doing, parts
from engine.settings import SettingRefused
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, start
from web import commands_operator, readiness, signs
from web.commands_database import upgrade


@pytest.fixture(autouse=True)
def alone(monkeypatch) -> None:
    """Roles and events are the engine's own, whatever the city registered."""
    monkeypatch.setattr(operations, "_answers", {})
    monkeypatch.setattr(door, "_admits", {})


@pytest.fixture
def ready(site, monkeypatch):
    """A city with everything in place: tables, a bundle, workers in all lanes, a listener that is connected."""
    monkeypatch.setattr(readiness, "revision", lambda: "7")
    monkeypatch.setattr(readiness, "newest_revision", lambda: "7")
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    start()
    jobs.beat(facts={"lanes": list(work.LANES)})
    jobs.beat(parts.LISTENER, {"connected": {"event": True, "reading": True}})
    return site


def faults(site, address: str = "/ready") -> list[str]:
    answer = site.get(address)
    assert answer.json["ready"] == (answer.status_code == 200)
    return [each["name"] for each in answer.json["checks"] if not each["ok"]]


def test_a_city_with_everything_in_place_is_ready(ready):
    assert faults(ready) == []


def test_a_lane_without_workers_is_named(ready):
    jobs.beat(facts={"lanes": ["normal", "bulk"]})

    assert faults(ready) == ["workers"]
    assert "alarm, human" in ready.get("/ready").json["checks"][-2]["reason"]
    assert faults(ready, "/ready?part=web") == []


def test_workers_that_gave_no_sign_for_20_seconds_are_gone(ready, monkeypatch):
    monkeypatch.setattr(parts, "real_now", lambda: clock.now() + timedelta(seconds=21))

    assert faults(ready) == ["workers", "listener"]


def test_moving_the_clock_of_a_demonstration_kills_nobody(ready):
    jobs.move_clock(timedelta(days=1))

    assert faults(ready) == []


def test_a_listener_that_lost_its_broker_is_not_ready(ready):
    jobs.beat(parts.LISTENER, {"connected": {"event": False, "reading": True}})

    assert faults(ready) == ["listener"]


def test_tables_of_another_version_are_named(ready, monkeypatch):
    monkeypatch.setattr(readiness, "revision", lambda: "6")

    assert faults(ready) == ["tables"]


def test_nothing_deployed_is_named(site, monkeypatch):
    monkeypatch.setattr(readiness, "revision", lambda: "7")
    monkeypatch.setattr(readiness, "newest_revision", lambda: "7")

    assert "bundle" in faults(site)


def test_the_key_of_another_database_is_named(ready, monkeypatch):
    monkeypatch.setattr(vault, "_keys", lambda: (b"x" * 32, b"y" * 32))

    assert faults(ready) == ["keys"]


def test_a_database_that_cannot_be_written_is_named_without_its_address(ready, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError("host db.example 10.0.0.7")

    monkeypatch.setattr(jobs, "beat", broken)

    answer = ready.get("/ready")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text


def test_the_command_tells_the_same_and_ends_with_1(ready):
    from click.testing import CliRunner

    [command] = [each for each in commands_operator.commands if each.name == "ready"]
    assert CliRunner().invoke(command, []).exit_code == 0
    assert CliRunner().invoke(command, ["--part", "listener"]).exit_code == 0

    jobs.beat(facts={"lanes": []})
    assert CliRunner().invoke(command, ["--part", "worker"]).exit_code == 0
    with db.writing() as session:
        session.connection().execute(parts.program.delete())
    assert CliRunner().invoke(command, ["--part", "worker"]).exit_code == 1


# --- figures ---


def figure(text: str, name: str, **labels: str) -> float | None:
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
            return float(found[2])
    return None


@pytest.fixture
def shown(site, monkeypatch):
    monkeypatch.setattr(standing, "KEPT_SECONDS", 0.0)
    return lambda: site.get("/metrics").text


def test_what_stands_in_the_database_is_told(shown, monday):
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    start()
    with jobs.transaction() as session:
        work.add(session, "nothing", lane=work.BULK)
        incidents.open_or_update(session, kind="stuck", error="x", instance_id=db.new_id())
    clock.move_by(timedelta(hours=3))

    text = shown()

    assert figure(text, "visitflow_work_oldest_due_seconds", lane="bulk") == 3 * 3600
    assert figure(text, "visitflow_work_oldest_due_seconds", lane="alarm") == 0
    assert figure(text, "visitflow_incidents_open", kind="stuck") == 1
    assert figure(text, "visitflow_tasks_late", level="holder") == 1
    assert figure(text, "visitflow_history_unsealed_rows") > 0


def test_what_this_process_does_is_counted(shown, monday):
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK).boundary("late", "a", False, after="PT1H")
    deploy(drawing.path("start", "a", "end").path("late", "b", "e2"))
    before = shown()
    start()
    clock.move_by(timedelta(hours=1, seconds=30))
    jobs.sweep()
    jobs.drain()
    complete("a")
    with jobs.transaction() as session:
        incoming.record(session, "gate", "1", "test.x", {})
        incoming.record(session, "gate", "1", "test.x", {})
    after = shown()

    def grew(name: str, **labels: str) -> float:
        return (figure(after, name, **labels) or 0) - (figure(before, name, **labels) or 0)

    assert grew("visitflow_step_seconds_count", trigger="start") == 1
    assert grew("visitflow_step_seconds_count", trigger="complete") == 1
    assert grew("visitflow_step_seconds_count", trigger="timer") == 1
    for cost in ("processor_seconds", "statements"):
        assert grew(f"visitflow_step_{cost}_count", trigger="complete") == 1
    assert grew("visitflow_step_processor_seconds_sum", trigger="complete") > 0
    assert 1 <= grew("visitflow_step_statements_sum", trigger="complete") <= 12
    assert grew("visitflow_timer_lateness_seconds_sum", lane="normal") == 30
    assert grew("visitflow_work_finished_total", kind="timer", outcome="done") == 1
    assert grew("visitflow_incoming_total", answer="accepted") == 1
    assert grew("visitflow_incoming_total", answer="duplicate") == 1


def test_a_transaction_that_is_rolled_back_counts_no_event(shown, monday):
    before = figure(shown(), "visitflow_incoming_total", answer="accepted") or 0
    with pytest.raises(RuntimeError), jobs.transaction() as session:
        incoming.record(session, "gate", "2", "test.x", {})
        raise RuntimeError

    assert (figure(shown(), "visitflow_incoming_total", answer="accepted") or 0) == before


def test_no_label_holds_an_id_or_a_name(shown, place):
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    instance_id = start()
    task = next(row for row in _open() if row.instance_id == instance_id)

    text = shown()

    for word in (str(instance_id), str(task.id), "田桂芝", place.elder_number, doing.OWNER):
        assert word not in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {"lane", "kind", "outcome", "trigger", "answer", "state", "channel", "level", "part", "le"}


def _open() -> list[tasks.TaskRow]:
    with db.reading() as session:
        return list(tasks.find(session, filters=tasks.Filters()).rows)


def test_figures_are_for_this_machine_alone_unless_a_token_says_otherwise(site, monkeypatch):
    assert site.get("/metrics").status_code == 200
    assert site.get("/metrics", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 404
    assert site.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 404  # behind a proxy here

    monkeypatch.setattr("web.health.settings", lambda: SimpleNamespace(metrics_token="open"))
    far = {"REMOTE_ADDR": "10.1.2.3"}
    assert site.get("/metrics").status_code == 404
    assert site.get("/metrics", headers={"Authorization": "Bearer shut"}, environ_base=far).status_code == 404
    assert site.get("/metrics", headers={"Authorization": "Bearer open"}, environ_base=far).status_code == 200


def test_a_port_for_everybody_without_a_token_is_refused():
    with pytest.raises(SettingRefused):
        settings.read({"VISITFLOW_METRICS_HOST": "0.0.0.0"})
    settings.read({"VISITFLOW_METRICS_HOST": "0.0.0.0", "VISITFLOW_METRICS_TOKEN": "t"})


def test_a_worker_shows_its_figures_on_a_port_of_its_own(monkeypatch):
    port = next_free_port(8800)
    monkeypatch.setattr("web.signs.settings", lambda: SimpleNamespace(metrics_host="127.0.0.1", metrics_port=port))
    server = signs.serve()

    try:
        text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        assert "visitflow_work_seconds" in text
        assert b"ok" in urlopen(f"http://127.0.0.1:{port}/health").read()
        with pytest.raises(HTTPError):
            urlopen(Request(f"http://127.0.0.1:{port}/metrics", headers={"X-Forwarded-For": "1.2.3.4"}))
    finally:
        server.shutdown()


def test_a_listener_tells_whether_it_is_connected(database, monday):
    state = {"event": {"connected": True, "waiting": 3}, "reading": {"connected": False, "waiting": 0}}
    signs.tell_of(SimpleNamespace(health=lambda: state))

    text = metrics.shown().decode()
    assert figure(text, "visitflow_listener_connected", lane="event") == 1
    assert figure(text, "visitflow_listener_connected", lane="reading") == 0
    assert figure(text, "visitflow_listener_waiting", lane="event") == 3
    with db.reading() as session:
        [part] = jobs.alive(session, parts.LISTENER)
    assert part.facts == {"connected": {"event": True, "reading": False}}
    assert not jobs.somebody_works()


def test_an_empty_database_is_not_ready(all_databases, tmp_path):
    db.open_database(all_databases.new(tmp_path))
    assert [each.name for each in readiness.of() if not each.ok] == ["database"]

    upgrade()
    assert [each.name for each in readiness.of() if not each.ok] == ["bundle", "workers", "listener"]
