"""Closures of what repeats: filters, `for`, `some`, `every`. Each turn costs as many steps as its body has nodes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from engine.expressions import nodes
from engine.expressions.scope import Closure, Scope, closure_of, makes
from engine.expressions.statements import all_true, any_true
from engine.expressions.values import Range, checked_list

# --- what repeats ---


def _list_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if type(value) in (list, tuple) else [value]


@makes(nodes.Filter)
def _filter(node: nodes.Filter, bound: bool) -> Closure:
    value = closure_of(node.value, bound)
    if isinstance(node.condition, nodes.Constant) and type(node.condition.value) is int:
        index = node.condition.value
        return lambda scope: _at_index(_list_of(value(scope)), index)
    condition, cost = closure_of(node.condition, True), nodes.weight(node.condition)

    def run(scope: Scope) -> Any:
        items, outer, kept = _list_of(value(scope)), scope.frames, []
        for item in items:
            scope.step(cost)
            scope.frames = (*outer, {"item": item}, item) if type(item) is dict else (*outer, {"item": item})
            found = condition(scope)
            if type(found) is int:
                scope.frames = outer
                return _at_index(items, found)
            if found is True:
                kept.append(item)
        scope.frames = outer
        return kept

    return run


def _at_index(items: list[Any], index: int) -> Any:
    """Counted from 1, from the end when negative; null outside."""
    place = index - 1 if index > 0 else len(items) + index
    return items[place] if index != 0 and 0 <= place < len(items) else None


@makes(nodes.Each)
def _each(node: nodes.Each, bound: bool) -> Closure:
    over = [
        (name, closure_of(low, True), None if high is None else closure_of(high, True)) for name, low, high in node.over
    ]
    body, cost = closure_of(node.body, True), nodes.weight(node.body) + len(over)
    with_partial = node.word == "for" and nodes.reads(node.body, "partial")

    def results(scope: Scope, level: int, made: list[Any]) -> Iterable[Any]:
        if level == len(over):
            scope.step(cost + len(made) * with_partial)
            if with_partial:
                scope.frames = (*scope.frames, {"partial": list(made)})
            yield body(scope)
            return
        name, low, high = over[level]
        outer = scope.frames
        for item in _run_through(scope, low, high):
            scope.step(1)
            scope.frames = (*outer, {name: item})
            yield from results(scope, level + 1, made)
        scope.frames = outer

    def run(scope: Scope) -> Any:
        outer = scope.frames
        made: list[Any] = []
        found = results(scope, 0, made)
        if node.word == "for":
            for each in found:  # the body may look at what is made so far
                made.append(each)
            result: Any = _weighed(scope, made)
        else:
            result = (any_true if node.word == "some" else all_true)(found)
        scope.frames = outer
        return result

    return run


def _run_through(scope: Scope, low: Closure, high: Closure | None) -> Iterable[Any]:
    first = low(scope)
    if high is None:
        if type(first) is not Range:
            return _list_of(first)
        first, last = (first.low, first.high) if first.low_closed and first.high_closed else (None, None)
    else:
        last = high(scope)
    if type(first) is date and type(last) is date:
        return _days(scope, first, last)
    if type(first) is not int or type(last) is not int:
        return []
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _days(scope: Scope, first: date, last: date) -> Iterable[date]:
    step = 1 if first <= last else -1
    scope.step(abs((last - first).days))
    return [first + timedelta(days=number * step) for number in range(abs((last - first).days) + 1)]


def _weighed(scope: Scope, made: list[Any]) -> list[Any]:
    scope.weigh(checked_list(made))
    return made
