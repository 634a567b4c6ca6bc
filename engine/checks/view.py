"""One process as the rules see it: its graph, what is known, and the questions that several rules ask."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.checks.findings import Known
from engine.diagrams import SUBPROCESSES, Diagram, Flow, Node, Process

SPLITTING = ("exclusiveGateway", "inclusiveGateway")
WAITS = frozenset(
    ("userTask", "manualTask", "task", "receiveTask", "intermediateCatchEvent", "eventBasedGateway", "callActivity")
)


@dataclass(frozen=True)
class View:
    """`processes` are all processes of all checked files by id, this one included; `decisions` all decisions there."""

    diagram: Diagram
    process: Process
    known: Known
    processes: Mapping[str, Process] = field(default_factory=dict)
    decisions: frozenset[str] = frozenset()

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.process.nodes

    def of_kind(self, *kinds: str) -> Iterator[Node]:
        return (each for each in self.nodes if each.kind in kinds)

    @cached_property
    def containers(self) -> tuple[str | None, ...]:
        """None for the process itself, then the id of each embedded subprocess."""
        return (None, *(each.id for each in self.nodes if each.kind in SUBPROCESSES))

    @cached_property
    def boundary_events(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, tuple[Node, ...]] = {}
        for each in self.nodes:
            if each.attached_to:
                found[each.attached_to] = (*found.get(each.attached_to, ()), each)
        return found

    @cached_property
    def ahead(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, the ids of where the case can be after it: behind its flows and at its boundary events."""
        return {
            each.id: (
                *(after.id for after in self.process.following(each)),
                *(event.id for event in self.boundary_events.get(each.id, ())),
            )
            for each in self.nodes
        }

    @cached_property
    def surely_before(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, the ids before it, leaving out ways through non-interrupting boundary events."""
        optional = {each.id for each in self.of_kind("boundaryEvent") if not each.interrupting}
        found: dict[str, tuple[str, ...]] = {}
        for node_id, following in self.ahead.items():
            for each in following:
                if each not in optional:
                    found[each] = (*found.get(each, ()), node_id)
        return found

    def next(self, node: Node) -> tuple[Node, ...]:
        return self.process.following(node)

    def reachable(self, starts: Iterable[Node]) -> set[str]:
        """Ids of all nodes of one container that can be reached from `starts`, these included."""
        return spread((each.id for each in starts), self.ahead)

    def is_split(self, node: Node) -> bool:
        return node.kind in SPLITTING and len(node.outgoing) > 1

    def flows_of_choice(self) -> Iterator[tuple[Node, Flow]]:
        """Each flow out of a splitting exclusive or inclusive gateway, with the gateway."""
        for node in self.of_kind(*SPLITTING):
            if len(node.outgoing) > 1:
                yield from ((node, each) for each in self.process.flows_from(node))

    def waits(self, node: Node) -> bool:
        """Whether the case can rest at `node` until something happens; a call activity is taken to wait."""
        if node.kind in SUBPROCESSES:
            return any(self.waits(each) for each in self.process.nodes_in(node.id))
        if node.kind == "intermediateThrowEvent":
            return False
        return node.kind in WAITS or (node.kind == "serviceTask" and node.is_async)


def spread(
    starts: Iterable[str], step: Mapping[str, Iterable[str]], within: Container[str] | None = None, without: str = ""
) -> set[str]:
    """All ids that can be reached from `starts` (included) by `step`, staying `within` and never entering `without`."""
    seen = {each for each in starts if each != without and (within is None or each in within)}
    waiting = list(seen)
    while waiting:
        for each in step.get(waiting.pop(), ()):
            if each not in seen and each != without and (within is None or each in within):
                seen.add(each)
                waiting.append(each)
    return seen
