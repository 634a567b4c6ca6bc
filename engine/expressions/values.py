"""What values the language knows, how they compare, and how they are written.

Values are null, booleans, numbers (int, and float reckoned as decimal so that 0.1 + 0.2 is 0.3), strings, dates,
times, date-times, durations, ranges, lists and contexts (dictionaries). Whatever else a context may hold has no kind:
it equals nothing, and nothing of it can be reached. Operations on kinds that do not fit
give null, as the standard has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from engine.expressions.faults import ExpressionFault
from engine.expressions.times import Duration, aware, iso

LONGEST_STRING = 100_000
LONGEST_LIST = 10_000
LARGEST_INTEGER = 2**63 - 1  # what JSON libraries carry; above, a float is written

_KINDS: dict[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    datetime: "date and time",
    date: "date",
    time: "time",
    Duration: "duration",
    list: "list",
    tuple: "list",
    dict: "context",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends; `None` as an end means there is none."""

    low: Any
    high: Any
    low_closed: bool
    high_closed: bool

    def __contains__(self, value: Any) -> bool:
        return within(value, self) is True


@dataclass(frozen=True, slots=True)
class Given:
    """A function written in the text and handed to another one; it never leaves its evaluation."""

    call: Callable[..., Any]


_KINDS[Range] = "range"
_KINDS[Given] = "function"


def kind(value: Any) -> str:
    """The name of the value's kind; `other` for anything the language does not know."""
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    return "context" if isinstance(value, Mapping) else "other"


def is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def equal(left: Any, right: Any) -> bool | None:
    """Null equals only null; different kinds give null."""
    if type(left) is type(right) and type(left) in (str, int, bool):
        return bool(left == right)
    if left is None or right is None:
        return left is right
    one, other = kind(left), kind(right)
    if one != other or one == "other":
        return None
    if one == "list":
        return len(left) == len(right) and all(equal(a, b) is True for a, b in zip(left, right, strict=True))
    if one == "context":
        return left.keys() == right.keys() and all(equal(left[key], right[key]) is True for key in left)
    if one == "date and time":
        return aware(left) == aware(right)
    return bool(left == right)


def unequal(left: Any, right: Any) -> bool | None:
    same = equal(left, right)
    return None if same is None else not same


def ordered(left: Any, right: Any) -> int | None:
    """Below zero, zero or above zero as `left` comes before, with or after `right`; null when they have no order."""
    if type(left) is int and type(right) is int:
        return left - right
    one = kind(left)
    if one != kind(right):
        return None
    if one in ("number", "string", "date"):
        return int(left > right) - int(left < right)
    if one == "date and time":
        left, right = aware(left), aware(right)
    elif one == "time":
        left, right = on_one_day(left), on_one_day(right)
    elif one == "duration":
        if bool(left.months) != bool(right.months) and left != Duration() and right != Duration():
            return None
        left, right = (left.months, left.delta), (right.months, right.delta)
    else:
        return None
    return int(left > right) - int(left < right)


def on_one_day(value: time) -> datetime:
    return aware(datetime.combine(date(2000, 1, 2), value))


def within(value: Any, span: Range) -> bool | None:
    """Whether the value lies in the range; null when it cannot be compared with an end."""
    if span.low is not None:
        order = ordered(value, span.low)
        if order is None:
            return None
        if order < 0 or (order == 0 and not span.low_closed):
            return False
    if span.high is not None:
        order = ordered(value, span.high)
        if order is None:
            return None
        if order > 0 or (order == 0 and not span.high_closed):
            return False
    return True


def checked_string(value: str) -> str:
    if len(value) > LONGEST_STRING:
        raise ExpressionFault("文本过长", "a text grows too long")
    return value


def checked_list(value: list[Any]) -> list[Any]:
    if len(value) > LONGEST_LIST:
        raise ExpressionFault("列表过长", "a list grows too long")
    return value


def to_json(value: Any) -> Any:
    """The value as JSON knows it: dates, times and durations become ISO texts; raises ExpressionFault for the rest."""
    known = kind(value)
    if known in ("null", "boolean", "string"):
        return value
    if known == "number":
        return value if type(value) is float or -LARGEST_INTEGER <= value <= LARGEST_INTEGER else float(value)
    if known == "list":
        return [to_json(each) for each in value]
    if known == "context":
        return {str(key): to_json(each) for key, each in value.items()}
    if known in ("date", "time", "date and time", "duration"):
        return iso(value)
    if known == "range":
        return _text_of_range(value)
    raise ExpressionFault("结果不是可保存的数据", f"a {type(value).__name__} is no value of the language")


def _text_of_range(value: Range) -> str:
    if value.low is None:
        return f"(<{'=' * value.high_closed} {_written(value.high)})"
    if value.high is None:
        return f"(>{'=' * value.low_closed} {_written(value.low)})"
    opening, closing = ("[" if value.low_closed else "("), ("]" if value.high_closed else ")")
    return f"{opening}{_written(value.low)}..{_written(value.high)}{closing}"


def _written(value: Any) -> str:
    """The value as it stands inside a list, a context or a range."""
    known = kind(value)
    if known == "string":
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text_of(value) or "null"


def text_of(value: Any) -> str | None:
    """The value as `string()` writes it; null stays null."""
    known = kind(value)
    if known == "null":
        return None
    if known == "string":
        return str(value)
    if known == "boolean":
        return "true" if value else "false"
    if known == "list":
        return checked_string("[" + ", ".join(_written(each) for each in value) + "]")
    if known == "context":
        return checked_string("{" + ", ".join(f"{key}: {_written(each)}" for key, each in value.items()) + "}")
    if known == "number":
        return f"{Decimal(repr(value)):f}"  # every digit, and no exponent
    return str(to_json(value))
