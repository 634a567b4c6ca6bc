"""Is everything drawn, in its place, and apart?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from engine.geometry.findings import Flaw, flaw
from engine.geometry.picture import Box, Picture, Point

TOLERANCE = 2.0
TILE_TOLERANCE = 1.0


def not_drawn(picture: Picture) -> Iterator[Flaw]:
    """Every node, flow, lane and pool has a shape."""
    for node in picture.nodes.values():
        if node.id not in picture.shapes and node.id not in picture.hidden:
            yield flaw("not_drawn", "没有图形", "Has no shape", node.id)
    for flow in picture.flows:
        if len(picture.routes.get(flow, ())) < 2 and flow not in picture.hidden:
            yield flaw("not_drawn", "连线没有画出", "The flow is not drawn", flow)
    areas = [each.id for process in picture.processes for each in process.lanes]
    for area in areas + [each.id for each in picture.diagram.participants]:
        if area not in picture.shapes:
            yield flaw("not_drawn", "泳道或泳池没有画出", "The lane or pool is not drawn", area)


def shapes_overlap(picture: Picture) -> Iterator[Flaw]:
    """Boxes keep apart, but for a container and its contents, a boundary event and its host."""
    around = {each.id: picture.around(each.id) for each in picture.drawn}
    for a, b in combinations(picture.drawn, 2):
        if a.id in around[b.id] or b.id in around[a.id] or a.attached_to == b.id or b.attached_to == a.id:
            continue
        if picture.shapes[a.id].overlaps(picture.shapes[b.id]):
            yield flaw("shapes_overlap", "图形重叠", "Shapes overlap", a.id, b.id)


def outside_its_place(picture: Picture) -> Iterator[Flaw]:
    """A node lies within its lane and its subprocess; a boundary event follows its host."""
    for node in picture.drawn:
        place = picture.shapes.get(node.parent or "")
        if place is not None and not node.attached_to and not place.holds(picture.shapes[node.id]):
            yield flaw(
                "outside_its_place", "图形在子流程之外", "Lies outside its subprocess", node.id, node.parent or ""
            )
    for process in picture.processes:
        for lane in process.lanes:
            for node_id in (each.strip() for each in lane.refs):
                about = picture.nodes.get(node_id)
                box = picture.shapes.get((about.attached_to if about else "") or node_id)
                if box and lane.id in picture.shapes and not picture.shapes[lane.id].holds(box):
                    yield flaw("outside_its_place", "图形在泳道之外", "Lies outside its lane", node_id, lane.id)


def in_one_lane(picture: Picture) -> Iterator[Flaw]:
    """With lanes, each node of the process is listed in exactly one; a boundary event may leave it to its host."""
    for process in picture.processes:
        listed = [ref.strip() for lane in process.lanes for ref in lane.refs]
        for node in process.nodes_in(None) if process.lanes else ():
            times = listed.count(node.id)
            if times > 1 or (times == 0 and not node.attached_to):
                yield flaw("in_one_lane", f"节点在 {times} 条泳道里", f"Stands in {times} lanes", node.id)


def off_its_border(picture: Picture) -> Iterator[Flaw]:
    """The centre of a boundary event lies on the edge of its host."""
    for node in picture.drawn:
        host = picture.shapes.get(node.attached_to or "")
        if host is not None and not _on_edge(_centre(picture.shapes[node.id]), host):
            yield flaw("off_its_border", "边界事件不在任务边上", "The boundary event is off its border", node.id)


def _centre(box: Box) -> Point:
    return Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)


def _on_edge(point: Point, box: Box) -> bool:
    within = box.is_near(point, TOLERANCE)
    upright = min(abs(point.x - box.left), abs(point.x - box.right))
    level = min(abs(point.y - box.top), abs(point.y - box.bottom))
    return within and min(upright, level) <= TOLERANCE


def lanes_do_not_tile(picture: Picture) -> Iterator[Flaw]:
    """Lanes have the same left and right edge, and each begins where the one above ends."""
    for process in picture.processes:
        lanes = [(picture.shapes[each.id], each.id) for each in process.lanes if each.id in picture.shapes]
        for (a, above), (b, below) in pairwise(sorted(lanes, key=lambda each: each[0].top)):
            gaps = (a.bottom - b.top, a.left - b.left, a.right - b.right)
            if any(abs(each) > TILE_TOLERANCE for each in gaps):
                yield flaw("lanes_do_not_tile", "泳道没有对齐", "The lanes do not tile", above, below)


RULES = (not_drawn, shapes_overlap, outside_its_place, in_one_lane, off_its_border, lanes_do_not_tile)
