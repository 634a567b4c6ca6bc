"""Rules about decision tables: what can be foreseen of overlapping rules and of values without a rule."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.findings import Fault, fault, warning
from engine.decisions import coverage
from engine.decisions.tables import Table

MOST_TOLD = 5
_NEEDS_A_RULE = frozenset("UAPF")


def rules_overlap(table: Table) -> Iterator[Fault]:
    """Rules of a UNIQUE table exclude each other, and rules of an ANY table that overlap give the same result."""
    letter = table.policy[0]
    found = coverage.overlaps(table) if letter == "U" else coverage.contradictions(table) if letter == "A" else []
    for each in found[:MOST_TOLD]:
        values = coverage.shown(table, each.example)
        yield fault(
            each.second.id,
            f"决策「{table.decision}」的规则{{it}}与规则「{each.first.id}」重叠，例如 {values}。",
            f"Rule {{it}} of decision {table.decision} overlaps with rule {each.first.id}, for example {values}.",
        )


def rules_gap(table: Table) -> Iterator[Fault]:
    """A table that must give one result has a rule for all values, or a default."""
    if table.policy[0] not in _NEEDS_A_RULE or any(each.default is not None for each in table.outputs):
        return
    for each in coverage.gaps(table):
        values = coverage.shown(table, each)
        yield warning(
            table.decision,
            f"决策{{it}}没有适用的规则，也没有默认值，例如 {values}。",
            f"Decision {{it}} has no rule and no default, for example for {values}.",
        )


TABLE_RULES = (rules_overlap, rules_gap)
