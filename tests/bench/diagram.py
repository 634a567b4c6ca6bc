"""The diagram of the bench: 20 nodes, in our dialect and in the one that the bare library executes.

A table of 4 rules, an exclusive gateway, 3 user tasks, a non-interrupting boundary timer, an embedded subprocess. One
life: start, then first, visit and feedback are completed.
"""

from __future__ import annotations

from tests.engine.drawing import Drawing

TASKS = ("first", "visit", "feedback")
DATA = {"points": 70, "elder_id": 12, "reason": "weekly", "codes": ["a", "b", "c"], "since": "2026-08-03"}

_RULES = ((">= 90", "top"), (">= 60", "high"), (">= 30", "middle"), ("-", "low"))


def ours() -> dict[str, bytes]:
    """Files of the bundle."""
    return {"bench.bpmn": _drawn().xml(), "level.dmn": _table("FIRST", "-")}


def stock() -> dict[str, bytes]:
    """The same for the library alone: Python conditions, script tasks in place of operations."""
    text = _drawn().xml().decode()
    for ours_text, theirs in (
        ("found.level = &quot;high&quot;", "level == 'high'"),
        ("visit.ok = &quot;yes&quot;", "visit['ok'] == 'yes'"),
        ("feedback.ok = &quot;yes&quot;", "feedback['ok'] == 'yes'"),
        (">PT1H<", '>"PT1H"<'),
    ):
        assert ours_text in text, ours_text
        text = text.replace(ours_text, theirs)
    return {"bench.bpmn": _scripts(text).encode(), "level.dmn": _table("UNIQUE", "")}


def _drawn() -> Drawing:
    task = {"role": "desk", "form": "answer", "due": "PT2H"}
    drawing = Drawing("bench").rule("decide", "level", resultVariable="found")
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


def _scripts(text: str) -> str:
    """Service tasks of the drawing as script tasks that set one variable."""
    parts = text.split('<bpmn:serviceTask id="')
    made = [parts[0]]
    for part in parts[1:]:
        name, rest = part.split('"', 1)
        _, after = rest.split("</bpmn:serviceTask>", 1)
        made.append(f'{name}"><bpmn:script>{name} = 1</bpmn:script></bpmn:scriptTask>{after}')
    return '<bpmn:scriptTask id="'.join(made)


def _table(policy: str, anything: str) -> bytes:
    rules = ""
    for number, (test, level) in enumerate(_RULES):
        cell = (test if test != "-" else anything).replace(">", "&gt;")
        rules += (
            f'<rule id="r{number}"><inputEntry id="i{number}"><text>{cell}</text></inputEntry>'
            f'<outputEntry id="o{number}"><text>"{level}"</text></outputEntry></rule>'
        )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="tables" name="tables" namespace="bench">'
        f'<decision id="level" name="level"><decisionTable id="level_table" hitPolicy="{policy}"><input id="in_points">'
        '<inputExpression id="in_text" typeRef="number"><text>points</text></inputExpression></input>'
        f'<output id="out" name="level" typeRef="string"/>{rules}</decisionTable></decision></definitions>'
    ).encode()
