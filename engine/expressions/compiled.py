"""Compiled expressions and decision cells: what the rest of the engine holds and evaluates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from engine.expressions import nodes
from engine.expressions.cells import any_of, test_of
from engine.expressions.faults import ExpressionFault, ExpressionRefused
from engine.expressions.parser import Parser
from engine.expressions.scope import Scope, closure_of
from engine.expressions.times import parse_cycle, parse_duration, parse_moment

_BARE_ISO = re.compile(r"P[0-9T].*|R[0-9]*/.*|[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?")


class Expression:
    """A checked expression. `names` are the variables it reads; `paths` the same with their dots; `functions` what it
    calls by name.

    Names in a filter may mean a key of the filtered item; they count as read all the same.
    """

    __slots__ = ("_run", "functions", "is_constant", "names", "paths", "text")

    def __init__(self, text: str, node: nodes.Node) -> None:
        self.text = text
        self.paths = frozenset(_paths(node, frozenset()))
        self.names = frozenset(each.partition(".")[0] for each in self.paths)
        self.functions = frozenset(_functions(node))
        self.is_constant = isinstance(node, nodes.Constant)
        self._run = closure_of(node)

    def evaluate(self, context: Mapping[str, Any], **extra: Any) -> Any:
        """Its value in this context, which it cannot change; raises ExpressionFault when it exceeds its bounds.

        What is unknown is null; so is what does not fit together. `extra` adds names, before those of the context.
        """
        try:
            return self._run(Scope({**context, **extra} if extra else context))
        except RecursionError:
            raise _too_deep() from None

    def holds(self, context: Mapping[str, Any]) -> bool:
        """Whether its value is true; null and anything else count as no."""
        return self.evaluate(context) is True

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class UnaryTests:
    """A checked decision cell. `fits(scope, value)` is its test, for whoever has many cells to try at once."""

    __slots__ = ("accepts_all", "fits", "nodes", "text")

    def __init__(self, text: str, tests: tuple[nodes.Node, ...]) -> None:
        self.text = text
        self.accepts_all = any(isinstance(each, nodes.AnyValue) for each in tests)
        self.nodes = tests
        self.fits = any_of(tuple(test_of(each) for each in tests))

    def matches(self, value: Any, context: Mapping[str, Any] | None = None) -> bool:
        """Whether the value fits the cell; unknown counts as no."""
        if self.accepts_all:
            return True
        try:
            return self.fits(Scope({} if context is None else context, value), value) is True
        except RecursionError:
            raise _too_deep() from None

    @property
    def names(self) -> frozenset[str]:
        found = (path for each in self.nodes for path in _paths(each, frozenset()))
        return frozenset(each.partition(".")[0] for each in found)

    def __repr__(self) -> str:
        return f"UnaryTests({self.text!r})"


def _functions(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call):
        yield node.function
    for each in nodes.children(node):
        yield from _functions(each)


def _too_deep() -> ExpressionFault:
    return ExpressionFault("数据嵌套过深", "the data are nested too deep")


def _paths(node: nodes.Node, bound: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        if node.name not in bound:
            yield node.name
    elif isinstance(node, nodes.Path) and isinstance(node.start, nodes.Name):
        if node.start.name not in bound:
            yield ".".join((node.start.name, *node.steps))
    elif isinstance(node, nodes.Filter):
        yield from _paths(node.value, bound)
        yield from _paths(node.condition, bound | {"item"})
    elif isinstance(node, nodes.Each):
        for name, low, high in node.over:
            yield from _paths(low, bound)
            if high is not None:
                yield from _paths(high, bound)
            bound = bound | {name}
        yield from _paths(node.body, bound | {"partial"})
    elif isinstance(node, nodes.Lambda):
        yield from _paths(node.body, bound | set(node.parameters))
    elif isinstance(node, nodes.Entries):
        for key, each in node.entries:
            yield from _paths(each, bound)
            bound = bound | {key}
    else:
        for each in nodes.children(node):
            yield from _paths(each, bound)


@lru_cache(maxsize=8192)
def compile_expression(text: str, known: frozenset[str] = frozenset()) -> Expression:
    """Check and compile an expression; raises ExpressionRefused with the place and why.

    `known`: names of several words that the text may use (of a decision table's inputs).
    """
    return Expression(text, Parser(text, known).whole_expression())


@lru_cache(maxsize=8192)
def compile_unary_tests(text: str, known: frozenset[str] = frozenset()) -> UnaryTests:
    """Check and compile a decision cell such as `-`, `"a","b"`, `> 3`, `[60..70)`, `not("high")`."""
    return UnaryTests(text, Parser(text, known).whole_tests())


@lru_cache(maxsize=2048)
def compile_timer(text: str) -> Expression:
    """The text of a timer or `due`: bare ISO (`PT24H`, `R3/PT1H`, `2026-08-03T09:00:00+08:00`) or an expression.

    Bare ISO evaluates to a Duration, a Cycle or a date and time.
    """
    bare = text.strip()
    if not _BARE_ISO.fullmatch(bare):
        return compile_expression(text)
    value = parse_cycle(bare) if bare[0] == "R" else parse_duration(bare) if bare[0] == "P" else parse_moment(bare)
    if value is None:
        raise ExpressionRefused(text, 0, "不是 ISO 时间", "not an ISO date and time")
    return Expression(text, nodes.Constant(value))
