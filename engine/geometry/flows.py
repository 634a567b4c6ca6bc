"""Do flows run in the open, from shape to shape, each to be told from the others?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.diagrams import Flow
from engine.geometry.findings import Flaw, flaw
from engine.geometry.picture import Picture, Piece

END_TOLERANCE = 2.0
OWN_SHAPE = 6.0  # how far a flow may run inside the shape that it leaves or enters
SAME_LINE = 3.0


def flow_through_shape(picture: Picture) -> Iterator[Flaw]:
    """A flow keeps out of shapes, but for the border of its own ends and the subprocesses around it."""
    for flow in picture.flows.values():
        pieces = [each for each in picture.pieces if each.flow == flow.id]
        around = picture.around(flow.id)
        for node in picture.drawn:
            if node.id in around:
                continue
            own = node.id in (flow.source, flow.target)
            box = picture.shapes[node.id].shrunk(OWN_SHAPE if own else 1)
            if any(each.touches(box) for each in pieces):
                yield flaw("flow_through_shape", "连线穿过图形", "A flow runs through a shape", flow.id, node.id)


def flow_end_off_shape(picture: Picture) -> Iterator[Flaw]:
    """The first and the last point lie on the shapes that the flow joins."""
    for flow in picture.flows.values():
        points = picture.routes.get(flow.id, [])
        for node, point in zip((flow.source, flow.target), (points[:1], points[-1:]), strict=True):
            box = picture.shapes.get(node)
            if box and point and not box.is_near(point[0], END_TOLERANCE):
                yield flaw("flow_end_off_shape", "连线没有接到图形上", "A flow ends off its shape", flow.id, node)


def flows_on_top(picture: Picture) -> Iterator[Flaw]:
    """Two flows that share neither source nor target never lie on the same line."""
    told = set()
    for one, other in combinations(picture.pieces, 2):
        a, b = picture.flows[one.flow], picture.flows[other.flow]
        pair = (a.id, b.id)
        if a is b or pair in told or a.source == b.source or a.target == b.target:
            continue
        if _lie_together(one, other):
            told.add(pair)
            yield flaw("flows_on_top", "连线重叠", "Flows lie on top of each other", *pair)


def _lie_together(one: Piece, other: Piece) -> bool:
    """Parallel within 3 px for more than 3 px."""
    if one.is_level and other.is_level:
        apart, shared = abs(one.a.y - other.a.y), _shared((one.a.x, one.b.x), (other.a.x, other.b.x))
    elif one.is_upright and other.is_upright:
        apart, shared = abs(one.a.x - other.a.x), _shared((one.a.y, one.b.y), (other.a.y, other.b.y))
    else:
        return False
    return apart < SAME_LINE and shared > SAME_LINE


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(max(one), max(other)) - max(min(one), min(other))


def default_mark_shared(picture: Picture) -> Iterator[Flaw]:
    """The default flow starts where no sibling starts, so that its mark cannot be taken for another branch's."""
    for node in picture.nodes.values():
        mark = picture.routes.get(node.default or "")
        for flow in picture.flows.values():
            start = picture.routes.get(flow.id)
            if not mark or not start or flow.source != node.id or flow.id == node.default:
                continue
            if abs(start[0].x - mark[0].x) < SAME_LINE and abs(start[0].y - mark[0].y) < SAME_LINE:
                zh, en = "默认标记与另一条连线共用起点", "The default mark is shared"
                yield flaw("default_mark_shared", zh, en, node.default or "", flow.id)


def slanted(picture: Picture) -> list[str]:
    """Flows that are not drawn level and upright throughout; told, not a flaw."""
    return sorted({each.flow for each in picture.pieces if not each.is_level and not each.is_upright})


def crossings(picture: Picture) -> int:
    """How often flows cross; flows that share an end do not count."""
    return sum(
        _cross(one, other)
        for one, other in combinations(picture.pieces, 2)
        if not _related(picture.flows[one.flow], picture.flows[other.flow])
    )


def _related(a: Flow, b: Flow) -> bool:
    return a is b or a.source == b.source or a.target == b.target


def _cross(one: Piece, other: Piece) -> bool:
    def side(a: Piece, x: float, y: float) -> float:
        return (a.b.x - a.a.x) * (y - a.a.y) - (a.b.y - a.a.y) * (x - a.a.x)

    apart = side(one, *other.a) * side(one, *other.b) < 0
    return apart and side(other, *one.a) * side(other, *one.b) < 0


def bends(picture: Picture) -> int:
    """How often flows turn."""
    return sum(max(0, len(points) - 2) for flow, points in picture.routes.items() if flow in picture.flows)


RULES = (flow_through_shape, flow_end_off_shape, flows_on_top, default_mark_shared)
