"""Can every name be read: is there a box for it, large enough, with nothing upon it?

Widths are estimated as in `engine.diagrams.texts`; a browser test measures what Chromium draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.diagrams import ACTIVITIES, SUBPROCESSES
from engine.diagrams.texts import TASK_TYPE, line_count
from engine.geometry.findings import Flaw, flaw
from engine.geometry.picture import Box, Picture

LABEL_LINE = 13.0
TASK_LINE = 14.4
TASK_SIDES, TASK_ICONS = 16, 34  # px that padding takes in width, and icon and marker in height


def label_missing(picture: Picture) -> Iterator[Flaw]:
    """A named event, gateway or flow has a label box, or bpmn-js puts its name under the outgoing flow."""
    for node in picture.drawn:
        beside = node.kind.endswith(("Event", "Gateway"))
        if node.name and beside and node.id not in picture.labels:
            yield flaw("label_missing", "名称没有位置", "The name has no label box", node.id)
    for flow in picture.flows.values():
        if flow.name and flow.id in picture.routes and flow.id not in picture.labels:
            yield flaw("label_missing", "名称没有位置", "The name has no label box", flow.id)


def label_too_small(picture: Picture) -> Iterator[Flaw]:
    """Nothing is clipped: what does not fit runs over."""
    for element, name, box in _labels(picture):
        if line_count(name, box.right - box.left) * LABEL_LINE > box.bottom - box.top + 2:
            yield flaw("label_too_small", "名称的位置太小", "The label box is too small", element)


def label_in_the_way(picture: Picture) -> Iterator[Flaw]:
    """A label lies on no shape, no flow and no other label, and within the pool."""
    pools = [picture.shapes[each.id] for each in picture.diagram.participants if each.id in picture.shapes]
    labels = list(_labels(picture))
    for element, _, box in labels:
        around = picture.around(element)
        for node in picture.drawn:
            if node.id not in around and box.shrunk(1).overlaps(picture.shapes[node.id]):
                yield flaw("label_in_the_way", "名称压在图形上", "A label lies on a shape", element, node.id)
        for piece in picture.pieces:
            if piece.touches(box.shrunk(2)):
                yield flaw("label_in_the_way", "名称压在连线上", "A label lies on a flow", element, piece.flow)
                break
        if pools and not pools[0].holds(box):
            yield flaw("label_in_the_way", "名称在泳池之外", "A label lies outside the pool", element)
    for (a, _, one), (b, _, other) in combinations(labels, 2):
        if one.shrunk(1).overlaps(other.shrunk(1)):
            yield flaw("label_in_the_way", "名称互相重叠", "Labels overlap", a, b)


def task_text_too_long(picture: Picture) -> Iterator[Flaw]:
    """The name of a task fits between its icon and its marker."""
    for node in picture.drawn:
        box = picture.shapes[node.id]
        if node.kind not in ACTIVITIES - SUBPROCESSES or not node.name:
            continue
        lines = line_count(node.name, box.right - box.left - TASK_SIDES, TASK_TYPE)
        if lines * TASK_LINE > box.bottom - box.top - TASK_ICONS:
            yield flaw("task_text_too_long", "任务名称放不下", "The name does not fit the task", node.id)


def _labels(picture: Picture) -> Iterator[tuple[str, str, Box]]:
    for element, box in picture.labels.items():
        about = picture.nodes.get(element) or picture.flows.get(element)
        if about is not None and about.name:
            yield element, about.name, box


RULES = (label_missing, label_too_small, label_in_the_way, task_text_too_long)
