"""Rules about gateways: a choice always has a way, a join always completes, a loop always rests somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.checks.findings import ERROR, WARNING, Fault, fault, warning
from engine.checks.view import View, spread
from engine.diagrams import Flow, Node


def flow_without_condition(view: View) -> Iterator[Fault]:
    """Behind a choice each flow but the default has a condition; the parser refuses it otherwise."""
    for node, flow in view.flows_of_choice():
        if flow.condition is None and flow.id != node.default:
            yield fault(
                flow,
                f"网关「{node.name or node.id}」引出的连线{{it}}没有条件，也不是默认流。",
                f"Flow {{it}} out of gateway “{node.name or node.id}” has no condition and is not the default.",
            )


def default_flow(view: View) -> Iterator[Fault]:
    """Without a default flow an instance becomes an incident when no condition holds."""
    for node in view.nodes:
        if node.default and node.default not in node.outgoing:
            yield fault(node, "{it}的默认流不是它引出的连线。", "The default flow of {it} does not leave it.")
        elif view.is_split(node) and not node.default and not _always_goes_on(view, node):
            yield warning(
                node,
                "网关{it}没有默认流：条件都不满足时流程会卡住。",
                "Gateway {it} has no default flow: the case stops when no condition holds.",
            )


def _always_goes_on(view: View, node: Node) -> bool:
    """One way out is always taken: its condition is the word true."""
    return any(flow.condition == "true" for flow in view.process.flows_from(node))


def condition_on_default(view: View) -> Iterator[Fault]:
    """The condition of a default flow is never asked."""
    for node, flow in view.flows_of_choice():
        if flow.id == node.default and flow.condition is not None:
            yield warning(flow, "默认流{it}上的条件不会生效。", "The condition on default flow {it} is never asked.")


def splits_or_merges(view: View) -> Iterator[Fault]:
    """A gateway either splits or merges, so that its question belongs to one place."""
    for node in view.nodes:
        if node.kind.endswith("Gateway") and len(node.incoming) > 1 and len(node.outgoing) > 1:
            yield warning(node, "网关{it}既汇合又分支：请分成两个。", "Gateway {it} both merges and splits: draw two.")


def event_gateway(view: View) -> Iterator[Fault]:
    """Behind an event-based gateway stand events that wait: timer, message, signal or a receive task."""
    for node in view.of_kind("eventBasedGateway"):
        targets, name = view.next(node), node.name or node.id
        if len(targets) < 2:
            yield fault(
                node, "事件网关{it}之后至少要有两个事件。", "Event-based gateway {it} needs two events at least."
            )
        for each in targets:
            waits = each.kind in ("intermediateCatchEvent", "receiveTask")
            if not waits or len(each.incoming) > 1:
                yield fault(
                    each,
                    f"事件网关「{name}」之后的{{it}}必须是只有这一条入线的等待事件。",
                    f"Behind event-based gateway “{name}”, {{it}} must be an event that waits, with no other way in.",
                )


def join_never_completes(view: View) -> Iterator[Fault]:
    """A parallel join waits for ever when two of its ways in are alternatives.

    Each pair of its inputs must come from two branches of one parallel fork. A path that begins at a non-interrupting
    boundary event does not count: it may never be taken.
    """
    for join, forks in _joins(view):
        inputs = view.process.flows_to(join)
        behind = [spread([each.source], view.surely_before, without=join.id) for each in inputs]
        for a, b in combinations(range(len(inputs)), 2):
            if not any(_apart(fork, inputs[a], behind[a], inputs[b], behind[b]) for fork in forks):
                names = [_name_of(view, inputs[each].source) for each in (a, b)]
                yield fault(
                    join,
                    f"并行汇合{{it}}会永远等待：来自「{names[0]}」和「{names[1]}」的路径不会同时到达，请先用排他网关合并。",
                    f"Parallel join {{it}} waits for ever: the ways from “{names[0]}” and “{names[1]}” are "
                    "alternatives; merge them by an exclusive gateway first.",
                )
                break


def _joins(view: View) -> Iterator[tuple[Node, list[tuple[Flow, ...]]]]:
    """Each parallel join with the parallel forks beside it, a fork as its flows."""
    forks: dict[str | None, list[tuple[Node, tuple[Flow, ...]]]] = {}
    for each in view.of_kind("parallelGateway", "startEvent"):
        if len(each.outgoing) > 1:
            forks.setdefault(each.parent, []).append((each, view.process.flows_from(each)))
    for join in view.of_kind("parallelGateway"):
        if len(join.incoming) > 1:
            yield join, [flows for fork, flows in forks.get(join.parent, ()) if fork is not join]


def _apart(fork: tuple[Flow, ...], a: Flow, behind_a: set[str], b: Flow, behind_b: set[str]) -> bool:
    """Whether two different branches of the fork lead to the two inputs of a join."""
    to_a = [each for each in fork if each is a or each.target in behind_a]
    to_b = [each for each in fork if each is b or each.target in behind_b]
    return any(x is not y for x in to_a for y in to_b)


def _name_of(view: View, node_id: str) -> str:
    node = view.process.find(node_id)
    return (node.name or node.id) if node else node_id


def join_may_wait(view: View) -> Iterator[Fault]:
    """Between a parallel fork and its join, a choice that can end its branch leaves the join waiting."""
    quiet = spread((each.id for each in view.of_kind("endEvent") if _ends_quietly(each)), view.surely_before)
    for join, forks in _joins(view):
        arriving = spread([join.id], view.surely_before)
        begins = [each.target for fork in forks if sum(each.target in arriving for each in fork) > 1 for each in fork]
        between = spread(begins, view.ahead, within=arriving, without=join.id)
        elsewhere = quiet - arriving
        for node in view.nodes if elsewhere else ():
            if node.id in between and not elsewhere.isdisjoint(_choices(view, node)):
                yield warning(
                    node,
                    f"{{it}}有一条路不到并行汇合「{join.id}」，那时汇合会一直等待。",
                    f"One way from {{it}} never comes to parallel join “{join.id}”, which then waits for ever.",
                )


def _ends_quietly(end: Node) -> bool:
    return not any(each.kind in ("terminate", "error", "cancel") for each in end.events)


def _choices(view: View, node: Node) -> tuple[str, ...]:
    """The alternatives that `node` decides between: branches of a choice, or interrupting boundary events."""
    if node.kind in ("exclusiveGateway", "eventBasedGateway"):
        return view.ahead[node.id]
    return tuple(each.id for each in view.boundary_events.get(node.id, ()) if each.interrupting)


def joins_wait_for_each_other(view: View) -> Iterator[Fault]:
    """Of two inclusive joins that branches of one fork lead to, and that lead to each other, neither ever completes."""
    joins = [each for each in view.of_kind("inclusiveGateway") if len(each.incoming) > 1]
    forks = [each for each in view.of_kind("parallelGateway", "inclusiveGateway") if len(each.outgoing) > 1]
    for one, other in combinations(joins, 2):
        for fork in forks:
            within = {each.id for each in view.nodes if each is not fork}
            ways = [_first_of(view, flow.target, one, other, within) for flow in view.process.flows_from(fork)]
            apart = {one.id, other.id} <= set[str]().union(*ways) and not all(len(each) == 2 for each in ways)
            if apart and _leads(view, one, other, within) and _leads(view, other, one, within):
                name = other.name or other.id
                yield fault(
                    one,
                    f"包容汇合{{it}}和「{name}」会互相等待：请把两处汇合合成一处，或先用排他网关合并。",
                    f"Inclusive joins {{it}} and “{name}” wait for each other: draw one join, or merge by an exclusive "
                    "gateway first.",
                )
                break


def _first_of(view: View, start: str, one: Node, other: Node, within: set[str]) -> set[str]:
    """Which of the two joins a way reaches without passing the other."""
    return {
        goal.id for goal, avoided in ((one, other), (other, one))
        if goal.id in spread([start], view.ahead, within, without=avoided.id)
    }  # fmt: skip


def _leads(view: View, one: Node, other: Node, within: set[str]) -> bool:
    return other.id in spread(view.ahead[one.id], view.ahead, within)


def endless_loop(view: View) -> Iterator[Fault]:
    """A loop in which the case never rests spends the step budget; without a way out it certainly does."""
    restless = {each.id: each for each in view.nodes if not view.waits(each)}
    reach = {each: spread(view.ahead[each], view.ahead, within=restless) for each in restless}
    told: set[str] = set()
    for node_id, node in restless.items():
        if node_id not in reach[node_id] or node_id in told:
            continue
        ring = {each for each in reach[node_id] if node_id in reach[each]}
        told |= ring
        has_way_out = any(after not in ring for each in ring for after in view.ahead[each])
        yield fault(
            node,
            "经过{it}的循环中没有等待点（用户任务、定时或消息）。",
            "The loop through {it} has no waiting point (user task, timer or message).",
            WARNING if has_way_out else ERROR,
        )


RULES = (
    flow_without_condition,
    default_flow,
    condition_on_default,
    splits_or_merges,
    event_gateway,
    join_never_completes,
    join_may_wait,
    joins_wait_for_each_other,
    endless_loop,
)
