"""The functions that an expression may call: a registry. Only what is registered here can be called.

A function is pure and quick, takes values of the language and gives one. It declares the kinds it takes; an argument of
another kind gives null without calling it, as the standard has it. A single value where a list is taken counts as a
list of one. Arguments may be named by the words of the standard: `substring(string: "abc", start position: 2)`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.expressions.values import checked_list, checked_string, kind


@dataclass(frozen=True)
class Function:
    """`kinds` has a word per parameter ("" takes anything); `most` is None when any number may follow.

    `signatures`: the parameters' names, one tuple per way to call it. `example` is an expression for the reference.
    `metered`: it is handed, before its arguments, what counts the steps of the evaluation.
    """

    name: str
    call: Callable[..., Any]
    kinds: tuple[str, ...]
    least: int
    most: int | None
    signatures: tuple[tuple[str, ...], ...] = ()
    example: str = ""
    metered: bool = False


FUNCTIONS: dict[str, Function] = {}
LONG_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {}


def function(
    name: str, *kinds: str, named: str = "", example: str = "", metered: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function under a name, which may consist of several words.

    `kinds`: one word per parameter: number, string, boolean, date, time, date and time, duration, list, context, range,
    function, or "" for anything. Parameters without a word take anything. `named`: the parameters' names as the
    standard has them, `|` between ways to call it; without it they are those in Python, with spaces. A name registered
    again is replaced.
    """

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        every = list(inspect.signature(call).parameters.values())[metered:]
        open_ended = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in every)
        plain = [each for each in every if each.kind is not inspect.Parameter.VAR_POSITIONAL]
        least = sum(each.default is inspect.Parameter.empty for each in plain)
        ways = [way.split(",") for way in named.split("|")] if named else [[each.name for each in every]]
        signatures = tuple(tuple(each.strip().replace("_", " ") for each in way if each.strip()) for way in ways)
        most = None if open_ended else len(plain)
        know(Function(name, call, kinds, least, most, signatures, example, metered))
        return call

    return register


def know(made: Function) -> None:
    """Put a function into the registry."""
    FUNCTIONS[made.name] = made
    words = tuple(made.name.split(" "))
    if len(words) > 1:
        known = {*LONG_NAMES.get(words[0], ()), words}
        LONG_NAMES[words[0]] = tuple(sorted(known, key=len, reverse=True))


def placed(called: Function, given: dict[str, Any], absent: Any) -> list[Any] | None:
    """Named arguments in the order of the parameters, `absent` where one is left out; null if no way has them."""
    for signature in sorted(called.signatures, key=lambda each: each != tuple(given)):
        if not set(given) <= set(signature):
            continue
        last = max(signature.index(each) for each in given)
        if last + 1 >= called.least and all(each in given for each in signature[: called.least]):
            return [given.get(each, absent) for each in signature[: last + 1]]
    return None


def apply(called: Function, arguments: list[Any], step: Callable[[int], None]) -> Any:
    """Call a function on checked arguments; null when a kind does not fit or the calendar ends."""
    for index, wanted in enumerate(called.kinds[: len(arguments)]):
        given = arguments[index]
        if wanted and kind(given) != wanted:
            if wanted != "list" or given is None:
                return None
            arguments[index] = [given]
    try:
        result = called.call(step, *arguments) if called.metered else called.call(*arguments)
    except (ValueError, TypeError, OverflowError, ArithmeticError, AttributeError):
        return None
    if type(result) is str:
        return checked_string(result)
    if type(result) is list:
        return checked_list(result)
    return result
