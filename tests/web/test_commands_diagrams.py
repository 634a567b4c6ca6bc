"""The commands `check` and `layout`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from web.commands_diagrams import check_command, layout_command
from web.joined import join

PROCESSES = Path(__file__).parents[2] / "processes"
DIAGRAMS = Path(__file__).parents[1] / "engine" / "diagrams"


def check(*arguments: object) -> Result:
    return CliRunner().invoke(check_command, [str(each) for each in arguments])


def layout(*arguments: object) -> Result:
    return CliRunner().invoke(layout_command, [str(each) for each in arguments])


def a_copy(folder: Path, name: str) -> Path:
    target = folder / f"{name}.bpmn"
    target.write_bytes((DIAGRAMS / f"{name}.bpmn").read_bytes())
    return target


def test_a_refused_diagram_ends_with_one_and_names_file_element_and_rule(tmp_path):
    path = a_copy(tmp_path, "script_task")

    done = check(path)

    assert done.exit_code == 1
    assert f"{path}:compute: error [script_task]" in done.stdout


def test_the_shipped_diagrams_have_no_error():
    join()

    done = check(PROCESSES)

    assert done.exit_code == 0, done.stdout


def test_findings_as_json_are_one_object_a_line_and_nothing_else(tmp_path):
    path = a_copy(tmp_path, "script_task")

    lines = [json.loads(each) for each in check(path, "--json").stdout.splitlines()]

    first = next(each for each in lines if each["rule"] == "script_task")
    assert first["file"] == str(path) and first["element"] == "compute" and first["level"] == "error"
    assert all({"file", "element", "rule", "level", "message"} <= set(each) for each in lines)


def test_a_warning_alone_ends_with_zero(tmp_path):
    path = a_copy(tmp_path, "snake_case")
    (tmp_path / "forms").mkdir()
    text = (Path(__file__).parents[2] / "forms" / "alarm_call.json").read_bytes()
    (tmp_path / "forms" / "alarm_call.json").write_bytes(text)
    layout(path)

    done = check(tmp_path)

    assert done.exit_code == 0, done.stdout
    assert "[snake_case]" in done.stdout


def test_forms_beside_the_path_belong_to_the_bundle(tmp_path):
    for each in ("forms", "processes"):
        (tmp_path / each).mkdir()
    a_copy(tmp_path / "processes", "snake_case")
    (tmp_path / "forms" / "broken.json").write_text("{")

    done = check(tmp_path / "processes")

    assert done.exit_code == 1
    assert "broken.json" in done.stdout


def test_layout_writes_the_drawing_once_and_then_changes_nothing(tmp_path):
    path = a_copy(tmp_path, "lanes_to_draw")

    first, drawn = layout(path), path.read_bytes()
    second = layout(path)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert b"BPMNShape" in drawn and path.read_bytes() == drawn
    assert "unchanged" in second.stdout


def test_layout_check_only_says_whether_it_would(tmp_path):
    path = a_copy(tmp_path, "lanes_to_draw")
    before = path.read_bytes()

    assert layout(path, "--check").exit_code == 1
    assert path.read_bytes() == before
    layout(path)
    assert layout(path, "--check").exit_code == 0


def test_layout_refuses_what_it_would_lose_and_leaves_the_file(tmp_path):
    path = a_copy(tmp_path, "several_pools")
    before = path.read_bytes()

    done = layout(path)

    assert done.exit_code == 1
    assert "hospital" in done.stderr
    assert path.read_bytes() == before


def test_a_path_that_does_not_exist_is_wrong_usage():
    assert check("nowhere.bpmn").exit_code == 2
    assert layout("nowhere.bpmn").exit_code == 2
