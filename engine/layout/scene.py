"""What is arranged: the shapes and lines of one container (a process or an expanded subprocess).

A scene has its own coordinates; the steps of the layout fill in columns, rows, places, routes and labels one after the
other. Lengths are pixels, a box is (left, top, right, bottom).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from engine.diagrams import SUBPROCESSES, Node, Process
from engine.diagrams.texts import WIDEST_LABEL

Point = tuple[int, int]
Box = tuple[float, float, float, float]

TASK = (100, 80)
EVENT = (36, 36)
GATEWAY = (50, 50)
PER_BOUNDARY_EVENT = 60
INNER_LEFT, INNER_TOP = 20, 30
INNER_WIDTH, INNER_HEIGHT = 40, 50
ROW_PITCH = 120
MANY_WAYS = 3  # a gateway with more ways out lets them share a trunk


@dataclass(eq=False)
class Shape:
    """A node with its place. `host` is the activity that a boundary event sits on, `inner` what an expanded
    subprocess holds."""

    id: str
    kind: str
    name: str
    host: str | None
    lane: str
    inner: Scene | None = None
    x: int = 0
    y: int = 0
    width: int = TASK[0]
    height: int = TASK[1]
    column: int = 0
    row: int = -1
    span: int = 1

    @property
    def is_event(self) -> bool:
        return self.kind.endswith("Event")

    @property
    def is_gateway(self) -> bool:
        return self.kind.endswith("Gateway")

    @property
    def has_label(self) -> bool:
        """Whether its name stands beside it."""
        return bool(self.name) and (self.is_event or self.is_gateway)

    @property
    def centre_x(self) -> float:
        return self.x + self.width / 2

    @property
    def centre_y(self) -> float:
        return self.y + self.height / 2

    @property
    def above_line(self) -> int:
        """From its top to where level lines meet it: the middle, or an expanded subprocess's own first row."""
        if self.inner is None:
            return self.height // 2
        return INNER_TOP + self.inner.top + self.inner.entry_y

    @property
    def line_y(self) -> int:
        return self.y + self.above_line

    @property
    def docks(self) -> tuple[int, ...]:
        """Where lines may meet its upper and lower edge: the middle, and the corners of a wide shape."""
        middle = round(self.centre_x)
        return (middle, self.x + 50, self.x + self.width - 50) if self.span > 1 else (middle,)

    @property
    def rows_high(self) -> int:
        """How many rows it stands in; more than one only for an expanded subprocess."""
        if self.inner is None:
            return 1
        return max(1, math.ceil((self.height - self.above_line - ROW_PITCH / 2) / ROW_PITCH) + 1)

    @property
    def box(self) -> Box:
        return (self.x, self.y, self.x + self.width, self.y + self.height)


@dataclass(eq=False)
class Line:
    """A sequence flow with its route. `is_back`: it leads back to an earlier step."""

    id: str
    name: str
    source: str
    target: str
    is_default: bool = False
    is_back: bool = False
    points: list[Point] = field(default_factory=list)


class Scene:
    """One container: `shapes` by id in the order of the file, `lines`, and the ids of its lanes from top to bottom."""

    def __init__(self, shapes: list[Shape], lines: list[Line], lanes: list[str]) -> None:
        self.shapes = {each.id: each for each in shapes}
        self.lines = lines
        self.lanes = lanes or [""]
        self.has_lanes = bool(lanes)
        self.order = {each.id: position for position, each in enumerate(shapes)}
        self.body = [each for each in shapes if each.host is None]
        self.attached: dict[str, list[Shape]] = defaultdict(list)
        for shape in shapes:
            if shape.host is not None:
                self.attached[shape.host].append(shape)
        self.straight_down: set[Line] = set()
        self.rest: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.bands: dict[str, tuple[int, int]] = {}
        self.labels: dict[str, tuple[int, int, int, int]] = {}
        self.width = self.height = 0
        self.left = self.top = 0
        for host, events in self.attached.items():
            if len(events) > 2:
                shape = self.shapes[host]
                shape.width = max(shape.width, PER_BOUNDARY_EVENT * len(events) - 10)

    @property
    def entry_y(self) -> int:
        """The height at which its flow begins."""
        starts = [each for each in self.body if each.kind == "startEvent"]
        return round(starts[0].centre_y) if starts else self.height // 2

    def owner(self, shape_id: str) -> Shape:
        """The shape itself, or the activity that a boundary event sits on."""
        shape = self.shapes[shape_id]
        return self.shapes[shape.host] if shape.host else shape

    def leaving(self, shape_id: str) -> list[Line]:
        """The lines out of a shape; those of its boundary events are not among them."""
        return [each for each in self.lines if each.source == shape_id]

    def widest_label(self, shape: Shape) -> int:
        """Labels of neighbouring boundary events are narrower."""
        crowded = shape.host is not None and len(self.attached[shape.host]) > 1
        return 60 if crowded else WIDEST_LABEL


def scenes_of(process: Process, parent: str | None = None) -> Scene:
    """The scene of a container, with the scenes of its subprocesses inside (not yet arranged)."""
    lanes = [each.id for each in process.lanes] if parent is None else []
    first = lanes[0] if lanes else ""
    nodes = process.nodes_in(parent)
    shapes = [_shape(process, each, (each.lane or first) if lanes else "") for each in nodes]
    defaults = {each.default for each in nodes}
    lines = [
        Line(each.id, each.name, each.source, each.target, each.id in defaults)
        for each in process.flows
        if each.parent == parent
    ]
    return Scene(shapes, lines, lanes)


def _shape(process: Process, node: Node, lane: str) -> Shape:
    expanded = node.kind in SUBPROCESSES and bool(process.nodes_in(node.id))
    inner = scenes_of(process, node.id) if expanded else None
    size = EVENT if node.kind.endswith("Event") else GATEWAY if node.kind.endswith("Gateway") else TASK
    return Shape(node.id, node.kind, node.name, node.attached_to, lane, inner, width=size[0], height=size[1])


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes have an inner point in common."""
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def segments(points: list[Point]) -> Iterator[tuple[Point, Point]]:
    """The straight pieces of a route."""
    return pairwise(points)
