"""What a file may say of a supported element and the engine would pass over without a word: refused, or told.

A diagram does what it says or is not deployed. What is only meant for readers is told as a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.checks.findings import Fault, fault, warning
from engine.checks.view import View, spread
from engine.diagrams import Node
from engine.diagrams.elements import FOR_READERS


def not_carried_out(view: View) -> Iterator[Fault]:
    """Token quantities, instantiating tasks, parallel event gateways and behaviours of multi-instances do nothing.

    Of a property or repetition that is said twice, one is not read.
    """
    for node in view.nodes:
        for name in node.unread:
            if name not in FOR_READERS:
                yield fault(
                    node,
                    f"{{it}}的「{name}」不会执行：请去掉，或换一种画法。",
                    f"The {name} of {{it}} is not carried out: leave it out or draw it otherwise.",
                )


def only_for_readers(view: View) -> Iterator[Fault]:
    """Data associations and performers are for readers: data go by variables, people by role."""
    for node in view.nodes:
        for name in node.unread:
            if name in FOR_READERS:
                yield warning(
                    node,
                    f"{{it}}的「{name}」只供阅读：数据由变量传递，办理人由岗位决定。",
                    f"The {name} of {{it}} is for readers only: data go by variables, people by role.",
                )


def error_interrupts(view: View) -> Iterator[Fault]:
    """An error ends its activity: a boundary event that says otherwise would run both ways."""
    for node in view.of_kind("boundaryEvent"):
        if not node.interrupting and any(each.kind == "error" for each in node.events):
            yield fault(
                node,
                "错误边界事件{it}只能是中断型：不中断请用上报。",
                "Error boundary event {it} always interrupts: use an escalation for what goes on.",
            )


def code_missing(view: View) -> Iterator[Fault]:
    """An error or escalation that is named and has no code would be taken for any."""
    for node in view.nodes:
        for event in node.events:
            if event.kind in ("error", "escalation") and event.name and not event.code:
                if node.kind == "endEvent" and event.kind == "error":
                    continue  # told by event_reference
                yield fault(
                    node,
                    f"{{it}}引用的「{event.name}」没有代码，会被当作任意代码。",
                    f"{event.name!r} of {{it}} has no code and would stand for any.",
                )


def message_start_twice(view: View) -> Iterator[Fault]:
    """Two start events for one message: the first would never begin anything."""
    names = [each.event.name for each in view.process.message_starts() if each.event and each.event.name]
    twice = {name for name, count in Counter(names).items() if count > 1}
    for node in view.process.message_starts():
        if node.event and node.event.name in twice:
            yield fault(
                node,
                f"消息「{node.event.name}」有多个开始事件，{{it}}是其中之一：只能有一个。",
                f"Message {node.event.name!r} has several start events, {{it}} among them: there may be one.",
            )


def doubled_flow(view: View) -> Iterator[Fault]:
    """Two flows between the same two nodes: a join would count them as one and leave a token behind."""
    pairs = Counter((each.source, each.target) for each in view.process.flows)
    for flow in view.process.flows:
        source = view.process.find(flow.source)
        parallel = source is not None and source.kind in ("parallelGateway", "inclusiveGateway", "startEvent")
        if parallel and pairs[flow.source, flow.target] > 1:
            yield fault(
                flow,
                "连线{it}与另一条连线的两端相同：请合并为一条。",
                "Sequence flow {it} joins the same two nodes as another one: draw one flow.",
            )


def signal_raises_itself(view: View) -> Iterator[Fault]:
    """Who hears a signal and throws it again without a rest keeps every instance that waits for it busy for ever."""
    restless = {each.id for each in view.nodes if not view.waits(each)}
    thrown = {each.id: _signal(each) for each in view.of_kind("intermediateThrowEvent")}
    for node in view.of_kind("boundaryEvent", "intermediateCatchEvent"):
        name = _signal(node)
        if name is None:
            continue
        reached = spread(view.ahead[node.id], view.ahead, within=restless)
        inside = {each.id for each in view.nodes if each.parent in reached}
        if any(thrown.get(each) == name for each in reached | inside):
            yield fault(
                node,
                f"{{it}}收到信号「{name}」后不经等待又抛出同一信号，永远不会停。",
                f"{{it}} hears signal {name!r} and throws it again without a rest, which never ends.",
            )


def _signal(node: Node) -> str | None:
    return next((each.name or each.ref for each in node.events if each.kind == "signal"), None)


def service_task_outside(view: View) -> Iterator[Fault]:
    """A channel to the outside is never called within a step, and an operation never after it."""
    channels = view.known.channels
    if channels is None or view.known.operations is None:
        return
    for node in view.of_kind("serviceTask"):
        name = node.operation or ""
        if name in channels and not node.is_async:
            yield fault(
                node,
                f"{{it}}的「{name}」要与外部通信，须写 async = true。",
                f"{name!r} of {{it}} talks to the outside: the property async = true is needed.",
            )
        elif node.is_async and name in view.known.operations and name not in channels:
            yield fault(
                node,
                f"{{it}}的操作「{name}」在本步内完成，不能写 async = true。",
                f"Operation {name!r} of {{it}} is done within the step and cannot be async.",
            )


RULES = (
    not_carried_out,
    only_for_readers,
    error_interrupts,
    code_missing,
    message_start_twice,
    doubled_flow,
    signal_raises_itself,
    service_task_outside,
)
