"""From the XML tree to the model. Nothing is judged here: what the file lacks is empty, `engine.checks` speaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from engine.diagrams import elements as xml
from engine.diagrams.file import Diagram, Named, Participant
from engine.diagrams.model import (
    FLOW_NODES,
    SUBPROCESSES,
    Artifact,
    Event,
    Flow,
    Lane,
    Loop,
    Node,
    Process,
)
from engine.diagrams.reading import BPMN, BPMNDI, SPIFF, NotADiagram, read

_COLOURS = ("http://bpmn.io/schema/bpmn/biocolor/1.0", "http://www.omg.org/spec/BPMN/non-normative/color/1.0")
_EVENT_SUFFIX = "EventDefinition"
_TIMERS = {"timeDuration": "duration", "timeDate": "date", "timeCycle": "cycle"}
_NOT_ARTIFACTS = {"documentation", "extensionElements", "incoming", "outgoing", "laneSet", "sequenceFlow"}


def parse(content: bytes, file: str = "") -> Diagram:
    """The model of one file; raises NotADiagram when it is no BPMN file or breaks a limit of `reading`."""
    root = read(content)
    etree.strip_tags(root, etree.Comment)  # else a text would end at the first comment inside it
    if root.tag != f"{{{BPMN}}}definitions":
        raise NotADiagram(
            "not_bpmn", "根元素不是 bpmn:definitions。", "The root element is not bpmn:definitions.", xml.line(root)
        )
    names = _Names.of(root)
    return Diagram(
        file=file,
        processes=tuple(_process(each, names) for each in xml.children(root, "process")),
        messages=names.messages,
        errors=names.errors,
        signals=names.signals,
        escalations=names.escalations,
        participants=tuple(
            Participant(each.get("id", ""), each.get("name", ""), xml.local(each.get("processRef")))
            for each in root.iter(f"{{{BPMN}}}participant")
        ),
        message_flows=tuple(each.get("id", "") for each in root.iter(f"{{{BPMN}}}messageFlow")),
        ids=tuple(_ids(root)),
        coloured=tuple(_coloured(root)),
        languages=tuple(_languages(root)),
    )


class _Ends:
    """Ids of the flows by the node that they enter and leave, within the same container."""

    def __init__(self, flows: tuple[Flow, ...]) -> None:
        self.into: dict[tuple[str | None, str], list[str]] = defaultdict(list)
        self.out_of: dict[tuple[str | None, str], list[str]] = defaultdict(list)
        for each in flows:
            self.into[each.parent, each.target].append(each.id)
            self.out_of[each.parent, each.source].append(each.id)


@dataclass(frozen=True)
class _Names:
    """What the file declares beside processes, to turn references into names and codes."""

    messages: tuple[Named, ...]
    errors: tuple[Named, ...]
    signals: tuple[Named, ...]
    escalations: tuple[Named, ...]

    @classmethod
    def of(cls, root: etree._Element) -> _Names:
        def declared(tag: str, code: str) -> tuple[Named, ...]:
            return tuple(
                Named(each.get("id", ""), each.get("name", ""), each.get(code) if code else None, xml.line(each))
                for each in xml.children(root, tag)
            )

        return cls(
            declared("message", ""),
            declared("error", "errorCode"),
            declared("signal", ""),
            declared("escalation", "escalationCode"),
        )

    def find(self, kind: str, ref: str | None) -> Named | None:
        every = {"message": self.messages, "error": self.errors, "signal": self.signals}.get(kind, self.escalations)
        return next((each for each in every if each.id == ref), None)


def _process(element: etree._Element, names: _Names) -> Process:
    lanes = tuple(
        Lane(
            each.get("id", ""), each.get("name", ""), tuple(ref.text or "" for ref in xml.children(each, "flowNodeRef"))
        )
        for each in element.iter(f"{{{BPMN}}}lane")
    )
    flows = tuple(_flows(element, None))
    lane_of = {ref.strip(): lane.id for lane in lanes for ref in lane.refs}
    return Process(
        id=element.get("id", ""),
        name=element.get("name", ""),
        documentation=xml.documentation(element),
        executable=element.get("isExecutable", "true") == "true",
        nodes=tuple(_nodes(element, None, None, _Ends(flows), lane_of, names)),
        flows=flows,
        lanes=lanes,
        artifacts=tuple(_artifacts(element, None)),
        line=xml.line(element),
    )


def _nodes(
    container: etree._Element,
    parent: str | None,
    inherited: str | None,
    ends: _Ends,
    lane_of: dict[str, str],
    names: _Names,
) -> Iterator[Node]:
    """The nodes of a container, each subprocess followed by its contents."""
    for element in xml.elements(container):
        kind = etree.QName(element).localname
        if kind not in FLOW_NODES:
            continue
        node_id, host = element.get("id", ""), element.get("attachedToRef")
        lane = inherited or lane_of.get(node_id) or lane_of.get(host or "")
        yield _node(element, kind, parent, lane, ends, names)
        if kind in SUBPROCESSES:
            yield from _nodes(element, node_id, lane, ends, lane_of, names)


def _node(element: etree._Element, kind: str, parent: str | None, lane: str | None, ends: _Ends, names: _Names) -> Node:
    node_id = element.get("id", "")
    operator = element.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}serviceTaskOperator")
    properties = xml.properties(element)
    return Node(
        id=node_id,
        kind=kind,
        name=element.get("name", ""),
        documentation=xml.documentation(element),
        properties=properties,
        lane=lane,
        parent=parent,
        attached_to=element.get("attachedToRef"),
        interrupting=element.get("cancelActivity", "true") != "false",
        incoming=tuple(ends.into.get((parent, node_id), ())),
        outgoing=tuple(ends.out_of.get((parent, node_id), ())),
        default=element.get("default"),
        events=tuple(_events(element, kind, properties, names)),
        parallel_multiple=element.get("parallelMultiple") == "true",
        operation=None if operator is None else operator.get("id", ""),
        parameters={} if operator is None else xml.parameters(operator),
        result_variable=None if operator is None else operator.get("resultVariable") or None,
        called_element=element.get("calledElement"),
        called_decision=xml.extension(element, "calledDecisionId"),
        loop=_loop(element),
        triggered_by_event=element.get("triggeredByEvent") == "true",
        for_compensation=element.get("isForCompensation") == "true",
        extensions=xml.extensions(element),
        unread=tuple(xml.unread(element)),
        line=xml.line(element),
    )


def _events(element: etree._Element, kind: str, properties: dict[str, str], names: _Names) -> Iterator[Event]:
    if kind in ("sendTask", "receiveTask") and element.get("messageRef"):
        yield _reference("message", element, element, properties, names)
        return
    for each in xml.elements(element):
        name = etree.QName(each).localname
        if not name.endswith(_EVENT_SUFFIX):
            continue
        if name == "timerEventDefinition":
            yield _timer(each)
        elif name == "conditionalEventDefinition":
            yield Event("conditional", each.get("id"), text=xml.text(each, "condition"))
        else:
            yield _reference(name.removesuffix(_EVENT_SUFFIX), each, element, properties, names)


def _timer(definition: etree._Element) -> Event:
    for tag, kind in _TIMERS.items():
        if definition.find(f"{{{BPMN}}}{tag}") is not None:
            return Event("timer", definition.get("id"), timer=kind, text=xml.text(definition, tag) or "")
    return Event("timer", definition.get("id"))


def _reference(
    kind: str, definition: etree._Element, owner: etree._Element, properties: dict[str, str], names: _Names
) -> Event:
    ref = xml.local(definition.get(f"{kind}Ref"))
    declared = names.find(kind, ref)
    payload = xml.extension(definition, "messagePayload") or xml.extension(owner, "messagePayload")
    variable = xml.extension(definition, "messageVariable") or xml.extension(owner, "messageVariable")
    return Event(
        kind,
        definition.get("id") if definition is not owner else None,
        name=declared.name or None if declared else None,
        ref=ref,
        code=declared.code if declared else None,
        payload=payload,
        variable=variable,
        key=properties.get("key") or None,
    )


def _loop(element: etree._Element) -> Loop | None:
    standard = element.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if standard is not None:
        return Loop(
            "standard",
            condition=xml.text(standard, "loopCondition"),
            maximum=standard.get("loopMaximum"),
            test_before=standard.get("testBefore") == "true",
        )
    multiple = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if multiple is None:
        return None
    return Loop(
        "sequential" if multiple.get("isSequential") == "true" else "parallel",
        cardinality=xml.text(multiple, "loopCardinality"),
        items=xml.text(multiple, "loopDataInputRef"),
        item=xml.item(multiple, "inputDataItem"),
        results=xml.text(multiple, "loopDataOutputRef"),
        result=xml.item(multiple, "outputDataItem"),
        condition=xml.text(multiple, "completionCondition"),
    )


def _flows(container: etree._Element, parent: str | None) -> Iterator[Flow]:
    for element in xml.elements(container):
        kind = etree.QName(element).localname
        if kind == "sequenceFlow":
            yield Flow(
                id=element.get("id", ""),
                source=xml.local(element.get("sourceRef")) or "",
                target=xml.local(element.get("targetRef")) or "",
                name=element.get("name", ""),
                condition=xml.text(element, "conditionExpression"),
                parent=parent,
                line=xml.line(element),
            )
        elif kind in SUBPROCESSES:
            yield from _flows(element, element.get("id", ""))


def _artifacts(container: etree._Element, parent: str | None) -> Iterator[Artifact]:
    for element in xml.elements(container):
        kind = etree.QName(element).localname
        if kind in SUBPROCESSES:
            yield from _artifacts(element, element.get("id", ""))
        elif kind not in FLOW_NODES | _NOT_ARTIFACTS and not kind.endswith("Characteristics"):
            yield Artifact(element.get("id", ""), kind, parent, xml.line(element))


def _ids(root: etree._Element) -> Iterator[tuple[str, str, int]]:
    for element in root.iter(f"{{{BPMN}}}*"):
        if element.get("id"):
            yield element.get("id", ""), etree.QName(element).localname, xml.line(element)


def _languages(root: etree._Element) -> Iterator[tuple[str, str]]:
    """The languages that the file says its expressions are in, each with the id of the element that has one."""
    if root.get("expressionLanguage"):
        yield "", root.get("expressionLanguage", "")
    for element in root.iter(f"{{{BPMN}}}*"):
        if element.get("language"):
            here: etree._Element | None = element
            while here is not None and not here.get("id"):
                here = here.getparent()
            yield "" if here is None else here.get("id", ""), element.get("language", "")


def _coloured(root: etree._Element) -> Iterator[str]:
    for element in root.iter(f"{{{BPMNDI}}}*"):
        if any(etree.QName(str(name)).namespace in _COLOURS for name in element.attrib):
            yield element.get("bpmnElement", "")
