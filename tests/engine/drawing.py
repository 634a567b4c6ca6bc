"""Small diagrams for tests, drawn in a few lines: `Drawing("p").path("start", user("a"), "end").xml()`.

Nodes are added by name of kind; a path connects what it names and creates `start...` and `end...` events by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from itertools import pairwise
from typing import Any

_NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_GATEWAYS = {
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "first": "eventBasedGateway",
}


class Drawing:
    """One process. Several drawings give one file each."""

    def __init__(self, process_id: str = "p") -> None:
        self.process_id = process_id
        self._out: list[str] = []
        self._roots: dict[str, str] = {}
        self._known: set[str] = set()
        self._flows = 0
        self._defaults: dict[str, str] = {}

    def xml(self) -> bytes:
        body = "".join(self._out)
        for gateway, flow in self._defaults.items():
            body = body.replace(f'id="{gateway}"', f'id="{gateway}" default="{flow}"', 1)
        roots = "".join(self._roots.values())
        process = f'<bpmn:process id="{self.process_id}" isExecutable="true">{body}</bpmn:process>'
        return f"<bpmn:definitions {_NAMESPACES}>{roots}{process}</bpmn:definitions>".encode()

    def node(self, kind: str, node_id: str, inner: str = "", extensions: str = "", **attributes: str) -> Drawing:
        properties = {name: value for name, value in attributes.items() if not name[0].isupper()}
        plain = "".join(
            f' {name[0].lower()}{name[1:]}="{escape(value)}"' for name, value in attributes.items() if name[0].isupper()
        )
        listed = "".join(f'<spiffworkflow:property name="{n}" value="{escape(v)}"/>' for n, v in properties.items())
        if listed:
            extensions = f"<spiffworkflow:properties>{listed}</spiffworkflow:properties>{extensions}"
        if extensions:
            inner = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>{inner}"
        self._out.append(f'<bpmn:{kind} id="{node_id}"{plain}>{inner}</bpmn:{kind}>')
        self._known.add(node_id)
        return self

    def user(self, node_id: str, loop: str = "", **properties: str) -> Drawing:
        return self.node("userTask", node_id, loop, **properties)

    def service(self, node_id: str, operation: str, loop: str = "", result: str = "", **parameters: str) -> Drawing:
        properties = {"async": parameters.pop("wait")} if "wait" in parameters else {}
        listed = "".join(
            f'<spiffworkflow:parameter id="{name}" type="str" value="{escape(text)}"/>'
            for name, text in parameters.items()
        )
        variable = f' resultVariable="{result}"' if result else ""
        operator = (
            f'<spiffworkflow:serviceTaskOperator id="{operation}"{variable}>'
            f"<spiffworkflow:parameters>{listed}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        )
        return self.node("serviceTask", node_id, loop, operator, **properties)

    def rule(self, node_id: str, decision: str, **properties: str) -> Drawing:
        called = f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"
        return self.node("businessRuleTask", node_id, "", called, **properties)

    def gateway(self, kind: str, *node_ids: str) -> Drawing:
        for each in node_ids:
            self.node(_GATEWAYS[kind], each)
        return self

    def call(self, node_id: str, process_id: str, loop: str = "") -> Drawing:
        return self.node("callActivity", node_id, loop, CalledElement=process_id)

    def start(self, node_id: str, **event: Any) -> Drawing:
        return self.node("startEvent", node_id, self.event(**event))

    def end(self, node_id: str, **event: Any) -> Drawing:
        return self.node("endEvent", node_id, self.event(**event))

    def catch(self, node_id: str, key: str = "", **event: Any) -> Drawing:
        return self.node("intermediateCatchEvent", node_id, self.event(**event), **({"key": key} if key else {}))

    def throw(self, node_id: str, key: str = "", **event: Any) -> Drawing:
        return self.node("intermediateThrowEvent", node_id, self.event(**event), **({"key": key} if key else {}))

    def boundary(self, node_id: str, on: str, interrupting: bool = True, key: str = "", **event: Any) -> Drawing:
        attributes = {"AttachedToRef": on, "CancelActivity": "true" if interrupting else "false"}
        return self.node("boundaryEvent", node_id, self.event(**event), **attributes, **({"key": key} if key else {}))

    def event(self, **event: str) -> str:
        """One definition: after, at, every, message [payload, variable], error, escalation, signal or terminate."""
        for word, tag in (("after", "timeDuration"), ("at", "timeDate"), ("every", "timeCycle")):
            if word in event:
                text = escape(event[word])
                return f"<bpmn:timerEventDefinition><bpmn:{tag}>{text}</bpmn:{tag}></bpmn:timerEventDefinition>"
        if "terminate" in event:
            return "<bpmn:terminateEventDefinition/>"
        for kind, code in (("message", ""), ("signal", ""), ("error", "errorCode"), ("escalation", "escalationCode")):
            if kind in event:
                return self._reference(kind, code, event)
        return ""

    @contextmanager
    def subprocess(self, node_id: str, loop: str = "") -> Iterator[Drawing]:
        self._known.add(node_id)
        self._out.append(f'<bpmn:subProcess id="{node_id}">{loop}')
        yield self
        self._out.append("</bpmn:subProcess>")

    def path(self, *node_ids: str, when: str = "", default: bool = False) -> Drawing:
        """Connect these in a row; `when` is the condition of the first flow, `default` makes it the default one."""
        for each in node_ids:
            if each not in self._known:
                self.node("startEvent" if each.startswith("start") else "endEvent", each)
        for source, target in pairwise(node_ids):
            self._flows += 1
            flow = f"flow_{self._flows}"
            condition = f"<bpmn:conditionExpression>{escape(when)}</bpmn:conditionExpression>" if when else ""
            if default:
                self._defaults[source] = flow
            ends = f'sourceRef="{source}" targetRef="{target}"'
            self._out.append(f'<bpmn:sequenceFlow id="{flow}" {ends}>{condition}</bpmn:sequenceFlow>')
            when, default = "", False
        return self

    def _reference(self, kind: str, code: str, event: dict[str, str]) -> str:
        name = event[kind]
        identifier = f"{kind}_{name.replace('.', '_')}"
        coded = f' {code}="{name}"' if code and name else ""
        if name:
            self._roots[identifier] = f'<bpmn:{kind} id="{identifier}" name="{name}"{coded}/>'
        extensions = "".join(
            f"<spiffworkflow:{tag}>{escape(event[word])}</spiffworkflow:{tag}>"
            for word, tag in (("payload", "messagePayload"), ("variable", "messageVariable"))
            if word in event
        )
        inner = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
        ref = f' {kind}Ref="{identifier}"' if name else ""
        return f"<bpmn:{kind}EventDefinition{ref}>{inner}</bpmn:{kind}EventDefinition>"


def members(
    items: str = "",
    item: str = "",
    sequential: bool = False,
    cardinality: str = "",
    until: str = "",
    results: str = "",
    result: str = "",
    own: str = "",
) -> str:
    """Multi-instance characteristics; `own` instead of `result`: the activity's id, under which its answers stand."""
    parts = (
        f"<bpmn:loopCardinality>{cardinality}</bpmn:loopCardinality>" if cardinality else "",
        f"<bpmn:loopDataInputRef>{items}</bpmn:loopDataInputRef>" if items else "",
        f"<bpmn:loopDataOutputRef>{results}</bpmn:loopDataOutputRef>" if results else "",
        f'<bpmn:inputDataItem id="{item}"/>' if item else "",
        f'<bpmn:outputDataItem id="{result}"/>' if result else "",
        f'<bpmn:outputDataItem id="item_{own}" name="{own}"/>' if own else "",
        f"<bpmn:completionCondition>{escape(until)}</bpmn:completionCondition>" if until else "",
    )
    kind = "bpmn:multiInstanceLoopCharacteristics"
    return f'<{kind} isSequential="{str(sequential).lower()}">{"".join(parts)}</{kind}>'


def repeated(condition: str = "", most: int | None = None, before: bool = False) -> str:
    """Standard loop characteristics."""
    text = f"<bpmn:loopCondition>{escape(condition)}</bpmn:loopCondition>" if condition else ""
    maximum = f' loopMaximum="{most}"' if most is not None else ""
    kind = "bpmn:standardLoopCharacteristics"
    return f'<{kind} testBefore="{str(before).lower()}"{maximum}>{text}</{kind}>'
