"""Decision tables: rules of cells, the hit policies, and what a hit gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from engine.decisions.faults import DecisionFault
from engine.decisions.types import Type, WrongType
from engine.expressions import Expression, UnaryTests, kind
from engine.expressions.reckoning import add
from engine.expressions.scope import Scope
from engine.expressions.values import equal, ordered

LETTERS = {
    "UNIQUE": "U",
    "ANY": "A",
    "PRIORITY": "P",
    "FIRST": "F",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
    "COLLECT": "C",
}
AGGREGATIONS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired: of which decision, its id and its first annotation."""

    decision: str
    rule: str
    note: str


@dataclass(slots=True)
class Input:
    """A column of conditions."""

    id: str
    label: str
    expression: Expression
    type: Type


@dataclass(slots=True)
class Output:
    """A column of results; `ranking` are the listed values, best first; `default` stands when no rule fits."""

    name: str
    type: Type
    ranking: list[Any]
    default: Expression | None


@dataclass(slots=True)
class Rule:
    """A row; cells that accept anything are left out. `tests` are (number of the column, cell)."""

    id: str
    tests: list[tuple[int, UnaryTests]]
    results: list[Expression]
    note: str = ""


@dataclass(slots=True)
class Table:
    """A decision table; `policy` is a letter of LETTERS, C possibly followed by one of AGGREGATIONS."""

    decision: str
    policy: str
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]
    _decide: Callable[[Table, list[Rule], dict[str, Any]], Any] = field(init=False)

    def __post_init__(self) -> None:
        self._decide = _POLICIES[self.policy[0]]

    def evaluate(self, context: dict[str, Any], fired: list[Fired]) -> Any:
        """The result for these values; raises DecisionFault."""
        given = [self._input(each, context) for each in self.inputs]
        hits = self._hits(given, [Scope(context, each) for each in given])
        result = self._decide(self, hits, context)
        fired.extend(Fired(self.decision, each.id, each.note) for each in hits)
        return result

    def _hits(self, given: list[Any], scopes: list[Scope]) -> list[Rule]:
        """The rules that fit, or the first alone. One scope a column, its steps counted for each cell anew."""
        only_first = self.policy == "F"
        hits: list[Rule] = []
        for rule in self.rules:
            for column, test in rule.tests:
                scope = scopes[column]
                scope.steps = 0
                if test.fits(scope, given[column]) is not True:
                    break
            else:
                hits.append(rule)
                if only_first:
                    break
        return hits

    def _input(self, column: Input, context: dict[str, Any]) -> Any:
        value = column.expression.evaluate(context)
        try:
            return column.type.converted(value)
        except WrongType as fault:
            raise DecisionFault(
                self.decision,
                f"输入 {column.label} 应为 {fault.args[0]}，实为 {value!r}",
                f"input {column.label!r} should be {fault.args[0]}, not {value!r}",
            ) from None

    def results(self, rule: Rule, context: dict[str, Any]) -> list[Any]:
        """The values of a rule, one per output column."""
        return [
            self._output(column, each.evaluate(context))
            for column, each in zip(self.outputs, rule.results, strict=True)
        ]

    def _output(self, column: Output, value: Any) -> Any:
        try:
            return column.type.converted(value)
        except WrongType as fault:
            raise DecisionFault(
                self.decision,
                f"输出 {column.name} 应为 {fault.args[0]}，实为 {value!r}",
                f"output {column.name!r} should be {fault.args[0]}, not {value!r}",
            ) from None

    def shaped(self, values: Sequence[Any]) -> Any:
        """A value for one column, a context for several."""
        if len(self.outputs) == 1:
            return values[0]
        return {column.name: value for column, value in zip(self.outputs, values, strict=True)}

    def without_hit(self, context: dict[str, Any]) -> Any:
        """The default outputs; raises DecisionFault when the table names none."""
        if all(each.default is None for each in self.outputs):
            raise DecisionFault(self.decision, "没有规则适用，也没有默认值", "no rule fits, and there is no default")
        return self.shaped([None if each.default is None else each.default.evaluate(context) for each in self.outputs])

    def rank(self, values: Sequence[Any]) -> tuple[int, ...]:
        """Where the values stand in the columns' listed values; unlisted ones come last."""
        return tuple(
            next((at for at, each in enumerate(column.ranking) if equal(each, value) is True), len(column.ranking))
            for column, value in zip(self.outputs, values, strict=True)
        )


def _unique(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    if len(hits) > 1:
        names = [each.id for each in hits]
        raise DecisionFault(
            table.decision,
            f"有 {len(hits)} 条规则同时适用：{'、'.join(names)}",
            f"{len(hits)} rules fit where one may: {', '.join(names)}",
            names,
        )
    return _first(table, hits, context)


def _first(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    return table.shaped(table.results(hits[0], context)) if hits else table.without_hit(context)


def _any(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    results = [table.results(each, context) for each in hits]
    if any(equal(each, results[0]) is not True for each in results[1:]):
        names = [each.id for each in hits]
        raise DecisionFault(
            table.decision,
            f"适用的规则给出不同结果：{'、'.join(names)}",
            f"the rules that fit give different results: {', '.join(names)}",
            names,
        )
    return table.shaped(results[0]) if results else table.without_hit(context)


def _priority(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    results = [table.results(each, context) for each in hits]
    return table.shaped(min(results, key=table.rank)) if results else table.without_hit(context)


def _rule_order(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    return [table.shaped(table.results(each, context)) for each in hits]


def _output_order(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    results = [table.results(each, context) for each in hits]
    return [table.shaped(each) for each in sorted(results, key=table.rank)]


def _collect(table: Table, hits: list[Rule], context: dict[str, Any]) -> Any:
    listed = _rule_order(table, hits, context)
    sign = table.policy[1:]
    if not sign:
        if not listed and any(each.default is not None for each in table.outputs):
            return [table.without_hit(context)]
        return listed
    if sign == "#":
        return len(listed)
    if not listed:
        return table.without_hit(context) if table.outputs[0].default is not None else None
    if sign == "+":
        return _reduced(table, listed, add, _SUMMED)
    side = -1 if sign == "<" else 1
    return _reduced(table, listed, lambda one, other: _outer(one, other, side), _ORDERED)


def _outer(one: Any, other: Any, side: int) -> Any:
    order = ordered(one, other)
    return None if order is None else one if order * side >= 0 else other


_SUMMED = frozenset(("number", "duration"))
_ORDERED = _SUMMED | {"date", "time", "date and time", "string"}


def _reduced(table: Table, listed: list[Any], step: Callable[[Any, Any], Any], taken: frozenset[str]) -> Any:
    kinds = {kind(each) for each in listed}
    result = reduce(step, listed) if len(kinds) == 1 and kinds <= taken else None
    if result is None:
        raise DecisionFault(table.decision, "结果无法汇总", "the results cannot be aggregated")
    return result


_POLICIES: dict[str, Callable[[Table, list[Rule], dict[str, Any]], Any]] = {
    "U": _unique,
    "A": _any,
    "P": _priority,
    "F": _first,
    "R": _rule_order,
    "O": _output_order,
    "C": _collect,
}
