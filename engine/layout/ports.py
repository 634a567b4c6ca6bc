"""The four sides of a shape by which a line may leave or enter, and what each costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.layout.scene import MANY_WAYS, Line, Point, Scene, Shape

RIGHT, DOWN, LEFT, UP = range(4)
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))

_LEAVE = (0, 90, 200, 90)
_LEAVE_GATEWAY = (0, 35, 200, 35)
_LEAVE_BACK = (60, 10, 120, 0)
_ENTER = (250, 90, 0, 90)
_ENTER_GATEWAY = (250, 70, 0, 70)
_ENTER_BACK = (60, 20, 40, 20)

DEFAULT_SHARED = 500  # the default mark must stand on a stretch of its own
AGAINST = 300  # a line out where another comes in


class Ports:
    """Remembers which points are used."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.used: dict[tuple[str, Point], list[tuple[Line, bool]]] = defaultdict(list)
        self.ways_out: dict[str, int] = defaultdict(int)
        for line in scene.lines:
            self.ways_out[line.source] += 1

    def of(self, shape: Shape, line: Line, leaving: bool, other: Shape) -> Iterator[tuple[int, Point, int]]:
        """Side, point and price of each way to leave (or enter) the shape."""
        for side in range(4):
            if shape.host is not None and side != DOWN:
                continue
            if shape.host is None and side == DOWN and self.scene.attached[shape.id]:
                continue
            price = self._leave(shape, line, side, other) if leaving else self._enter(shape, line, side, other)
            for point in _points(shape, side):
                yield side, point, price + self._crowd(shape, line, point, leaving)

    def use(self, shape: Shape, point: Point, line: Line, leaving: bool) -> None:
        self.used[shape.id, point].append((line, leaving))

    def _leave(self, shape: Shape, line: Line, side: int, other: Shape) -> int:
        if shape.host is not None:
            return 0
        if shape.is_gateway and line in self.scene.straight_down:
            return 0 if side == (DOWN if other.centre_y > shape.centre_y else UP) else 80
        if line.is_back:
            return _LEAVE_BACK[side]
        return (_LEAVE_GATEWAY if shape.is_gateway else _LEAVE)[side]

    def _enter(self, shape: Shape, line: Line, side: int, other: Shape) -> int:
        if line in self.scene.straight_down:
            return 0 if side == (UP if other.centre_y < shape.centre_y else DOWN) else 60
        if line.is_back:
            return _ENTER_BACK[side]
        return (_ENTER_GATEWAY if shape.is_gateway else _ENTER)[side]

    def _crowd(self, shape: Shape, line: Line, point: Point, leaving: bool) -> int:
        """What it costs to share a point with the lines that use it already; many cost no more than one."""
        others = self.used[shape.id, point]
        alike = [other for other, is_leaving in others if is_leaving == leaving]
        price = AGAINST if len(alike) < len(others) else 0
        if not alike:
            return price
        if leaving and (line.is_default or any(each.is_default for each in alike)):
            return price + DEFAULT_SHARED
        if not leaving:
            return price + 25
        if not shape.is_gateway:
            return price + 70
        return price + (12 if self.ways_out[shape.id] > MANY_WAYS else 60)


def _points(shape: Shape, side: int) -> list[Point]:
    if side in (RIGHT, LEFT):
        return [(shape.x + (shape.width if side == RIGHT else 0), shape.line_y)]
    return [(x, shape.y + (shape.height if side == DOWN else 0)) for x in shape.docks]
