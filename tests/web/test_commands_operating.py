"""Operating instances from the command line: what is typed, what it says, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import NotPossible
from tests.engine.drawing import Drawing
from tests.web.test_commands_engine import TASK, alone, bundle, lines, typed

__all__ = ["alone"]


def drawn(*names: str) -> Drawing:
    drawing = Drawing("p")
    for each in names:
        drawing.user(each, **TASK)
    return drawing.path("start", *names, "end")


@pytest.fixture
def instance(alone, tmp_path: Path) -> str:
    lines(typed("deploy", bundle(tmp_path, drawn("a", "b")), "--json"))
    return str(lines(typed("start", "p", "--data", '{"level": 2}', "--json"))[0]["instance"])


def shown(instance: str) -> dict[str, object]:
    return lines(typed("instance", instance, "--json"))[0]


def opened(instance: str) -> list[object]:
    return [each["element"] for each in shown(instance)["tasks"]]  # type: ignore[attr-defined]


def test_an_instance_is_suspended_and_goes_on(instance):
    assert "suspended" in typed("instance", instance, "suspend", "--reason", "why").output
    assert shown(instance)["state"] == "suspended"
    assert "already" in typed("instance", instance, "suspend", "--reason", "why").output

    assert typed("instance", instance, "resume").exit_code == 0
    assert shown(instance)["state"] == "live"


def test_a_reason_is_asked_for(instance):
    assert typed("instance", instance, "cancel").exit_code == 2
    assert shown(instance)["state"] == "live"

    assert typed("instance", instance, "cancel", "--reason", "moved away").exit_code == 0
    assert shown(instance)["state"] == "cancelled"


def test_a_move_is_first_looked_at_then_done(instance):
    [seen] = lines(typed("instance", instance, "move", "--to", "b", "--dry-run", "--json"))
    assert (seen["cancelled"], seen["opened"], opened(instance)) == (["a"], ["b"], ["a"])

    result = typed("instance", instance, "move", "--from", "a", "--to", "b", "--reason", "on paper")
    assert "b" in result.output
    assert opened(instance) == ["b"]

    [skipped] = lines(typed("instance", instance, "move", "--reason", "done", "--json"))
    assert (skipped["ended"], shown(instance)["state"]) == (True, "ended")


def test_what_does_not_stand_where_the_move_begins_is_told_with_what_does(instance):
    result = typed("instance", instance, "move", "--from", "b", "--reason", "why")

    assert result.exit_code == 2
    assert "a  → " in result.stderr


def test_data_are_edited_with_json_values(instance):
    result = typed("instance", instance, "edit", "--set", "level=3", "--reason", "typing error")

    assert "level: 2 → 3" in result.output
    assert shown(instance)["data"] == {"level": 3}
    assert typed("instance", instance, "edit", "--set", "level", "--reason", "why").exit_code == 2
    refused = typed("instance", instance, "edit", "--set", 'level="x"', "--reason", "why")
    assert isinstance(refused.exception, NotPossible)


def test_a_process_is_moved_to_a_version_and_the_dry_run_says_what_cannot(instance, tmp_path):
    behind = str(lines(typed("start", "p", "--json"))[0]["instance"])
    typed("instance", behind, "move", "--to", "b", "--reason", "why")
    lines(typed("deploy", bundle(tmp_path, drawn("a", "c", "b")), "--json"))

    seen = {each["instance"]: each for each in lines(typed("migrate", "p", "--to", "2", "--dry-run", "--json"))}
    assert (seen[instance]["possible"], seen[behind]["possible"]) == (True, False)
    assert seen[behind]["reasons"][0]["code"] == "inserted"
    assert shown(instance)["version"] == 1

    done = {each["instance"]: each["state"] for each in lines(
        typed("migrate", "p", "--to", "2", "--reason", "new rules", "--json")
    )}  # fmt: skip
    assert done == {instance: "done", behind: "refused"}
    assert (shown(instance)["version"], shown(behind)["version"]) == (2, 1)


def test_a_version_that_is_not_there_is_refused(instance):
    assert typed("migrate", "p", "--to", "9", "--dry-run").exit_code == 1


def ended(instances: list[str]) -> list[object]:
    return [shown(each)["state"] for each in instances]


def test_many_are_operated_after_a_look_with_a_verdict_each(instance):
    other = str(lines(typed("start", "p", "--data", '{"level": "x"}', "--json"))[0]["instance"])
    both = [instance, other]

    seen = lines(typed("instances", "edit", *both, "--set", "level=3", "--dry-run", "--json"))
    assert {each["instance"]: each["state"] for each in seen} == {instance: "would", other: "refused"}
    assert shown(instance)["data"] == {"level": 2}

    done = lines(typed("instances", "edit", *both, "--set", "level=3", "--reason", "typing error", "--json"))
    assert {each["instance"]: each["state"] for each in done} == {instance: "done", other: "refused"}

    for action, state in (("suspend", "suspended"), ("resume", "live")):
        assert typed("instances", action, "--process", "p", "--reason", "why").exit_code == 0
        assert ended(both) == [state, state]
    typed("instances", "move", *both, "--from", "a", "--to", "b", "--reason", "why")
    assert [opened(each) for each in both] == [["b"], ["b"]]
    assert typed("instances", "cancel", "--process", "p", "--state", "live", "--reason", "why").exit_code == 0
    assert ended(both) == ["cancelled", "cancelled"]


def test_a_move_to_a_version_is_taken_back_for_many(instance, tmp_path):
    lines(typed("deploy", bundle(tmp_path, drawn("a", "c", "b")), "--json"))
    typed("migrate", "p", "--to", "2", "--reason", "new rules")
    assert shown(instance)["version"] == 2

    assert typed("instances", "undo", "--process", "p", "--reason", "mistaken").exit_code == 0
    assert shown(instance)["version"] == 1


def test_nothing_stopped_is_refused_for_all_with_exit_1(instance):
    result = typed("instances", "retry", instance, "--reason", "why")

    assert "Nothing has stopped there." in result.stderr and result.exit_code == 1


def test_many_need_a_choice_a_reason_and_where_a_move_begins(instance):
    for arguments in (
        ("cancel", "--reason", "why"),
        ("cancel", instance, "--process", "p", "--reason", "why"),
        ("cancel", instance),
        ("move", instance, "--reason", "why"),
        ("edit", instance, "--reason", "why"),
        ("cancel", "--process", "p", "--unit", "1", "--reason", "why"),
    ):
        assert typed("instances", *arguments).exit_code == 2
    assert shown(instance)["state"] == "live"
