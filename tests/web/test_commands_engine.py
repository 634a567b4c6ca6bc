"""The commands around processes, as somebody types them, with the JSON of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine import db, incoming, jobs, operations, tasks
from engine.incoming import door
from engine.operations import operation
from tests.engine.drawing import Drawing
from tests.engine.steps import FORM
from web import commands_audit, commands_engine, commands_many, commands_operating, tables

tables.import_all()
SUBJECTS = (commands_engine, commands_audit, commands_operating, commands_many)
COMMANDS = {command.name: command for subject in SUBJECTS for command in subject.commands}
TASK = {"role": "grid_worker", "form": "answer", "due": "PT2H"}


@operation("test.command_breaks")
def breaks(session: db.Session, step: operations.Step) -> None:
    raise RuntimeError("no luck")


@pytest.fixture
def alone(database, monday, monkeypatch) -> Iterator[None]:
    """Without the city: roles, elders and fallbacks are the engine's own."""
    monkeypatch.setattr(operations, "_answers", {})
    monkeypatch.setattr(door, "_admits", {})
    yield


def typed(command: str, *words: str) -> Result:
    return CliRunner().invoke(COMMANDS[command], list(words))


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def bundle(folder: Path, *drawings: Drawing) -> str:
    (folder / "forms").mkdir(exist_ok=True)
    (folder / "forms" / "answer.json").write_bytes(FORM)
    for each in drawings:
        (folder / f"{each.process_id}.bpmn").write_bytes(each.xml())
    return str(folder)


def asked() -> Drawing:
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK).boundary("late", "a", False, after="PT1H")
    return drawing.path("start", "a", "end").path("late", "b", "e2")


def test_a_folder_is_deployed_as_one_bundle_and_the_same_again_is_the_same_version(alone, tmp_path):
    folder = bundle(tmp_path, asked())

    first, again = typed("deploy", folder, "--json"), typed("deploy", folder, "--json")

    assert lines(first) == [{"process": "p", "version": 1, "new": True}]
    assert lines(again) == [{"process": "p", "version": 1, "new": False}]


def test_a_dry_run_writes_nothing(alone, tmp_path):
    assert typed("deploy", bundle(tmp_path, asked()), "--dry-run").exit_code == 0
    assert typed("start", "p").exit_code == 1


def test_a_diagram_with_faults_is_refused_with_its_element(alone, tmp_path):
    folder = bundle(
        tmp_path, Drawing("p").user("a", role="grid_worker", due="PT1H", form="none").path("start", "a", "end")
    )

    result = typed("deploy", folder)

    assert result.exit_code == 1
    assert "a [" in result.stderr


def test_an_instance_is_started_shown_and_completed(alone, tmp_path):
    typed("deploy", bundle(tmp_path, asked()))
    [started] = lines(typed("start", "p", "--data", '{"note": 1}', "--key", "k", "--json"))
    assert lines(typed("start", "p", "--key", "k", "--json")) == [started]

    [task] = lines(typed("tasks", "--json"))
    assert task == {
        "id": task["id"], "instance": started["instance"], "process": "p", "element": "a", "name": task["name"],
        "form": "answer", "role": "grid_worker", "unit": "/", "elder": None, "assignee": None,
        "due": "2026-08-03T11:00:00+08:00", "state": "open",
    }  # fmt: skip
    [shown] = lines(typed("instance", started["instance"], "--json"))
    assert (shown["process"], shown["version"], shown["key"], shown["state"]) == ("p", 1, "k", "live")
    assert shown["data"] == {"note": 1}
    assert shown["tasks"] == [task]
    assert shown["timers"] == [{"element": "late", "due": "2026-08-03T10:00:00+08:00"}]
    assert set(shown["history"][0]) == {"at", "who", "what", "element"}

    faults = typed("complete", task["id"], "--data", '{"ok": "perhaps"}')
    assert faults.exit_code == 1 and "ok" in faults.stderr
    done = lines(typed("complete", task["id"], "--data", '{"ok": "yes"}', "--json"))
    assert done == [{"task": task["id"], "instance": started["instance"], "ended": True}]
    late = typed("complete", task["id"], "--data", '{"ok": "yes"}')
    assert late.exit_code == 1


def test_a_message_prints_the_instance_that_it_reached(alone, tmp_path):
    waiting = Drawing("w").catch("wait", message="answer").user("a", **TASK).path("start", "wait", "a", "end")
    begun = Drawing("m").start("start", message="begin").user("a", **TASK).path("start", "a", "end")
    typed("deploy", bundle(tmp_path, waiting, begun))
    [started] = lines(typed("start", "w", "--key", "k", "--json"))

    assert lines(typed("message", "answer", "--key", "k", "--json")) == [started]
    assert len(lines(typed("message", "begin", "--key", "x", "--json"))) == 1
    assert "留存" in typed("message", "nobody", "--key", "x").stdout


def test_a_message_for_a_suspended_instance_is_kept_and_acts_when_it_goes_on(alone, tmp_path):
    waiting = Drawing("w").catch("wait", message="answer").user("a", **TASK).path("start", "wait", "a", "end")
    typed("deploy", bundle(tmp_path, waiting))
    [started] = lines(typed("start", "w", "--key", "k", "--json"))
    typed("instance", started["instance"], "suspend", "--reason", "why")

    told = typed("message", "answer", "--key", "k", "--json")
    assert (lines(told), "suspended" in told.stderr) == ([started], True)
    [row] = lines(typed("instance", started["instance"], "--json"))
    assert (row["state"], row["tasks"]) == ("suspended", [])

    typed("instance", started["instance"], "resume")
    [row] = lines(typed("instance", started["instance"], "--json"))
    assert [each["element"] for each in row["tasks"]] == ["a"]


def test_what_fails_is_an_incident_that_can_be_tried_again(alone, tmp_path):
    begun = Drawing("m").start("start", message="begin").service("s", "test.command_breaks").path("start", "s", "end")
    text = begun.xml().replace(
        b'isExecutable="true">',
        b'isExecutable="true"><bpmn:extensionElements><spiffworkflow:properties>'
        b'<spiffworkflow:property name="urgent" value="true"/></spiffworkflow:properties></bpmn:extensionElements>',
    )
    bundle(tmp_path)
    (tmp_path / "m.bpmn").write_bytes(text)
    typed("deploy", str(tmp_path))

    assert typed("message", "begin", "--key", "x").exit_code == 1

    [incident] = lines(typed("incidents", "--json"))
    assert set(incident) == {"id", "instance", "element", "error", "since", "attempts"}
    assert incident["element"] == "s" and "no luck" in incident["error"]
    with db.reading() as session:
        assert [row.instance_id for row in tasks.find(session).rows] == [None]
    assert typed("retry", incident["id"]).exit_code == 0


def test_events_are_listed_with_their_answer(alone):
    with jobs.transaction() as session:
        incoming.record(session, "device", "d000123:5f0c", "device.sos", {})
        incoming.record(session, "device", "d000123:5f0c", "device.sos", {})

    [event] = lines(typed("events", "--json"))

    assert set(event) == {"id", "device", "type", "accepted", "answer", "case", "t_sent", "t_stored"}
    assert (event["id"], event["device"], event["type"], event["answer"]) == ("5f0c", "d000123", "sos", "accepted")
    assert lines(typed("events", "--since", "2030-01-01", "--json")) == []


def test_the_audit_ends_with_1_when_something_is_wrong(alone, tmp_path):
    typed("deploy", bundle(tmp_path, asked()))
    typed("start", "p")
    assert typed("audit").exit_code == 0

    with db.writing() as session:
        session.connection().execute(tasks.task.delete())

    broken = typed("audit")
    assert broken.exit_code == 1
    assert "task" in broken.stderr


def test_data_that_are_no_json_are_wrong_usage(alone):
    assert typed("start", "p", "--data", "nonsense").exit_code == 2
    assert typed("start", "p", "--data", "[]").exit_code == 2
