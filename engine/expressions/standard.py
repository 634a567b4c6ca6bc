"""The functions every expression has: the common ones of the DMN standard, under its names."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from engine.expressions import reckoning, values
from engine.expressions.functions import function
from engine.expressions.times import Duration

_NUMBER = re.compile(r"-?\d{1,34}(\.\d{1,34})?")


# --- strings ---


@function("string length", "string")
def string_length(text: str) -> int:
    return len(text)


@function("contains", "string", "string")
def contains(text: str, part: str) -> bool:
    return part in text


@function("starts with", "string", "string")
def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@function("ends with", "string", "string")
def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


@function("upper case", "string")
def upper_case(text: str) -> str:
    return text.upper()


@function("lower case", "string")
def lower_case(text: str) -> str:
    return text.lower()


@function("trim", "string")
def trim(text: str) -> str:
    return text.strip()


@function("substring", "string", "number", "number")
def substring(text: str, start: int, length: int | None = None) -> str | None:
    """Counted from 1; from the end when negative."""
    if start == 0 or (length is not None and length < 0):
        return None
    first = int(start) - 1 if start > 0 else max(0, len(text) + int(start))
    return text[first:] if length is None else text[first : first + int(length)]


@function("substring before", "string", "string")
def substring_before(text: str, part: str) -> str:
    return text.partition(part)[0] if part and part in text else ""


@function("substring after", "string", "string")
def substring_after(text: str, part: str) -> str:
    return text.partition(part)[2] if part else text


@function("split", "string", "string")
def split(text: str, separator: str) -> list[str]:
    """The separator is a plain text, not a pattern."""
    return text.split(separator)


@function("string join", "list", "string")
def string_join(items: list[Any], separator: str = "") -> str | None:
    kept = [each for each in items if each is not None]
    if not all(type(each) is str for each in kept):
        return None
    size = sum(len(each) for each in kept) + len(separator) * len(kept)
    return values.checked_string(separator.join(kept) if size <= values.LONGEST_STRING else " " * size)


@function("string")
def string(value: Any) -> str | None:
    return values.text_of(value)


# --- numbers ---


@function("number")
def number(value: Any) -> int | float | None:
    if values.is_number(value):
        return value  # type: ignore[no-any-return]
    return reckoning.number(Decimal(value)) if type(value) is str and _NUMBER.fullmatch(value) else None


def _rounded(value: int | float, digits: int, way: str) -> int | float | None:
    if not -30 <= digits <= 30:
        return None
    return reckoning.number(reckoning.decimal(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=way))


@function("floor", "number", "number")
def floor(value: float, digits: int = 0) -> int | float | None:
    return _rounded(value, digits, ROUND_FLOOR)


@function("ceiling", "number", "number")
def ceiling(value: float, digits: int = 0) -> int | float | None:
    return _rounded(value, digits, ROUND_CEILING)


@function("round", "number", "number")
def round_half_up(value: float, digits: int = 0) -> int | float | None:
    return _rounded(value, digits, ROUND_HALF_UP)


@function("round half up", "number", "number")
def round_half_up_named(value: float, digits: int) -> int | float | None:
    return _rounded(value, digits, ROUND_HALF_UP)


@function("decimal", "number", "number")
def decimal(value: float, digits: int) -> int | float | None:
    return _rounded(value, digits, ROUND_HALF_EVEN)


@function("abs")
def absolute(value: Any) -> Any:
    if values.is_number(value):
        return abs(value)
    negative = type(value) is Duration and (value.months < 0 or value.delta < timedelta(0))
    return value.negated() if negative else value if type(value) is Duration else None


@function("modulo", "number", "number")
def modulo(value: float, divisor: float) -> int | float | None:
    if divisor == 0:
        return None
    one, other = reckoning.decimal(value), reckoning.decimal(divisor)
    return reckoning.number(one - other * (one / other).to_integral_value(ROUND_FLOOR))


@function("odd", "number")
def odd(value: float) -> bool:
    return value % 2 == 1


@function("even", "number")
def even(value: float) -> bool:
    return value % 2 == 0
