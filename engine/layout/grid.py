"""Where lines may run: a sparse grid of the shapes' centres and of tracks 12 px apart in the free room between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.diagrams.texts import label_size
from engine.layout.places import TRACK
from engine.layout.scene import MANY_WAYS, Box, Scene, Shape

CLEARANCE = 8
MARGIN = 30
Spot = tuple[int, int]  # indices into xs and ys


class Grid:
    """`xs` and `ys` in rising order; `blocked` tells for a spot which shapes lie on it, `labels` how many names
    probably will."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.xs = sorted(self._columns(scene))
        self.ys = sorted(self._rows(scene))
        self.index_of_x = {x: i for i, x in enumerate(self.xs)}
        self.index_of_y = {y: j for j, y in enumerate(self.ys)}
        self.blocked: dict[Spot, set[str]] = defaultdict(set)
        self.labels: dict[Spot, int] = defaultdict(int)
        self._passable: dict[tuple[Spot, Spot], bool] = {}
        self._boxes = [each.box for each in scene.shapes.values()]
        for shape in scene.shapes.values():
            for spot in self._spots(shape.box, CLEARANCE):
                self.blocked[spot].add(shape.id)
        for box in likely_labels(scene):
            for spot in self._spots(box, 2):
                self.labels[spot] += 1

    def _columns(self, scene: Scene) -> set[int]:
        found = {x for each in scene.shapes.values() for x in each.docks}
        cuts = [(each.x, each.x + each.width) for each in scene.body if each.span == 1]
        return found | set(_tracks(cuts, -MARGIN, scene.width + MARGIN))

    def _rows(self, scene: Scene) -> set[int]:
        found = {each.line_y for each in scene.body}
        for lane in scene.lanes:
            top, bottom = (
                scene.bands[lane] if lane else (-MARGIN - CLEARANCE - TRACK, scene.height + MARGIN + CLEARANCE + TRACK)
            )
            cuts = [(each.y, each.y + each.height) for each in scene.shapes.values() if each.lane == lane]
            found |= set(_tracks(cuts, top, bottom))
        return found - {scene.bands[lane][0] for lane in scene.lanes[1:]}

    def _spots(self, box: Box, margin: int) -> Iterator[Spot]:
        """The spots strictly inside a box grown by `margin`."""
        rows = [j for j, y in enumerate(self.ys) if box[1] - margin < y < box[3] + margin]
        for i, x in enumerate(self.xs):
            if box[0] - margin < x < box[2] + margin:
                yield from ((i, j) for j in rows)

    def place(self, spot: Spot) -> tuple[int, int]:
        return self.xs[spot[0]], self.ys[spot[1]]

    def neighbour(self, spot: Spot, step: Spot) -> Spot | None:
        """The next free spot in that direction, None at the edge, on a shape or across one."""
        i, j = spot[0] + step[0], spot[1] + step[1]
        if not (0 <= i < len(self.xs) and 0 <= j < len(self.ys)) or self.blocked.get((i, j)):
            return None
        ends = (min(spot, (i, j)), max(spot, (i, j)))
        if ends not in self._passable:
            self._passable[ends] = self._is_clear(*ends)
        return (i, j) if self._passable[ends] else None

    def _is_clear(self, a: Spot, b: Spot) -> bool:
        (left, top), (right, bottom) = self.place(a), self.place(b)
        return not any(
            left < box[2] + 4 and right > box[0] - 4 and top < box[3] + 4 and bottom > box[1] - 4 for box in self._boxes
        )

    def way_out(self, shape: Shape, port: tuple[int, int], step: Spot) -> tuple[Spot, int] | None:
        """The first free spot straight out of a port, and how far it is; None when another shape lies there."""
        x, y = port
        mine = {shape.id, shape.host}
        if step[0]:
            mine |= {each.id for each in self.scene.attached[shape.id]}
            if y not in self.index_of_y:
                return None
            away = [
                (abs(each - x), (i, self.index_of_y[y])) for i, each in enumerate(self.xs) if (each - x) * step[0] >= 6
            ]
        else:
            if x not in self.index_of_x:
                return None
            away = [
                (abs(each - y), (self.index_of_x[x], j)) for j, each in enumerate(self.ys) if (each - y) * step[1] >= 6
            ]
        for distance, spot in sorted(away):
            on = self.blocked.get(spot)
            if not on:
                return spot, distance
            if on - mine:
                return None
        return None


def _tracks(cuts: list[tuple[int, int]], begin: float, end: float) -> Iterator[int]:
    """Evenly spread tracks in the room between the cuts."""
    at = begin
    for low, high in [*sorted(cuts), (end, end)]:
        room = low - at
        if room >= 2 * TRACK:
            number = int(room // TRACK) - 1
            first = (room - (number - 1) * TRACK) / 2
            yield from (round(at + first + each * TRACK) for each in range(number))
        at = max(at, high)


def likely_labels(scene: Scene) -> Iterator[Box]:
    """Where names beside shapes will probably stand, so that lines keep off."""
    for shape in scene.body:
        if shape.has_label:
            width, height = label_size(shape.name)
            top = shape.y - 4 - height if shape.is_gateway else shape.y + shape.height + 4
            yield (shape.centre_x - width / 2, top, shape.centre_x + width / 2, top + height)
    for line in scene.lines:
        if line.name and not line.is_back and len(scene.leaving(line.source)) > MANY_WAYS:
            target = scene.shapes[line.target]
            width, height = label_size(line.name)
            yield (target.x - 12 - width, target.line_y - 20 - height, target.x - 10, target.line_y - 2)
    for events in scene.attached.values():
        for position, event in enumerate(events):
            if event.name:
                width, height = label_size(event.name, scene.widest_label(event))
                if position == 0 and len(events) == 2:
                    yield (event.x - width, event.y + 26, event.x, event.y + 34 + height)
                else:
                    yield (event.centre_x + 4, event.y + 32, event.centre_x + 8 + width, event.y + 38 + height)
