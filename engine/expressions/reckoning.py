"""Arithmetic: numbers as decimals, texts joined, dates and durations added. Kinds that do not fit give null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from engine.expressions.faults import ExpressionFault
from engine.expressions.times import Duration, aware
from engine.expressions.values import checked_string, is_number, on_one_day

LARGEST_NUMBER = 10**40
MOST_MONTHS = 12 * 10_000  # the calendar ends before

CONTEXT = Context(prec=34, traps=[DivisionByZero, InvalidOperation, Overflow])


def number(value: Decimal) -> int | float | None:
    """A decimal as the language keeps it: int when whole, else float; raises ExpressionFault when too large."""
    if not value.is_finite():
        return None
    if abs(value) > LARGEST_NUMBER:
        raise ExpressionFault("数值过大", "a number grows too large")
    return int(value) if value == value.to_integral_value() else float(value)


def decimal(value: int | float) -> Decimal:
    return Decimal(value) if type(value) is int else Decimal(repr(value))


def add(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        return _bounded(left + right)
    if is_number(left) and is_number(right):
        return _reckon(CONTEXT.add, left, right)
    if type(left) is str and type(right) is str:
        return checked_string(left + right)
    return _in_calendar(_add_temporal, left, right)


def subtract(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        return _bounded(left - right)
    if is_number(left) and is_number(right):
        return _reckon(CONTEXT.subtract, left, right)
    if type(right) is Duration:
        return _in_calendar(_add_temporal, left, right.negated())
    return _in_calendar(_difference, left, right)


def multiply(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        return _bounded(left * right)
    if is_number(left) and is_number(right):
        return _reckon(CONTEXT.multiply, left, right)
    if type(right) is Duration:
        left, right = right, left
    return _in_calendar(_scaled, left, right)


def divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return None if right == 0 else _reckon(CONTEXT.divide, left, right)
    if type(left) is Duration and is_number(right) and right != 0:
        return _in_calendar(_shared, left, right)
    if type(left) is Duration and type(right) is Duration:
        if left.months or right.months:
            return divide(left.months, right.months) if not (left.delta or right.delta) else None
        return divide(left.delta.total_seconds(), right.delta.total_seconds())
    return None


def power(left: Any, right: Any) -> Any:
    if not is_number(left) or not is_number(right):
        return None
    if abs(right) > 1000:
        raise ExpressionFault("指数过大", "an exponent is too large")
    return _reckon(CONTEXT.power, left, right)


def negate(value: Any) -> Any:
    if is_number(value):
        return -value
    return value.negated() if type(value) is Duration else None


def _bounded(value: int) -> int:
    if -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return value
    raise ExpressionFault("数值过大", "a number grows too large")


def _reckon(operation: Any, left: int | float, right: int | float) -> int | float | None:
    try:
        return number(operation(decimal(left), decimal(right)))
    except (DivisionByZero, InvalidOperation):
        return None
    except Overflow:
        raise ExpressionFault("数值过大", "a number grows too large") from None


def _in_calendar(operation: Any, left: Any, right: Any) -> Any:
    """The result, or null where the kinds do not fit or the calendar ends."""
    try:
        return operation(left, right)
    except (OverflowError, ValueError, ArithmeticError):
        return None


def _add_temporal(left: Any, right: Any) -> Any:
    if type(right) is not Duration:
        left, right = right, left
    if type(right) is not Duration:
        return None
    if type(left) is Duration:
        return Duration(left.months + right.months, left.delta + right.delta)
    if type(left) is time:
        if right.months:
            return None
        return (datetime.combine(date(2000, 1, 2), left) + right.delta).timetz()
    return right.after(left) if type(left) in (date, datetime) else None


def _difference(left: Any, right: Any) -> Any:
    if type(left) is date and type(right) is date:
        return Duration(0, left - right)
    if type(left) is time and type(right) is time:
        return Duration(0, on_one_day(left) - on_one_day(right))
    if type(left) in (date, datetime) and type(right) in (date, datetime):
        return Duration(0, _moment(left) - _moment(right))
    return None


def _moment(value: Any) -> datetime:
    return aware(value if type(value) is datetime else datetime.combine(value, time()))


def _scaled(left: Any, right: Any) -> Any:
    if type(left) is not Duration or not is_number(right):
        return None
    return _of_parts(left, lambda value: CONTEXT.multiply(value, decimal(right)))


def _shared(left: Any, right: Any) -> Any:
    return _of_parts(left, lambda value: CONTEXT.divide(value, decimal(right)))


def _of_parts(value: Duration, reckon: Callable[[Decimal], Decimal]) -> Duration:
    """Both parts of a duration reckoned with exactly: whole months, and microseconds."""
    microseconds = value.delta // timedelta(microseconds=1)
    rest = reckon(Decimal(microseconds)).to_integral_value(ROUND_HALF_EVEN)
    months = int(reckon(Decimal(value.months)))
    if abs(months) > MOST_MONTHS:
        raise OverflowError
    return Duration(months, timedelta(microseconds=int(rest)))
