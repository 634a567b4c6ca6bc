"""Arrange a diagram: lanes first, left to right. `layout` writes everything under bpmndi:BPMNDiagram anew.

Our own, because no library that was tried draws lanes (docs/adr). It runs only when asked: a designer's own arrangement
is kept as saved. A second run changes nothing, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict

from lxml import etree

from engine.diagrams import FLOW_NODES, parse, read
from engine.diagrams.reading import BPMN
from engine.layout.arranging import arrange
from engine.layout.drawing import with_drawing
from engine.layout.refusals import LayoutRefused, refuse_what_would_be_lost
from engine.layout.scene import scenes_of

__all__ = ["LayoutRefused", "layout"]

_BEFORE_FLOWS = frozenset(
    f"{{{BPMN}}}{each}" for each in ("documentation", "extensionElements", "auditing", "monitoring", "categoryValueRef")
)


def layout(xml: bytes) -> bytes:
    """The same diagram with a new drawing, and `incoming`/`outgoing` of each node filled in; UTF-8.

    Raises NotADiagram for what cannot be read and LayoutRefused for what would be lost.
    """
    diagram = parse(xml)
    root = read(xml)
    process = refuse_what_would_be_lost(root, diagram)
    scene = scenes_of(process)
    arrange(scene)
    _fill_in_flows(root)
    result = with_drawing(root, process, scene)
    etree.indent(result)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(result, encoding="UTF-8") + b"\n"


def _fill_in_flows(root: etree._Element) -> None:
    """Write the ids of the flows into the nodes, where readers and lint rules look for them."""
    into, out_of = defaultdict(list), defaultdict(list)
    for flow in root.iter(f"{{{BPMN}}}sequenceFlow"):
        into[flow.get("targetRef")].append(flow.get("id", ""))
        out_of[flow.get("sourceRef")].append(flow.get("id", ""))
    for element in root.iter(*(f"{{{BPMN}}}{each}" for each in FLOW_NODES)):
        for tag in ("incoming", "outgoing"):
            for old in element.findall(f"{{{BPMN}}}{tag}"):
                element.remove(old)
        position = sum(1 for each in element if each.tag in _BEFORE_FLOWS)
        for tag, ids in (("incoming", into), ("outgoing", out_of)):
            for each in ids[element.get("id")]:
                reference = etree.Element(f"{{{BPMN}}}{tag}")
                reference.text = each
                element.insert(position, reference)
                position += 1
