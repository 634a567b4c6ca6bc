"""Functions of lists, under the names of the DMN standard. What takes `list` takes its items one by one as well."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from engine.expressions import reckoning, values
from engine.expressions.faults import ExpressionFault
from engine.expressions.functions import function
from engine.expressions.values import Given


def listed(items: tuple[Any, ...]) -> list[Any] | None:
    """The items of a function that takes either one list or its items."""
    if len(items) == 1:
        return None if items[0] is None else list(items[0]) if values.kind(items[0]) == "list" else [items[0]]
    return list(items)


@function("count", "list", example="count([1, 2, null])")
def count(list: list[Any]) -> int:
    """Number of items."""
    return len(list)


@function("list contains", "list", "", example='list contains(["ALONE", "DISABLED"], "ALONE")')
def list_contains(list: list[Any], element: Any) -> bool:
    """Whether an item equals the value."""
    return any(values.equal(each, element) is True for each in list)


@function("all", named="list", example="all([true, true])")
def all_true(*items: Any) -> bool | None:
    """False when one item is false, true when all are true or there is none, else null."""
    found = listed(items)
    if found is None or any(each is False for each in found):
        return None if found is None else False
    return True if all(each is True for each in found) else None


@function("any", named="list", example="any([false, true])")
def any_true(*items: Any) -> bool | None:
    """True when one item is true, false when all are false or there is none, else null."""
    found = listed(items)
    if found is None or any(each is True for each in found):
        return None if found is None else True
    return False if all(each is False for each in found) else None


@function("is empty", "list", example="is empty([])")
def is_empty(list: list[Any]) -> bool:
    """Whether there is no item."""
    return not list


@function("append", "list", named="list, item", example="append([1], 2, 3)")
def append(items: list[Any], *more: Any) -> list[Any]:
    """The list with more items at its end."""
    return [*items, *more]


@function("concatenate", named="list", example="concatenate([1, 2], [3])")
def concatenate(*lists: Any) -> list[Any] | None:
    """Several lists as one."""
    if any(each is None for each in lists):
        return None
    return [item for each in lists for item in (each if values.kind(each) == "list" else [each])]


@function("union", named="list", example="union([1, 2], [2, 3])")
def union(*lists: Any) -> list[Any] | None:
    """Several lists as one, each value once."""
    joined = concatenate(*lists)
    return None if joined is None else distinct_values(joined)


@function("insert before", "list", "number", "", example='insert before(["a", "c"], 2, "b")')
def insert_before(list: list[Any], position: int, newItem: Any) -> list[Any] | None:
    """The list with an item more before that position."""
    place = _place(list, position)
    return None if place is None else [*list[:place], newItem, *list[place:]]


@function("remove", "list", "number", example='remove(["a", "b", "c"], 2)')
def remove(list: list[Any], position: int) -> list[Any] | None:
    """The list without the item at that position."""
    place = _place(list, position)
    return None if place is None else [*list[:place], *list[place + 1 :]]


@function(
    *("list replace", "list"),
    named="list, position, newItem | list, match, newItem",
    example="list replace([3, 7, 9], function(item, newItem) item > 5, 0)",
)
def list_replace(items: list[Any], where: Any, new_item: Any) -> list[Any] | None:
    """The list with another item at that position, or in place of all that match."""
    if type(where) is Given:
        found = [where.call(each, new_item) for each in items]
        return [new_item if fits is True else each for fits, each in zip(found, items, strict=True)]
    place = _place(items, where) if type(where) is int else None
    return None if place is None else [*items[:place], new_item, *items[place + 1 :]]


def _place(items: list[Any], position: int) -> int | None:
    """The index of a position counted from 1, from the end when negative; None outside."""
    if type(position) is not int or position == 0 or abs(position) > len(items):
        return None
    return position - 1 if position > 0 else len(items) + position


@function("reverse", "list", example="reverse([1, 2, 3])")
def reverse(list: list[Any]) -> list[Any]:
    """The last item first."""
    return [*reversed(list)]


@function("index of", "list", "", example='index of(["a", "b", "a"], "a")')
def index_of(list: list[Any], match: Any) -> list[int]:
    """All positions at which the value stands."""
    return [place for place, each in enumerate(list, 1) if values.equal(each, match) is True]


@function("sublist", "list", "number", "number", example="sublist([1, 2, 3, 4], -3, 2)")
def sublist(list: list[Any], start_position: int, length: int | None = None) -> list[Any] | None:
    """A part; positions count from 1, from the end when negative."""
    first = _place(list, start_position)
    if first is None or (length is not None and not 1 <= length <= len(list) - first):
        return None
    return list[first:] if length is None else list[first : first + int(length)]


@function("partition", "list", "number", example="partition([1, 2, 3, 4, 5], 2)")
def partition(list: list[Any], size: int) -> list[list[Any]] | None:
    """Lists of so many items each; the last may be shorter."""
    if type(size) is not int or size < 1:
        return None
    return [list[begin : begin + size] for begin in range(0, len(list), size)]


@function("distinct values", "list", example="distinct values([1, 2, 1.0])")
def distinct_values(list: list[Any]) -> list[Any]:
    """Each value once, in the order of first appearance."""
    seen: dict[Any, Any] = {}
    for each in list:
        seen.setdefault(_key(each), each)
    return [*seen.values()]


@function("duplicate values", "list", example="duplicate values([1, 2, 1, 3, 2])")
def duplicate_values(list: list[Any]) -> list[Any]:
    """What occurs more than once, each value once."""
    times: dict[Any, int] = {}
    for each in list:
        times[_key(each)] = times.get(_key(each), 0) + 1
    return [*distinct_values([each for each in list if times[_key(each)] > 1])]


def _key(value: Any) -> Any:
    """Something hashable that is the same for equal values."""
    known = values.kind(value)
    if known == "list":
        return known, tuple(_key(each) for each in value)
    if known == "context":
        return known, frozenset((name, _key(each)) for name, each in value.items())
    if known == "range":
        return known, _key(value.low), _key(value.high), value.low_closed, value.high_closed
    return (known, value) if known != "other" else (known, id(value))


@function("flatten", "list", named="list", example="flatten([1, [2, [3]]])")
def flatten(items: list[Any]) -> list[Any]:
    """The items of all lists inside lists."""
    found: list[Any] = []
    for each in items:
        found.extend(flatten(each) if values.kind(each) == "list" else [each])
    return found


@function("sort", "list", "function", named="list, precedes", example="sort([3, 1, 2], function(x, y) x > y)")
def sort(items: list[Any], precedes: Given | None = None) -> list[Any] | None:
    """Sorted: rising, or as the function says; null when the items have no common order."""
    if precedes is not None:
        first: Given = precedes
        return sorted(items, key=cmp_to_key(lambda one, other: _comes(first, one, other)))
    if any(values.ordered(each, items[0]) is None for each in items):
        return None
    return sorted(items, key=cmp_to_key(lambda one, other: values.ordered(one, other) or 0))


def _comes(precedes: Given, one: Any, other: Any) -> int:
    if precedes.call(one, other) is True:
        return -1
    return 1 if precedes.call(other, one) is True else 0


# --- what a list amounts to ---


@function("min", named="list", example='min(date("2026-08-03"), date("2026-02-01"))')
def least(*items: Any) -> Any:
    """The smallest item; null when there is none, or no common order."""
    return _outermost(items, -1)


@function("max", named="list", example="max([1, 5, 3])")
def greatest(*items: Any) -> Any:
    """The largest item; null when there is none, or no common order."""
    return _outermost(items, 1)


def _outermost(items: tuple[Any, ...], side: int) -> Any:
    found = listed(items)
    if not found:
        return None
    best = found[0]
    for each in found:
        order = values.ordered(each, best)
        if order is None:
            return None
        if order * side > 0:
            best = each
    return best


@function("sum", named="list", example="sum(1, 2.5)")
def total(*items: Any) -> Any:
    """The sum of numbers or of durations; null when there is none."""
    return _chained(items, reckoning.add)


@function("product", named="list", example="product([2, 3, 4])")
def product(*items: Any) -> Any:
    """The product of numbers; null when there is none."""
    found = _numbers(items)
    return _chained((found,), reckoning.multiply) if found else None


def _chained(items: tuple[Any, ...], reckon: Any) -> Any:
    found = listed(items)
    if not found or any(values.kind(each) not in ("number", "duration") for each in found):
        return None
    result = found[0]
    for each in found[1:]:
        result = reckon(result, each)
    return result


def _numbers(items: tuple[Any, ...]) -> list[Any] | None:
    """The items when all are numbers, else null."""
    found = listed(items)
    return found if found is not None and all(values.is_number(each) for each in found) else None


@function("mean", named="list", example="mean([1, 2])")
def mean(*items: Any) -> Any:
    """The arithmetic mean; null when there is none."""
    found = listed(items)
    return reckoning.divide(total(found), len(found)) if found else None


@function("median", named="list", example="median([8, 2, 5, 3, 4])")
def median(*items: Any) -> Any:
    """The middle number, or the mean of the two in the middle; null when there is none."""
    found = sorted(_numbers(items) or [])
    if not found:
        return None
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else reckoning.divide(reckoning.add(found[middle - 1], found[middle]), 2)


@function("stddev", named="list", example="stddev([2, 4, 7, 5])")
def stddev(*items: Any) -> Any:
    """The standard deviation of a sample; null unless there are two numbers at least."""
    found = _numbers(items)
    if found is None or len(found) < 2:
        return None
    try:
        numbers = [reckoning.decimal(each) for each in found]
        middle = sum(numbers, Decimal()) / len(numbers)
        variance = sum(((each - middle) ** 2 for each in numbers), Decimal()) / (len(numbers) - 1)
        return reckoning.number(reckoning.CONTEXT.sqrt(variance))
    except ArithmeticError:
        raise ExpressionFault("数值过大", "a number grows too large") from None


@function("mode", named="list", example="mode([6, 1, 9, 6, 1])")
def mode(*items: Any) -> Any:
    """The numbers that occur most often, rising."""
    found = _numbers(items)
    if found is None:
        return None
    times: dict[Any, int] = {}
    for each in found:
        times[each] = times.get(each, 0) + 1
    return sorted(each for each, number in times.items() if number == max(times.values()))
