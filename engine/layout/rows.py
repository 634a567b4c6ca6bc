"""Step 2: rows within a lane. A whole chain lies in one row, straight on; its branches below, so that brackets nest."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

from engine.layout.scene import Line, Scene, Shape


def assign_rows(scene: Scene) -> None:
    """Fill in `row` of each shape and the scene's number of `rows` per lane."""
    _Rows(scene).fill()


class _Rows:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.taken: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.leaving: dict[str, list[Line]] = defaultdict(list)
        self.entering: dict[str, list[Line]] = defaultdict(list)
        for line in scene.lines:
            if not line.is_back:
                self.leaving[line.source].append(line)
                self.entering[line.target].append(line)

    def fill(self) -> None:
        scene = self.scene
        scene.rows = dict.fromkeys(scene.lanes, 1)
        for shape in sorted(scene.body, key=lambda each: (each.column, -scene.rest[each.id], scene.order[each.id])):
            self._put(shape)

    def _put(self, first: Shape) -> None:
        """Lay the chain that begins with `first`, then the branches of its shapes, the last one first."""
        waiting = [first]
        while waiting:
            shape = waiting.pop()
            if shape.row < 0:
                chain = self._chain(shape)
                self._lay(chain)
                waiting.extend(reversed([branch for each in reversed(chain) for branch in self._branches(each)]))

    def _chain(self, first: Shape) -> list[Shape]:
        """Always on to the successor with the longest rest, within the lane and to the right."""
        chain = [first]
        while True:
            end = chain[-1]
            following = [
                target
                for target in (self.scene.shapes[each.target] for each in self._usual(end))
                if target.lane == first.lane and target.row < 0 and target.column >= end.column + end.span
            ]
            if not following:
                return chain
            chain.append(max(following, key=lambda each: (self.scene.rest[each.id], -self.scene.order[each.id])))

    def _usual(self, shape: Shape) -> list[Line]:
        return [each for each in self.leaving[shape.id] if each not in self.scene.straight_down]

    def _lay(self, chain: list[Shape]) -> None:
        """Into the first row below its sources that is free over the full length, up to where it goes on."""
        first, last = chain[0], chain[-1]
        begin, end = first.column, last.column + last.span
        onward = [self.scene.shapes[each.target] for each in self.leaving[last.id]]
        same_lane = [each.column for each in onward if each.lane == last.lane]
        columns = range(begin, max(end, min(same_lane, default=end)))
        needed = {0: set(columns)}
        for shape in chain:
            for below in range(1, shape.rows_high):
                needed.setdefault(below, set()).update(range(shape.column, shape.column + shape.span))
        row = next(each for each in count(self._least_row(first)) if self._is_free(first.lane, each, needed))
        for below, taken in needed.items():
            self.taken[first.lane, row + below] |= taken
        for shape in chain:
            shape.row = row
        self.scene.rows[first.lane] = max(self.scene.rows[first.lane], row + max(needed) + 1)

    def _is_free(self, lane: str, row: int, needed: dict[int, set[int]]) -> bool:
        return all(self.taken[lane, row + below].isdisjoint(columns) for below, columns in needed.items())

    def _least_row(self, shape: Shape) -> int:
        sources = (self.scene.owner(each.source) for each in self.entering[shape.id])
        return max((each.row + 1 for each in sources if each.lane == shape.lane and each.row >= 0), default=0)

    def _branches(self, shape: Shape) -> list[Shape]:
        """What leaves the chain at this shape and its boundary events: a gateway's ways in the order of the file."""
        found = []
        for source in (shape, *self.scene.attached[shape.id]):
            lines = self.leaving[source.id]
            if source.is_gateway:
                lines = sorted(lines, key=lambda each: self.scene.order[each.target])
            else:
                lines = sorted(lines, key=lambda each: -self.scene.rest[each.target])
            targets = (self.scene.shapes[each.target] for each in lines)
            found += [each for each in targets if each.lane == shape.lane and each.column >= shape.column]
        return found
