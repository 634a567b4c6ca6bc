"""What can go wrong with an expression: it is refused when read, or it exceeds its bounds when evaluated."""

from __future__ import annotations

from engine.errors import EngineError


class ExpressionRefused(EngineError):
    """A text is no expression of the language; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, zh: str, en: str) -> None:
        shown = text if len(text) <= 120 else text[:117] + "…"
        super().__init__(f"{zh}（{en}；第 {position + 1} 字 / character {position + 1}：{shown}）")
        self.text = text
        self.position = position
        self.zh = zh
        self.en = en


class ExpressionFault(EngineError):
    """An expression cannot be evaluated: it takes too many steps, grows too large, or gives no usable value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}（{en}）")
        self.zh = zh
        self.en = en
