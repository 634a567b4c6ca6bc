"""Hostile diagrams, decision tables and forms: well-formed, and made to hang, to hide or to fill the memory."""

from __future__ import annotations

import json

from tests.engine.dmn import decision, file_of, literal, table_of
from tests.engine.hostile.markup import BPMN

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _process(name: str, body: str) -> bytes:
    return (
        f'<definitions xmlns="{BPMN}" {_XSI} targetNamespace="t"><process id="{name}" isExecutable="true">{body}'
        "</process></definitions>"
    ).encode()


def _flow(source: str, target: str, inside: str = "") -> str:
    return f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def _between(name: str, element: str, inner: str = "inner") -> bytes:
    """Start, the element, end."""
    body = f'<startEvent id="begin"/>{element}<endEvent id="done"/>' + _flow("begin", inner) + _flow(inner, "done")
    return _process(name, body)


def _timer(name: str, kind: str, text: str) -> bytes:
    event = f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"
    late = f'<boundaryEvent id="late" attachedToRef="inner" cancelActivity="false">{event}</boundaryEvent>'
    return _between(name, '<task id="inner"/>' + late + '<endEvent id="told"/>' + _flow("late", "told"))


def _members(name: str, number: str) -> bytes:
    loop, inside = "multiInstanceLoopCharacteristics", f"<loopCardinality>{number}</loopCardinality>"
    return _between(name, f'<task id="inner"><{loop}>{inside}</{loop}></task>')


def _fork_bomb() -> bytes:
    forks = "".join(
        f'<parallelGateway id="g{n}"/>' + _flow(f"g{n}", f"g{(n + 1) % 250}") + _flow(f"g{n}", f"g{(n + 7) % 250}")
        for n in range(250)
    )
    return _process("forks", forks)


def _chain(length: int) -> bytes:
    nodes = "".join(f'<task id="t{n}"/>' for n in range(length))
    return _process("chain", nodes + "".join(_flow(f"t{n}", f"t{n + 1}") for n in range(length - 1)))


def _gateway_loop() -> bytes:
    gates = '<startEvent id="begin"/><exclusiveGateway id="a"/><exclusiveGateway id="b"/>'
    return _process("ring", gates + _flow("begin", "a") + _flow("a", "b") + _flow("b", "a"))


def _condition(name: str, text: str) -> bytes:
    ways = '<exclusiveGateway id="inner"/><endEvent id="other"/>' + _flow(
        "inner", "other", f"<conditionExpression>{text}</conditionExpression>"
    )
    return _between(name, ways)


def diagrams() -> dict[str, tuple[bytes, str]]:
    """What it is → (file, the rule that refuses it)."""
    return {
        "calls itself": (_between("self", '<callActivity id="inner" calledElement="self"/>'), "call_cycle"),
        "fork bomb": (_fork_bomb(), "multiplying_tokens"),
        "million members": (_members("million", "1000000"), "repetition"),
        "members in powers": (_members("powers", "1e9"), "repetition"),
        "members below zero": (_members("negative", "-1"), "repetition"),
        "repeats at once": (_timer("at_once", "timeCycle", "R/PT0S"), "timer_text"),
        "a million years": (_timer("years", "timeDuration", "P999999Y"), "timer_text"),
        "backwards": (_timer("backwards", "timeDuration", "-PT5M"), "timer_text"),
        "endless gateways": (_gateway_loop(), "endless_loop"),
        "self flow": (_process("own", '<task id="a"/>' + _flow("a", "a")), "flow_end"),
        "chain of 3,000": (_chain(3000), "too_many_nodes"),
        "one id twice": (_process("twice", '<task id="a"/><task id="a"/>'), "duplicate_id"),
        "script": (
            _between("script", '<scriptTask id="inner"><script>open("/etc/passwd")</script></scriptTask>'),
            "script_task",
        ),
        "Python in a condition": (_condition("python", "().__class__.__bases__[0].__subclasses__()"), "expression"),
        "nested condition": (_condition("nested", "(" * 400 + "1" + ")" * 400), "expression"),
        "long condition": (_condition("long", "1+" * 2000 + "1"), "expression"),
        "import of a process": (
            b'<definitions xmlns="' + BPMN.encode() + b'"><import location="file:///etc/passwd"'
            b' namespace="x" importType="y"/></definitions>',
            "file_without_process",
        ),
        "include": (
            b'<definitions xmlns="' + BPMN.encode() + b'" xmlns:xi="http://www.w3.org/2001/XInclude">'
            b'<xi:include href="file:///etc/passwd" parse="text"/></definitions>',
            "file_without_process",
        ),
    }


def tables() -> dict[str, bytes]:
    """Decision files that may not pass."""
    ring = [decision(f"d{n}", literal("1"), requires=[f"d{(n + 1) % 60}"]) for n in range(60)]
    deep = [decision(f"d{n}", literal("1"), requires=[f"d{n + 1}"] if n < 99 else []) for n in range(100)]
    return {
        "ring of decisions": file_of(*ring),
        "chain of decisions": file_of(*deep),
        "Python cell": file_of(decision("d", table_of("UNIQUE", ["a"], ["x"], [("__import__('os')", "1")]))),
        "thousands of rules": file_of(decision("d", table_of("FIRST", ["a"], ["x"], [("1", "1")] * 2500))),
        "nested cell": file_of(decision("d", table_of("UNIQUE", ["a"], ["x"], [("(" * 200 + "1" + ")" * 200, "1")]))),
        "Java function": file_of(decision("d", '<functionDefinition id="f" kind="Java"/>')),
        "import of tables": file_of('<import id="i" namespace="x" locationURI="file:///etc/passwd" importType="y"/>'),
        "nested contexts": file_of(decision("d", "<context><contextEntry>" * 60 + "</contextEntry></context>" * 60)),
    }


def forms() -> dict[str, bytes]:
    """Form files that may not pass."""
    text = {"type": "string", "pattern": "(a+)+\\1$"}
    shown = {"sections": [{"id": "s", "title": {"zh": "一", "en": "s"}, "fields": ["a"]}], "fields": {"a": {}}}
    whole = {"id": "f", "version": 1, "title": {"zh": "一", "en": "f"}, "process": []}
    return {
        "nothing.json": b"",
        "nested lists.json": b"[" * 100_000,
        "nested objects.json": b'{"a":' * 100_000,
        "a list.json": b"[]",
        "a number.json": b"7",
        "wrong parts.json": json.dumps({**whole, "schema": [], "ui": 5}).encode(),
        "parts of parts.json": json.dumps({**whole, "schema": {"type": "object"}, "ui": {"sections": [1]}}).encode(),
        "reference to itself.json": json.dumps(
            {**whole, "schema": {"type": "object", "properties": {"a": {"$ref": "#/defs/a"}}}, "ui": shown}
            | {"defs": {"a": {"$ref": "#/defs/a"}}}
        ).encode(),
        "runaway pattern.json": json.dumps(
            {**whole, "schema": {"type": "object", "properties": {"a": text}}, "ui": shown}
        ).encode(),
        "large.json": b'{"id": "' + b"x" * 400_000 + b'"}',
        "half a character.json": b'{"id": "\\ud800"}',
        "not UTF-8.json": b'{"id": "\xff"}',
    }
