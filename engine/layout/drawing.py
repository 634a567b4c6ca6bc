"""Write an arranged scene as BPMN DI. Ids and numbers depend on the diagram alone: a second run changes nothing."""

from __future__ import annotations

from typing import Any, cast

from lxml import etree

from engine.diagrams import Process
from engine.diagrams.reading import BPMN, BPMNDI, DC, DI
from engine.layout.scene import INNER_LEFT, INNER_TOP, Line, Scene, Shape

POOL_LEFT, POOL_TOP = 160, 80
TITLE = 30
PADDING = 40
_PREFIXES = (("bpmndi", BPMNDI), ("dc", DC), ("di", DI))


def with_drawing(root: etree._Element, process: Process, scene: Scene) -> etree._Element:
    """A new root: everything of the old one but its drawings, and then the drawing of the scene."""
    for each in root.findall(f"{{{BPMNDI}}}BPMNDiagram"):
        root.remove(each)
    result = etree.Element(
        root.tag, {str(name): str(value) for name, value in root.attrib.items()}, nsmap=_prefixes(root)
    )
    result.text = root.text
    result.extend(list(root))
    collaboration = result.find(f"{{{BPMN}}}collaboration")
    diagram = etree.SubElement(result, f"{{{BPMNDI}}}BPMNDiagram", id="diagram")
    on = process.id if collaboration is None else collaboration.get("id", "")
    plane = etree.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", id="plane", bpmnElement=on)
    _Drawing(plane).draw(process, scene, None if collaboration is None else _pool_of(collaboration))
    return result


def _prefixes(root: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {**cast(Any, root).nsmap}  # None stands for the default name space
    for prefix, uri in _PREFIXES:
        if uri not in found.values():
            found[prefix if prefix not in found else f"{prefix}_drawing"] = uri
    return found


def _pool_of(collaboration: etree._Element) -> str | None:
    pool = collaboration.find(f"{{{BPMN}}}participant")
    return None if pool is None else pool.get("id")


class _Drawing:
    def __init__(self, plane: etree._Element) -> None:
        self.plane = plane

    def draw(self, process: Process, scene: Scene, pool: str | None) -> None:
        left = POOL_LEFT + TITLE + (TITLE if process.lanes else 0) + PADDING
        width = left - POOL_LEFT + scene.width + PADDING + 10
        if pool is not None:
            height = scene.height if process.lanes else scene.height + 2 * PADDING
            self._shape(pool, (POOL_LEFT, POOL_TOP, width, height), None, isHorizontal="true")
        for lane in process.lanes:
            top, bottom = scene.bands[lane.id]
            box = (POOL_LEFT + TITLE, POOL_TOP + top, width - TITLE, bottom - top)
            self._shape(lane.id, box, None, isHorizontal="true")
        below = 0 if process.lanes else PADDING
        self._contents(scene, left + scene.left, POOL_TOP + below + scene.top)

    def _contents(self, scene: Scene, left: int, top: int) -> None:
        for shape in scene.body:
            self._node(scene, shape, left, top)
            if shape.inner is not None:
                inner = shape.inner
                inside = (shape.x + left + INNER_LEFT + inner.left, shape.y + top + INNER_TOP + inner.top)
                self._contents(inner, *inside)
        for shape in scene.shapes.values():
            if shape.host is not None:
                self._node(scene, shape, left, top)
        for line in scene.lines:
            self._line(scene, line, left, top)

    def _node(self, scene: Scene, shape: Shape, left: int, top: int) -> None:
        marks = {}
        if shape.inner is not None:
            marks["isExpanded"] = "true"
        if shape.kind == "exclusiveGateway":
            marks["isMarkerVisible"] = "true"
        box = (shape.x + left, shape.y + top, shape.width, shape.height)
        self._shape(shape.id, box, self._moved(scene.labels.get(shape.id), left, top), **marks)

    def _shape(
        self, node_id: str, box: tuple[int, int, int, int], label: tuple[int, int, int, int] | None, **marks: str
    ) -> None:
        element = etree.SubElement(
            self.plane, f"{{{BPMNDI}}}BPMNShape", {"id": f"{node_id}_di", "bpmnElement": node_id, **marks}
        )
        self._bounds(element, box)
        self._label(element, label)

    def _line(self, scene: Scene, line: Line, left: int, top: int) -> None:
        element = etree.SubElement(self.plane, f"{{{BPMNDI}}}BPMNEdge", {"id": f"{line.id}_di", "bpmnElement": line.id})
        for x, y in line.points:
            etree.SubElement(element, f"{{{DI}}}waypoint", {"x": str(x + left), "y": str(y + top)})
        self._label(element, self._moved(scene.labels.get(line.id), left, top))

    def _label(self, element: etree._Element, box: tuple[int, int, int, int] | None) -> None:
        if box is not None:
            self._bounds(etree.SubElement(element, f"{{{BPMNDI}}}BPMNLabel"), box)

    def _bounds(self, element: etree._Element, box: tuple[int, int, int, int]) -> None:
        x, y, width, height = map(str, box)
        etree.SubElement(element, f"{{{DC}}}Bounds", {"x": x, "y": y, "width": width, "height": height})

    def _moved(self, label: tuple[int, int, int, int] | None, left: int, top: int) -> tuple[int, int, int, int] | None:
        return None if label is None else (label[0] + left, label[1] + top, label[2], label[3])
