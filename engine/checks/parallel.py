"""Rules about what goes on at once: two writers of a variable, tokens that multiply, members and calls in masses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from engine.checks.findings import Fault, fault, warning
from engine.checks.texts import expressions_of
from engine.checks.view import SPLITTING, View, spread
from engine.diagrams import SUBPROCESSES, Node
from engine.expressions import ExpressionRefused, compile_expression

MOST_MEMBERS_IN_ALL = 5_000
DEEPEST_NESTING = 8
DEEPEST_CALLS = 8
_CATCHES = ("intermediateCatchEvent", "boundaryEvent", "receiveTask")


def two_writers(view: View) -> Iterator[Fault]:
    """Where branches meet the newest write wins, so that of two writers of one variable one is lost.

    What a called process gives back counts when it is read here; so do its answers to a task that is also here.
    """
    told: set[tuple[str, str]] = set()
    yield from _overwritten(view)
    for branches in _branches(view):
        for at, one in enumerate(branches):
            for other in branches[at + 1 :]:
                yield from _shared(view, one - other, other - one, told)
    for node in view.nodes:
        if _is_parallel(node) and node.loop and not node.loop.results and node.kind not in SUBPROCESSES:
            for name in (each for each in _written(node) if each != node.id):
                yield warning(
                    node,
                    f"{{it}}的每个成员都写变量「{name}」，只留下最后一个：请用结果列表。",
                    f"Each member of {{it}} writes the variable {name!r}; only the last stays: use a list of results.",
                )


def _shared(view: View, one: set[str], other: set[str], told: set[tuple[str, str]]) -> Iterator[Fault]:
    theirs = {name: each for each in view.nodes if _within(view, each, other) for name in _brought(view, each)}
    for node in view.nodes:
        for name in _brought(view, node) if _within(view, node, one) else ():
            writer = theirs.get(name)
            if writer is not None and (node.id, name) not in told and (writer.id, name) not in told:
                told.add((node.id, name))
                yield warning(
                    node,
                    f"{{it}}和同时进行的「{writer.name or writer.id}」都写变量「{name}」，其中一个会丢失。",
                    f"{{it}} and “{writer.name or writer.id}”, which goes on beside it, both write {name!r}: "
                    "one of the two is lost.",
                )


def _branches(view: View) -> Iterator[list[set[str]]]:
    """For each place where ways go on at once, the ids on each way, the splitting place itself never entered again."""
    for node in view.nodes:
        if len(node.outgoing) > 1 and node.kind in ("parallelGateway", "inclusiveGateway", "startEvent"):
            yield [spread([flow.target], view.ahead, without=node.id) for flow in view.process.flows_from(node)]
        elif _is_beside(node):
            host = view.process.find(node.attached_to or "")
            aside = spread((each.id for each in view.next(node)), view.ahead, without=node.id)
            after = spread((each.id for each in view.next(host)), view.ahead, without=node.id) if host else set()
            yield [aside, after | {node.attached_to or ""}]


def _within(view: View, node: Node, ids: set[str]) -> bool:
    """Whether a node stands on the way, or in a subprocess there."""
    here: Node | None = node
    while here is not None:
        if here.id in ids:
            return True
        here = view.process.find(here.parent) if here.parent else None
    return False


def _written(node: Node) -> set[str]:
    """The variables that a node writes."""
    names = {node.result_variable, node.properties.get("resultVariable"), *(each.variable for each in node.events)}
    if node.loop is not None and node.loop.results:
        names = {node.loop.results}
    elif node.is_user_task:
        names.add(node.id)
    return {each for each in names if each}


def _brought(view: View, node: Node) -> set[str]:
    """The variables that a node writes, those included that a called process gives back and that are read here."""
    if node.loop and node.loop.results:
        return _written(node)
    return _written(node) | _given_back(view, {name for each in _within_call(view, node) for name in _written(each)})


def _given_back(view: View, names: set[str]) -> set[str]:
    """Those of the variables that come back from a call which are read here."""
    return names & _read(view) if names else names


def _within_call(view: View, node: Node) -> Iterator[Node]:
    """The nodes of the process that a call activity calls, and of those that it calls in turn."""
    called, seen = [node.called_element], {view.process.id}
    while called:
        process = view.processes.get(called.pop() or "")
        if process is not None and process.id not in seen:
            seen.add(process.id)
            yield from process.nodes
            called += [each.called_element for each in process.nodes]


def _overwritten(view: View) -> Iterator[Fault]:
    """Answers stand under the id of their task: those of a called process take the place of the caller's own."""
    own = {each.id for each in view.nodes if each.is_user_task}
    for node in view.of_kind("callActivity"):
        asked = {each.id for each in _within_call(view, node) if each.is_user_task}
        for name in sorted(_given_back(view, own & asked)):
            yield warning(
                node,
                f"{{it}}调用的流程里也有任务「{name}」，它的答复会盖掉本流程「{name}」的答复：请换一个编号。",
                f"A task of the process that {{it}} calls is also {name!r}; its answers take the place of those of "
                f"{name!r} here: give one of them another id.",
            )


def _read(view: View) -> set[str]:
    """The variables that the expressions of a process read; what does not compile is told by another rule."""
    names = set[str]()
    for _, _, text in expressions_of(view):
        with suppress(ExpressionRefused):
            names |= compile_expression(text).names
    return names


def _is_beside(node: Node) -> bool:
    """Whether it opens a way beside its activity."""
    return node.kind == "boundaryEvent" and not node.interrupting and bool(node.attached_to)


def _is_parallel(node: Node) -> bool:
    return node.loop is not None and node.loop.kind == "parallel"


def multiplying_tokens(view: View) -> Iterator[Fault]:
    """A fork to which two of its own branches lead back, unjoined, doubles what goes on in each round."""
    onward = _without_joins(view)
    for node in view.nodes:
        if node.kind in ("parallelGateway", "inclusiveGateway") and len(node.outgoing) > 1:
            back = [flow for flow in view.process.flows_from(node) if node.id in spread([flow.target], onward)]
            if len(back) > 1:
                yield fault(
                    node,
                    "{it}的两条分支都绕回到它自己，同时进行的路径会越来越多：请先汇合。",
                    "Two branches of {it} lead back to it, so that ways multiply without end: join them first.",
                )
        elif _is_beside(node) and node.attached_to in spread((each.id for each in view.next(node)), onward):
            yield fault(
                node,
                "非中断边界事件{it}之后又回到所附的任务，同时进行的路径会越来越多。",
                "The way behind the non-interrupting event {it} leads back to its activity: ways multiply.",
            )


def _without_joins(view: View) -> Mapping[str, tuple[str, ...]]:
    """Where the case can be after each node; behind a parallel or inclusive join it is one again and not followed."""
    joins = {each.id for each in view.nodes if each.kind in _JOINING and len(each.incoming) > 1}
    return {each: () if each in joins and len(after) == 1 else after for each, after in view.ahead.items()}


_JOINING = frozenset(("parallelGateway", *SPLITTING)) - {"exclusiveGateway"}


def message_key(view: View) -> Iterator[Fault]:
    """Members of a parallel multi-instance wait under keys of their own; under the key of the case all are meant."""
    for node in view.of_kind(*_CATCHES):
        if not any(each.kind == "message" and not each.key for each in node.events):
            continue
        around = [node, *_around(view, node)]
        host = view.process.find(node.attached_to) if node.attached_to else None
        if any(_is_parallel(each) for each in (*around, *([host] if host else []))):
            yield fault(
                node,
                "{it}在并行多实例中等待消息，但没有自己的关联键（key）：无法分清是哪个成员的。",
                "{it} waits for a message in a parallel multi-instance without a key: no member is meant by it.",
            )


def members_multiply(view: View) -> Iterator[Fault]:
    """Members inside members multiply: the numbers that stand in the file may not exceed the bound together."""
    for node in view.nodes:
        around = [each for each in (node, *_around(view, node)) if each.loop is not None]
        if len(around) < 2 or node.loop is None:
            continue
        total = 1
        for each in around:
            text = ((each.loop.cardinality or each.loop.maximum or "") if each.loop else "").strip()
            total *= int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1
        if total > MOST_MEMBERS_IN_ALL:
            yield fault(
                node,
                f"{{it}}嵌套的循环共有 {total} 个成员，最多 {MOST_MEMBERS_IN_ALL} 个。",
                f"The repetitions around {{it}} make {total} members, at most {MOST_MEMBERS_IN_ALL}.",
            )


def _around(view: View, node: Node) -> Iterator[Node]:
    """The subprocesses around a node, the nearest first."""
    here = view.process.find(node.parent) if node.parent else None
    while here is not None:
        yield here
        here = view.process.find(here.parent) if here.parent else None


def nested_too_deep(view: View) -> Iterator[Fault]:
    """Subprocesses inside subprocesses: beyond the bound nobody can read them, nor the engine carry them quickly."""
    for node in view.nodes:
        if node.kind in SUBPROCESSES and sum(1 for _ in _around(view, node)) == DEEPEST_NESTING:
            yield fault(
                node,
                f"子流程嵌套超过 {DEEPEST_NESTING} 层：{{it}}。",
                f"Subprocesses are nested deeper than {DEEPEST_NESTING}: {{it}}.",
            )


def calls_too_deep(view: View) -> Iterator[Fault]:
    """A chain of calls has a bound, across all files of the bundle."""
    for node in view.of_kind("callActivity"):
        depth, level, seen = 0, {node.called_element}, {view.process.id}
        while level := {each for each in level if each in view.processes and each not in seen}:
            depth += 1
            seen |= {each for each in level if each}
            called = [view.processes[each] for each in level if each]
            level = {n.called_element for each in called for n in each.nodes if n.kind == "callActivity"}
        if depth > DEEPEST_CALLS:
            yield fault(
                node,
                f"{{it}}起的调用超过 {DEEPEST_CALLS} 层。",
                f"The calls that begin at {{it}} are deeper than {DEEPEST_CALLS}.",
            )


RULES = (
    two_writers,
    multiplying_tokens,
    message_key,
    members_multiply,
    nested_too_deep,
    calls_too_deep,
)
