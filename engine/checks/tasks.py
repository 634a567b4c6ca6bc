"""Rules about what tasks name: roles, forms, operations, decisions, messages, called processes, repetitions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.checks.findings import Fault, fault, warning
from engine.checks.view import View
from engine.diagrams import Loop, Node, task_verbs

MAX_MEMBERS = 1000
RESERVED = frozenset(("@", "typename", "__builtins__", "data_objects"))
_VARIABLE = re.compile(r"[^\W\d]\w*")


def user_task_role(view: View) -> Iterator[Fault]:
    """A user task without a role reaches nobody."""
    for node in view.nodes:
        if not node.is_user_task or node.role.startswith("="):
            continue
        if not node.role:
            yield fault(node, "用户任务{it}没有岗位（role）。", "User task {it} names no role.")
        elif view.known.roles is not None and node.role not in view.known.roles:
            yield fault(
                node,
                f"用户任务{{it}}的岗位「{node.role}」不存在。",
                f"User task {{it}} names the unknown role {node.role!r}.",
            )


def user_task_form(view: View) -> Iterator[Fault]:
    """A user task without a form would show the worker an empty page."""
    for node in view.nodes:
        if not node.is_user_task or node.form.startswith("="):
            continue
        if not node.form:
            yield fault(node, "用户任务{it}没有表单（form）。", "User task {it} names no form.")
        elif view.known.forms is not None and node.form not in view.known.forms:
            yield fault(
                node,
                f"用户任务{{it}}的表单「{node.form}」不存在。",
                f"User task {{it}} names the unknown form {node.form!r}.",
            )


def user_task_due(view: View) -> Iterator[Fault]:
    """Every task says by when; the worklist is sorted by it."""
    for node in view.nodes:
        if node.is_user_task and not node.due:
            yield fault(node, "用户任务{it}没有时限（due）。", "User task {it} says no due time.")


def plain_task(view: View) -> Iterator[Fault]:
    """A task without a kind waits for a person; say so."""
    for node in view.of_kind("task", "manualTask"):
        yield warning(
            node,
            "{it}没有类型，会等待人工办理：请改为用户任务。",
            "{it} has no kind and waits for a person: make it a user task.",
        )


def separate_from(view: View) -> Iterator[Fault]:
    """Who did the named task may not do this one: a user task of this process, or of one that calls it."""
    everywhere = {node.id for each in view.processes.values() for node in each.nodes if node.is_user_task}
    for node in view.nodes:
        for each in node.separate_from:
            if each == node.id or each not in everywhere:
                yield warning(
                    node,
                    f"{{it}}的 separate_from「{each}」不是这些流程中的另一个用户任务。",
                    f"separate_from {each!r} of {{it}} is no other user task of these processes.",
                )


def user_task_verbs(view: View) -> Iterator[Fault]:
    """A verb that nobody knows would take nothing away, or allow nothing."""
    for node in view.nodes:
        try:
            task_verbs.read(node.properties.get("verbs", "") if node.is_user_task else "")
        except ValueError as word:
            yield fault(
                node,
                f"{{it}}的 verbs 里「{word}」看不懂：写 -动词 去掉，写 +send_back 或 +withdraw 放宽。",
                f"verbs of {{it}} says {word}: write -verb to take one away, +send_back or +withdraw to allow more.",
            )


def service_task_operation(view: View) -> Iterator[Fault]:
    """A service task names a registered operation."""
    for node in view.of_kind("serviceTask"):
        if not node.operation:
            yield fault(node, "服务任务{it}没有指定操作。", "Service task {it} names no operation.")
        elif view.known.operations is not None and node.operation not in view.known.operations:
            yield fault(
                node,
                f"服务任务{{it}}的操作「{node.operation}」未登记。",
                f"Service task {{it}} names the unknown operation {node.operation!r}.",
            )


def service_task_parameters(view: View) -> Iterator[Fault]:
    """The parameters are those of the operation, and none that it needs is missing."""
    for node in view.of_kind("serviceTask"):
        signature = (view.known.operations or {}).get(node.operation or "")
        if signature is None:
            continue
        for each in sorted(set(node.parameters) - signature.parameters):
            yield fault(
                node,
                f"操作「{node.operation}」没有参数「{each}」（{{it}}）。",
                f"Operation {node.operation!r} takes no parameter {each!r} ({{it}}).",
            )
        for each in sorted(signature.required - set(node.parameters)):
            yield fault(
                node,
                f"{{it}}缺少操作「{node.operation}」的参数「{each}」。",
                f"{{it}} lacks the parameter {each!r} of operation {node.operation!r}.",
            )


def decision(view: View) -> Iterator[Fault]:
    """A business rule task names a decision of the bundle or of the policy."""
    for node in view.of_kind("businessRuleTask"):
        if not node.called_decision:
            yield fault(node, "业务规则任务{it}没有指定决策。", "Business rule task {it} names no decision.")
        elif view.known.decisions is not None and node.called_decision not in {*view.known.decisions, *view.decisions}:
            yield fault(
                node,
                f"{{it}}的决策「{node.called_decision}」不存在。",
                f"{{it}} names the unknown decision {node.called_decision!r}.",
            )


def called_process(view: View) -> Iterator[Fault]:
    """A call activity names a process of the bundle, or one that is deployed."""
    for node in view.of_kind("callActivity"):
        if not node.called_element:
            yield fault(node, "调用活动{it}没有指定流程。", "Call activity {it} names no process.")
        elif view.known.processes is not None and node.called_element not in {*view.known.processes, *view.processes}:
            yield fault(
                node,
                f"{{it}}调用的流程「{node.called_element}」不存在。",
                f"{{it}} calls the unknown process {node.called_element!r}.",
            )


def call_cycle(view: View) -> Iterator[Fault]:
    """A process that calls itself, directly or through others, hangs the parser."""
    for node in view.of_kind("callActivity"):
        waiting, seen = [node.called_element], {node.called_element}
        while waiting:
            called = view.processes.get(waiting.pop() or "")
            for each in called.nodes if called else ():
                if each.kind == "callActivity" and each.called_element not in seen:
                    seen.add(each.called_element)
                    waiting.append(each.called_element)
        if view.process.id in seen:
            yield fault(
                node,
                "调用活动{it}又调用回本流程。",
                "Call activity {it} leads back into its own process.",
            )


def message_name(view: View) -> Iterator[Fault]:
    """Messages are found by their name in the catalogue."""
    for node in view.nodes:
        tells = node.kind in ("sendTask", "receiveTask") and not node.events
        for name in [each.name for each in node.events if each.kind == "message"] + [None] * tells:
            if not name:
                yield fault(node, "{it}没有指定消息。", "{it} names no message.")
            elif view.known.messages is not None and name not in view.known.messages:
                yield fault(
                    node, f"{{it}}的消息「{name}」不在消息目录中。", f"{{it}} names the unknown message {name!r}."
                )


def event_reference(view: View) -> Iterator[Fault]:
    """An error, signal or escalation that an event names is declared in the file; a thrown error has a code."""
    declared = {each.id for each in (*view.diagram.errors, *view.diagram.signals, *view.diagram.escalations)}
    for node in view.nodes:
        for event in node.events:
            needed = event.kind == "signal" or (event.kind == "error" and node.kind == "endEvent")
            if event.kind not in ("error", "signal", "escalation"):
                continue
            if (event.ref and event.ref not in declared) or (needed and not event.ref):
                yield fault(
                    node,
                    f"{{it}}引用的{event.kind}没有在文件中声明。",
                    f"The {event.kind} of {{it}} is not declared in the file.",
                )
            elif event.kind == "error" and node.kind == "endEvent" and not event.code:
                yield fault(node, "{it}抛出的错误没有代码。", "The error thrown at {it} has no code.")


def repetition(view: View) -> Iterator[Fault]:
    """A loop has a bound, a multi-instance either a number of members or a list, and neither is absurd."""
    for node in view.nodes:
        problem = _problem(node.loop) if node.loop else None
        if problem:
            yield fault(
                node, f"{{it}}的循环设置有误：{problem[0]}。", f"The repetition of {{it}} is wrong: {problem[1]}."
            )


def _problem(loop: Loop) -> tuple[str, str] | None:
    if loop.kind == "standard":
        if not loop.maximum and not loop.condition:
            return "没有次数上限，也没有条件", "neither a maximum nor a condition"
        if loop.maximum and not (loop.maximum.isascii() and loop.maximum.isdigit()):
            return "次数上限不是数字", "the maximum is no number"
        bound = loop.maximum
    else:
        if bool(loop.cardinality) == bool(loop.items):
            return "次数与列表须且只须给出一个", "give either a cardinality or a list"
        bound = loop.cardinality
    text = (bound or "1").strip()
    is_number = re.fullmatch(r"[+-]?\d+(\.\d*)?(e\d+)?", text, re.IGNORECASE)
    if is_number and not 1 <= float(text) <= MAX_MEMBERS:
        return f"次数须在 1 到 {MAX_MEMBERS} 之间", f"the number must be 1 to {MAX_MEMBERS}"
    return None


def variable_name(view: View) -> Iterator[Fault]:
    """What is written under a name that is no plain word could not be read by any expression."""
    for node in view.nodes:
        for each in _variables(node):
            if not _VARIABLE.fullmatch(each):
                yield fault(
                    node, f"{{it}}写入的「{each}」不是变量名。", f"{{it}} writes {each!r}, which is no variable name."
                )


def _variables(node: Node) -> Iterator[str]:
    """The names that a node writes by itself."""
    loop = node.loop
    names = [node.result_variable, node.properties.get("resultVariable"), *(each.variable for each in node.events)]
    names += [loop.item, loop.result, loop.results] if loop else []
    yield from dict.fromkeys(each for each in names if each)


def reserved_name(view: View) -> Iterator[Fault]:
    """Names that the engine uses itself may not be written."""
    for node in view.nodes:
        names = [node.id, *_variables(node), *([node.loop.items] if node.loop else [])]
        for each in dict.fromkeys(each for each in names if each in RESERVED):
            yield fault(node, f"{{it}}写入保留名称「{each}」。", f"{{it}} writes the reserved name {each!r}.")


RULES = (
    user_task_role,
    user_task_form,
    user_task_due,
    user_task_verbs,
    plain_task,
    separate_from,
    service_task_operation,
    service_task_parameters,
    decision,
    called_process,
    call_cycle,
    message_name,
    event_reference,
    repetition,
    variable_name,
    reserved_name,
)
