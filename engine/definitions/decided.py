"""Which file decides: a table of the bundle, else of the policy set that the instance began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from engine.decisions import Decision, Decisions, UnknownDecision, load
from engine.decisions.tables import Table

POLICIES = Path(__file__).resolve().parents[2] / "processes" / "policy"


def by_id(files: Iterable[bytes]) -> dict[str, Decisions]:
    """Each decision of these files, by its id."""
    return {name: each for each in map(load, files) for name in each.ids}


@cache
def of_policy(policy: str) -> dict[str, Decisions]:
    """The decisions of a policy set by id; {} for a set that is not there."""
    if not policy or not policy.replace("-", "").replace("_", "").isalnum():
        return {}
    return by_id(path.read_bytes() for path in sorted((POLICIES / policy).glob("*.dmn")))


def decide(
    own: Mapping[str, Decisions], in_force: Mapping[str, Decisions], decision_id: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """The result as a context, under the names of the table's output columns; raises UnknownDecision, DecisionFault."""
    found = own.get(decision_id) or in_force.get(decision_id)
    if found is None:
        raise UnknownDecision(decision_id)
    return as_context(found.find(decision_id), found.evaluate(decision_id, data))


def as_context(decision: Decision, value: Any) -> dict[str, Any]:
    """One output column gives {column: value}, a list of several columns {decision's variable: list}."""
    if isinstance(value, dict):
        return value
    logic = decision.logic
    if isinstance(logic, Table) and len(logic.outputs) == 1 and logic.outputs[0].name:
        return {logic.outputs[0].name: value}
    return {decision.variable: value}
