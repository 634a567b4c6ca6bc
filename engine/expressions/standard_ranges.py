"""Functions of ranges, under the names of the DMN standard. A single value counts as a range of one point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions.functions import function
from engine.expressions.values import Range, ordered

_POINT_IN, _POINT_OF = "| point, range", "| range, point"
_ANY = f"{_POINT_IN} {_POINT_OF} | point1, point2"
Relation = Callable[[Range, Range], bool]


def _as_range(value: Any) -> Range | None:
    if value is None or isinstance(value, Range):
        return value
    return Range(value, value, True, True)


def _relation(name: str, example: str, more: str = "") -> Callable[[Relation], Relation]:
    """Register a relation of two ranges; it is null where their ends have no common order.

    `more`: further names that the arguments may have.
    """

    def register(relation: Relation) -> Relation:
        def call(one: Any, other: Any) -> bool | None:
            first, second = _as_range(one), _as_range(other)
            return None if first is None or second is None else relation(first, second)

        call.__doc__ = relation.__doc__
        function(name, named=f"range1, range2 {more}", example=example)(call)
        return relation

    return register


def _same_low(one: Range, other: Range) -> bool:
    if one.low is None or other.low is None:
        return one.low is other.low
    return _order(one.low, other.low) == 0 and one.low_closed == other.low_closed


def _same_high(one: Range, other: Range) -> bool:
    if one.high is None or other.high is None:
        return one.high is other.high
    return _order(one.high, other.high) == 0 and one.high_closed == other.high_closed


class _NoOrder(ValueError):
    """Two ends cannot be compared; the function is null then."""


def _order(left: Any, right: Any) -> int:
    found = ordered(left, right)
    if found is None:
        raise _NoOrder
    return found


def _ends_before(one: Range, other: Range) -> bool:
    """Whether the first range ends before the second begins."""
    if one.high is None or other.low is None:
        return False
    order = _order(one.high, other.low)
    return order < 0 or (order == 0 and not (one.high_closed and other.low_closed))


def _begins_within(one: Range, other: Range) -> bool:
    """Whether the first range begins no earlier than the second."""
    if other.low is None or one.low is None:
        return other.low is None
    order = _order(one.low, other.low)
    return order > 0 or (order == 0 and (other.low_closed or not one.low_closed))


def _ends_within(one: Range, other: Range) -> bool:
    if other.high is None or one.high is None:
        return other.high is None
    order = _order(one.high, other.high)
    return order < 0 or (order == 0 and (other.high_closed or not one.high_closed))


@_relation("before", "before([1..5], [6..10])", _ANY)
def before(one: Range, other: Range) -> bool:
    """Whether the first ends before the second begins."""
    return _ends_before(one, other)


@_relation("after", "after(7, [1..5])", _ANY)
def after(one: Range, other: Range) -> bool:
    """Whether the first begins after the second ends."""
    return _ends_before(other, one)


@_relation("meets", "meets([1..5], [5..10])")
def meets(one: Range, other: Range) -> bool:
    """Whether the first ends exactly where the second begins."""
    if one.high is None or other.low is None:
        return False
    return one.high_closed and other.low_closed and _order(one.high, other.low) == 0


@_relation("met by", "met by([5..10], [1..5])")
def met_by(one: Range, other: Range) -> bool:
    """Whether the first begins exactly where the second ends."""
    return meets(other, one)


@_relation("overlaps", "overlaps([1..5], [3..8])")
def overlaps(one: Range, other: Range) -> bool:
    """Whether a value lies in both."""
    return not _ends_before(one, other) and not _ends_before(other, one)


@_relation("overlaps before", "overlaps before([1..5], [3..8])")
def overlaps_before(one: Range, other: Range) -> bool:
    """Whether the first begins earlier and ends within the second."""
    begins_earlier = not _begins_within(one, other)
    return begins_earlier and overlaps(one, other) and _ends_within(one, other)


@_relation("overlaps after", "overlaps after([3..8], [1..5])")
def overlaps_after(one: Range, other: Range) -> bool:
    """Whether the first begins within the second and ends later."""
    return _begins_within(one, other) and overlaps(one, other) and not _ends_within(one, other)


@_relation("finishes", "finishes([5..10], [1..10])", _POINT_IN)
def finishes(one: Range, other: Range) -> bool:
    """Whether the first lies in the second and ends with it."""
    return _same_high(one, other) and _begins_within(one, other)


@_relation("finished by", "finished by([1..10], [5..10])", _POINT_OF)
def finished_by(one: Range, other: Range) -> bool:
    """Whether the second lies in the first and ends with it."""
    return finishes(other, one)


@_relation("includes", "includes([1..10], 5)", _POINT_OF)
def includes(one: Range, other: Range) -> bool:
    """Whether the second lies in the first."""
    return _begins_within(other, one) and _ends_within(other, one)


@_relation("during", "during(5, [1..10])", _POINT_IN)
def during(one: Range, other: Range) -> bool:
    """Whether the first lies in the second."""
    return includes(other, one)


@_relation("starts", "starts([1..5], [1..10])", _POINT_IN)
def starts(one: Range, other: Range) -> bool:
    """Whether the first lies in the second and begins with it."""
    return _same_low(one, other) and _ends_within(one, other)


@_relation("started by", "started by([1..10], [1..5])", _POINT_OF)
def started_by(one: Range, other: Range) -> bool:
    """Whether the second lies in the first and begins with it."""
    return starts(other, one)


@_relation("coincides", "coincides([1..5], [1..5])", "| point1, point2")
def coincides(one: Range, other: Range) -> bool:
    """Whether both are the same."""
    return _same_low(one, other) and _same_high(one, other)
