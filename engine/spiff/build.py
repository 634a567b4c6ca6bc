"""From the model of a diagram to the library's specifications, without its XML parser.

One `ProcessSpec` per process and per embedded subprocess. Element ids of BPMN and names of the library's specs are kept
apart: the library's own nodes have names that no BPMN id can have, so nothing clashes. Flows are connected in the order
of the file, so moving a shape never changes what a gateway does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.diagrams import Event, Flow, Loop, Node, Process
from engine.expressions import Expression, ExpressionRefused, compile_expression, compile_timer
from engine.spiff import activities, definitions, events, joins, loops
from engine.spiff.errors import Refusal
from engine.spiff.timers import Timer
from engine.spiff.workflow import ProcessSpec

_LIBRARY_NAMES = frozenset(("Start", "End", "Root"))
_PLAIN: dict[str, Any] = {
    "userTask": activities.UserTask,
    "manualTask": activities.ManualTask,
    "task": activities.NoneTask,
    "serviceTask": activities.ServiceTask,
    "businessRuleTask": activities.BusinessRuleTask,
    "exclusiveGateway": joins.ExclusiveGateway,
    "parallelGateway": joins.ParallelGateway,
    "inclusiveGateway": joins.InclusiveGateway,
    "eventBasedGateway": events.EventBasedGateway,
}
_EVENTS: dict[str, Any] = {
    "startEvent": events.StartEvent,
    "endEvent": events.EndEvent,
    "intermediateCatchEvent": events.IntermediateCatchEvent,
    "intermediateThrowEvent": events.IntermediateThrowEvent,
    "boundaryEvent": events.BoundaryEvent,
    "sendTask": events.SendTask,
    "receiveTask": events.ReceiveTask,
}
_CATCHING = frozenset(("intermediateCatchEvent", "boundaryEvent", "receiveTask"))


class CannotBuild(Exception):
    """An element has no counterpart; its finding says which and why."""

    def __init__(self, element: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.element, self.zh, self.en = element, zh, en


@dataclass(frozen=True)
class Element:
    """What is known of a node while it runs; hung on its spec as `element`."""

    id: str
    process_id: str
    name: str
    kind: str
    properties: dict[str, str]
    resolved: dict[str, Expression]
    attached_to: str | None = None

    @property
    def shows_cancelled(self) -> bool:
        """Whether it belongs into history when it is cancelled: what waits by itself beside an activity does not."""
        return self.kind not in ("boundaryEvent", "parallelGateway", "inclusiveGateway", "endEvent")


class Builder:
    """Builds the specs of one process. `refusals` collects what cannot be executed."""

    def __init__(self, process: Process, file: str, key_of: Callable[[str, str | None], str]) -> None:
        self.process = process
        self.file = file
        self.key_of = key_of
        self.refusals: list[Refusal] = []
        self.specs: dict[str, ProcessSpec] = {}

    def build(self) -> dict[str, ProcessSpec]:
        """All specs by key, the process's own first."""
        self._scope(None)
        return self.specs

    def _scope(self, parent: str | None) -> None:
        key = self.key_of(self.process.id, parent)
        spec = self.specs[key] = ProcessSpec(key, self.process.id)
        nodes = self.process.nodes_in(parent)
        entries: dict[str, Any] = {}
        exits: dict[str, Any] = {}
        for node in nodes:
            try:
                entries[node.id], exits[node.id] = self._node(spec, node)
            except CannotBuild as fault:
                self._refuse(fault)
        self._attach(nodes, entries, exits)
        self._connect(spec, nodes, entries, exits)
        for node in nodes:
            if node.kind == "subProcess":
                self._scope(node.id)

    def _node(self, spec: ProcessSpec, node: Node) -> tuple[Any, Any]:
        """The task specs that tokens enter and leave the node by."""
        task = self._task(spec, node)
        task.element = self._element(spec, node)
        if node.kind == "startEvent":
            spec.start.connect(task)
            self._start(spec, node, task)
        elif node.kind == "endEvent":
            task.connect(spec.end)
        outer = task
        if node.loop is not None:
            outer = self._loop(spec, node, task, node.loop)
        boundary = self.process.boundary_events_of(node)
        if not boundary:
            return outer, outer
        split = events.ActivitySplit(spec, f"{node.id} [with events]")
        split.connect(outer)
        outer.guarded = True
        return split, outer

    def _task(self, spec: ProcessSpec, node: Node) -> Any:
        name = self._name(node, "" if node.loop is None else " [member]")
        if node.kind in _PLAIN:
            task = _PLAIN[node.kind](spec, name)
            if node.kind == "serviceTask":
                self._service(node, task)
            elif node.kind == "businessRuleTask":
                if not node.called_decision:
                    raise CannotBuild(
                        node.id, "业务规则任务没有指定决策。", "The business rule task names no decision."
                    )
                task.decision = node.called_decision
                task.variable = node.properties.get("resultVariable") or node.id
        elif node.kind in _EVENTS:
            task = self._event(spec, node, name)
        elif node.kind == "subProcess" and not node.triggered_by_event:
            task = activities.Subprocess(spec, name, subworkflow_spec=self.key_of(self.process.id, node.id))
        elif node.kind == "callActivity" and node.called_element:
            task = activities.CallActivity(spec, name, subworkflow_spec=node.called_element)
        else:
            raise CannotBuild(
                node.id, f"不能执行的元素：{node.kind}。", f"An element of this kind is not run: {node.kind}."
            )
        task.bpmn_id, task.bpmn_name = node.id, node.name
        return task

    def _service(self, node: Node, task: Any) -> None:
        if not node.operation:
            raise CannotBuild(node.id, "服务任务没有指定操作。", "The service task names no operation.")
        task.operation = node.operation
        task.parameters = {name: self._compile(node.id, text) for name, text in node.parameters.items()}
        task.variable = node.result_variable or node.id
        task.is_async = node.is_async

    def _event(self, spec: ProcessSpec, node: Node, name: str) -> Any:
        if len(node.events) > 1:
            raise CannotBuild(node.id, "一个事件只能有一个定义。", "An event may have one definition only.")
        definition = self._definition(node, node.event)
        if node.kind == "startEvent" or (node.kind not in _CATCHING and definition.kind == "timer"):
            definition = definitions.Nothing(node.id)
        if node.kind in _CATCHING and not definition.waits:
            raise CannotBuild(node.id, "事件没有说明等待什么。", "The event does not say what it waits for.")
        kwargs = {"cancel_activity": node.interrupting} if node.kind == "boundaryEvent" else {}
        return _EVENTS[node.kind](spec, name, event_definition=definition, **kwargs)

    def _definition(self, node: Node, event: Event | None) -> definitions.Definition:
        if event is None:
            return definitions.Nothing(node.id)
        if event.kind == "timer":
            return Timer(node.id, self._timer(node.id, event.text or ""))
        if event.kind == "message":
            if not event.name:
                raise CannotBuild(node.id, "消息事件没有指定消息。", "The message event names no message.")
            key = self._compile(node.id, event.key) if event.key else None
            payload = self._compile(node.id, event.payload) if event.payload else None
            return definitions.Message(node.id, event.name, key, payload, event.variable)
        if event.kind == "signal":
            return definitions.Signal(node.id, event.name or event.ref or "")
        if event.kind == "error":
            return definitions.Error(node.id, event.code)
        if event.kind == "escalation":
            return definitions.Escalation(node.id, event.code)
        if event.kind == "terminate":
            return definitions.Terminate(node.id)
        raise CannotBuild(
            node.id, f"不能执行的事件：{event.kind}。", f"An event of this kind is not run: {event.kind}."
        )

    def _start(self, spec: ProcessSpec, node: Node, task: Any) -> None:
        event = node.event
        if event is not None and event.kind == "message" and event.name:
            spec.message_starts[event.name] = task.name
            spec.plain_start = spec.plain_start or task.name
        elif spec.plain_start is None or spec.plain_start in spec.message_starts.values():
            spec.plain_start = task.name

    def _loop(self, spec: ProcessSpec, node: Node, member: Any, loop: Loop) -> Any:
        name = self._name(node, "")
        condition = self._compile(node.id, loop.condition) if loop.condition else None
        if loop.kind == "standard":
            most = int(loop.maximum) if loop.maximum and loop.maximum.isascii() else None
            outer: Any = loops.StandardLoop(spec, name, member.name, most, condition, loop.test_before)
        else:
            kind = loops.Sequential if loop.kind == "sequential" else loops.Parallel
            outer = kind(spec, name, member.name, condition=condition)
            outer.items = self._compile(node.id, loop.items) if loop.items else None
            outer.cardinality = self._compile(node.id, loop.cardinality) if loop.cardinality else None
            outer.item, outer.results, outer.result = loop.item, loop.results, loop.result
        outer.bpmn_id, outer.bpmn_name = node.id, node.name
        outer.element = Element(node.id, spec.process_id, node.name, "loop", {}, {})
        outer.listen()
        return outer

    def _attach(self, nodes: tuple[Node, ...], entries: dict[str, Any], exits: dict[str, Any]) -> None:
        for node in nodes:
            if node.kind == "boundaryEvent" and node.attached_to in entries and node.id in exits:
                entries[node.attached_to].connect(exits[node.id])

    def _connect(
        self, spec: ProcessSpec, nodes: tuple[Node, ...], entries: dict[str, Any], exits: dict[str, Any]
    ) -> None:
        for node in nodes:
            if node.kind != "endEvent" and not node.outgoing and node.id in exits:
                exits[node.id].connect(spec.end)  # a way that leads nowhere ends there
            for flow in self.process.flows_from(node):
                if node.id not in exits or flow.target not in entries:
                    continue
                try:
                    self._flow(node, flow, exits[node.id], entries[flow.target])
                except CannotBuild as fault:
                    self._refuse(fault)

    def _flow(self, node: Node, flow: Flow, source: Any, target: Any) -> None:
        conditional = node.kind in ("exclusiveGateway", "inclusiveGateway")
        if conditional and flow.condition and flow.id != node.default:
            source.connect_if(joins.Condition(self._compile(flow.id, flow.condition)), target)
        elif conditional and flow.id != node.default and len(node.outgoing) > 1:
            raise CannotBuild(flow.id, "网关的这条出路没有条件。", "This flow out of the gateway has no condition.")
        elif node.kind == "eventBasedGateway" and not hasattr(target, "event_definition"):
            raise CannotBuild(node.id, "事件网关后面只能是等待事件。", "Only waiting events may follow this gateway.")
        else:
            source.connect(target)

    def _refuse(self, fault: CannotBuild) -> None:
        self.refusals.append(Refusal(self.file, fault.element, fault.zh, fault.en))

    def _element(self, spec: ProcessSpec, node: Node) -> Element:
        texts = dict(node.properties)
        if node.name.startswith("="):
            texts.setdefault("name", node.name)
        computed = {name: text[1:] for name, text in texts.items() if text.lstrip().startswith("=")}
        resolved = {name: self._compile(node.id, text.strip().lstrip("=")) for name, text in computed.items()}
        return Element(node.id, spec.process_id, node.name, node.kind, texts, resolved, node.attached_to)

    def _compile(self, element: str, text: str) -> Expression:
        return self._compiled(element, text, compile_expression)

    def _timer(self, element: str, text: str) -> Expression:
        return self._compiled(element, text, compile_timer)

    def _compiled(self, element: str, text: str, compiler: Callable[[str], Expression]) -> Expression:
        try:
            return compiler(text)
        except ExpressionRefused as fault:
            raise CannotBuild(element, f"表达式有误：{fault.zh}", f"The expression is refused: {fault.en}") from fault

    def _name(self, node: Node, suffix: str) -> str:
        return f"{node.id} [element]{suffix}" if node.id in _LIBRARY_NAMES else node.id + suffix
