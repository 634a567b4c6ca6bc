"""Functions of numbers, under the names of the DMN standard."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any

from engine.expressions import reckoning, values
from engine.expressions.functions import function
from engine.expressions.times import Duration

Number = int | float | None
_NUMBER = re.compile(r"[+-]?(\d{1,34}(\.\d{0,34})?|\.\d{1,34})([eE][+-]?\d{1,2})?", re.ASCII)


@function("number", named="from, grouping separator, decimal separator", example='number("1.234,5", ".", ",")')
def number(value: Any, grouping: Any = None, point: Any = None) -> Number:
    """The number that a text says; null when it says none."""
    if values.is_number(value) and grouping is None and point is None:
        return value  # type: ignore[no-any-return]
    if type(value) is not str or grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return None
    if grouping is not None and grouping == (point or "."):
        return None
    plain = value.replace(grouping, "") if grouping else value
    plain = plain.replace(".", "x").replace(point, ".") if point == "," else plain
    return reckoning.number(Decimal(plain)) if _NUMBER.fullmatch(plain) else None


def _rounded(value: int | float, digits: int, way: str) -> Number:
    if not -30 <= digits <= 30:
        return None
    return reckoning.number(reckoning.decimal(value).quantize(Decimal(1).scaleb(-int(digits)), way, reckoning.CONTEXT))


@function("decimal", "number", "number", example="decimal(2.5, 0)")
def decimal(n: float, scale: int) -> Number:
    """Rounded to so many digits; a half goes to the even digit."""
    return _rounded(n, scale, ROUND_HALF_EVEN)


@function("floor", "number", "number", example="floor(-1.56, 1)")
def floor(n: float, scale: int = 0) -> Number:
    """The next lower number of so many digits."""
    return _rounded(n, scale, ROUND_FLOOR)


@function("ceiling", "number", "number", example="ceiling(-1.56, 1)")
def ceiling(n: float, scale: int = 0) -> Number:
    """The next higher number of so many digits."""
    return _rounded(n, scale, ROUND_CEILING)


@function("round", "number", "number", example="round(2.5)")
def round_plain(n: float, scale: int = 0) -> Number:
    """As `round half up`."""
    return _rounded(n, scale, ROUND_HALF_UP)


@function("round up", "number", "number", example="round up(5.51, 1)")
def round_up(n: float, scale: int = 0) -> Number:
    """Rounded away from zero."""
    return _rounded(n, scale, ROUND_UP)


@function("round down", "number", "number", example="round down(5.59, 1)")
def round_down(n: float, scale: int = 0) -> Number:
    """Rounded towards zero."""
    return _rounded(n, scale, ROUND_DOWN)


@function("round half up", "number", "number", example="round half up(-5.5)")
def round_half_up(n: float, scale: int = 0) -> Number:
    """Rounded to the nearest; a half goes away from zero."""
    return _rounded(n, scale, ROUND_HALF_UP)


@function("round half down", "number", "number", example="round half down(-5.5)")
def round_half_down(n: float, scale: int = 0) -> Number:
    """Rounded to the nearest; a half goes towards zero."""
    return _rounded(n, scale, ROUND_HALF_DOWN)


@function("abs", example='abs(duration("-PT5H"))')
def absolute(n: Any) -> Any:
    """Without the sign; of a duration too."""
    if values.is_number(n):
        return abs(n)
    if type(n) is not Duration:
        return None
    return n.negated() if n.months < 0 or n.delta < timedelta(0) else n


@function("modulo", "number", "number", example="modulo(-12, 5)")
def modulo(dividend: float, divisor: float) -> Number:
    """The rest of a division; it has the sign of the divisor."""
    if divisor == 0:
        return None
    one, other = reckoning.decimal(dividend), reckoning.decimal(divisor)
    rest = reckoning.CONTEXT.remainder(one, other)
    return reckoning.number(rest + other if rest and (rest < 0) != (other < 0) else rest)


@function("sqrt", "number", example="sqrt(16)")
def sqrt(number: float) -> Number:
    """The square root; null of a negative number."""
    return None if number < 0 else reckoning.number(reckoning.CONTEXT.sqrt(reckoning.decimal(number)))


@function("log", "number", example="log(1)")
def log(number: float) -> Number:
    """The natural logarithm; null unless the number is above zero."""
    return None if number <= 0 else reckoning.number(reckoning.CONTEXT.ln(reckoning.decimal(number)))


@function("exp", "number", example="exp(0)")
def exp(number: float) -> Number:
    """e to that power; null above 90."""
    return None if abs(number) > 90 else reckoning.number(reckoning.CONTEXT.exp(reckoning.decimal(number)))


@function("odd", "number", example="odd(3)")
def odd(number: float) -> bool:
    """Whether the number is odd."""
    return number % 2 == 1


@function("even", "number", example="even(3)")
def even(number: float) -> bool:
    """Whether the number is even."""
    return number % 2 == 0
