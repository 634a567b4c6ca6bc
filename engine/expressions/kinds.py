"""The types that `instance of` knows: plain words, and lists, ranges, contexts and functions with what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import values
from engine.expressions.cursor import Cursor
from engine.expressions.times import Duration

_PLAIN = (
    *("days and time duration", "years and months duration", "date and time", "number", "string", "boolean", "date"),
    *("time", "duration", "list", "range", "context", "function", "Any", "Null"),
)
_WORDS = sorted((tuple(each.split()) for each in _PLAIN), key=len, reverse=True)


class Kinds(Cursor):
    """The part of the parser that reads the name of a type."""

    def kind_name(self) -> Any:
        """A word, `("list", inside)`, `("range", inside)` or `("context", {name: inside})`."""
        self._deeper()
        result = self._kind()
        self.depth -= 1
        return result

    def _kind(self) -> Any:
        for words in _WORDS:
            if tuple(each.text for each in self.tokens[self.at : self.at + len(words)]) == words:
                self.at += len(words)
                name = " ".join(words)
                return self._inside(name) if name in ("list", "range", "context", "function") else name
        raise self._refused("不认识的类型", "unknown type")

    def _inside(self, name: str) -> Any:
        if not self._takes("sign", "<"):
            return name
        if name == "context":
            return name, self._entries_of_kind()
        if name == "function":
            while not self._takes("sign", ">"):
                self.kind_name()
                self._takes("sign", ",")
            self._needs("sign", "-")
            self._needs("sign", ">")
            self.kind_name()
            return name
        inside = self.kind_name()
        self._needs("sign", ">")
        return name, inside

    def _entries_of_kind(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._takes("sign", ">"):
            if found:
                self._needs("sign", ",")
            words = []
            while self._sees("name"):
                words.append(self.here.text)
                self.at += 1
            self._needs("sign", ":")
            found[" ".join(words)] = self.kind_name()
        return found


def is_of_kind(value: Any, wanted: Any) -> bool:
    """Whether a value is of a type that `kind_name` read; null is of no type but Null."""
    if value is None:
        return bool(wanted == "Null")
    known = values.kind(value)
    if isinstance(wanted, tuple):
        return known == wanted[0] and _inside_fits(value, wanted[1])
    if wanted in ("days and time duration", "years and months duration"):
        return type(value) is Duration and not (value.months if wanted[0] == "d" else value.delta)
    return bool(wanted in ("Any", known))


def _inside_fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, values.Range):
        return all(is_of_kind(each, wanted) for each in (value.low, value.high) if each is not None)
    if isinstance(value, Mapping):
        return all(key in value and is_of_kind(value[key], each) for key, each in wanted.items())
    return all(is_of_kind(each, wanted) for each in value)
