"""Step 1: columns. Left to right along the longest way; ways back are found first and do not count.

A gateway's line into another lane may go straight down or up within its column, so that asking and acting stand
above each other: one line per side, into the nearest lane, with no shape in the lanes between.
"""

from __future__ import annotations

import math
from collections import defaultdict

from engine.layout.scene import Line, Scene, Shape

COLUMN_PITCH = 140


def assign_columns(scene: Scene) -> None:
    """Fill in `column` and `span` of each shape, `is_back` of each line, and the scene's `straight_down` and `rest`."""
    ahead = _lines_by_owner(scene)
    _mark_ways_back(scene, ahead)
    _measure_rest(scene, ahead)
    for shape in scene.body:
        shape.span = max(1, math.ceil((shape.width - 40) / COLUMN_PITCH))
    scene.straight_down = _candidates(scene)
    least: dict[str, int] = defaultdict(int)
    _longest_paths(scene, ahead, least)
    for _ in range(4):
        moved = _in_the_way(scene)
        if not moved:
            break
        for shape in moved:
            least[shape.id] = shape.column + 1
        _longest_paths(scene, ahead, least)
    _give_up_blocked(scene, ahead, least)


def _lines_by_owner(scene: Scene) -> dict[str, list[Line]]:
    ahead: dict[str, list[Line]] = defaultdict(list)
    for line in scene.lines:
        ahead[scene.owner(line.source).id].append(line)
    return ahead


def _mark_ways_back(scene: Scene, ahead: dict[str, list[Line]]) -> None:
    """Depth first from the starts, in the order of the file: a line to a shape still being visited leads back."""
    state: dict[str, str] = {}

    def visit(start: str) -> None:
        state[start] = "open"
        stack = [(start, iter(ahead[start]))]
        while stack:
            shape_id, lines = stack[-1]
            line = next(lines, None)
            if line is None:
                state[shape_id] = "done"
                stack.pop()
            elif state.get(line.target) == "open":
                line.is_back = True
            elif line.target not in state:
                state[line.target] = "open"
                stack.append((line.target, iter(ahead[line.target])))

    entered = {each.target for each in scene.lines}
    for shape in sorted(scene.body, key=lambda each: each.id in entered):
        if shape.id not in state:
            visit(shape.id)


def _measure_rest(scene: Scene, ahead: dict[str, list[Line]]) -> None:
    """For each shape the number of steps on the longest way from it to an end."""
    for shape in reversed(_in_flow_order(scene, ahead)):
        following = [1 + scene.rest[each.target] for each in ahead[shape.id] if not each.is_back]
        scene.rest[shape.id] = max(following, default=0)


def _in_flow_order(scene: Scene, ahead: dict[str, list[Line]]) -> list[Shape]:
    """Each shape after all that lead to it; among equals the order of the file."""
    left: dict[str, int] = defaultdict(int)
    for line in scene.lines:
        left[line.target] += not line.is_back
    ready = [each.id for each in scene.body if not left[each.id]]
    ordered = []
    while ready:
        ready.sort(key=scene.order.__getitem__)
        shape_id = ready.pop(0)
        ordered.append(scene.shapes[shape_id])
        for line in ahead[shape_id]:
            if not line.is_back:
                left[line.target] -= 1
                if not left[line.target]:
                    ready.append(line.target)
    return ordered


def _longest_paths(scene: Scene, ahead: dict[str, list[Line]], least: dict[str, int]) -> None:
    """The column of a shape is the longest way to it; a line straight down takes no column."""
    for shape in scene.body:
        shape.column = least[shape.id]
    for shape in _in_flow_order(scene, ahead):
        for line in ahead[shape.id]:
            if not line.is_back:
                target = scene.shapes[line.target]
                step = 0 if line in scene.straight_down else shape.span
                target.column = max(target.column, shape.column + step)


def _candidates(scene: Scene) -> set[Line]:
    """Lines that may go straight down or up: the nearest lane first, one per side of a shape, one into a shape."""
    level = {lane: number for number, lane in enumerate(scene.lanes)}
    possible = []
    for line in scene.lines:
        source, owner, target = scene.shapes[line.source], scene.owner(line.source), scene.shapes[line.target]
        down = level[target.lane] - level[owner.lane]
        if line.is_back or not down or owner.span > 1 or target.span > 1:
            continue
        if source.is_gateway or (source.host is not None and down > 0):
            possible.append((abs(down), line, (owner.id, down > 0)))
    chosen: set[Line] = set()
    sides, entered = set(), set()
    for _, line, side in sorted(possible, key=lambda each: each[0]):
        if side not in sides and line.target not in entered:
            sides.add(side)
            entered.add(line.target)
            chosen.add(line)
    return chosen


def _in_the_way(scene: Scene) -> list[Shape]:
    """Ends of short side ways that stand where a line wants to go straight down."""
    found = []
    for line in scene.straight_down:
        source = scene.shapes[line.source]
        if source.host is not None or source.column != scene.shapes[line.target].column:
            continue
        for shape in scene.body:
            beside = shape is not source and shape.lane == source.lane and shape.column == source.column
            if beside and shape.span == 1 and scene.rest[shape.id] < min(2, scene.rest[source.id]):
                found.append(shape)
    return found


def _give_up_blocked(scene: Scene, ahead: dict[str, list[Line]], least: dict[str, int]) -> None:
    """A line straight down over other lanes needs a clear column; without one it goes the usual way."""
    level = {lane: number for number, lane in enumerate(scene.lanes)}
    for line in sorted(scene.straight_down, key=lambda each: each.id):
        source, target = scene.owner(line.source), scene.shapes[line.target]
        upper, lower = sorted((level[source.lane], level[target.lane]))
        blocked = source.column == target.column and any(
            upper < level[each.lane] < lower and each.column <= source.column < each.column + each.span
            for each in scene.body
        )
        if blocked:
            scene.straight_down.discard(line)
            _longest_paths(scene, ahead, least)
    scene.straight_down = {
        each for each in scene.straight_down if scene.owner(each.source).column == scene.shapes[each.target].column
    }
