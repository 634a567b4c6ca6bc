"""Closures of plain values: constants, names, paths, lists, contexts, reckoning and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from engine.expressions import nodes, reckoning
from engine.expressions.functions import FUNCTIONS, apply
from engine.expressions.scope import Closure, Scope, closure_of, makes
from engine.expressions.times import Duration
from engine.expressions.values import Range

LETTERS_A_STEP = 100


# --- values and names ---


@makes(nodes.Constant)
def _constant(node: nodes.Constant, bound: bool) -> Closure:
    value = node.value
    return lambda scope: value


@makes(nodes.Name)
def _name(node: nodes.Name, bound: bool) -> Closure:
    name = node.name
    if bound:
        return lambda scope: scope.look_up(name)
    return lambda scope: scope.context.get(name)


@makes(nodes.Input)
def _input(node: nodes.Input, bound: bool) -> Closure:
    return lambda scope: scope.input


@makes(nodes.Path)
def _path(node: nodes.Path, bound: bool) -> Closure:
    start, steps = closure_of(node.start, bound), node.steps
    if len(steps) == 1:
        step = steps[0]

        def one(scope: Scope) -> Any:
            value = start(scope)
            return value.get(step) if type(value) is dict else part_of(scope, value, step)

        return one

    def several(scope: Scope) -> Any:
        value = start(scope)
        for step in steps:
            value = value.get(step) if type(value) is dict else part_of(scope, value, step)
        return value

    return several


_PARTS: dict[type, frozenset[str]] = {
    date: frozenset(("year", "month", "day", "weekday")),
    time: frozenset(("hour", "minute", "second")),
    datetime: frozenset(("year", "month", "day", "weekday", "hour", "minute", "second")),
    Duration: frozenset(("years", "months", "days", "hours", "minutes", "seconds")),
}


def part_of(scope: Scope, value: Any, name: str) -> Any:
    """A key of a context, a part of a date or duration, or that of each item of a list; anything else is null."""
    if isinstance(value, Mapping):
        return value.get(name)
    if type(value) in (list, tuple):
        scope.step(len(value))
        return [part_of(scope, each, name) for each in value]
    if name not in _PARTS.get(type(value), ()):
        return None
    if type(value) is Duration:
        return _duration_part(value, name)
    if name == "weekday":
        return value.isoweekday()
    read = {"year": 0, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5}[name]
    if type(value) is time:
        return (0, 0, 0, value.hour, value.minute, value.second)[read]
    return value.timetuple()[read]


def _duration_part(value: Duration, name: str) -> int:
    if name in ("years", "months"):
        return abs(value.months) // 12 if name == "years" else abs(value.months) % 12
    delta = abs(value.delta)
    parts = {
        "days": delta.days,
        "hours": delta.seconds // 3600,
        "minutes": delta.seconds // 60 % 60,
        "seconds": delta.seconds % 60,
    }
    return parts[name]


@makes(nodes.Items)
def _items(node: nodes.Items, bound: bool) -> Closure:
    parts = [closure_of(each, bound) for each in node.items]

    def run(scope: Scope) -> list[Any]:
        made = [part(scope) for part in parts]
        scope.weigh(made)
        return made

    return run


@makes(nodes.Entries)
def _entries(node: nodes.Entries, bound: bool) -> Closure:
    """An entry may use the entries before it."""
    parts = [(key, closure_of(each, True)) for key, each in node.entries]

    def run(scope: Scope) -> Any:
        made: dict[str, Any] = {}
        outer = scope.frames
        scope.frames = (*outer, made)
        for key, part in parts:
            made[key] = part(scope)
        scope.frames = outer
        scope.weigh(made)
        return made

    return run


@makes(nodes.Span)
def _span(node: nodes.Span, bound: bool) -> Closure:
    low, high = closure_of(node.low, bound), closure_of(node.high, bound)
    low_closed, high_closed = node.low_closed, node.high_closed

    def run(scope: Scope) -> Any:
        first, last = low(scope), high(scope)
        return None if first is None or last is None else Range(first, last, low_closed, high_closed)

    return run


# --- reckoning and calls ---

_RECKON: dict[str, Callable[[Any, Any], Any]] = {
    "+": reckoning.add,
    "-": reckoning.subtract,
    "*": reckoning.multiply,
    "/": reckoning.divide,
    "**": reckoning.power,
}


@makes(nodes.Reckoning)
def _reckoning(node: nodes.Reckoning, bound: bool) -> Closure:
    first = closure_of(node.first, bound)
    rest = [(_RECKON[sign], closure_of(each, bound)) for sign, each in node.rest]

    def run(scope: Scope) -> Any:
        result = first(scope)
        for reckon, part in rest:
            result = reckon(result, part(scope))
            if type(result) is str:
                scope.step(len(result) // LETTERS_A_STEP)
        return result

    return run


@makes(nodes.Negate)
def _negate(node: nodes.Negate, bound: bool) -> Closure:
    value = closure_of(node.value, bound)
    return lambda scope: reckoning.negate(value(scope))


@makes(nodes.Call)
def _call(node: nodes.Call, bound: bool) -> Closure:
    name, parts = node.function, [closure_of(each, bound) for each in node.arguments]

    def run(scope: Scope) -> Any:
        arguments = [part(scope) for part in parts]
        for each in arguments:
            if type(each) is list or type(each) is dict:
                scope.weigh(each)
        result = apply(FUNCTIONS[name], arguments)
        if type(result) is str:
            scope.step(len(result) // LETTERS_A_STEP)
        return result

    return run
