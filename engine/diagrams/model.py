"""What a diagram says, without XML: frozen values that may be shared between threads and sent between processes.

`kind` of a node is BPMN's own word (`userTask`, `boundaryEvent`, `exclusiveGateway` ...). All nodes and flows of a
process stand in one tuple, those of its embedded subprocesses included; `parent` names the subprocess (None: the
process itself).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

TASKS = frozenset(
    ("task", "userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask")
)
SUBPROCESSES = frozenset(("subProcess", "transaction", "adHocSubProcess"))
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
GATEWAYS = frozenset(("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"))
EVENTS = frozenset(
    (
        "startEvent",
        "endEvent",
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "implicitThrowEvent",
    )
)
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True)
class Event:
    """One event definition of an event, send task or receive task.

    `kind`: timer, message, error, signal, escalation, terminate, compensate, cancel, conditional, link.
    Timer: `timer` is duration, date or cycle (None when the file says neither) and `text` its text.
    Message: `name` (None when the file names no known message), `payload` and `key` as S-FEEL, `variable` that takes
    the payload. Error and escalation: `code`. Conditional: `text`.
    """

    kind: str
    id: str | None = None
    timer: str | None = None
    text: str | None = None
    name: str | None = None
    ref: str | None = None
    code: str | None = None
    payload: str | None = None
    variable: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Loop:
    """Repetition of an activity. `kind`: standard, parallel or sequential (multi-instance).

    `items` and `results` are the variables that hold the lists, `item` and `result` the variables of one member.
    """

    kind: str
    cardinality: str | None = None
    items: str | None = None
    item: str | None = None
    results: str | None = None
    result: str | None = None
    condition: str | None = None
    maximum: str | None = None
    test_before: bool = False


@dataclass(frozen=True)
class Node:
    """A task, event, gateway, subprocess or call activity.

    `incoming` and `outgoing` are ids of flows, in the order of the file; `lane` is the lane's id, inherited from the
    host or the subprocess; `extensions` are texts of extension elements that have no field of their own; `unread` names
    what the file says of the node beside all that.
    """

    id: str
    kind: str
    name: str = ""
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)
    lane: str | None = None
    parent: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str | None = None
    events: tuple[Event, ...] = ()
    parallel_multiple: bool = False
    operation: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    result_variable: str | None = None
    called_element: str | None = None
    called_decision: str | None = None
    loop: Loop | None = None
    triggered_by_event: bool = False
    for_compensation: bool = False
    extensions: Mapping[str, str] = field(default_factory=dict, hash=False)
    unread: tuple[str, ...] = ()
    line: int = 0

    @property
    def event(self) -> Event | None:
        """The event definition; None when there is none (an empty start or end event, a gateway ...)."""
        return self.events[0] if self.events else None

    @property
    def is_user_task(self) -> bool:
        """Whether a person has to do it; a plain and a manual task wait for a person too."""
        return self.kind in ("userTask", "manualTask", "task")

    @property
    def role(self) -> str:
        return self.properties.get("role", "")

    @property
    def form(self) -> str:
        return self.properties.get("form", "")

    @property
    def due(self) -> str:
        return self.properties.get("due", "")

    @property
    def separate_from(self) -> tuple[str, ...]:
        """Ids of the user tasks whose doer may not do this one."""
        return tuple(each.strip() for each in self.properties.get("separate_from", "").split(",") if each.strip())

    @property
    def is_async(self) -> bool:
        """Whether a service task talks to the outside and answers in a later step."""
        return self.properties.get("async", "") == "true"


@dataclass(frozen=True)
class Flow:
    """A sequence flow; `condition` is S-FEEL, None without one."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    parent: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Lane:
    """A lane; `refs` are the texts of its flowNodeRef exactly as the file has them, white space included."""

    id: str
    name: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Artifact:
    """What is in the file beside nodes and flows: data objects and stores, annotations, groups, associations ..."""

    id: str
    kind: str
    parent: str | None = None
    line: int = 0


class TakesOver(NamedTuple):
    """Who gets a user task's case next: the boundary timer's id, the role, and the timer's text."""

    event: str
    role: str
    timer: str


@dataclass(frozen=True)
class Process:
    """One process with everything in it; `parent` of a node names its subprocess, None is the process itself."""

    id: str
    name: str = ""
    documentation: str = ""
    executable: bool = True
    nodes: tuple[Node, ...] = ()
    flows: tuple[Flow, ...] = ()
    lanes: tuple[Lane, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    line: int = 0

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {each.id: each for each in self.nodes}

    @cached_property
    def _flows(self) -> dict[str, Flow]:
        return {each.id: each for each in self.flows}

    def node(self, node_id: str) -> Node:
        """Raises KeyError when there is no such node."""
        return self._nodes[node_id]

    def find(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id)

    def flow(self, flow_id: str) -> Flow:
        return self._flows[flow_id]

    def nodes_in(self, parent: str | None) -> tuple[Node, ...]:
        """The nodes directly in a subprocess, or directly in the process (None)."""
        return tuple(each for each in self.nodes if each.parent == parent)

    def flows_from(self, node: Node) -> tuple[Flow, ...]:
        return tuple(self._flows[each] for each in node.outgoing)

    def flows_to(self, node: Node) -> tuple[Flow, ...]:
        return tuple(self._flows[each] for each in node.incoming)

    def following(self, node: Node) -> tuple[Node, ...]:
        """The nodes that the flows of `node` lead to; without its boundary events."""
        return tuple(self._nodes[each.target] for each in self.flows_from(node) if each.target in self._nodes)

    def boundary_events_of(self, node: Node) -> tuple[Node, ...]:
        return tuple(each for each in self.nodes if each.attached_to == node.id)

    def start_of(self, parent: str | None) -> Node | None:
        """The first start event directly in a subprocess, or directly in the process (None)."""
        return next((each for each in self.nodes_in(parent) if each.kind == "startEvent"), None)

    def message_starts(self) -> tuple[Node, ...]:
        """The start events by which a message begins this process."""
        return tuple(
            each
            for each in self.nodes_in(None)
            if each.kind == "startEvent" and each.event is not None and each.event.kind == "message"
        )

    def takes_over(self, node: Node) -> tuple[TakesOver, ...]:
        """For each boundary timer of `node` that leads to a task of a role: which, the role there, the timer's text.

        A service task has a role when it hands the matter to one (property `role`: that desk gets a plain task). The
        path is followed into embedded subprocesses; behind a call activity or a waiting event nobody is known.
        Order of the file; the caller knows which falls due first.
        """
        found = []
        for each in self.boundary_events_of(node):
            if each.event is None or each.event.kind != "timer":
                continue
            task = next(self._tasks_of_roles_behind(each), None)
            if task is not None:
                found.append(TakesOver(each.id, task.role, each.event.text or ""))
        return tuple(found)

    def _tasks_of_roles_behind(self, start: Node) -> Iterator[Node]:
        waiting, seen = list(self.following(start)), {start.id}
        while waiting:
            node = waiting.pop(0)
            if node.id in seen:
                continue
            seen.add(node.id)
            if node.is_user_task or (node.kind == "serviceTask" and node.role):
                yield node
            elif node.kind in SUBPROCESSES:
                inner = self.start_of(node.id)
                waiting.extend((inner,) if inner else ())
            elif node.kind not in ("callActivity", "intermediateCatchEvent", "receiveTask", "eventBasedGateway"):
                waiting.extend(self.following(node))
