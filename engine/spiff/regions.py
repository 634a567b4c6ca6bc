"""Which parallel branches a node stands in: what a token may be moved to without breaking a join.

A node's *place* is a stack of frames, the outermost first. A frame names a fork, the branch behind it, and its kind:
`and` (every branch has a token), `or` (some have), `side` (the path of a non-interrupting boundary event, which runs
beside its activity). A join takes the frames of the fork that it closes off the stack. Where paths of different places
meet without a join, a node has several places, and nobody can tell which one a token there is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from engine.spiff.events import ActivitySplit, BoundaryEvent, EventBasedGateway
from engine.spiff.joins import ExclusiveGateway, InclusiveGateway, TokenJoin

AND, OR, SIDE = "and", "or", "side"
MOST_PLACES = 16


class Frame(NamedTuple):
    """One branch of a fork; `fork` and `branch` are names of specs."""

    kind: str
    fork: str
    branch: str


Place = tuple[Frame, ...]


class Regions:
    """The places of every node of one process or subprocess."""

    def __init__(self, spec: Any) -> None:
        self.specs: dict[str, Any] = spec.task_specs
        self.places: dict[str, set[Place]] = {name: set() for name in self.specs}
        self._closes: dict[tuple[str, str], bool] = {}
        self._spread(spec.start.name)

    def of(self, name: str) -> frozenset[Place]:
        """The places of a spec by name; of a member of a loop there are none."""
        return frozenset(self.places[name])

    @cached_property
    def entries(self) -> dict[str, Any]:
        """By element id, the spec by which a token enters it."""
        found: dict[str, Any] = {}
        for spec in self.specs.values():
            if spec.element is not None and not is_member(spec):
                found[spec.element.id] = self.specs.get(f"{spec.element.id} [with events]", spec)
        return found

    def _spread(self, start: str) -> None:
        self.places[start].add(())
        waiting: list[tuple[str, Place]] = [(start, ())]
        while waiting:
            name, place = waiting.pop()
            for target, there in self._onward(name, place):
                known = self.places[target]
                if there not in known and len(known) < MOST_PLACES:
                    known.add(there)
                    waiting.append((target, there))

    def _onward(self, name: str, place: Place) -> Iterator[tuple[str, Place]]:
        spec = self.specs[name]
        outputs = list(dict.fromkeys(spec._outputs))
        for target in outputs:
            kind = self._branches(spec, outputs, target)
            there = place if kind is None else _within(place, Frame(kind, _fork(name, kind, target), target))
            yield target, self._joined(target, there)

    def _branches(self, spec: Any, outputs: list[str], target: str) -> str | None:
        """The kind of the frame that the way to this target opens; None when it opens none."""
        if isinstance(spec, ActivitySplit):
            event = self.specs[target]
            return SIDE if isinstance(event, BoundaryEvent) and not event.cancel_activity else None
        alone = len(outputs) < 2 or spec is self.specs.get("Start")
        if alone or isinstance(spec, ExclusiveGateway | EventBasedGateway):
            return None
        return OR if isinstance(spec, InclusiveGateway) else AND

    def _joined(self, target: str, place: Place) -> Place:
        """The place behind the entry of `target`: a join ends the outermost fork of which it joins branches."""
        if not is_join(self.specs[target]):
            return place
        for depth, frame in enumerate(place):
            if frame.kind != SIDE and self._joins(target, frame.fork):
                return place[:depth]
        return place

    def _joins(self, join: str, fork: str) -> bool:
        key = (join, fork)
        if key not in self._closes:
            branches = set(self.specs[fork]._outputs)
            self._closes[key] = sum(self._reaches(each, join, fork) for each in branches) > 1
        return self._closes[key]

    def _reaches(self, start: str, wanted: str, but_through: str) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            name = waiting.pop()
            if name == wanted:
                return True
            for each in self.specs[name]._outputs:
                if each not in seen and each != but_through:
                    seen.add(each)
                    waiting.append(each)
        return False


def regions_of(spec: Any) -> Regions:
    """The regions of a specification, worked out once."""
    known: Regions | None = spec.__dict__.get("regions")
    if known is None:
        known = spec.__dict__["regions"] = Regions(spec)
    return known


def is_join(spec: Any) -> bool:
    """Whether tokens wait for each other here."""
    return isinstance(spec, TokenJoin) and len(set(spec._inputs)) > 1


def is_member(spec: Any) -> bool:
    """Whether this is the repeated activity within a loop."""
    return str(spec.name).endswith(" [member]")


def _fork(name: str, kind: str, target: str) -> str:
    return target if kind == SIDE else name


def _within(place: Place, frame: Frame) -> Place:
    """One frame deeper; a fork that is passed again (a loop without a join) does not pile up."""
    for depth, each in enumerate(place):
        if each.fork == frame.fork:
            return (*place[:depth], frame)
    return (*place, frame)
