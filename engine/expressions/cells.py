"""Closures of tests: decision cells, and what follows `in`."""

from __future__ import annotations

from typing import Any

from engine.expressions import nodes
from engine.expressions.scope import Closure, Scope, Test, closure_of, makes
from engine.expressions.statements import COMPARE, any_true, negated
from engine.expressions.values import Range, equal, within

_STATEMENTS = (nodes.Compare, nodes.Between, nodes.In, nodes.And, nodes.Or, nodes.Not, nodes.InstanceOf)


def test_of(node: nodes.Node, bound: bool = False) -> Test:
    """The closure of a test: takes the scope and the value that is tested."""
    if isinstance(node, nodes.AnyValue):
        return lambda scope, given: True
    if isinstance(node, nodes.NotTest):
        inside = any_of(tuple(test_of(each, bound) for each in node.tests))
        return lambda scope, given: negated(inside(scope, given))
    if isinstance(node, nodes.SignTest):
        return _sign_test(node, bound)
    assert isinstance(node, nodes.ValueTest)
    value = closure_of(node.value, bound)
    if isinstance(node.value, _STATEMENTS) or nodes.asks_input(node.value) or _is_quantifier(node.value):
        return lambda scope, given: _true_or_unknown(value(scope))
    if isinstance(node.value, nodes.Constant):
        constant = node.value.value
        if type(constant) is Range:
            return lambda scope, given: within(given, constant)
        return lambda scope, given: equal(given, constant)
    return lambda scope, given: _fits(scope, given, value(scope))


def _sign_test(node: nodes.SignTest, bound: bool) -> Test:
    compare, value = COMPARE[node.sign], closure_of(node.value, bound)

    def run(scope: Scope, given: Any) -> bool | None:
        wanted = value(scope)
        scope.weigh_pair(given, wanted)
        return compare(given, wanted)

    return run


def _is_quantifier(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Each) and node.word != "for"


def _true_or_unknown(value: Any) -> bool | None:
    return value if type(value) is bool else None


def _fits(scope: Scope, given: Any, wanted: Any) -> bool | None:
    """Whether a value equals what a cell gives, lies in its range, or is in its list."""
    scope.weigh_pair(given, wanted)
    if type(wanted) is Range:
        return within(given, wanted)
    if type(wanted) in (list, tuple):
        if type(given) in (list, tuple) and equal(given, wanted) is True:
            return True
        scope.step(len(wanted))
        return any_true(_fits(scope, given, each) for each in wanted)
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


@makes(nodes.In)
def _in(node: nodes.In, bound: bool) -> Closure:
    value, test = closure_of(node.value, bound), any_of(tuple(test_of(each, bound) for each in node.tests))
    return lambda scope: test(scope, value(scope))
