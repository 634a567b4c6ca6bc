"""Turn nodes into closures: what runs when an expression is evaluated.

A closure takes the scope and gives a value. Nothing is looked up but keys of contexts, so no attribute of a Python
object can be reached. Whatever repeats (filters, `for`, `some`, functions over lists) counts steps; the rest is bounded
by the length of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from engine.expressions import nodes, values
from engine.expressions.faults import ExpressionFault
from engine.expressions.functions import FUNCTIONS, apply
from engine.expressions.times import Duration
from engine.expressions.values import Range, equal, ordered, unequal, within

MOST_STEPS = 10_000


class Scope:
    """What one evaluation sees: the context, the names bound inside, the value `?`, and the steps taken."""

    __slots__ = ("context", "frames", "input", "steps")

    def __init__(self, context: Mapping[str, Any], given: Any = None) -> None:
        self.context = context
        self.frames: tuple[Mapping[str, Any], ...] = ()
        self.input = given
        self.steps = 0

    def step(self, number: int) -> None:
        self.steps += number
        if self.steps > MOST_STEPS:
            raise ExpressionFault(f"求值超过 {MOST_STEPS} 步", f"more than {MOST_STEPS} steps")

    def look_up(self, name: str) -> Any:
        for frame in reversed(self.frames):
            if name in frame:
                return frame[name]
        return self.context.get(name)


Closure = Callable[[Scope], Any]
Test = Callable[[Scope, Any], "bool | None"]


def closure_of(node: nodes.Node, bound: bool = False) -> Closure:
    """The closure of an expression; `bound`: names may be bound by something around it."""
    return _MAKERS[type(node)](node, bound)


# --- values and names ---


def _constant(node: nodes.Constant, bound: bool) -> Closure:
    value = node.value
    return lambda scope: value


def _name(node: nodes.Name, bound: bool) -> Closure:
    name = node.name
    if bound:
        return lambda scope: scope.look_up(name)
    return lambda scope: scope.context.get(name)


def _input(node: nodes.Input, bound: bool) -> Closure:
    return lambda scope: scope.input


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


def _items(node: nodes.Items, bound: bool) -> Closure:
    parts = [closure_of(each, bound) for each in node.items]
    return lambda scope: [part(scope) for part in parts]


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
        return made

    return run


def _span(node: nodes.Span, bound: bool) -> Closure:
    low, high = closure_of(node.low, bound), closure_of(node.high, bound)
    low_closed, high_closed = node.low_closed, node.high_closed

    def run(scope: Scope) -> Any:
        first, last = low(scope), high(scope)
        return None if first is None or last is None else Range(first, last, low_closed, high_closed)

    return run


# --- statements ---


def _before(left: Any, right: Any) -> bool | None:
    order = ordered(left, right)
    return None if order is None else order < 0


def _not_after(left: Any, right: Any) -> bool | None:
    order = ordered(left, right)
    return None if order is None else order <= 0


_COMPARE: dict[str, Callable[[Any, Any], bool | None]] = {
    "=": equal,
    "!=": unequal,
    "<": _before,
    "<=": _not_after,
    ">": lambda left, right: _before(right, left),
    ">=": lambda left, right: _not_after(right, left),
}


def _compare(node: nodes.Compare, bound: bool) -> Closure:
    left, compare = closure_of(node.left, bound), _COMPARE[node.sign]
    if isinstance(node.right, nodes.Constant):
        value = node.right.value
        return lambda scope: compare(left(scope), value)
    right = closure_of(node.right, bound)
    return lambda scope: compare(left(scope), right(scope))


def _between(node: nodes.Between, bound: bool) -> Closure:
    value, low, high = (closure_of(each, bound) for each in (node.value, node.low, node.high))

    def run(scope: Scope) -> bool | None:
        given = value(scope)
        return _and((_not_after(low(scope), given), _not_after(given, high(scope))))

    return run


def _and(results: Iterable[Any]) -> bool | None:
    unknown = False
    for each in results:
        if each is False:
            return False
        unknown = unknown or each is not True
    return None if unknown else True


def _or(results: Iterable[Any]) -> bool | None:
    unknown = False
    for each in results:
        if each is True:
            return True
        unknown = unknown or each is not False
    return None if unknown else False


def _and_node(node: nodes.And, bound: bool) -> Closure:
    parts = [closure_of(each, bound) for each in node.parts]

    def run(scope: Scope) -> bool | None:
        unknown = False
        for part in parts:
            value = part(scope)
            if value is False:
                return False
            if value is not True:
                unknown = True
        return None if unknown else True

    return run


def _or_node(node: nodes.Or, bound: bool) -> Closure:
    parts = [closure_of(each, bound) for each in node.parts]

    def run(scope: Scope) -> bool | None:
        unknown = False
        for part in parts:
            value = part(scope)
            if value is True:
                return True
            if value is not False:
                unknown = True
        return None if unknown else False

    return run


def _not_node(node: nodes.Not, bound: bool) -> Closure:
    value = closure_of(node.value, bound)
    return lambda scope: _not(value(scope))


def _not(value: Any) -> bool | None:
    return not value if type(value) is bool else None


def _if(node: nodes.If, bound: bool) -> Closure:
    condition, then, otherwise = (closure_of(each, bound) for each in (node.condition, node.then, node.otherwise))
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def _instance_of(node: nodes.InstanceOf, bound: bool) -> Closure:
    value, wanted = closure_of(node.value, bound), node.kind

    def run(scope: Scope) -> bool:
        given = value(scope)
        return given is not None and wanted in ("any", values.kind(given))

    return run


# --- reckoning and calls ---

_RECKON: dict[str, Callable[[Any, Any], Any]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "**": values.power,
}


def _reckoning(node: nodes.Reckoning, bound: bool) -> Closure:
    first = closure_of(node.first, bound)
    rest = [(_RECKON[sign], closure_of(each, bound)) for sign, each in node.rest]

    def run(scope: Scope) -> Any:
        result = first(scope)
        for reckon, part in rest:
            result = reckon(result, part(scope))
        return result

    return run


def _negate(node: nodes.Negate, bound: bool) -> Closure:
    value = closure_of(node.value, bound)
    return lambda scope: values.negate(value(scope))


def _call(node: nodes.Call, bound: bool) -> Closure:
    name, parts = node.function, [closure_of(each, bound) for each in node.arguments]

    def run(scope: Scope) -> Any:
        arguments = [part(scope) for part in parts]
        for each in arguments:
            if type(each) is list:
                scope.step(_size(each))
        return apply(FUNCTIONS[name], arguments)

    return run


def _size(items: list[Any]) -> int:
    """How many items there are, those of inner lists included, up to the bound that matters."""
    number, waiting = 0, [items]
    while waiting and number <= MOST_STEPS:
        here = waiting.pop()
        number += len(here)
        waiting.extend(each for each in here if type(each) is list)
    return number


# --- what repeats ---


def _list_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if type(value) in (list, tuple) else [value]


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


def _each(node: nodes.Each, bound: bool) -> Closure:
    over = [
        (name, closure_of(low, True), None if high is None else closure_of(high, True)) for name, low, high in node.over
    ]
    body, cost = closure_of(node.body, True), nodes.weight(node.body) + len(over)

    def results(scope: Scope, level: int) -> Iterable[Any]:
        if level == len(over):
            scope.step(cost)
            yield body(scope)
            return
        name, low, high = over[level]
        outer = scope.frames
        for item in _run_through(scope, low, high):
            scope.step(1)
            scope.frames = (*outer, {name: item})
            yield from results(scope, level + 1)
        scope.frames = outer

    def run(scope: Scope) -> Any:
        outer = scope.frames
        found = results(scope, 0)
        result = (
            values.checked_list(list(found)) if node.word == "for" else (_or if node.word == "some" else _and)(found)
        )
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
    if type(first) is not int or type(last) is not int:
        return []
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


# --- tests ---

_STATEMENTS = (nodes.Compare, nodes.Between, nodes.In, nodes.And, nodes.Or, nodes.Not, nodes.InstanceOf)


def test_of(node: nodes.Node, bound: bool = False) -> Test:
    """The closure of a test: takes the scope and the value that is tested."""
    if isinstance(node, nodes.AnyValue):
        return lambda scope, given: True
    if isinstance(node, nodes.NotTest):
        inside = any_of(tuple(test_of(each, bound) for each in node.tests))
        return lambda scope, given: _not(inside(scope, given))
    if isinstance(node, nodes.SignTest):
        compare, value = _COMPARE[node.sign], closure_of(node.value, bound)
        return lambda scope, given: compare(given, value(scope))
    assert isinstance(node, nodes.ValueTest)
    value = closure_of(node.value, bound)
    if isinstance(node.value, _STATEMENTS) or nodes.asks_input(node.value) or _is_quantifier(node.value):
        return lambda scope, given: _true_or_unknown(value(scope))
    if isinstance(node.value, nodes.Constant):
        constant = node.value.value
        if type(constant) is Range:
            return lambda scope, given: within(given, constant)
        return lambda scope, given: equal(given, constant)
    return lambda scope, given: _fits(given, value(scope))


def _is_quantifier(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Each) and node.word != "for"


def _true_or_unknown(value: Any) -> bool | None:
    return value if type(value) is bool else None


def _fits(given: Any, wanted: Any) -> bool | None:
    """Whether a value equals what a cell gives, lies in its range, or is in its list."""
    if type(wanted) is Range:
        return within(given, wanted)
    if type(wanted) in (list, tuple):
        if type(given) in (list, tuple) and equal(given, wanted) is True:
            return True
        return _or(_fits(given, each) for each in wanted)
    if type(wanted) is bool and type(given) is not bool:
        return wanted
    return equal(given, wanted)


def any_of(tests: tuple[Test, ...]) -> Test:
    """True when one of the tests is."""
    if len(tests) == 1:
        return tests[0]

    def run(scope: Scope, given: Any) -> bool | None:
        unknown = False
        for test in tests:
            result = test(scope, given)
            if result is True:
                return True
            if result is None:
                unknown = True
        return None if unknown else False

    return run


def _in(node: nodes.In, bound: bool) -> Closure:
    value, test = closure_of(node.value, bound), any_of(tuple(test_of(each, bound) for each in node.tests))
    return lambda scope: test(scope, value(scope))


_MAKERS: dict[type, Callable[[Any, bool], Closure]] = {
    nodes.Constant: _constant,
    nodes.Name: _name,
    nodes.Input: _input,
    nodes.Path: _path,
    nodes.Items: _items,
    nodes.Entries: _entries,
    nodes.Span: _span,
    nodes.Compare: _compare,
    nodes.Between: _between,
    nodes.And: _and_node,
    nodes.Or: _or_node,
    nodes.Not: _not_node,
    nodes.In: _in,
    nodes.If: _if,
    nodes.InstanceOf: _instance_of,
    nodes.Reckoning: _reckoning,
    nodes.Negate: _negate,
    nodes.Call: _call,
    nodes.Filter: _filter,
    nodes.Each: _each,
}
