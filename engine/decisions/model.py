"""Decisions of one file, compiled: what each requires and how it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.decisions.faults import DecisionFault, UnknownDecision
from engine.decisions.tables import Fired, Table
from engine.decisions.types import Type, WrongType
from engine.expressions import Expression, ExpressionFault, to_json


@dataclass(frozen=True, slots=True)
class Literal:
    """One expression."""

    expression: Expression

    def evaluate(self, context: dict[str, Any], fired: list[Fired]) -> Any:
        return self.expression.evaluate(context)


@dataclass(frozen=True, slots=True)
class Entries:
    """A context: each entry may use those before it; `result`, if there is one, is the value of the whole."""

    entries: list[tuple[str, Logic]]
    result: Logic | None

    def evaluate(self, context: dict[str, Any], fired: list[Fired]) -> Any:
        seen, made = dict(context), {}
        for name, each in self.entries:
            seen[name] = made[name] = each.evaluate(seen, fired)
        return made if self.result is None else self.result.evaluate(seen, fired)


@dataclass(frozen=True, slots=True)
class Items:
    """A list; a relation is a list of contexts."""

    items: list[Logic]

    def evaluate(self, context: dict[str, Any], fired: list[Fired]) -> Any:
        return [each.evaluate(context, fired) for each in self.items]


Logic = Table | Literal | Entries | Items


@dataclass(frozen=True, slots=True)
class InputData:
    """What a decision is told from outside."""

    id: str
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision; its result stands under `variable` for those that require it."""

    id: str
    name: str
    variable: str
    logic: Logic
    inputs: tuple[InputData, ...]
    requires: tuple[str, ...]


class Decisions:
    """All decisions of one file. Immutable; shared between instances and threads."""

    def __init__(self, decisions: Mapping[str, Decision]) -> None:
        self.decisions = dict(decisions)
        self._by_name = {each.name: each for each in self.decisions.values()} | self.decisions

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.decisions)

    def find(self, decision: str) -> Decision:
        """A decision by id or name; raises UnknownDecision."""
        if decision not in self._by_name:
            raise UnknownDecision(decision)
        return self._by_name[decision]

    def evaluate(self, decision: str, inputs: Mapping[str, Any], fired: list[Fired] | None = None) -> Any:
        """Make a decision: a JSON value for one output column, a context for several, a list where rules collect.

        `inputs` are JSON values by name; ISO texts are converted where the file declares a type. What is left out is
        null; what is declared nowhere is visible under its own name. `fired` collects the rules that applied, those
        of required decisions first. Raises UnknownDecision, DecisionFault.
        """
        wanted = self.find(decision)
        context = dict(inputs)
        trail = [] if fired is None else fired
        try:
            return to_json(self._made(wanted, context, trail, {}))
        except ExpressionFault as fault:
            raise DecisionFault(wanted.id, fault.zh, fault.en) from fault
        except RecursionError:
            raise DecisionFault(wanted.id, "数据嵌套过深", "the data are nested too deep") from None

    def _made(self, decision: Decision, context: dict[str, Any], fired: list[Fired], done: dict[str, Any]) -> Any:
        if decision.id in done:
            return done[decision.id]
        for needed in decision.requires:
            required = self.decisions[needed]
            context[required.variable] = self._made(required, context, fired, done)
        for each in decision.inputs:
            if each.id not in done:
                context[each.name] = done[each.id] = self._given(decision, each, context)
        done[decision.id] = result = decision.logic.evaluate(context, fired)
        return result

    def _given(self, decision: Decision, data: InputData, context: dict[str, Any]) -> Any:
        value = context.get(data.name, context.get(data.id))
        try:
            return data.type.converted(value)
        except WrongType as fault:
            raise DecisionFault(
                decision.id,
                f"输入 {data.name} 应为 {fault.args[0]}，实为 {value!r}",
                f"input {data.name!r} should be {fault.args[0]}, not {value!r}",
            ) from None
