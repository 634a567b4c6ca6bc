"""Step 3: coordinates from columns and rows. Gaps grow with the lines that will run in them and the longest label.

Centres are whole numbers, not corners, or straight lines would miss by half a pixel.
"""

from __future__ import annotations

from engine.diagrams.texts import label_size
from engine.layout.scene import MANY_WAYS, Line, Scene, Shape

TRACK = 12
COLUMN_GAP = 60
ROW_GAP = 40
LANE_PADDING = 30  # room for one track above the first row and below the last
LEAST_LANE = 120
BELOW_BOUNDARY_EVENT = 24


def assign_places(scene: Scene) -> None:
    """Fill in `x` and `y` of each shape, the `bands` of the lanes, and the scene's size."""
    columns = _Columns(scene)
    y = 0
    for lane in scene.lanes:
        top = y
        y = _place_lane(scene, lane, top, columns)
        scene.bands[lane] = (top, y)
    scene.width, scene.height = columns.width, y
    for shape in scene.shapes.values():
        shape.x, shape.y = round(shape.x), round(shape.y)
    for host in list(scene.attached):
        _place_boundary_events(scene, scene.shapes.get(host))


class _Columns:
    """Left edge and width of each column."""

    def __init__(self, scene: Scene) -> None:
        self.count = max((each.column + each.span for each in scene.body), default=1)
        self.widths = [36] * self.count
        for shape in scene.body:
            if shape.span == 1:
                label = label_size(shape.name)[0] if shape.has_label else 0
                self.widths[shape.column] = max(self.widths[shape.column], shape.width, label)
        gaps = self._gaps(scene)
        self.left: list[int] = []
        at = 0
        for column in range(self.count):
            at += gaps[column] if column else 0
            self.left.append(at)
            at += self.widths[column]
        self.width = at
        for shape in sorted(scene.body, key=lambda each: each.column):
            if shape.span > 1:
                self._make_room(shape)

    def _gaps(self, scene: Scene) -> list[int]:
        """Room before each column: for the lines that change row there, and for the longest label of a branch."""
        tracks: list[set[str]] = [set() for _ in range(self.count + 1)]
        labels = [0] * (self.count + 1)
        for line in scene.lines:
            source, target = scene.owner(line.source), scene.shapes[line.target]
            after = min(self.count, source.column + source.span)
            if line.is_back:
                tracks[target.column].add(line.id)
                tracks[after].add(line.id)
            elif source.lane != target.lane or source.row != target.row:
                many = len(scene.leaving(line.source)) > MANY_WAYS
                tracks[target.column].add(line.source if many else line.id)
            if line.name and not line.is_back and line not in scene.straight_down:
                labels[after] = max(labels[after], self._label_room(scene, line))
        return [max(COLUMN_GAP, TRACK * (len(track) + 2), label) for track, label in zip(tracks, labels, strict=True)]

    def _label_room(self, scene: Scene, line: Line) -> int:
        beside = sum(each not in scene.straight_down for each in scene.leaving(line.source))
        return label_size(line.name)[0] + 24 + TRACK * (beside if beside <= MANY_WAYS else 2)

    def _make_room(self, shape: Shape) -> None:
        """Move what stands right of a wide shape on, if its columns are too narrow for it."""
        last = shape.column + shape.span - 1
        short = shape.width - (self.left[last] + self.widths[last] - self.left[shape.column])
        if short > 0:
            for column in range(last + 1, self.count):
                self.left[column] += short
            self.widths[last] += short
            self.width += short

    def x_of(self, shape: Shape) -> float:
        left = self.left[shape.column]
        return left + (self.widths[shape.column] - shape.width) / 2 if shape.span == 1 else left


def _place_lane(scene: Scene, lane: str, top: int, columns: _Columns) -> int:
    """Place the rows of a lane from `top` on; returns where the lane ends."""
    inside = [each for each in scene.body if each.lane == lane]
    y = top + (LANE_PADDING if lane else 0)
    begins: dict[int, float] = {}  # where a row may begin at the earliest, below a shape of several rows
    for row in range(scene.rows[lane]):
        y = round(max(y, begins.get(row, y)))
        here = [each for each in inside if each.row == row]
        line = round(y + max((_room_above(each) for each in here), default=20))
        y = round(line + max((_room_below(scene, each) for each in here), default=20))
        y += ROW_GAP if row < scene.rows[lane] - 1 else 0
        for shape in here:
            shape.y = line - shape.above_line
            shape.x = round(columns.x_of(shape))
            after = row + shape.rows_high
            begins[after] = max(begins.get(after, 0), shape.y + shape.height + ROW_GAP + _events_below(scene, shape))
    y = round(max(y, begins.get(scene.rows[lane], 0) - ROW_GAP))
    y += LANE_PADDING if lane else 0
    if lane and y - top < LEAST_LANE:  # at least the height of a lane's name
        for shape in inside:
            shape.y += round((LEAST_LANE - (y - top)) / 2)
        y = top + LEAST_LANE
    return y


def _room_above(shape: Shape) -> float:
    label = 29 + label_size(shape.name)[1] if shape.is_gateway and shape.name else 0
    return max(shape.above_line, label)


def _room_below(scene: Scene, shape: Shape) -> float:
    if shape.rows_high > 1:
        return 20
    label = 22 + label_size(shape.name)[1] if shape.is_event and shape.name else 0
    return max(shape.height - shape.above_line + _events_below(scene, shape), label)


def _events_below(scene: Scene, shape: Shape) -> int:
    return BELOW_BOUNDARY_EVENT if scene.attached[shape.id] else 0


def _place_boundary_events(scene: Scene, host: Shape | None) -> None:
    """On the lower edge, from the right; the one whose handler lies furthest away goes left."""
    if host is None:
        return
    events = scene.attached[host.id]
    away = {
        each.source: abs(scene.shapes[each.target].centre_y - host.centre_y)
        for each in scene.lines
        if each.target in scene.shapes
    }
    events.sort(key=lambda each: -away.get(each.id, 0))
    pitch = 60 if len(events) > 2 else 50
    for position, event in enumerate(events):
        centre = host.x + host.width - 25 - pitch * (len(events) - 1 - position)
        event.x = round(centre - event.width / 2)
        event.y = round(host.y + host.height - event.height / 2)
