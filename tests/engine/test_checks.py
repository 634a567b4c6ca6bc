"""Each rule refuses its own diagram and no other rule does; a sound diagram has no finding; hostile files end fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine import geometry
from engine.checks import RULES, Finding, Known, Signature, check, check_in_child
from engine.checks.rules import FIRST
from engine.checks.structure import FILE_RULES
from engine.checks.tables import TABLE_RULES
from tests.engine.drawing import Drawing

DIAGRAMS = Path(__file__).parent / "diagrams"
PROCESSES = Path(__file__).parents[2] / "processes"
KNOWN = Known(
    forms={"alarm_call"},
    operations={"cases.open": Signature(frozenset(("alarm_id", "note")), frozenset(("alarm_id",)))},
    decisions={"tier"},
    messages={"need.raised"},
    channels=(),
    roles={"village_desk", "visitor"},
    processes={"closure"},
)
REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "checks.md").read_text(encoding="utf-8")
RULE_NAMES = [each.__name__ for each in (*FILE_RULES, *FIRST, *RULES, *TABLE_RULES)]


def findings_of(name: str) -> list[Finding]:
    [path] = DIAGRAMS.glob(f"{name}.*")
    return check({path.name: path.read_bytes()}, KNOWN)


def test_a_sound_diagram_has_no_finding():
    assert findings_of("sound") == []


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_rule_refuses_its_own_diagram_and_no_other_rule_does(rule):
    found = findings_of(rule)

    assert {each.rule for each in found} == {rule}
    for each in found:
        assert each.zh.endswith("。") and each.en.endswith(".")
        assert each.element in each.zh + each.en


@pytest.mark.parametrize("rule", [*RULE_NAMES, *(each.__name__ for each in geometry.RULES)])
def test_a_rule_is_told_in_the_reference(rule):
    assert f"| `{rule}` |" in REFERENCE


def test_what_is_not_known_is_not_checked():
    names = ("user_task_role", "service_task_operation", "decision", "called_process")

    assert not any(check({each: (DIAGRAMS / f"{each}.bpmn").read_bytes()}) for each in names)


def test_processes_and_decisions_of_the_bundle_itself_are_known():
    files = {each: (DIAGRAMS / each).read_bytes() for each in ("called_process.bpmn", "decision.bpmn")}
    files["nowhere.bpmn"] = (DIAGRAMS / "sound.bpmn").read_bytes().replace(b'id="sound"', b'id="nowhere"')
    table = (PROCESSES / "policy/issued-2026-37/alarm_severity.dmn").read_bytes()
    files["luck.dmn"] = table.replace(b'decision id="alarm_severity"', b'decision id="luck"')

    assert check(files, KNOWN) == []


def test_two_files_may_not_claim_one_process():
    sound = (DIAGRAMS / "sound.bpmn").read_bytes()

    assert [each.rule for each in check({"a.bpmn": sound, "b.bpmn": sound}, KNOWN)] == ["process_twice"]


def test_two_files_may_not_make_one_decision_but_two_policy_sets_may():
    table = (PROCESSES / "policy/issued-2026-37/alarm_severity.dmn").read_bytes()
    own = check({"a.dmn": table, "b.dmn": table}, KNOWN)
    sets = check({"a.dmn": table, "policy/one/a.dmn": table, "policy/two/a.dmn": table}, KNOWN)

    assert {each.rule for each in own} == {"decision_twice"}
    assert {each.file for each in own} == {"b.dmn"}
    assert sets == []


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ('<spiffworkflow:property name="role" value="village_desk"/>',) * 2,
        (
            "<bpmn:loopDataInputRef>",
            "<bpmn:loopDataInputRef>contacts</bpmn:loopDataInputRef></bpmn:multiInstanceLoopCharacteristics>"
            "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>",
        ),
    ],
)
def test_what_is_said_twice_is_not_passed_over(once, twice):
    drawn = (DIAGRAMS / "variable_name.bpmn").read_text().replace("contact.person", "contact")
    assert check({"a.bpmn": drawn.encode()}, KNOWN) == []

    other = drawn.replace(once, once + twice if once == twice else twice)

    assert [each.rule for each in check({"a.bpmn": other.encode()}, KNOWN)] == ["not_carried_out"]


@pytest.mark.parametrize("number", ["²", "３", "-1", "1.5"])
def test_the_maximum_of_a_loop_is_a_plain_number(number):
    loop = f'<bpmn:standardLoopCharacteristics loopMaximum="{number}"/>'
    drawn = (DIAGRAMS / "sound.bpmn").read_text().replace("</bpmn:userTask>", f"{loop}</bpmn:userTask>", 1)

    assert [each.rule for each in check({"a.bpmn": drawn.encode()}, KNOWN)] == ["repetition"]


def test_processes_that_call_each_other_in_a_ring_are_refused():
    one = (DIAGRAMS / "call_cycle.bpmn").read_text()
    a = one.replace('process id="call_cycle"', 'process id="a"').replace(
        'calledElement="call_cycle"', 'calledElement="b"'
    )
    b = one.replace('process id="call_cycle"', 'process id="b"').replace(
        'calledElement="call_cycle"', 'calledElement="a"'
    )

    found = check({"a.bpmn": a.encode(), "b.bpmn": b.encode()}, KNOWN)

    assert [(each.file, each.rule) for each in found] == [("a.bpmn", "call_cycle"), ("b.bpmn", "call_cycle")]


@pytest.mark.parametrize(("condition", "rules"), [("look.ok = 1", ["two_writers"]), ("other.ok = 1", [])])
def test_two_calls_at_once_that_give_back_one_variable_are_told_where_it_is_read(condition, rules):
    drawn = Drawing("p").call("a", "q").call("b", "q").gateway("and", "f", "j").gateway("xor", "x")
    drawn.path("start", "f", "a", "j", "x", "end").path("f", "b", "j")
    drawn.path("x", "end_other", when=condition)
    called = Drawing("q").user("look", role="visitor", form="alarm_call", due="PT1H").path("start", "look", "end")
    files = {
        "p.bpmn": drawn.xml().replace(
            b'<bpmn:exclusiveGateway id="x"', b'<bpmn:exclusiveGateway default="flow_5" id="x"'
        )
    }

    found = check(files | {"q.bpmn": called.xml()}, KNOWN)

    assert [each.rule for each in found if each.rule == "two_writers"] == rules


@pytest.mark.parametrize(("task", "rules"), [("look", ["two_writers"]), ("look_again", [])])
def test_a_called_process_whose_answers_take_the_place_of_the_callers_is_told(task, rules):
    form = {"role": "visitor", "form": "alarm_call", "due": "PT1H"}
    drawn = Drawing("p").user("look", **form).call("a", "q").gateway("xor", "x")
    drawn.path("start", "look", "a", "x", "end").path("x", "end_other", when="look.ok = 1")
    called = Drawing("q").user(task, **form).path("start", task, "end")

    found = check({"p.bpmn": drawn.xml(), "q.bpmn": called.xml()}, KNOWN)

    assert [each.rule for each in found if each.rule == "two_writers"] == rules


TIMER = (DIAGRAMS / "timer_text.bpmn").read_text()


@pytest.mark.parametrize(
    ("kind", "text", "fine"),
    [
        ("timeDuration", "PT24H", True),
        ("timeDuration", "P1M", True),
        ("timeDuration", "if call.level = 3 then duration(&quot;PT1H&quot;) else duration(&quot;P1D&quot;)", True),
        ("timeCycle", "R3/PT1H", True),
        ("timeCycle", "R/PT24H", True),
        ("timeDate", "2026-08-03T09:00:00+08:00", True),
        ("timeDate", "visit.due_at", True),
        ("timeDate", "2026-08-03T09:00:00", False),  # without offset it would be the worker's zone
        ("timeDate", "PT1H", False),
        ("timeDuration", "2026-08-03T09:00:00+08:00", False),
        ("timeDuration", "P1", False),
        ("timeDuration", "-PT5M", False),
        ("timeDuration", "P999999Y", False),
        ("timeDuration", "P11Y", False),
        ("timeCycle", "R/PT0S", False),
        ("timeCycle", "R/PT1S", False),
        ("timeCycle", "R1000000/PT1H", False),
        ("timeCycle", "0 8 * * *", False),
        ("timeDate", "9999-12-31T00:00:00+08:00", False),
        ("timeDuration", "", False),
        ("timeDuration", "open(&quot;/etc/passwd&quot;)", False),
    ],
)
def test_a_timer_means_a_time(kind, text, fine):
    xml = TIMER.replace("timeDuration", kind).replace("PT1D", text)

    assert (check({"t.bpmn": xml.encode()}, KNOWN) == []) is fine


@pytest.mark.parametrize("number", ["-1", "0", "1001", "1e9", "100000000000000000000"])
def test_absurd_numbers_of_members_are_refused(number):
    xml = (DIAGRAMS / "repetition.bpmn").read_text().replace("1000000", number)

    assert "repetition" in {each.rule for each in check({"r.bpmn": xml.encode()}, KNOWN)}


def test_a_finding_as_json_has_the_five_fields_of_the_command():
    line = findings_of("user_task_form")[0].as_json()

    assert {"file", "element", "rule", "level", "message"} <= set(line)
    assert line["element"] == "call" and line["level"] == "error"


def test_the_child_says_what_this_process_says():
    files = {f"{each}.bpmn": (DIAGRAMS / f"{each}.bpmn").read_bytes() for each in ("sound", "colour", "expression")}

    assert check_in_child(files, KNOWN) == check(files, KNOWN)


def test_the_child_knows_all_that_this_process_knows():
    known = replace(KNOWN, channels=("cases.open",))
    files = {"a.bpmn": (DIAGRAMS / "sound.bpmn").read_bytes()}
    assert [each.rule for each in check(files, known)] == ["service_task_outside"]

    assert check_in_child(files, known) == check(files, known)


def test_the_child_judges_the_drawings_that_it_is_asked_to():
    files = {"sound.bpmn": (DIAGRAMS / "sound.bpmn").read_bytes()}

    assert [each.rule for each in check_in_child(files, KNOWN, drawings_of=("sound.bpmn",))] == ["not_drawn"]


HEAD = b'<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">'


def chain_of(length: int) -> bytes:
    nodes = b"".join(b'<bpmn:task id="t%d"/>' % i for i in range(length))
    flows = b"".join(
        b'<bpmn:sequenceFlow id="f%d" sourceRef="t%d" targetRef="t%d"/>' % (i, i, i + 1) for i in range(length - 1)
    )
    return HEAD + b'<bpmn:process id="p">' + nodes + flows + b"</bpmn:process></bpmn:definitions>"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + b"&x;</bpmn:definitions>", "doctype"),
        (HEAD + b"<a>" * 100_000, "not_xml"),
        (HEAD + b"x" * 20_000_000, "file_too_large"),
        (b'<?xml version="1.0" encoding="UTF-7"?>' + HEAD + b"</bpmn:definitions>", "encoding"),
        (chain_of(3000), "too_many_nodes"),
        (HEAD + b"</bpmn:definitions>", "file_without_process"),
        (b"\x00" * 1000, "not_xml"),
    ],
    ids=["external entity", "depth bomb", "20 MB", "UTF-7", "chain of 3000", "no process", "zeros"],
)
def test_a_hostile_file_is_refused_within_the_limit(content, rule):
    found = check_in_child({"hostile.bpmn": content}, KNOWN)

    assert rule in {each.rule for each in found}


def test_a_call_of_itself_a_self_flow_and_a_fork_bomb_do_not_hang_the_check():
    forks = b"".join(
        b'<bpmn:parallelGateway id="g%d"/><bpmn:sequenceFlow id="a%d" sourceRef="g%d" targetRef="g%d"/>'
        b'<bpmn:sequenceFlow id="b%d" sourceRef="g%d" targetRef="g%d"/>' % (i, i, i, (i + 1) % 250, i, i, (i + 7) % 250)
        for i in range(250)
    )
    content = HEAD + b'<bpmn:process id="p">' + forks + b"</bpmn:process></bpmn:definitions>"

    assert "multiplying_tokens" in {each.rule for each in check_in_child({"forks.bpmn": content}, KNOWN)}
