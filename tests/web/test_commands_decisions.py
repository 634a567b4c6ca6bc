"""`decide`, `evaluate` and `feel` as others call them: JSON lines in and out, exit codes."""

from __future__ import annotations

import json

from click.testing import CliRunner

from web.commands_decisions import decide_command, evaluate_command, feel_command

DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<inputData id="i" name="due"><variable name="due" typeRef="date"/></inputData>
<decision id="next" name="Next day"><informationRequirement><requiredInput href="#i"/></informationRequirement>
<literalExpression><text>due + duration("P1D")</text></literalExpression></decision></definitions>"""


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def asked(*objects):
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in objects)


def test_decide_answers_each_line_in_order():
    result = CliRunner().invoke(
        decide_command,
        ["visit_frequency"],
        input=asked(
            {"tier": "high", "context": "normal"},
            "nonsense",
            {"tier": "x"},
            "[]",
            {"tier": "none", "context": "normal"},
        ),
    )

    first, second, third, fourth, last = lines(result)
    assert result.exit_code == 0
    assert first["period"] == "week"
    assert [list(each) for each in (second, third, fourth)] == [["error"]] * 3
    assert last == {
        "period": None,
        "min_visits": 0,
        "extra_visits": 0,
        "first_visit_within_hours": None,
        "counted_modes": [],
        "extra_modes": [],
    }


def test_decide_takes_the_policy_that_is_named():
    facts = {"birth_date": "1960-01-01", "as_of": "2026-08-03", "severe_illness": True}

    issued = lines(CliRunner().invoke(decide_command, ["tier"], input=asked(facts)))[0]
    draft = lines(CliRunner().invoke(decide_command, ["tier", "--policy", "draft-2026"], input=asked(facts)))[0]

    assert list(issued) == ["tier", "categories", "rules", "flags", "policy"]
    assert (issued["tier"], draft["tier"]) == ("general", "high")


def test_a_wrong_call_is_usage():
    assert CliRunner().invoke(decide_command, ["weather"]).exit_code == 2
    assert CliRunner().invoke(decide_command, ["tier", "--policy", "nobody"]).exit_code == 2
    assert CliRunner().invoke(feel_command, ["1", "--data", "[1]"]).exit_code == 2


def test_deadlines_are_answered_to_the_second_with_offset():
    result = CliRunner().invoke(
        decide_command,
        ["deadline"],
        input=asked(
            {"rule": "feedback_24h", "start": "2026-11-25T15:59:59Z"},
            {"rule": "review_3wd", "start": "2026-12-30T10:00:00+08:00"},
            {"rule": "review_3wd", "start": "yesterday"},
        ),
    )

    first, second, third = lines(result)
    assert first == {"due": "2026-11-26T23:59:59+08:00", "calendar_provisional": False}
    assert second == {"due": "2027-01-05T23:59:59+08:00", "calendar_provisional": True}
    assert "start" in third["error"]


def test_evaluate_runs_a_file_with_dates_as_texts(tmp_path):
    path = tmp_path / "next.dmn"
    path.write_text(DMN, "utf-8")

    result = CliRunner().invoke(
        evaluate_command,
        [str(path)],
        input=asked(
            {"decision": "Next day", "inputs": {"due": "2026-02-28"}},
            {"decision": "next", "inputs": {"due": 3}},
            {"decision": "x"},
        ),
    )

    first, second, third = lines(result)
    assert first == {"result": "2026-03-01"}
    assert "due" in second["error"] and "x" in third["error"]


def test_a_refused_file_names_its_element(tmp_path):
    path = tmp_path / "bad.dmn"
    path.write_text(DMN.replace("due + ", "due ++ "), "utf-8")

    result = CliRunner().invoke(evaluate_command, [str(path)], input="")

    assert result.exit_code == 1
    assert "next" in result.stderr and result.stdout == ""


def test_feel_prints_the_value_as_json():
    result = CliRunner().invoke(feel_command, ['{a: x * 2, b: date("2026-08-03")}', "--data", '{"x": 4}'])

    assert (result.exit_code, json.loads(result.stdout)) == (0, {"a": 8, "b": "2026-08-03"})


def test_feel_knows_the_names_of_several_words_that_the_data_have():
    data = '{"first name": "其其格", "elder": {"home town": "包头"}}'

    result = CliRunner().invoke(feel_command, ["first name + elder.home town", "--data", data])

    assert result.output == '"其其格包头"\n'


def test_feel_refuses_with_a_sentence():
    result = CliRunner().invoke(feel_command, ["1 +"])

    assert result.exit_code == 1
    assert "这里应为一个值" in result.stderr
