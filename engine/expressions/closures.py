"""Closures of plain values: constants, names, paths, lists, contexts, reckoning and calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions import nodes, reckoning
from engine.expressions.functions import FUNCTIONS, apply
from engine.expressions.parts import part_of
from engine.expressions.scope import Closure, Scope, closure_of, makes
from engine.expressions.values import Given, Range, ordered

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
    low = None if node.low is None else closure_of(node.low, bound)
    high = None if node.high is None else closure_of(node.high, bound)
    closed = node.low_closed, node.high_closed

    def run(scope: Scope) -> Any:
        first, last = low and low(scope), high and high(scope)
        if (first is None and low) or (last is None and high) or (low and high and ordered(first, last) is None):
            return None
        return Range(first, last, *closed)

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
        result = apply(FUNCTIONS[name], arguments, scope.step)
        if type(result) is str:
            scope.step(len(result) // LETTERS_A_STEP)
        return result

    return run


@makes(nodes.Lambda)
def _lambda(node: nodes.Lambda, bound: bool) -> Closure:
    names, body, cost = node.parameters, closure_of(node.body, True), nodes.weight(node.body)

    def run(scope: Scope) -> Given:
        frames = scope.frames

        def call(*arguments: Any) -> Any:
            scope.step(cost)
            outer, scope.frames = scope.frames, (*frames, dict(zip(names, arguments, strict=True)))
            result = body(scope)
            scope.frames = outer
            return result

        return Given(call)

    return run
