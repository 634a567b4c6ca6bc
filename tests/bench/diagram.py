"""The diagrams of the bench, in our dialect and in the one that the bare library executes.

`SMALL`: 20 nodes: a table of 4 rules, a gateway, 3 user tasks, a non-interrupting boundary timer, an embedded
subprocess. `LARGE`: 41 nodes: two tables, a parallel section, 4 user tasks each with a boundary timer, a boundary
message, 10 automatic tasks. A life: start, then the user tasks are completed in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.engine.drawing import Drawing

TASKS = ("first", "visit", "feedback")
DATA = {"points": 70, "elder_id": 12, "reason": "weekly", "codes": ["a", "b", "c"], "since": "2026-08-03"}

_LEVELS = ((">= 90", "top"), (">= 60", "high"), (">= 30", "middle"), ("-", "low"))
_KINDS = (*((f">= {95 - 5 * number}", f"kind_{number}") for number in range(11)), ("-", "other"))


@dataclass(frozen=True)
class Case:
    """One diagram: its process id, its user tasks, how it is drawn."""

    process_id: str
    tasks: tuple[str, ...]
    drawn: Callable[[], Drawing]

    def ours(self) -> dict[str, bytes]:
        """Files of the bundle."""
        return {f"{self.process_id}.bpmn": self.drawn().xml(), **_tables("FIRST", "-")}

    def stock(self) -> dict[str, bytes]:
        """The same for the library alone: Python conditions, script tasks in place of operations."""
        text = self.drawn().xml().decode().replace("found.level = &quot;high&quot;", "level == 'high'")
        text = re.sub(r"(\w+)\.(\w+) = &quot;(\w+)&quot;", r"\1['\2'] == '\3'", text)
        text = re.sub(r">(PT\w+)<", r'>"\1"<', text)
        return {f"{self.process_id}.bpmn": _scripts(text).encode(), **_tables("UNIQUE", "")}


def ours(role: str = "desk") -> dict[str, bytes]:
    """Files of the small one, its tasks for `role`."""
    return {"bench.bpmn": _small(role).xml(), **_tables("FIRST", "-")}


def begun_by_message() -> dict[str, bytes]:
    """The small one again, begun by the message bench.begin."""
    return {"bench_begun.bpmn": _small("desk", "bench_begun", "bench.begin").xml()}


def waiting() -> dict[str, bytes]:
    """A process that waits two seconds before its task."""
    drawing = Drawing("bench_wait").catch("pause", after="PT2S")
    drawing.user("then", role="township_desk", form="answer", due="PT2H")
    return {"bench_wait.bpmn": drawing.path("start", "pause", "then", "end").xml()}


def _small(role: str = "desk", process_id: str = "bench", message: str = "") -> Drawing:
    task = {"role": role, "form": "answer", "due": "PT2H"}
    drawing = Drawing(process_id)
    if message:
        drawing.start("start", message=message)
    drawing.rule("decide", "level", resultVariable="found")
    drawing.gateway("xor", "route", "merged", "after", "close").user("first", **task).user("feedback", **task)
    drawing.boundary("late", "first", False, after="PT1H").service("remind", "bench.note", result="reminded")
    with drawing.subprocess("help"):
        drawing.gateway("xor", "kind", "joined").user("visit", **task).service("record", "bench.note", result="kept")
        drawing.path("start_help", "visit", "kind")
        drawing.path("kind", "record", "joined", "end_help", when='visit.ok = "yes"').path(
            "kind", "joined", default=True
        )
    drawing.service("note", "bench.note", result="noted")
    drawing.path("start", "decide", "route")
    drawing.path("route", "first", "merged", when='found.level = "high"').path("route", "merged", default=True)
    drawing.path("late", "remind", "end_reminded").path("merged", "help", "feedback", "after")
    drawing.path("after", "note", "close", "end", when='feedback.ok = "yes"').path("after", "close", default=True)
    return drawing


def _large() -> Drawing:
    drawing = Drawing("large").rule("decide", "level", resultVariable="found").rule("sort", "kind", resultVariable="is")
    drawing.gateway("xor", "route", "merged", "after", "close").gateway("and", "fork", "join")
    for number in range(1, 8):
        drawing.service(f"note_{number}", "bench.note", result=f"noted_{number}")
    for name in ("call", "check", "feedback"):
        _watched(drawing, name)
    drawing.boundary("message", "call", False, message="bench.more").path("message", "note_7", "end_message")
    with drawing.subprocess("help"):
        _watched(drawing, "visit")
        drawing.gateway("xor", "kind_of", "joined").service("record", "bench.note", result="kept")
        drawing.path("start_help", "visit", "kind_of")
        drawing.path("kind_of", "record", "joined", "end_help", when='visit.ok = "yes"')
        drawing.path("kind_of", "joined", default=True)
    drawing.path("start", "decide", "sort", "route")
    drawing.path("route", "note_1", "merged", when='found.level = "high"').path("route", "merged", default=True)
    drawing.path("merged", "call", "note_2", "fork").path("fork", "check", "note_3", "join")
    drawing.path("fork", "note_4", "note_5", "join").path("join", "help", "feedback", "after")
    drawing.path("after", "note_6", "close", "end", when='feedback.ok = "yes"').path("after", "close", default=True)
    return drawing


def _watched(drawing: Drawing, name: str) -> None:
    """A user task with a timer that reminds."""
    drawing.user(name, role="desk", form="answer", due="PT2H").boundary(f"late_{name}", name, False, after="PT1H")
    drawing.service(f"remind_{name}", "bench.note", result=f"reminded_{name}")
    drawing.path(f"late_{name}", f"remind_{name}", f"end_{name}")


def _scripts(text: str) -> str:
    """Service tasks of the drawing as script tasks that set one variable."""
    parts = text.split('<bpmn:serviceTask id="')
    made = [parts[0]]
    for part in parts[1:]:
        name, rest = part.split('"', 1)
        _, after = rest.split("</bpmn:serviceTask>", 1)
        made.append(f'{name}"><bpmn:script>{name} = 1</bpmn:script></bpmn:scriptTask>{after}')
    return '<bpmn:scriptTask id="'.join(made)


def _tables(policy: str, anything: str) -> dict[str, bytes]:
    return {
        f"{name}.dmn": _table(name, rules, policy, anything) for name, rules in (("level", _LEVELS), ("kind", _KINDS))
    }


def _table(name: str, tests: tuple[tuple[str, str], ...], policy: str, anything: str) -> bytes:
    rules = ""
    for number, (test, result) in enumerate(tests):
        cell = (test if test != "-" else anything).replace(">", "&gt;")
        rules += (
            f'<rule id="{name}_r{number}"><inputEntry id="{name}_i{number}"><text>{cell}</text></inputEntry>'
            f'<outputEntry id="{name}_o{number}"><text>"{result}"</text></outputEntry></rule>'
        )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="tables" name="tables" namespace="bench">'
        f'<decision id="{name}" name="{name}"><decisionTable id="{name}_table" hitPolicy="{policy}">'
        f'<input id="{name}_in"><inputExpression id="{name}_text" typeRef="number"><text>points</text>'
        f'</inputExpression></input><output id="{name}_out" name="{name}" typeRef="string"/>{rules}</decisionTable>'
        "</decision></definitions>"
    ).encode()


SMALL = Case("bench", TASKS, _small)
LARGE = Case("large", ("call", "check", "visit", "feedback"), _large)
CASES = {"small": SMALL, "large": LARGE}
