"""What can go wrong with decisions: a file is refused when read, or a decision cannot be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import EngineError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an element of a decision file cannot be taken."""

    element: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.element}：{self.zh}（{self.en}）"


class DecisionsRefused(EngineError):
    """A decision file holds what the engine does not carry; `refusals` names every such element."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("；".join(str(each) for each in refusals[:20]))
        self.refusals = tuple(refusals)


class DecisionFault(EngineError):
    """A decision gives no answer for these inputs: no rule or several fit, or an input has the wrong type."""

    def __init__(self, decision: str, zh: str, en: str, rules: Sequence[str] = ()) -> None:
        super().__init__(f"决策 {decision}：{zh}（{en}）")
        self.decision = decision
        self.zh = zh
        self.en = en
        self.rules = tuple(rules)


class UnknownDecision(EngineError):
    """There is no decision of that name or id."""

    def __init__(self, decision: str) -> None:
        super().__init__(f"没有名为 {decision} 的决策（there is no decision {decision!r}）")
        self.decision = decision
