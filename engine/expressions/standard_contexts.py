"""Functions of contexts, and of any value, under the names of the DMN standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import values
from engine.expressions.functions import function


@function(
    "get value",
    "context",
    "",
    named="m, key | context, key | context, keys",
    example='get value({a: {b: 1}}, ["a", "b"])',
)
def get_value(entries: Mapping[str, Any], key: Any) -> Any:
    """What stands under a key, or under a list of keys step by step."""
    if type(key) is str:
        return entries.get(key)
    if values.kind(key) != "list" or not key:
        return None
    found: Any = entries
    for each in key:
        found = found.get(each) if isinstance(found, Mapping) and type(each) is str else None
    return found


@function("get entries", "context", named="m | context", example="get entries({a: 1, b: 2})")
def get_entries(entries: Mapping[str, Any]) -> list[Any]:
    """The entries as a list of `{key, value}`."""
    return [{"key": key, "value": value} for key, value in entries.items()]


@function("context", "list", named="entries", example='context([{key: "a", value: 1}])')
def context(entries: list[Any]) -> dict[str, Any] | None:
    """The context that a list of `{key, value}` makes; null when a key is missing or stands twice."""
    made: dict[str, Any] = {}
    for each in entries:
        if not isinstance(each, Mapping) or type(each.get("key")) is not str or "value" not in each:
            return None
        if each["key"] in made:
            return None
        made[each["key"]] = each["value"]
    return made


@function(
    *("context put", "context"),
    named="context, key, value | context, keys, value",
    example='context put({a: {b: 1}}, ["a", "c"], 2)',
)
def context_put(entries: Mapping[str, Any], key: Any, value: Any) -> dict[str, Any] | None:
    """The context with another value under a key, or under a list of keys step by step."""
    if type(key) is str:
        return {**entries, key: value}
    if values.kind(key) != "list" or not key or any(type(each) is not str for each in key):
        return None
    inside = entries.get(key[0])
    if len(key) == 1:
        return {**entries, key[0]: value}
    if inside is not None and not isinstance(inside, Mapping):
        return None
    changed = context_put(inside or {}, list(key[1:]), value)
    return None if changed is None else {**entries, key[0]: changed}


@function("context merge", "list", named="contexts", example="context merge([{a: 1}, {b: 2}, {a: 3}])")
def context_merge(contexts: list[Any]) -> dict[str, Any] | None:
    """Several contexts as one; the later one wins."""
    if any(not isinstance(each, Mapping) for each in contexts):
        return None
    return {key: value for each in contexts for key, value in each.items()}


@function("is defined", named="value", example="is defined(null)")
def is_defined(value: Any) -> bool:
    """Whether the value is anything but null."""
    return value is not None


@function("get or else", named="value, default", example='get or else(null, "unknown")')
def get_or_else(value: Any, default: Any) -> Any:
    """The value, or the other one when it is null."""
    return default if value is None else value


@function("is", named="value1, value2", example='is(@"10:00:00", @"10:00:00+08:00")')
def same(value: Any, other: Any) -> bool:
    """Whether kind and value are the same, offsets of times included."""
    if values.kind(value) != values.kind(other):
        return False
    if values.kind(value) in ("time", "date and time"):
        return bool(value.replace(tzinfo=None) == other.replace(tzinfo=None) and value.tzinfo == other.tzinfo)
    return values.equal(value, other) is True
