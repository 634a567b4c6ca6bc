"""Declared types of inputs: checking a value, and turning ISO texts into dates, times and durations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.expressions import (
    Duration,
    ExpressionRefused,
    UnaryTests,
    kind,
    parse_date,
    parse_duration,
    parse_moment,
    parse_time,
)

_NAMES = {
    **dict.fromkeys(("number", "integer", "long", "double"), "number"),
    **dict.fromkeys(("string", "boolean", "date", "time", "context", "list"), ""),
    **dict.fromkeys(("date and time", "dateTime"), "date and time"),
    **dict.fromkeys(("days and time duration", "dayTimeDuration"), "day duration"),
    **dict.fromkeys(("years and months duration", "yearMonthDuration"), "month duration"),
    "duration": "duration",
    **dict.fromkeys(("Any", "any", ""), "any"),
}


class WrongType(ValueError):
    """A value does not have the declared type; the first argument is that type's name."""


@dataclass(slots=True)
class Type:
    """A declared type: a built-in one by `name`, one made of `base`, or with components.

    `allowed` is a cell that each value must fit, `constraint` one for the whole where it is a list.
    """

    name: str
    is_list: bool = False
    allowed: UnaryTests | None = None
    constraint: UnaryTests | None = None
    base: Type | None = None
    components: dict[str, Type] = field(default_factory=dict)

    def converted(self, value: Any) -> Any:
        """The value in this type, null staying null; raises WrongType."""
        if value is None:
            return None
        if not self.is_list:
            result = self._one(value)
        else:
            result = [self._one(each) for each in (value if kind(value) == "list" else [value])]
        if self.constraint is not None and not self.constraint.matches(result):
            raise WrongType(self.constraint.text)
        return result

    def _one(self, value: Any) -> Any:
        if self.base is not None:
            result = self.base.converted(value)
        else:
            result = self._with_components(value) if self.components else _basic(self.name, value)
        if self.allowed is not None and not self.allowed.matches(result):
            raise WrongType(self.allowed.text)
        return result

    def _with_components(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise WrongType("context")
        return {
            key: self.components[key].converted(each) if key in self.components else each for key, each in value.items()
        }

    @property
    def kind(self) -> str:
        """The name of the built-in type that it comes down to."""
        return self.name if self.base is None else self.base.kind

    @property
    def cells(self) -> list[UnaryTests]:
        """The cells that a value must fit, those of its bases included."""
        own = [] if self.allowed is None else [self.allowed]
        return own if self.base is None else own + self.base.cells


ANY = Type("any")


def built_in(reference: str | None) -> Type | None:
    """The built-in type of that name (with or without a prefix), else None."""
    if reference is None:
        return ANY
    name = reference.partition(":")[2] or reference
    known = _NAMES.get(name.strip())
    return None if known is None else Type(known or name.strip())


def _basic(name: str, value: Any) -> Any:
    if name == "any":
        return value
    given = kind(value)
    if given == "string" and name not in ("string", "list"):
        value = _from_text(name, value)
        given = kind(value)
    wanted = "duration" if name.endswith("duration") else name
    if given != wanted or (name == "day duration" and value.months) or (name == "month duration" and value.delta):
        raise WrongType(name)
    return value


def _from_text(name: str, text: str) -> Any:
    if name == "date":
        return parse_date(text) or _day_of(text)
    if name == "time":
        return parse_time(text)
    if name == "date and time":
        return parse_moment(text)
    return _duration(text) if name.endswith("duration") else text


def _day_of(text: str) -> Any:
    moment = parse_moment(text)
    return None if moment is None else moment.date()


def _duration(text: str) -> Duration | None:
    try:
        return parse_duration(text)
    except ExpressionRefused:
        return None
