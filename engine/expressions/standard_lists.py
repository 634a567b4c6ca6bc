"""Functions over lists and contexts, under the names of the DMN standard."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

from engine.expressions import reckoning, values
from engine.expressions.functions import function
from engine.expressions.times import Duration


def _listed(items: tuple[Any, ...]) -> list[Any] | None:
    """The items of a function that takes either one list or its items."""
    if len(items) == 1:
        return None if items[0] is None else list(items[0]) if values.kind(items[0]) == "list" else [items[0]]
    return list(items)


@function("count", "list")
def count(items: list[Any]) -> int:
    return len(items)


@function("sum")
def total(*items: Any) -> Any:
    listed = _listed(items)
    if not listed:
        return None
    result = listed[0] if values.is_number(listed[0]) or type(listed[0]) is Duration else None
    for each in listed[1:]:
        result = reckoning.add(result, each) if type(each) is not str else None
    return result


@function("mean")
def mean(*items: Any) -> Any:
    listed = _listed(items)
    return reckoning.divide(total(listed), len(listed)) if listed else None


@function("min")
def least(*items: Any) -> Any:
    return _outermost(items, -1)


@function("max")
def greatest(*items: Any) -> Any:
    return _outermost(items, 1)


def _outermost(items: tuple[Any, ...], side: int) -> Any:
    listed = _listed(items)
    if not listed:
        return None
    best = listed[0]
    for each in listed:
        order = values.ordered(each, best)
        if order is None:
            return None
        if order * side > 0:
            best = each
    return best


@function("list contains", "list", "")
def list_contains(items: list[Any], wanted: Any) -> bool:
    return any(values.equal(each, wanted) is True for each in items)


@function("append", "list")
def append(items: list[Any], *more: Any) -> list[Any]:
    return [*items, *more]


@function("concatenate")
def concatenate(*lists: Any) -> list[Any] | None:
    if any(each is None for each in lists):
        return None
    return [item for each in lists for item in (each if values.kind(each) == "list" else [each])]


@function("union")
def union(*lists: Any) -> list[Any] | None:
    joined = concatenate(*lists)
    return None if joined is None else distinct_values(joined)


@function("distinct values", "list")
def distinct_values(items: list[Any]) -> list[Any]:
    seen: dict[Any, Any] = {}
    for each in items:
        seen.setdefault(_key(each), each)
    return list(seen.values())


def _key(value: Any) -> Any:
    """Something hashable that is the same for equal values."""
    known = values.kind(value)
    if known == "list":
        return known, tuple(_key(each) for each in value)
    if known == "context":
        return known, frozenset((name, _key(each)) for name, each in value.items())
    return (known, value) if known != "other" else (known, id(value))


@function("flatten", "list")
def flatten(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        found.extend(flatten(each) if values.kind(each) == "list" else [each])
    return found


@function("sort", "list")
def sort(items: list[Any]) -> list[Any] | None:
    """Rising; null when the items have no common order."""
    if any(values.ordered(each, items[0]) is None for each in items):
        return None
    return sorted(items, key=cmp_to_key(lambda one, other: values.ordered(one, other) or 0))


@function("reverse", "list")
def reverse(items: list[Any]) -> list[Any]:
    return items[::-1]


@function("index of", "list", "")
def index_of(items: list[Any], wanted: Any) -> list[int]:
    return [place for place, each in enumerate(items, 1) if values.equal(each, wanted) is True]


@function("sublist", "list", "number", "number")
def sublist(items: list[Any], start: int, length: int | None = None) -> list[Any] | None:
    if start == 0 or abs(start) > len(items):
        return None
    first = int(start) - 1 if start > 0 else len(items) + int(start)
    return items[first:] if length is None else items[first : first + int(length)]


@function("all")
def all_true(*items: Any) -> bool | None:
    listed = _listed(items)
    if listed is None or any(each is False for each in listed):
        return None if listed is None else False
    return True if all(each is True for each in listed) else None


@function("any")
def any_true(*items: Any) -> bool | None:
    listed = _listed(items)
    if listed is None or any(each is True for each in listed):
        return None if listed is None else True
    return False if all(each is False for each in listed) else None


# --- contexts and anything ---


@function("is defined")
def is_defined(value: Any) -> bool:
    return value is not None


@function("get value", "context", "string")
def get_value(entries: Mapping[str, Any], key: str) -> Any:
    return entries.get(key)


@function("get entries", "context")
def get_entries(entries: Mapping[str, Any]) -> list[Any]:
    return [{"key": key, "value": value} for key, value in entries.items()]
