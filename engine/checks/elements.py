"""Elements that SpiffWorkflow 3.2.0 misreads or that run code: refused, each by its own rule.

Grounds: `docs/adr` (elements that are refused). Each sentence says what to draw instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.findings import Fault, fault, warning
from engine.checks.view import View
from engine.diagrams import Node

CATCHES = frozenset(("timer", "message", "signal"))
ALLOWED_EVENTS = {
    "startEvent": frozenset(("message",)),
    "intermediateCatchEvent": CATCHES,
    "boundaryEvent": CATCHES | {"error", "escalation"},
    "intermediateThrowEvent": frozenset(("message", "signal", "escalation")),
    "endEvent": frozenset(("message", "error", "escalation", "terminate")),
}
OWN_RULE = frozenset(("link", "compensate", "conditional", "cancel"))


def _with_event(view: View, kind: str, *nodes: str) -> Iterator[Node]:
    for node in view.of_kind(*nodes) if nodes else view.nodes:
        if any(each.kind == kind for each in node.events):
            yield node


def event_subprocess(view: View) -> Iterator[Fault]:
    """Its interrupting mark is never read, and an unfired one keeps the instance open for ever."""
    for node in view.of_kind("subProcess"):
        if node.triggered_by_event:
            yield fault(
                node,
                "不支持事件子流程{it}：请在外层子流程上使用边界事件。",
                "Event subprocess {it} is not supported: put a boundary event on an enclosing subprocess.",
            )


def link_event(view: View) -> Iterator[Fault]:
    """A link throw silently ends its path."""
    for node in _with_event(view, "link"):
        yield fault(
            node, "不支持链接事件{it}：请直接画连线。", "Link event {it} is not supported: draw the sequence flow."
        )


def signal_end_event(view: View) -> Iterator[Fault]:
    """A signal end event throws nothing."""
    for node in _with_event(view, "signal", "endEvent"):
        yield fault(
            node,
            "不支持信号结束事件{it}：请先用中间抛出事件，再接普通结束事件。",
            "Signal end event {it} throws nothing: use an intermediate throw event, then a plain end event.",
        )


def compensation(view: View) -> Iterator[Fault]:
    """Compensation is ignored when thrown and refused when caught."""
    for node in view.nodes:
        if node.for_compensation or any(each.kind == "compensate" for each in node.events):
            yield fault(
                node,
                "不支持补偿{it}：请画出明确的撤回路径。",
                "Compensation at {it} is not supported: draw the way back explicitly.",
            )


def complex_gateway(view: View) -> Iterator[Fault]:
    """SpiffWorkflow does not read it."""
    for node in view.of_kind("complexGateway"):
        yield fault(
            node,
            "不支持复杂网关{it}：请用排他、并行或包容网关。",
            "Complex gateway {it} is not supported: use exclusive, parallel or inclusive gateways.",
        )


def conditional_event(view: View) -> Iterator[Fault]:
    """It would not notice a change made in another branch."""
    for node in _with_event(view, "conditional"):
        yield fault(
            node,
            "不支持条件事件{it}：请用消息或定时事件。",
            "Conditional event {it} is not supported: use a message or a timer.",
        )


def ad_hoc(view: View) -> Iterator[Fault]:
    """It changes the shared definition while it runs."""
    for node in view.of_kind("adHocSubProcess"):
        yield fault(
            node,
            "不支持即席子流程{it}：请用普通子流程或并行多实例。",
            "Ad-hoc subprocess {it} is not supported: use a subprocess or parallel multi-instance.",
        )


def script_task(view: View) -> Iterator[Fault]:
    """No code from diagrams."""
    for node in view.of_kind("scriptTask"):
        yield fault(
            node,
            "不允许脚本任务{it}：请用服务任务调用已登记的操作。",
            "Script task {it} is refused: call a registered operation from a service task.",
        )


def pre_or_post_script(view: View) -> Iterator[Fault]:
    """No code from diagrams."""
    for node in view.nodes:
        if node.extensions.get("preScript") or node.extensions.get("postScript"):
            yield fault(
                node,
                "{it}含有前置或后置脚本，不允许：请用服务任务或决策表。",
                "{it} has a pre- or post-script, which is refused: use a service task or a decision table.",
            )


def cycle_timer(view: View) -> Iterator[Fault]:
    """Months drift, and calendar starts are the scheduler's; on a boundary event a cycle is a reminder and allowed."""
    for node in view.of_kind("startEvent", "intermediateCatchEvent"):
        if any(each.timer == "cycle" for each in node.events):
            yield fault(
                node,
                "{it}不能用循环定时：循环定时只能放在边界事件上。",
                "{it} may not use a timer cycle: cycles are for boundary events only.",
            )


def parallel_multiple_event(view: View) -> Iterator[Fault]:
    """Several events that must all happen; SpiffWorkflow keeps only one due time for them."""
    for node in view.nodes:
        if node.parallel_multiple or len(node.events) > 1:
            yield fault(
                node,
                "{it}含有多个事件定义，不支持：请用事件网关，或分成几个事件。",
                "{it} has several event definitions: use an event-based gateway or separate events.",
            )


def data_store(view: View) -> Iterator[Fault]:
    """There is none: facts are kept by operations in the domain's tables."""
    for each in view.process.artifacts:
        if each.kind in ("dataStoreReference", "dataStore"):
            yield fault(
                each.id,
                "不支持数据存储{it}：请用服务任务读写。",
                "Data store {it} is not supported: read and write by service tasks.",
            )


def event_not_supported(view: View) -> Iterator[Fault]:
    """An event of a kind that does nothing at that place, or that the parser refuses."""
    for node in view.nodes:
        allowed = ALLOWED_EVENTS.get(node.kind)
        kinds = {each.kind for each in node.events if each.timer != "cycle"} - OWN_RULE
        if node.kind == "endEvent":
            kinds.discard("signal")
        if node.kind in ("boundaryEvent", "intermediateCatchEvent") and not node.events:
            yield fault(node, "事件{it}没有说明等待什么。", "Event {it} does not say what it waits for.")
        elif allowed is not None and kinds - allowed:
            yield fault(
                node,
                f"{{it}}处不支持 {'、'.join(sorted(kinds - allowed))} 事件。",
                f"{{it}} may not be a {', '.join(sorted(kinds - allowed))} event.",
            )


def transaction(view: View) -> Iterator[Fault]:
    """What a transaction would take back, nobody could: facts are in the domain's tables."""
    cancelled = {each.id for each in _with_event(view, "cancel")}
    for node in view.nodes:
        if node.kind == "transaction" or node.id in cancelled:
            yield fault(
                node,
                "不支持事务和取消事件{it}：请用子流程，并画出明确的撤回路径。",
                "Transaction or cancel event {it} is not supported: use a subprocess and draw the way back.",
            )


def several_pools(view: View) -> Iterator[Fault]:
    """One pool, one process, one file: messages between pools of one file are never sent."""
    if view.process.id != view.diagram.processes[0].id:
        return
    for each in view.diagram.participants[1:]:
        yield warning(
            each.id,
            "一个文件只画一个泳池；{it}是多出的。",
            "One file holds one pool; {it} is one too many.",
        )
    for flow in view.diagram.message_flows:
        yield warning(flow, "消息流{it}不会执行。", "Message flow {it} is not executed.")


RULES = (
    event_subprocess,
    link_event,
    signal_end_event,
    compensation,
    complex_gateway,
    conditional_event,
    ad_hoc,
    script_task,
    pre_or_post_script,
    cycle_timer,
    parallel_multiple_event,
    data_store,
    event_not_supported,
    transaction,
    several_pools,
)
