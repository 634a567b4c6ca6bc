"""The functions that an expression may call: a registry. Only what is registered here can be called.

A function is pure and quick, takes values of the language and gives one. It declares the kinds it takes; an argument of
another kind gives null without calling it, as the standard has it. A single value where a list is taken counts as a
list of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.expressions.values import checked_list, checked_string, kind


@dataclass(frozen=True)
class Function:
    """`kinds` has a word per parameter ("" takes anything); `most` is None when any number may follow."""

    name: str
    call: Callable[..., Any]
    kinds: tuple[str, ...]
    least: int
    most: int | None


FUNCTIONS: dict[str, Function] = {}
LONG_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {}


def function(name: str, *kinds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function under a name, which may consist of several words.

    `kinds`: one word per parameter: number, string, boolean, date, time, date and time, duration, list, context, range,
    or "" for anything. Parameters without a word take anything. A name registered again is replaced.
    """

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        every = list(inspect.signature(call).parameters.values())
        open_ended = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in every)
        plain = [each for each in every if each.kind is not inspect.Parameter.VAR_POSITIONAL]
        least = sum(each.default is inspect.Parameter.empty for each in plain)
        FUNCTIONS[name] = Function(name, call, kinds, least, None if open_ended else len(plain))
        words = tuple(name.split(" "))
        if len(words) > 1:
            known = {*LONG_NAMES.get(words[0], ()), words}
            LONG_NAMES[words[0]] = tuple(sorted(known, key=len, reverse=True))
        return call

    return register


def apply(called: Function, arguments: list[Any]) -> Any:
    """Call a function on checked arguments; null when a kind does not fit or the calendar ends."""
    for index, wanted in enumerate(called.kinds[: len(arguments)]):
        given = arguments[index]
        if wanted and kind(given) != wanted:
            if wanted != "list" or given is None:
                return None
            arguments[index] = [given]
    try:
        result = called.call(*arguments)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return None
    if type(result) is str:
        return checked_string(result)
    if type(result) is list:
        return checked_list(result)
    return result
