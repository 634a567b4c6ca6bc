"""Tasks, operations, decisions and data: what is handed over, what is kept, and who may not overwrite whom."""

from __future__ import annotations

import ast
import builtins
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.spiff import Bundle, ElementFailed, Live, NotExecutable, ReservedName, TaskNotOpen
from tests.engine.drawing import Drawing, members, repeated
from tests.engine.played import Play, RecordingHost


def test_an_operation_gets_evaluated_parameters_and_its_result_is_kept():
    drawing = Drawing().service("open", "cases.open", result="case", elder="elder.id", at='date("2026-08-03")')
    drawing.service("note", "cases.note").service("silent", "cases.silent").user("ask")
    drawing.path("start", "open", "note", "silent", "ask", "end")
    host = RecordingHost({"cases.open": lambda **given: {"id": given["elder"] + 1}, "cases.silent": lambda: None})

    play = Play(drawing, data={"elder": {"id": 7}}, host=host)

    assert host.calls[0] == ("cases.open", {"elder": 7, "at": "2026-08-03"})
    assert play.data == {"elder": {"id": 7}, "case": {"id": 8}, "note": {"done": "note"}}


def test_names_of_operations_parameters_and_nodes_may_be_the_same():
    drawing = (
        Drawing().service("ask", "End", elder="1").user("elder").node("startEvent", "Start").node("endEvent", "End")
    )
    play = Play(drawing.path("Start", "ask", "elder", "End"))

    assert play.open() == ["elder"]
    assert play.complete("elder").ended
    assert play.history == [(each, "completed") for each in ("Start", "ask", "elder", "End")]


def test_a_decision_is_assigned_whole_under_its_element_or_the_given_variable():
    drawing = Drawing().rule("tier", "tier").rule("frequency", "visit_frequency", resultVariable="visits").user("ask")
    host = RecordingHost(
        decisions={"tier": lambda data: {"level": data["x"]}, "visit_frequency": lambda _: {"days": [7]}}
    )

    play = Play(drawing.path("start", "tier", "frequency", "ask", "end"), data={"x": 2, "tier": {"old": 1}}, host=host)

    assert play.data == {"x": 2, "tier": {"level": 2}, "visits": {"days": [7]}}


@pytest.mark.parametrize("kind", ["task", "manualTask", "userTask"])
def test_plain_and_manual_tasks_wait_for_a_person_too(kind):
    play = Play(Drawing().node(kind, "do", role="visitor").path("start", "do", "end"))

    assert [(each.kind, each.properties) for each in play.live.open_tasks] == [(kind, {"role": "visitor"})]


def test_only_an_open_task_can_be_completed():
    play = Play(Drawing().user("ask").user("after").path("start", "ask", "after", "end"))
    task = play.task("ask").id
    play.complete("ask")

    with pytest.raises(TaskNotOpen):
        play.live.complete(task, {})


def test_a_later_answer_replaces_the_whole_earlier_one():
    drawing = Drawing().user("ask").gateway("xor", "first", "again").path("start", "first", "ask", "again")
    drawing.path("again", "first", when="ask.more = true").path("again", "end", default=True)
    play = Play(drawing)

    play.complete("ask", more=True, people=["a", "b", "c"], note="x").complete("ask", people=["z"])

    assert play.data["ask"] == {"people": ["z"]}


@pytest.mark.parametrize("name", ["@", "data_objects", "typename"])
def test_reserved_names_are_refused(name):
    play = Play(Drawing().user("ask").path("start", "ask", "end"))

    with pytest.raises(ReservedName):
        play.live.complete(play.task("ask").id, {name: 1})


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_branch_that_did_not_touch_a_variable_does_not_put_its_old_value_back(order):
    drawing = (
        Drawing().gateway("and", "fork", "join").user("a").service("set", "set", result="k").user("b").user("after")
    )
    drawing.path("start", "fork", "a", "join", "after", "end").path("fork", "set", "b", "join")
    play = Play(drawing, data={"k": "old", "list": [1, 2, 3]}, host=RecordingHost({"set": lambda: {"new": True}}))

    for each in order:
        play.complete(each)

    assert play.task("after").data["k"] == {"new": True}
    assert play.task("after").data["list"] == [1, 2, 3]


def test_what_a_host_does_to_its_copy_changes_nothing():
    class Spoiling(RecordingHost):
        def operation(
            self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
        ) -> dict[str, Any]:
            data["list"].append(4)
            parameters["list"].clear()
            self.given = {"mine": [1]}
            return self.given

    host = Spoiling()
    play = Play(Drawing().service("spoil", "spoil", list="list").user("ask").path("start", "spoil", "ask", "end"),
                data={"list": [1]}, host=host, saving=False)  # fmt: skip
    host.given["mine"].append(2)

    assert play.data == {"list": [1], "spoil": {"mine": [1]}}


def test_times_are_kept_as_text():
    host = RecordingHost({"when": lambda: {"at": datetime(2026, 8, 3, tzinfo=UTC), "pair": (1, 2)}})
    play = Play(
        Drawing().service("when", "when").user("ask").path("start", "when", "ask", "end"), host=host, saving=False
    )

    assert play.data["when"] == {"at": "2026-08-03T00:00:00Z", "pair": [1, 2]}


def test_what_a_host_raises_names_the_element_and_keeps_its_cause():
    def broken() -> dict[str, Any]:
        raise LookupError("no such elder")

    with pytest.raises(ElementFailed) as failed:
        Play(Drawing().service("find", "find").path("start", "find", "end"), host=RecordingHost({"find": broken}))

    assert failed.value.element_id == "find"
    assert isinstance(failed.value.__cause__, LookupError)


def test_a_gateway_without_a_true_condition_or_default_fails_at_its_element():
    drawing = Drawing().gateway("xor", "which").path("start", "which").path("which", "end", when="x = 1")
    drawing.path("which", "end_b", when='x = "other"')

    with pytest.raises(ElementFailed) as failed:
        Play(drawing, data={"x": "text"})

    assert failed.value.element_id == "which"


def test_a_condition_must_be_true_and_not_merely_something():
    drawing = Drawing().gateway("xor", "which").user("a").user("b").path("start", "which")
    drawing.path("which", "a", "end", when="x").path("which", "b", "end", default=True)

    assert Play(drawing, data={"x": "no"}).open() == ["b"]
    assert Play(drawing, data={"x": None}).open() == ["b"]
    assert Play(drawing, data={"x": True}).open() == ["a"]


def test_a_called_process_of_another_bundle_stays_that_one():
    called = Drawing("called").user("inner").path("start", "inner", "end")
    caller = Drawing("caller").call("call", "called").path("start", "call", "end")
    other = Bundle.compile({"called.bpmn": called.xml()})
    bundle = Bundle.compile({"caller.bpmn": caller.xml()}, {"called": other})

    live = Live.begin(bundle, "caller", {"x": 1}, RecordingHost())
    live = Live.restore(bundle, "caller", live.dump(), RecordingHost())

    assert bundle.process_ids == {"caller"}
    assert [(each.element_id, each.process_id) for each in live.open_tasks] == [("inner", "called")]
    live.complete(live.open_tasks[0].id, {"inner": {"y": 2}})
    assert live.ended
    assert live.data == {"x": 1, "inner": {"y": 2}}


def test_a_bundle_knows_its_elements():
    drawing = Drawing().user("ask", members("list", "each"), role="= each")
    with drawing.subprocess("sub"):
        drawing.user("inner", form="visit").path("start_in", "inner", "end_in")
    bundle = Bundle.compile({"p.bpmn": drawing.path("start", "ask", "sub", "end").xml()})

    elements = bundle.elements("p")

    assert set(elements) == {"start", "ask", "sub", "start_in", "inner", "end_in", "end"}
    assert elements["inner"].properties == {"form": "visit"}
    assert elements["ask"].kind == "userTask"


REFUSED = {
    "script": Drawing().node("scriptTask", "bad").path("start", "bad", "end"),
    "ad hoc": Drawing().node("adHocSubProcess", "bad").path("start", "bad", "end"),
    "complex": Drawing().node("complexGateway", "bad").path("start", "bad", "end"),
    "link": Drawing().node("intermediateThrowEvent", "bad", "<bpmn:linkEventDefinition/>").path("start", "bad", "end"),
    "compensation": Drawing().node("endEvent", "bad", "<bpmn:compensateEventDefinition/>").path("start", "bad"),
    "conditional": Drawing()
    .node("intermediateCatchEvent", "bad", "<bpmn:conditionalEventDefinition/>")
    .path("start", "bad"),
    "no operation": Drawing().node("serviceTask", "bad").path("start", "bad", "end"),
    "no decision": Drawing().node("businessRuleTask", "bad").path("start", "bad", "end"),
    "unknown call": Drawing().call("bad", "nowhere").path("start", "bad", "end"),
    "timer text": Drawing().catch("bad", after="P1X").path("start", "bad", "end"),
    "loop text": Drawing().user("bad", repeated("1 +")).path("start", "bad", "end"),
    "role text": Drawing().user("bad", role="= import os").path("start", "bad", "end"),
    "nothing to wait for": Drawing().node("intermediateCatchEvent", "bad").path("start", "bad", "end"),
    "gateway before a task": Drawing().gateway("first", "bad").user("a").path("start", "bad", "a", "end"),
    "no message": Drawing().throw("bad", message="").path("start", "bad", "end"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_is_refused_with_its_element(case):
    with pytest.raises(NotExecutable) as refused:
        Bundle.compile({"p.bpmn": REFUSED[case].xml()})

    assert [each.element for each in refused.value.findings] == ["bad"]
    assert all(each.zh and each.en for each in refused.value.findings)


def test_a_file_that_is_no_diagram_and_a_process_without_start_are_refused():
    with pytest.raises(NotExecutable) as refused:
        Bundle.compile({"a.bpmn": b"<x/>", "b.bpmn": Drawing("q").user("ask").xml(), "c.dmn": b"not ours"})

    assert [(each.file, each.element) for each in refused.value.findings] == [("a.bpmn", ""), ("b.bpmn", "q")]


def test_no_text_is_evaluated_once_the_bundle_is_compiled(monkeypatch):
    drawing = Drawing().rule("tier", "tier").service("work", "work", x="1 + 1").gateway("xor", "which")
    drawing.throw("tell", key="x", message="m", payload="{a: x}").throw("call", signal="s")
    drawing.user("some", members("list", "each", True, until="false")).user("again", repeated("again.more = true"))
    drawing.boundary("slow", "some", after='if x = 1 then duration("PT1H") else duration("PT2H")')
    drawing.path("start", "tier", "work", "which").path("which", "tell", when="x = 1").path(
        "which", "end", default=True
    )
    drawing.path("tell", "call", "some", "again", "end").path("slow", "end_b")
    bundle = Bundle.compile({"p.bpmn": drawing.xml()})
    host = RecordingHost(decisions={"tier": lambda _: {"level": 1}})

    def poison(*_: object, **__: object) -> None:
        raise AssertionError("text was evaluated")

    with monkeypatch.context() as poisoned:
        for name in ("eval", "exec", "compile"):
            poisoned.setattr(builtins, name, poison)
        poisoned.setattr(ast, "parse", poison)
        live = Live.begin(bundle, "p", {"x": 1, "list": [1, 2]}, host)
        for _ in range(3):
            live = Live.restore(bundle, "p", live.dump(), host)
            live.complete(live.open_tasks[0].id, {})

    assert live.ended


def test_a_bundle_is_shared_between_threads():
    drawing = Drawing().gateway("and", "fork", "join").user("a", members("list", "each", results="all", result="a"))
    drawing.user("b", repeated(most=3)).path("start", "fork", "a", "join", "end").path("fork", "b", "join")
    bundle = Bundle.compile({"p.bpmn": drawing.xml()})

    def live_through(number: int) -> Any:
        host = RecordingHost()
        live = Live.begin(bundle, "p", {"list": [1, 2, 3], "n": number}, host)
        while not live.ended:
            live = Live.restore(bundle, "p", live.dump(), host)
            task = live.open_tasks[number % len(live.open_tasks)]
            live.complete(task.id, {task.element_id: {"n": number}})
        return live.data["all"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(live_through, range(80))) == [[{"n": number}] * 3 for number in range(80)]
