"""A drawing as numbers: boxes of shapes and labels, points of flows, beside what the diagram says. Pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from lxml import etree

from engine.diagrams import Diagram, Flow, Node, Process, parse, read
from engine.diagrams.reading import BPMNDI, DC, DI


class Point(NamedTuple):
    x: float
    y: float


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def shrunk(self, by: float) -> Box:
        return Box(self.left + by, self.top + by, self.right - by, self.bottom - by)

    def overlaps(self, other: Box) -> bool:
        """Whether they have an inner point in common."""
        level = self.left < other.right and self.right > other.left
        return level and self.top < other.bottom and self.bottom > other.top

    def holds(self, other: Box) -> bool:
        level = self.left <= other.left and other.right <= self.right
        return level and self.top <= other.top and other.bottom <= self.bottom

    def is_near(self, point: Point, by: float) -> bool:
        """Whether the point lies in the box grown by `by`."""
        return self.left - by <= point.x <= self.right + by and self.top - by <= point.y <= self.bottom + by


class Piece(NamedTuple):
    """A straight piece of a flow."""

    flow: str
    a: Point
    b: Point

    @property
    def is_level(self) -> bool:
        return abs(self.a.y - self.b.y) < 0.5

    @property
    def is_upright(self) -> bool:
        return abs(self.a.x - self.b.x) < 0.5

    def touches(self, box: Box) -> bool:
        """Whether it runs through the inside of the box, at any slope."""
        enter, leave = 0.0, 1.0
        dx, dy = self.b.x - self.a.x, self.b.y - self.a.y
        for step, room in (
            (-dx, self.a.x - box.left),
            (dx, box.right - self.a.x),
            (-dy, self.a.y - box.top),
            (dy, box.bottom - self.a.y),
        ):
            if step == 0 and room <= 0:
                return False
            if step < 0:
                enter = max(enter, room / step)
            elif step > 0:
                leave = min(leave, room / step)
        return enter < leave


@dataclass(frozen=True)
class Picture:
    """The first plane of a file; what a collapsed subprocess holds lies on a plane of its own and is `hidden`."""

    diagram: Diagram
    shapes: dict[str, Box] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    routes: dict[str, list[Point]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @cached_property
    def nodes(self) -> dict[str, Node]:
        return {each.id: each for process in self.diagram.processes for each in process.nodes}

    @cached_property
    def flows(self) -> dict[str, Flow]:
        return {each.id: each for process in self.diagram.processes for each in process.flows}

    @property
    def processes(self) -> tuple[Process, ...]:
        return self.diagram.processes

    @cached_property
    def drawn(self) -> list[Node]:
        return [each for each in self.nodes.values() if each.id in self.shapes]

    @cached_property
    def pieces(self) -> list[Piece]:
        return [
            Piece(flow, a, b) for flow, points in self.routes.items() if flow in self.flows for a, b in pairwise(points)
        ]

    def around(self, element: str) -> set[str]:
        """Ids of the subprocesses that hold a node or a flow."""
        about = self.nodes.get(element) or self.flows.get(element)
        found: set[str] = set()
        parent = about.parent if about else None
        while parent is not None and parent not in found:
            found.add(parent)
            parent = self.nodes[parent].parent if parent in self.nodes else None
        return found


def picture_of(xml: bytes, file: str = "") -> Picture:
    """Raises NotADiagram. Shapes without numbers are as good as not drawn."""
    diagram, root = parse(xml, file), read(xml)
    planes = list(root.iter(f"{{{BPMNDI}}}BPMNPlane"))
    hidden = frozenset(each.get("bpmnElement", "") for plane in planes[1:] for each in plane)
    picture = Picture(diagram, hidden=hidden)
    for plane in planes[:1]:
        for element in plane.iterchildren(f"{{{BPMNDI}}}BPMNShape"):
            _put(picture.shapes, element, element)
            _put_label(picture, element)
        for element in plane.iterchildren(f"{{{BPMNDI}}}BPMNEdge"):
            picture.routes[element.get("bpmnElement", "")] = list(_points(element))
            _put_label(picture, element)
    return picture


def _put_label(picture: Picture, element: etree._Element) -> None:
    label = element.find(f"{{{BPMNDI}}}BPMNLabel")
    if label is not None:
        _put(picture.labels, element, label)


def _put(into: dict[str, Box], element: etree._Element, holder: etree._Element) -> None:
    bounds = holder.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return
    try:
        x, y, width, height = (float(bounds.get(each, "")) for each in ("x", "y", "width", "height"))
    except ValueError:
        return
    into[element.get("bpmnElement", "")] = Box(x, y, x + width, y + height)


def _points(element: etree._Element) -> Iterator[Point]:
    for each in element.iterchildren(f"{{{DI}}}waypoint"):
        try:
            yield Point(float(each.get("x", "")), float(each.get("y", "")))
        except ValueError:
            continue
