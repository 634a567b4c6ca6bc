"""Rules about ids, lanes and the graph: what makes a file whole before anybody asks what it does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from engine.checks.findings import Fault, fault, warning
from engine.checks.view import SPLITTING, View
from engine.diagrams import ACTIVITIES, GATEWAYS, Diagram, Node

MAX_NODES = 300
KEPT = {"role": 60, "form": 80, "priority": 20, "separate_from": 400}
"""Longest texts of properties, in characters, as the table of tasks has room for them."""
_NCNAME = re.compile(r"[A-Za-z_][\w.-]*")


# Rules about a whole file.


def file_without_process(diagram: Diagram) -> Iterator[Fault]:
    """The parser would fail with an IndexError."""
    if not any(each.nodes for each in diagram.processes):
        yield Fault("", "文件中没有流程，或流程是空的。", "The file has no process, or only empty ones.")


def duplicate_id(diagram: Diagram) -> Iterator[Fault]:
    """The second element of the same id would be lost silently."""
    for each, count in Counter(id_ for id_, _, _ in diagram.ids).items():
        if count > 1:
            yield fault(
                each, f"编号{{it}}出现了 {count} 次，必须唯一。", f"Id {{it}} stands {count} times; it must be unique."
            )


def process_id(diagram: Diagram) -> Iterator[Fault]:
    """Instances, folders and messages name a process by its id."""
    for each in diagram.processes:
        if not _NCNAME.fullmatch(each.id):
            yield fault(
                each.id,
                "流程编号{it}无效：请用字母、数字、下划线，以字母开头。",
                "Process id {it} is not valid: letters, digits and underscores, beginning with a letter.",
            )


def colour(diagram: Diagram) -> Iterator[Fault]:
    """Colour is run-time state (token, heat, late), so none stands in the file."""
    for each in dict.fromkeys(diagram.coloured):
        yield fault(
            each, "{it}带有颜色：颜色只用于显示运行状态。", "{it} has a colour: colours are for run-time state only."
        )


def expression_language(diagram: Diagram) -> Iterator[Fault]:
    """Texts that are said to be in another language would be read as S-FEEL all the same."""
    for element, language in diagram.languages:
        if "feel" not in language.lower():
            where = (f"「{element}」", element) if element else ("文件", "the file")
            yield Fault(
                element,
                f"{where[0]}的表达式语言是 {language}，这里只读 S-FEEL：请去掉这个属性，并用 S-FEEL 书写。",
                f"The expression language of {where[1]} is {language}; only S-FEEL is read: leave the attribute out "
                "and write S-FEEL.",
            )


FILE_RULES = (file_without_process, duplicate_id, process_id, colour, expression_language)


# Rules about one process.


def too_many_nodes(view: View) -> Iterator[Fault]:
    """A chain of some 350 nodes ends the parser with a RecursionError."""
    if len(view.nodes) > MAX_NODES or len(view.process.flows) > 3 * MAX_NODES:
        yield fault(
            view.process.id,
            f"流程{{it}}有 {len(view.nodes)} 个节点，最多 {MAX_NODES} 个：请拆成调用活动。",
            f"Process {{it}} has {len(view.nodes)} nodes, at most {MAX_NODES}: split it by call activities.",
        )


def node_id(view: View) -> Iterator[Fault]:
    """Without an id nothing can be said about a node; data hold answers under ids, so they are plain names."""
    for node in view.nodes:
        if not _NCNAME.fullmatch(node.id):
            yield fault(node, f"节点编号无效：{node.id!r}。", f"A node's id is not valid: {node.id!r}.")


def longer_than_kept(view: View) -> Iterator[Fault]:
    """What the tables keep of an element has its length: beyond it no step could be written down."""
    process = view.process
    about: list[tuple[Node | str, str, str, int]] = [(process.id, "id", process.id, 80)]
    about.append((process.id, "name", process.name, 200))
    for node in view.nodes:
        about += [(node, "id", node.id, 120), (node, "name", node.name, 200)]
        about += [(node, "operation", node.operation or "", 60)]
        about += [(node, name, node.properties.get(name, ""), most) for name, most in KEPT.items()]
        about += [(node, "message", each.name or "", 120) for each in node.events]
    for element, what, text, most in about:
        if len(text) > most and not text.startswith("="):
            yield fault(
                element,
                f"{{it}}的 {what} 有 {len(text)} 个字，最多 {most} 个。",
                f"The {what} of {{it}} has {len(text)} characters, at most {most} are kept.",
            )


def not_executable(view: View) -> Iterator[Fault]:
    """The parser leaves such a process out."""
    if not view.process.executable:
        yield fault(view.process.id, "流程{it}标为不可执行。", "Process {it} is marked as not executable.")


def flow_end(view: View) -> Iterator[Fault]:
    """A flow joins two nodes of the same container, and never a node with itself (a RecursionError)."""
    for flow in view.process.flows:
        source, target = view.process.find(flow.source), view.process.find(flow.target)
        if source is None or target is None:
            yield fault(flow, "连线{it}的一端不存在。", "Sequence flow {it} has an end that does not exist.")
        elif source.parent != flow.parent or target.parent != flow.parent:
            yield fault(flow, "连线{it}越过了子流程边界。", "Sequence flow {it} crosses the border of a subprocess.")
        elif source is target:
            yield fault(flow, "连线{it}的两端是同一个节点。", "Sequence flow {it} leads back to its own node.")
        elif target.kind in ("startEvent", "boundaryEvent") or source.kind == "endEvent":
            yield fault(
                flow,
                "连线{it}方向不对。",
                "Sequence flow {it} enters a start or boundary event, or leaves an end event.",
            )


def boundary_host(view: View) -> Iterator[Fault]:
    """A boundary event sits on an activity of the same container."""
    for node in view.of_kind("boundaryEvent"):
        host = view.process.find(node.attached_to or "")
        if host is None or host.kind not in ACTIVITIES or host.parent != node.parent:
            yield fault(node, "边界事件{it}没有附在任务上。", "Boundary event {it} is attached to no activity.")


def start_and_end(view: View) -> Iterator[Fault]:
    """A process needs a start event and an end event; a subprocess exactly one start event, without a trigger."""
    for container in view.containers:
        inside = view.process.nodes_in(container)
        starts = [each for each in inside if each.kind == "startEvent"]
        about = view.process.find(container) if container else None
        it = about or view.process.id
        if about is not None and (about.triggered_by_event or about.kind == "adHocSubProcess"):
            continue
        if not starts:
            yield fault(it, "{it}没有开始事件。", "{it} has no start event.")
        elif container is not None and (len(starts) > 1 or starts[0].events):
            yield fault(
                it,
                "子流程{it}只能有一个普通开始事件。",
                "Subprocess {it} may have one start event only, without a trigger.",
            )
        elif len([each for each in starts if not each.events]) > 1:
            yield fault(it, "流程{it}有多个普通开始事件。", "Process {it} has several plain start events.")
        if starts and not any(each.kind == "endEvent" for each in inside):
            yield fault(it, "{it}没有结束事件。", "{it} has no end event.")


def unreachable(view: View) -> Iterator[Fault]:
    """What no way leads to is silently dropped by the parser."""
    for container in view.containers:
        inside = view.process.nodes_in(container)
        starts = [each for each in inside if each.kind == "startEvent" or each.triggered_by_event]
        if not starts:
            continue
        reached = view.reachable(starts)
        for node in inside:
            if node.id not in reached and not node.for_compensation:
                yield fault(node, "从开始事件走不到{it}。", "No way leads from the start event to {it}.")


def no_way_out(view: View) -> Iterator[Fault]:
    """Every way ends in an end event, so that a reader sees how the case ended."""
    for node in view.nodes:
        if node.outgoing or node.kind == "endEvent" or node.triggered_by_event or node.for_compensation:
            continue
        yield warning(node, "{it}之后没有连线，也不是结束事件。", "{it} has no way out and is no end event.")


def several_flows_out(view: View) -> Iterator[Fault]:
    """Only a gateway splits; the parser refuses it elsewhere."""
    for node in view.nodes:
        if node.kind not in GATEWAYS | {"startEvent"} and len(node.outgoing) > 1:
            yield fault(
                node,
                "{it}引出多条连线：请先接网关再分支。",
                "{it} has several flows out: only a gateway may split.",
            )


def condition_outside_gateway(view: View) -> Iterator[Fault]:
    """A condition on a flow that leaves no exclusive or inclusive gateway is silently ignored."""
    for flow in view.process.flows:
        source = view.process.find(flow.source)
        if flow.condition is not None and source is not None and source.kind not in SPLITTING:
            yield fault(
                flow,
                "连线{it}上的条件不会生效：条件只能放在排他或包容网关之后。",
                "The condition on {it} would be ignored: conditions belong behind exclusive or inclusive gateways.",
            )


def lane_reference(view: View) -> Iterator[Fault]:
    """White space round an id loses the lane silently; so does a name that is no node's."""
    for lane in view.process.lanes:
        for ref in lane.refs:
            node = view.process.find(ref.strip())
            if ref != ref.strip():
                yield fault(
                    lane.id,
                    f"泳道{{it}}的 flowNodeRef「{ref.strip()}」前后有空白，泳道会丢失。",
                    f"White space round the flowNodeRef {ref.strip()!r} of lane {{it}} loses the lane.",
                )
            elif node is None or node.parent is not None:
                yield fault(
                    lane.id,
                    f"泳道{{it}}引用了不存在的节点「{ref}」。",
                    f"Lane {{it}} names {ref!r}, which is no node of the process.",
                )


def node_in_one_lane(view: View) -> Iterator[Fault]:
    """With lanes, each node stands in exactly one; a boundary event may leave that to its host."""
    if not view.process.lanes:
        return
    listed = Counter(ref.strip() for lane in view.process.lanes for ref in lane.refs)
    for node in view.process.nodes_in(None):
        count = listed[node.id]
        if count > 1 or (count == 0 and node.kind != "boundaryEvent"):
            yield warning(
                node,
                f"{{it}}应当只在一个泳道里，现在是 {count} 个。",
                f"{{it}} should stand in one lane, and stands in {count}.",
            )


WIDE = ("subProcess", "callActivity")
"""Hosts of a whole stretch of work: their edge grows with their events, and each keeps its own name beside it."""


def crowded(view: View) -> Iterator[Fault]:
    """A diagram that nobody can take in: beyond the sizes of the drawing rules."""
    outside = [each for each in view.nodes if each.parent is None]
    if len(outside) > 45:
        yield warning(
            view.process.id,
            f"流程{{it}}有 {len(outside)} 个节点，读图困难：请考虑调用活动。",
            f"Process {{it}} has {len(outside)} nodes and is hard to read: consider a call activity.",
        )
    if len(view.process.lanes) > 6:
        yield warning(view.process.id, "流程{it}的泳道超过 6 条。", "Process {it} has more than 6 lanes.")
    for host, events in view.boundary_events.items():
        node = view.process.find(host)
        most = 6 if node is not None and node.kind in WIDE else 3
        if node is not None and len(events) > most:
            yield warning(host, f"{{it}}上的边界事件超过 {most} 个。", f"{{it}} has more than {most} boundary events.")


RULES = (
    node_id,
    longer_than_kept,
    not_executable,
    flow_end,
    boundary_host,
    start_and_end,
    unreachable,
    no_way_out,
    several_flows_out,
    condition_outside_gateway,
    lane_reference,
    node_in_one_lane,
    crowded,
)
