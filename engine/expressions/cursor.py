"""Where a parser stands in its tokens: looking, taking, refusing, and how deep it is."""

from __future__ import annotations

from collections.abc import Iterable

from engine.expressions.faults import ExpressionRefused
from engine.expressions.tokens import Token, tokens_of

DEEPEST = 20


class Cursor:
    """Walks through the tokens of one text. `known` are names of several words that the text may use."""

    def __init__(self, text: str, known: Iterable[str] = ()) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self.depth = 0
        self.at_span_end = False
        self.known: list[tuple[str, ...]] = []
        for each in known:
            self._declare(each.split())

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def _sees(self, kind: str, text: str | None = None, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind == kind and (text is None or token.text == text)

    def _takes(self, kind: str, text: str) -> bool:
        if not self._sees(kind, text):
            return False
        self.at += 1
        return True

    def _needs(self, kind: str, text: str) -> None:
        if not self._takes(kind, text):
            raise self._refused(f"这里应为 {text}", f"{text} is expected here")

    def _end(self) -> None:
        if not self._sees("end"):
            raise self._refused(f"多余的内容 {self.here.text}", f"unexpected {self.here.text!r}")

    def _refused(self, zh: str, en: str, token: Token | None = None) -> ExpressionRefused:
        return ExpressionRefused(self.text, (token or self.here).position, zh, en)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._refused(f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST}")

    def _declare(self, words: list[str]) -> None:
        """Make a name known if it has several words; the longest is looked for first."""
        if len(words) > 1 and tuple(words) not in self.known:
            self.known.append(tuple(words))
            self.known.sort(key=len, reverse=True)

    def _long_name(self) -> str | None:
        """A known name of several words that stands here."""
        for words in self.known if self._sees("name") else ():
            if tuple(each.text for each in self.tokens[self.at : self.at + len(words)]) == words:
                self.at += len(words)
                return " ".join(words)
        return None
