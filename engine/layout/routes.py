"""Step 4: routes. Each line takes its cheapest way over the grid (A*): short ones first, ways back last.

Length costs its pixels; a bend, a crossing, lying on another line and passing over a likely label cost extra. Joining a
line to the same target is slightly cheaper than a line of its own, so merges bundle; a trunk out of a gateway is shared
only where it has more than three ways out, and never with the default flow.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from engine.layout.grid import Grid, Spot
from engine.layout.ports import STEPS, Ports
from engine.layout.scene import MANY_WAYS, Line, Point, Scene

BEND = 30
CROSSING = 45
ON_LABEL = 45
ON_ANOTHER = 400
BUNDLE = -0.25
MOST_STEPS = 150_000  # of one scene, some seconds; the lines left over are drawn plainly
CHEAPEST = 0.74  # of a pixel, at best: keeps the estimate below the true price


class _State(NamedTuple):
    spot: Spot
    side: int  # the direction of travel, as a side of `STEPS`


class _Goal(NamedTuple):
    side: int
    point: Point
    price: float


def assign_routes(scene: Scene) -> None:
    """Fill in the points of every line."""
    router = _Router(scene)
    for line in sorted(scene.lines, key=lambda each: _turn(scene, each)):
        line.points = router.route(line) or _plain(scene, line)


def _turn(scene: Scene, line: Line) -> tuple[bool, bool, float]:
    source, target = scene.owner(line.source), scene.shapes[line.target]
    level = source.lane == target.lane and source.row == target.row
    far = abs(target.column - source.column) + 3 * abs(target.line_y - source.line_y) / 200
    return line.is_back, not level, far


class _Router:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.grid = Grid(scene)
        self.ports = Ports(scene)
        self.steps_left = MOST_STEPS
        self.on_stretch: tuple[dict[Spot, list[Line]], dict[Spot, list[Line]]] = (defaultdict(list), defaultdict(list))
        self.through: tuple[dict[Spot, set[Line]], dict[Spot, set[Line]]] = (defaultdict(set), defaultdict(set))

    def route(self, line: Line) -> list[Point]:
        """The points of the cheapest way; [] when there is none."""
        source, target = self.scene.shapes[line.source], self.scene.shapes[line.target]
        goals: dict[Spot, list[_Goal]] = defaultdict(list)
        for side, point, price in self.ports.of(target, line, False, source):
            way = self.grid.way_out(target, point, STEPS[side])
            if way:
                goals[way[0]].append(_Goal(side, point, price + way[1]))
        starts: dict[_State, tuple[float, Point]] = {}
        for side, point, price in self.ports.of(source, line, True, target):
            way = self.grid.way_out(source, point, STEPS[side])
            if way:
                starts[_State(way[0], side)] = (price + way[1], point)
        found = self._search(line, starts, goals) if goals else None
        if found is None:
            return []
        states, goal = found
        self.ports.use(source, starts[states[0]][1], line, True)
        self.ports.use(target, goal.point, line, False)
        self._remember(line, [each.spot for each in states])
        middle = [self.grid.place(each.spot) for each in states]
        return without_needless([starts[states[0]][1], *middle, goal.point])

    def _search(
        self, line: Line, starts: dict[_State, tuple[float, Point]], goals: dict[Spot, list[_Goal]]
    ) -> tuple[list[_State], _Goal] | None:
        estimate = self._estimate(goals)
        best = {state: price for state, (price, _) in starts.items()}
        came: dict[_State, _State] = {}
        heap = [(price + estimate(state.spot), price, state) for state, price in best.items()]
        heapq.heapify(heap)
        end: tuple[float, _State, _Goal] | None = None
        while heap and self.steps_left:
            self.steps_left -= 1
            expected, price, state = heapq.heappop(heap)
            if end is not None and expected >= end[0]:
                break
            if price > best[state]:
                continue
            for goal in goals.get(state.spot, ()):
                total = price + goal.price + _last_turn(state.side, goal.side)
                if end is None or total < end[0]:
                    end = (total, state, goal)
            for following, step_price in self._steps(line, state):
                total = price + step_price
                if total < best.get(following, float("inf")):
                    best[following] = total
                    came[following] = state
                    heapq.heappush(heap, (total + estimate(following.spot) * CHEAPEST, total, following))
        return None if end is None else (_way_to(end[1], came), end[2])

    def _estimate(self, goals: dict[Spot, list[_Goal]]) -> _Estimate:
        places = [self.grid.place(each) for each in goals]
        return _Estimate(self.grid, [x for x, _ in places], [y for _, y in places])

    def _steps(self, line: Line, state: _State) -> list[tuple[_State, float]]:
        found = []
        for side, step in enumerate(STEPS):
            spot = None if side == (state.side + 2) % 4 else self.grid.neighbour(state.spot, step)
            if spot is not None:
                turn = BEND if side != state.side else 0
                found.append((_State(spot, side), turn + self._price(line, state.spot, spot, side)))
        return found

    def _price(self, line: Line, a: Spot, b: Spot, side: int) -> float:
        """Of one step over the grid, without the bend."""
        (ax, ay), (bx, by) = self.grid.place(a), self.grid.place(b)
        length = abs(ax - bx) + abs(ay - by)
        upright = side % 2
        price = float(length) + ON_LABEL * self.grid.labels.get(b, 0)
        if STEPS[side][0] < 0 and not line.is_back:
            price += length
        shared = [
            self._share(line, each, upright) for each in self.on_stretch[upright].get(min(a, b), ()) if each is not line
        ]
        if shared:
            dearest = max(shared)
            price += dearest * length + (ON_ANOTHER if dearest >= 1 else 0)
        for other in self.through[1 - upright].get(b, ()):
            if other.target != line.target and other.source != line.source:
                price += CROSSING
        return price

    def _share(self, line: Line, other: Line, upright: int) -> float:
        """The extra price per pixel on the same stretch as `other`; 1 and more is as good as forbidden."""
        if other.target == line.target:
            return BUNDLE
        if other.source == line.source and not (line.is_default or other.is_default):
            return (BUNDLE if upright else 0) if self.ports.ways_out[line.source] > MANY_WAYS else 0.1
        return 1.0

    def _remember(self, line: Line, way: list[Spot]) -> None:
        for a, b in pairwise(way):
            upright = int(a[0] == b[0])
            self.on_stretch[upright][min(a, b)].append(line)
            self.through[upright][a].add(line)
            self.through[upright][b].add(line)


class _Estimate:
    """The least distance from a spot to the box round all goals."""

    def __init__(self, grid: Grid, xs: list[int], ys: list[int]) -> None:
        self.grid = grid
        self.left, self.right, self.top, self.bottom = min(xs), max(xs), min(ys), max(ys)

    def __call__(self, spot: Spot) -> float:
        x, y = self.grid.place(spot)
        return max(self.left - x, 0, x - self.right) + max(self.top - y, 0, y - self.bottom)


def _last_turn(side: int, goal_side: int) -> float:
    """Straight in costs nothing, from the side a bend; backwards out of the shape is not possible."""
    if goal_side == (side + 2) % 4:
        return 0
    return BEND if goal_side != side else 1e6


def _way_to(state: _State, came: dict[_State, _State]) -> list[_State]:
    way = [state]
    while way[-1] in came:
        way.append(came[way[-1]])
    return way[::-1]


def _plain(scene: Scene, line: Line) -> list[Point]:
    """When nothing is free: from the source's right or lower edge to the target's left one, whatever lies between."""
    source, target = scene.shapes[line.source], scene.shapes[line.target]
    if source.host is not None:
        x, y = round(source.centre_x), source.y + source.height
        return without_needless([(x, y), (x, target.line_y), (target.x, target.line_y)])
    begin = (source.x + source.width, source.line_y)
    end = (target.x, target.line_y)
    middle = (begin[0] + end[0]) // 2
    return without_needless([begin, (middle, begin[1]), (middle, end[1]), end])


def without_needless(points: list[Point]) -> list[Point]:
    """The route without points that it passes straight through, and without repeated ones."""
    kept = points[:1]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if not (before[0] == here[0] == after[0] or before[1] == here[1] == after[1]):
            kept.append(here)
    kept.append(points[-1])
    return [each for position, each in enumerate(kept) if position == 0 or each != kept[position - 1]]
