"""What can be said of a decision table before it is used: rules that overlap, and values that no rule fits.

Each column is tried at sample values: every constant of its cells, and one value on each side of it. Cells are asked
themselves, so what is said here is what happens at run time. A cell that reads anything but its own value cannot be
foreseen: its rule overlaps with none and leaves no gap. Columns whose constants are whole numbers hold whole numbers,
from 0 on when 0 is the lowest and no cell means what is below. Null is not looked at: a table may leave unknown facts
to its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cmp_to_key
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from engine.decisions.model import Decisions, Entries, Items, Logic
from engine.decisions.tables import Input, Rule, Table
from engine.expressions import Duration, Range, UnaryTests, kind, nodes
from engine.expressions.reckoning import add, divide, subtract
from engine.expressions.scope import Scope, closure_of
from engine.expressions.values import equal, is_number, ordered, text_of

MOST_RULES = 500
MOST_PLACES = 50_000
MOST_GAPS = 3
OTHER = "\u2026"  # stands for any text that no cell names
_CONSTANT_CALLS = frozenset(("date", "time", "date and time", "duration"))


class Overlap(NamedTuple):
    """Two rules that fit the same values; `example` has one for each column."""

    first: Rule
    second: Rule
    example: tuple[Any, ...]


def tables(decisions: Decisions) -> Iterator[Table]:
    """All tables of a file, those inside contexts and lists included."""
    for each in decisions.decisions.values():
        yield from _tables_in(each.logic)


def _tables_in(logic: Logic | None) -> Iterator[Table]:
    if isinstance(logic, Table):
        yield logic
    elif isinstance(logic, Entries):
        for _, each in logic.entries:
            yield from _tables_in(each)
        yield from _tables_in(logic.result)
    elif isinstance(logic, Items):
        for each in logic.items:
            yield from _tables_in(each)


def overlaps(table: Table) -> list[Overlap]:
    """Pairs of rules of which both fit some values."""
    if not table.inputs or len(table.rules) > MOST_RULES:
        return []
    samples = [_samples(table, column) for column in range(len(table.inputs))]
    masks = [_masks(rule, samples) for rule in table.rules]
    found = []
    for one, other in combinations(range(len(table.rules)), 2):
        both = [a & b for a, b in zip(masks[one], masks[other], strict=True)]
        if all(both):
            example = tuple(column[(mask & -mask).bit_length() - 1] for column, mask in zip(samples, both, strict=True))
            found.append(Overlap(table.rules[one], table.rules[other], example))
    return found


def contradictions(table: Table) -> list[Overlap]:
    """Overlapping rules whose results are written out and differ."""
    found = [(each, _results(each.first), _results(each.second)) for each in overlaps(table)]
    return [each for each, one, other in found if one is not None and other is not None and one != other]


def _results(rule: Rule) -> list[str | None] | None:
    """The results as texts; None when they cannot be foreseen."""
    if not all(each.is_constant for each in rule.results):
        return None
    return [text_of(each.evaluate({})) for each in rule.results]


def gaps(table: Table) -> list[tuple[Any, ...]]:
    """Examples of values that no rule fits, at most MOST_GAPS; [] when it cannot be said."""
    if not table.inputs or not table.rules or len(table.rules) > MOST_RULES:
        return []
    samples = [_samples(table, column) for column in range(len(table.inputs))]
    fits = [_rules_at(table, column, values) for column, values in enumerate(samples)]
    found: list[tuple[Any, ...]] = []
    visited = 0

    def walk(column: int, left: int, so_far: tuple[Any, ...]) -> None:
        nonlocal visited
        visited += 1
        if visited > MOST_PLACES or len(found) >= MOST_GAPS:
            return
        if not left:
            rest = tuple(None for _ in samples[column:])
            found.append((*so_far, *rest))
            return
        if column < len(samples):
            tried: set[int] = set()
            for value, rules in zip(samples[column], fits[column], strict=True):
                if left & rules not in tried:
                    tried.add(left & rules)
                    walk(column + 1, left & rules, (*so_far, value))

    walk(0, (1 << len(table.rules)) - 1, ())
    return found if visited <= MOST_PLACES else []


# --- the values at which a column is tried ---


def _samples(table: Table, column: int) -> list[Any]:
    declared = table.inputs[column]
    cells = [test for rule in table.rules for at, test in rule.tests if at == column]
    constants = [value for cell in (*cells, *declared.type.cells) for value in _constants(cell.nodes)]
    below = any(cell.matches(-1) and not (cell.matches(0) or cell.matches(1)) for cell in cells if _is_foreseen(cell))
    found = _distinct([*constants, *_between(constants, below), *_of_kind(declared, constants)])
    allowed = [each for each in found if all(cell.matches(each) for cell in declared.type.cells)]
    return allowed or [OTHER]


def _of_kind(column: Input, constants: list[Any]) -> list[Any]:
    """What else a column of its kind may hold."""
    kinds = {kind(each) for each in constants if each is not None}
    if column.type.kind == "boolean" or kinds == {"boolean"}:
        return [True, False]
    return [OTHER] if column.type.kind == "string" or kinds == {"string"} or not kinds else []


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value is not None and not any(equal(value, each) is True for each in found):
            found.append(value)
    return found


def _between(constants: list[Any], below: bool) -> list[Any]:
    """One value before, between and after the constants that have an order; `below`: a cell means what is below 0."""
    found: list[Any] = []
    for word in {kind(each) for each in constants} - {"string", "boolean", "null"}:
        alike = _distinct(each for each in constants if kind(each) == word)
        if any(ordered(alike[0], each) is None for each in alike):
            continue
        alike.sort(key=cmp_to_key(lambda one, other: ordered(one, other) or 0))
        step = _step(alike[0])
        whole = type(alike[0]) is date or all(type(each) is int for each in alike)
        is_count = whole and alike[0] == 0 and not below  # what begins at 0 counts something
        found += [add(alike[-1], step)] if is_count else [subtract(alike[0], step), add(alike[-1], step)]
        for low, high in pairwise(alike):
            middle = add(low, step if whole else divide(subtract(high, low), 2))
            if middle is not None and ordered(middle, high) is not None and (ordered(middle, high) or 0) < 0:
                found.append(middle)
    return found


def _step(value: Any) -> Any:
    if is_number(value):
        return 1
    if type(value) is time:
        return Duration(0, timedelta(seconds=1))
    if type(value) is Duration and value.months:
        return Duration(1)
    return Duration(0, timedelta(days=1) if type(value) in (date, datetime) else timedelta(seconds=1))


# --- what a cell says ---


def _constants(tests: Iterable[nodes.Node]) -> Iterator[Any]:
    """The constants of a cell that can be foreseen."""
    for test in tests:
        if isinstance(test, nodes.NotTest):
            yield from _constants(test.tests)
        elif isinstance(test, nodes.SignTest | nodes.ValueTest):
            for value in _folded(test.value):
                yield from (value.low, value.high) if isinstance(value, Range) else (value,)


def _folded(node: nodes.Node) -> list[Any]:
    """The value of a node without names, in a list of one; lists give their items. [] when it cannot be foreseen."""
    if not _is_constant(node):
        return []
    value = closure_of(node)(Scope({}))
    return list(value) if isinstance(value, list) else [value]


def _is_constant(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Constant):
        return True
    inside = all(_is_constant(each) for each in nodes.children(node))
    if isinstance(node, nodes.Call):
        return node.function in _CONSTANT_CALLS and inside
    return isinstance(node, nodes.Span | nodes.Negate | nodes.Items | nodes.Reckoning) and inside


def _is_foreseen(cell: UnaryTests) -> bool:
    return all(_test_is_foreseen(each) for each in cell.nodes)


def _test_is_foreseen(test: nodes.Node) -> bool:
    if isinstance(test, nodes.NotTest):
        return all(_test_is_foreseen(each) for each in test.tests)
    return isinstance(test, nodes.SignTest | nodes.ValueTest) and bool(_folded(test.value))


def _masks(rule: Rule, samples: list[list[Any]]) -> list[int]:
    """For each column, the samples that the rule fits as bits; none where that cannot be foreseen."""
    cells = dict(rule.tests)
    found = []
    for column, values in enumerate(samples):
        cell = cells.get(column)
        if cell is None:
            found.append((1 << len(values)) - 1)
        elif not _is_foreseen(cell):
            found.append(0)
        else:
            found.append(sum(1 << at for at, value in enumerate(values) if cell.matches(value)))
    return found


def _rules_at(table: Table, column: int, values: list[Any]) -> list[int]:
    """For each sample, the rules that fit it as bits; a rule that cannot be foreseen fits all."""
    found = [0] * len(values)
    for number, rule in enumerate(table.rules):
        cell = dict(rule.tests).get(column)
        foreseen = cell is not None and _is_foreseen(cell)
        for at, value in enumerate(values):
            if cell is None or not foreseen or cell.matches(value):
                found[at] |= 1 << number
    return found


def shown(table: Table, example: tuple[Any, ...]) -> str:
    """An example as text: `age = 30, level = "high"`; columns of no matter are left out."""
    parts = []
    for column, value in zip(table.inputs, example, strict=True):
        if value is not None:
            text = f'"{value}"' if isinstance(value, str) else text_of(value)
            parts.append(f"{column.label} = {text}")
    return ", ".join(parts) or "\u2026"
