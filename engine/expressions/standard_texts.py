"""Functions of texts, under the names of the DMN standard."""

from __future__ import annotations

from typing import Any

from engine.expressions import values
from engine.expressions.functions import function
from engine.expressions.patterns import Step, compile_pattern


@function("string length", "string", example='string length("居家探访")')
def string_length(string: str) -> int:
    """Number of characters."""
    return len(string)


@function("contains", "string", "string", example='contains("home visit", "visit")')
def contains(string: str, match: str) -> bool:
    """Whether the text contains the other one."""
    return match in string


@function("starts with", "string", "string", example='starts with("home visit", "home")')
def starts_with(string: str, match: str) -> bool:
    """Whether the text begins with the other one."""
    return string.startswith(match)


@function("ends with", "string", "string", example='ends with("home visit", "home")')
def ends_with(string: str, match: str) -> bool:
    """Whether the text ends with the other one."""
    return string.endswith(match)


@function("upper case", "string", example='upper case("sos")')
def upper_case(string: str) -> str:
    """In capital letters."""
    return string.upper()


@function("lower case", "string", example='lower case("SOS")')
def lower_case(string: str) -> str:
    """In small letters."""
    return string.lower()


@function("trim", "string", example='trim("  a ")')
def trim(string: str) -> str:
    """Without white space at both ends."""
    return string.strip()


@function("substring", "string", "number", "number", example='substring("abcdef", 2, 3)')
def substring(string: str, start_position: int, length: int | None = None) -> str | None:
    """A part; positions count from 1, from the end when negative."""
    if start_position == 0 or abs(start_position) > len(string) or (length is not None and length < 1):
        return None
    first = int(start_position) - 1 if start_position > 0 else len(string) + int(start_position)
    return string[first:] if length is None else string[first : first + int(length)]


@function("substring before", "string", "string", example='substring before("2026-08", "-")')
def substring_before(string: str, match: str) -> str:
    """What stands before the other text; empty when it does not occur."""
    return string.partition(match)[0] if match and match in string else ""


@function("substring after", "string", "string", example='substring after("2026-08", "-")')
def substring_after(string: str, match: str) -> str:
    """What stands after the other text; empty when it does not occur."""
    return string.partition(match)[2] if match else string


@function("split", "string", "string", metered=True, example='split("a;b;;c", ";")')
def split(step: Step, string: str, delimiter: str) -> list[str] | None:
    """The parts between what the pattern matches."""
    return compile_pattern(delimiter).split(string, step)


@function("string join", "list", "string", example='string join(["a", "b", "c"], "、")')
def string_join(list: Any, delimiter: str = "") -> str | None:
    """The texts of a list in one, null left out."""
    kept = [each for each in list if each is not None]
    if not all(type(each) is str for each in kept):
        return None
    size = sum(len(each) for each in kept) + len(delimiter) * len(kept)
    return values.checked_string(delimiter.join(kept) if size <= values.LONGEST_STRING else " " * size)


@function(
    "matches",
    "string",
    "string",
    "string",
    named="input, pattern, flags",
    metered=True,
    example='matches("A-17", "^[A-Z]-[0-9]+$")',
)
def matches(step: Step, text: str, pattern: str, flags: str = "") -> bool:
    """Whether a part of the text fits the pattern; flags `i`, `s`, `m`, `x`."""
    return compile_pattern(pattern, flags).search(text, step) is not None


@function(
    *("replace", "string", "string", "string", "string"),
    named="input, pattern, replacement, flags",
    metered=True,
    example='replace("2026-08-03", "([0-9]+)-([0-9]+)-([0-9]+)", "$3.$2.$1")',
)
def replace(step: Step, text: str, pattern: str, replacement: str, flags: str = "") -> str | None:
    """What fits the pattern is replaced; `$1` is what the first group took."""
    return compile_pattern(pattern, flags).replaced(text, replacement, step)


@function(
    "extract", "string", "string", named="input, pattern", metered=True, example='extract("call 110 or 119", "[0-9]+")'
)
def extract(step: Step, text: str, pattern: str) -> list[str] | None:
    """Everything in the text that fits the pattern."""
    return compile_pattern(pattern).extracted(text, step)


@function("string", named="from", example='string(date("2026-08-03"))')
def string(value: Any) -> str | None:
    """The value as a text."""
    return values.text_of(value)
