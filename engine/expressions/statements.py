"""Closures of statements, three-valued: comparisons, and, or, not, if."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.expressions import nodes
from engine.expressions.kinds import is_of_kind
from engine.expressions.scope import Closure, Scope, closure_of, makes
from engine.expressions.values import equal, ordered, unequal

# --- statements ---


def _before(left: Any, right: Any) -> bool | None:
    order = ordered(left, right)
    return None if order is None else order < 0


def _not_after(left: Any, right: Any) -> bool | None:
    order = ordered(left, right)
    return None if order is None else order <= 0


COMPARE: dict[str, Callable[[Any, Any], bool | None]] = {
    "=": equal,
    "!=": unequal,
    "<": _before,
    "<=": _not_after,
    ">": lambda left, right: _before(right, left),
    ">=": lambda left, right: _not_after(right, left),
}


@makes(nodes.Compare)
def _compare(node: nodes.Compare, bound: bool) -> Closure:
    left, compare = closure_of(node.left, bound), COMPARE[node.sign]
    if isinstance(node.right, nodes.Constant):
        value = node.right.value
        return lambda scope: compare(left(scope), value)
    right = closure_of(node.right, bound)

    def run(scope: Scope) -> bool | None:
        one, other = left(scope), right(scope)
        scope.weigh_pair(one, other)
        return compare(one, other)

    return run


@makes(nodes.Between)
def _between(node: nodes.Between, bound: bool) -> Closure:
    value, low, high = (closure_of(each, bound) for each in (node.value, node.low, node.high))

    def run(scope: Scope) -> bool | None:
        given = value(scope)
        return all_true((_not_after(low(scope), given), _not_after(given, high(scope))))

    return run


def all_true(results: Iterable[Any]) -> bool | None:
    unknown = False
    for each in results:
        if each is False:
            return False
        unknown = unknown or each is not True
    return None if unknown else True


def any_true(results: Iterable[Any]) -> bool | None:
    unknown = False
    for each in results:
        if each is True:
            return True
        unknown = unknown or each is not False
    return None if unknown else False


@makes(nodes.And)
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


@makes(nodes.Or)
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


@makes(nodes.Not)
def _not_node(node: nodes.Not, bound: bool) -> Closure:
    value = closure_of(node.value, bound)
    return lambda scope: negated(value(scope))


def negated(value: Any) -> bool | None:
    return not value if type(value) is bool else None


@makes(nodes.If)
def _if(node: nodes.If, bound: bool) -> Closure:
    condition, then, otherwise = (closure_of(each, bound) for each in (node.condition, node.then, node.otherwise))
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


@makes(nodes.InstanceOf)
def _instance_of(node: nodes.InstanceOf, bound: bool) -> Closure:
    value, wanted = closure_of(node.value, bound), node.kind

    def run(scope: Scope) -> bool:
        given = value(scope)
        if type(given) is list or type(given) is dict:
            scope.weigh(given)
        return is_of_kind(given, wanted)

    return run
