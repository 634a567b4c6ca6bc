"""All examples of the element library, in the order of the reference, and what is refused instead."""

from __future__ import annotations

from dataclasses import dataclass

from tests.engine.elements import boundary, events, gateways, repeated, signing, tasks
from tests.engine.elements.example import Elsewhere, Example

EXAMPLES: tuple[Example, ...] = (
    *tasks.EXAMPLES,
    *gateways.EXAMPLES,
    *boundary.EXAMPLES,
    *events.EXAMPLES,
    *repeated.EXAMPLES,
    *signing.EXAMPLES,
)
ELSEWHERE: tuple[Elsewhere, ...] = events.ELSEWHERE


@dataclass(frozen=True)
class Refused:
    """An element that no deployment takes; `rule` is the check's function and the name of its diagram."""

    element: str
    variant: str
    zh: str
    en: str
    rule: str


REFUSED: tuple[Refused, ...] = (
    Refused("scriptTask", "any", "改用服务任务或决策表。", "Use a service task or a decision table.", "script_task"),
    Refused("extensionElements", "pre- and post-script", "改用服务任务。", "Use a service task.", "pre_or_post_script"),
    Refused(
        "subProcess",
        "event subprocess",
        "改在外层子流程上放边界事件。",
        "Put a boundary event on an enclosing subprocess.",
        "event_subprocess",
    ),
    Refused("adHocSubProcess", "any", "改用子流程或多实例。", "Use a subprocess or multi-instance.", "ad_hoc"),
    Refused(
        "transaction", "with cancel events", "改画明确的撤回路径。", "Draw the way back explicitly.", "transaction"
    ),
    Refused("complexGateway", "any", "改用排他、并行或包容网关。", "Use the other gateways.", "complex_gateway"),
    Refused("intermediateThrowEvent", "link", "直接画连线。", "Draw the sequence flow.", "link_event"),
    Refused("boundaryEvent", "compensation", "改画明确的撤回路径。", "Draw the way back explicitly.", "compensation"),
    Refused("boundaryEvent", "conditional", "改用消息或定时。", "Use a message or a timer.", "conditional_event"),
    Refused(
        "intermediateCatchEvent",
        "several definitions, parallel multiple",
        "改用事件网关或几个事件。",
        "Use an event-based gateway or separate events.",
        "parallel_multiple_event",
    ),
    Refused(
        "intermediateCatchEvent",
        "timer, repeated (also start events)",
        "循环定时只用于边界事件。",
        "Cycles are for boundary events only.",
        "cycle_timer",
    ),
    Refused(
        "startEvent",
        "timer, signal, error, escalation",
        "按日历启动由排程负责；信号请在运行中的实例里等待。",
        "Calendar starts are the scheduler's; wait for a signal in an instance that runs.",
        "event_not_supported",
    ),
    Refused(
        "endEvent",
        "signal",
        "先用中间抛出事件。",
        "Throw it by an intermediate event before a plain end event.",
        "signal_end_event",
    ),
    Refused("dataStoreReference", "any", "由服务任务读写。", "Read and write by service tasks.", "data_store"),
    Refused("callActivity", "a process that calls itself", "改为循环。", "Use a loop.", "call_cycle"),
    Refused(
        "participant",
        "several pools with message flows (warned)",
        "一个文件一个流程。",
        "One process per file.",
        "several_pools",
    ),
    Refused(
        "task",
        "startQuantity, completionQuantity, instantiate",
        "去掉或换一种画法。",
        "Leave it out or draw it otherwise.",
        "not_carried_out",
    ),
    Refused(
        "eventBasedGateway",
        "parallel, instantiating",
        "用并行网关，每支一个等待事件。",
        "Use a parallel gateway with an event in each branch.",
        "not_carried_out",
    ),
    Refused(
        "multiInstanceLoopCharacteristics",
        "behaviours other than All",
        "用完成条件和边界事件。",
        "Use a completion condition and boundary events.",
        "not_carried_out",
    ),
    Refused(
        "ioSpecification",
        "data associations, performers (warned)",
        "数据由变量传递，办理人由岗位决定。",
        "Data go by variables, people by role.",
        "only_for_readers",
    ),
    Refused("boundaryEvent", "error, non-interrupting", "改用上报。", "Use an escalation.", "error_interrupts"),
    Refused("boundaryEvent", "error or escalation named without code", "写上代码。", "Give it a code.", "code_missing"),
    Refused("startEvent", "two for one message", "只留一个。", "Keep one of them.", "message_start_twice"),
    Refused("sequenceFlow", "two from a fork to the same node", "合并为一条。", "Draw one flow.", "doubled_flow"),
    Refused(
        "intermediateThrowEvent",
        "a signal thrown again by who has heard it",
        "信号一次即送达所有等待者，不必转发。",
        "One throw reaches all who wait; do not pass it on.",
        "signal_raises_itself",
    ),
    Refused(
        "serviceTask",
        "a channel in the step, an operation after it",
        "外部渠道写 async，操作不写。",
        "Channels are async, operations are not.",
        "service_task_outside",
    ),
)
