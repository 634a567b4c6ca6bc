"""The functions every expression has: the common ones of the DMN standard, under its names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cmp_to_key
from typing import Any

from engine import clock
from engine.expressions import values
from engine.expressions.functions import function
from engine.expressions.times import Duration, parse_date, parse_duration, parse_moment, parse_time

_NUMBER = re.compile(r"-?\d{1,34}(\.\d{1,34})?")


def _listed(items: tuple[Any, ...]) -> list[Any] | None:
    """The items of a function that takes either one list or its items."""
    if len(items) == 1:
        return None if items[0] is None else list(items[0]) if values.kind(items[0]) == "list" else [items[0]]
    return list(items)


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
    return values.number(Decimal(value)) if type(value) is str and _NUMBER.fullmatch(value) else None


def _rounded(value: int | float, digits: int, way: str) -> int | float | None:
    if not -30 <= digits <= 30:
        return None
    return values.number(values.decimal(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=way))


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
    one, other = values.decimal(value), values.decimal(divisor)
    return values.number(one - other * (one / other).to_integral_value(ROUND_FLOOR))


@function("odd", "number")
def odd(value: float) -> bool:
    return value % 2 == 1


@function("even", "number")
def even(value: float) -> bool:
    return value % 2 == 0


# --- lists ---


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
        result = values.add(result, each) if type(each) is not str else None
    return result


@function("mean")
def mean(*items: Any) -> Any:
    listed = _listed(items)
    return values.divide(total(listed), len(listed)) if listed else None


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


# --- dates, times, durations ---


@function("now")
def now() -> datetime:
    """This moment in the city's time."""
    return clock.local(clock.now()).replace(microsecond=0)


@function("today")
def today() -> date:
    return clock.today()


@function("date")
def to_date(value: Any, month: Any = None, day: Any = None) -> date | None:
    if month is not None or day is not None:
        return date(value, month, day)
    if type(value) is str:
        return parse_date(value)
    return value.date() if type(value) is datetime else value if type(value) is date else None


@function("time")
def to_time(value: Any, minute: Any = None, second: Any = None) -> time | None:
    if minute is not None or second is not None:
        return time(value, minute, int(second))
    if type(value) is str:
        return parse_time(value)
    return value.timetz() if type(value) is datetime else value if type(value) is time else None


@function("date and time")
def to_moment(value: Any, at: Any = None) -> datetime | None:
    if at is not None:
        day = value.date() if type(value) is datetime else value
        return datetime.combine(day, at)
    if type(value) is date:
        return datetime.combine(value, time())
    return parse_moment(value) if type(value) is str else value if type(value) is datetime else None


@function("duration")
def to_duration(value: Any) -> Duration | None:
    if type(value) is not str:
        return value if type(value) is Duration else None
    try:
        return parse_duration(value)
    except Exception:  # a text that is no duration is null
        return None


@function("years and months duration")
def years_and_months(start: Any, end: Any) -> Duration | None:
    """Whole months from the one day to the other."""
    if type(start) not in (date, datetime) or type(end) not in (date, datetime):
        return None
    if (end.year, end.month, end.day) < (start.year, start.month, start.day):
        backwards = years_and_months(end, start)
        return None if backwards is None else backwards.negated()
    return Duration((end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@function("day of week")
def day_of_week(day: Any) -> str | None:
    return _DAYS[day.weekday()] if type(day) in (date, datetime) else None


@function("day of year")
def day_of_year(day: Any) -> int | None:
    return day.timetuple().tm_yday if type(day) in (date, datetime) else None


@function("week of year")
def week_of_year(day: Any) -> int | None:
    return day.isocalendar().week if type(day) in (date, datetime) else None
