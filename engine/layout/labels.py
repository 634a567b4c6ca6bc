"""Step 5: labels. Each name tries a dozen places and takes the one that touches least."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagrams.texts import label_size
from engine.layout.scene import Box, Line, Scene, Shape, overlap, segments

ON_SHAPE = 1000
ON_LABEL = 800
BESIDE_SIBLING = 400
NEAR_SIBLING = 120
ON_LINE = 300
ON_LANE_BORDER = 150
FAR = 100  # further from its beginning costs no more than this


def assign_labels(scene: Scene) -> None:
    """Fill in the scene's `labels` (left, top, width, height) of events, gateways and named lines."""
    _Labels(scene).place()


class _Labels:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.shapes = [each.box for each in scene.shapes.values()]
        self.pieces = [_thin(a, b) for line in scene.lines for a, b in segments(line.points)]
        self.borders = [scene.bands[lane][0] for lane in scene.lanes if lane]
        self.placed: list[Box] = []

    def place(self) -> None:
        for shape in self.scene.shapes.values():
            if shape.has_label:
                width, height = label_size(shape.name, self.scene.widest_label(shape))
                places = list(_beside(shape, width, height))
                costs = [self._price(each, width, height) + 3 * n for n, each in enumerate(places)]
                self._take(shape.id, places[costs.index(min(costs))], width, height)
        for line in sorted(self.scene.lines, key=lambda each: len(self.scene.leaving(each.source))):
            if line.name and line.points:
                self._place_on(line)

    def _place_on(self, line: Line) -> None:
        width, height = label_size(line.name)
        others = [
            stretch
            for other in self.scene.lines
            if other is not line and (other.source == line.source or other.target == line.target)
            for stretch in segments(other.points)
        ]
        siblings = [_grown(a, b, 5) for a, b in others]
        around = [_grown(a, b, 12) for a, b in others]

        def price(candidate: tuple[float, float, float]) -> float:
            far, x, y = candidate
            box = (x, y, x + width, y + height)
            shared = BESIDE_SIBLING if any(overlap(box, each) for each in siblings) else 0
            shared += NEAR_SIBLING if any(overlap(box, each) for each in around) else 0
            return self._price((x, y), width, height) + min(far * 0.5, FAR) + shared

        _, x, y = min(_along(line, others, width, height), key=price)
        self._take(line.id, (x, y), width, height)

    def _price(self, place: tuple[float, float], width: int, height: int) -> float:
        x, y = place
        box = (x, y, x + width, y + height)
        near = (x - 2, y - 2, x + width + 2, y + height + 2)
        cost = ON_SHAPE * sum(overlap(box, each) for each in self.shapes)
        cost += ON_LABEL * sum(overlap(near, each) for each in self.placed)
        cost += ON_LINE * sum(overlap(box, each) for each in self.pieces)
        return cost + ON_LANE_BORDER * sum(y < each + 1 < y + height for each in self.borders)

    def _take(self, owner: str, place: tuple[float, float], width: int, height: int) -> None:
        x, y = place
        self.scene.labels[owner] = (round(x), round(y), width, height)
        self.placed.append((x, y, x + width, y + height))


def _thin(a: tuple[int, int], b: tuple[int, int]) -> Box:
    """A stretch of a line as a box that overlaps whatever it runs through."""
    return (min(a[0], b[0]) - 0.1, min(a[1], b[1]) - 0.1, max(a[0], b[0]) + 0.1, max(a[1], b[1]) + 0.1)


def _grown(a: tuple[int, int], b: tuple[int, int], by: int) -> Box:
    return (min(a[0], b[0]) - by, min(a[1], b[1]) - by, max(a[0], b[0]) + by, max(a[1], b[1]) + by)


def _beside(shape: Shape, width: int, height: int) -> Iterator[tuple[float, float]]:
    """Places for the name of an event or a gateway, the most usual first."""
    middle, right, bottom = shape.centre_x, shape.x + shape.width, shape.y + shape.height
    if shape.host is not None:
        for x, y in ((right - 4, bottom - 4), (middle + 6, bottom)):
            yield x, y
        for x, y in ((shape.x - width + 2, bottom - 4), (middle - 6 - width, bottom)):
            yield x, y
        for y in (bottom + 8, bottom + 24):  # the lower one clears the name of a neighbour
            for x in (middle + 6, middle - 6 - width):
                yield x, y
        return
    above, below = (middle - width / 2, shape.y - 4 - height), (middle - width / 2, bottom + 4)
    yield from (above, below) if shape.is_gateway else (below, above)
    quarter = shape.width / 4
    for y in (shape.y - height + 2, bottom - 2):
        yield middle + quarter + 4, y
        yield middle - quarter - 4 - width, y
    for y in (shape.y - 4 - height, bottom + 4):
        yield middle + 6, y
        yield middle - 6 - width, y
    yield right + 4, shape.centre_y - height / 2


Point = tuple[int, int]
Stretch = tuple[Point, Point]


def _along(line: Line, others: list[Stretch], width: int, height: int) -> Iterator[tuple[float, float, float]]:
    """How far from its beginning, and where: places for the name of a line, on both sides of each stretch.

    Where it shares a stretch with a sibling, the part that is the line's own has places too: beside the trunk of
    several lines a name says nothing.
    """
    gone = 0.0
    for a, b in segments(line.points):
        for c, d in [(a, b), *_own(a, b, others)]:
            yield from _on_stretch(gone + _length(a, c), c, d, width, height)
        gone += _length(a, b)


def _on_stretch(gone: float, a: Point, b: Point, width: int, height: int) -> Iterator[tuple[float, float, float]]:
    length = _length(a, b)
    level = a[1] == b[1]
    size = width if level else height
    short = 40 if length < size + (8 if level else 4) else 0
    for along in (6, length / 2 - size / 2, 16):
        far = gone + along * 0.3 + short
        if level:
            x: float = a[0] + along if b[0] > a[0] else a[0] - along - width
            for y in (a[1] - height - 3, a[1] + 3):
                yield far, x, y
        else:
            down = a[1] + along if b[1] > a[1] else a[1] - along - height
            for beside in (a[0] + 4, a[0] - width - 4):
                yield far, beside, down


def _own(a: Point, b: Point, others: list[Stretch]) -> Iterator[Stretch]:
    """The end of a stretch after all that siblings share of its beginning, if some of it is left."""
    axis = 0 if a[1] == b[1] else 1
    sign = 1 if b[axis] > a[axis] else -1
    start = a[axis]
    for c, d in others:
        if c[1 - axis] == d[1 - axis] == a[1 - axis]:
            low, high = sorted((sign * c[axis], sign * d[axis]))
            if low <= sign * a[axis] < high:
                start = sign * max(sign * start, high)
    if start != a[axis] and sign * start < sign * b[axis]:
        yield ((start, a[1]) if axis == 0 else (a[0], start)), b


def _length(a: Point, b: Point) -> int:
    return abs(b[0] - a[0]) + abs(b[1] - a[1])
