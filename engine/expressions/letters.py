"""Letters in patterns: escapes such as `\\d`, and classes such as `[A-Z0-9_]`, as tests of one letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

LetterTest = Callable[[str], bool]
Refused = Callable[[str, str], Exception]

_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_CATEGORIES = frozenset(("L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "Nd", "Nl", "No", "P", "S", "Z", "Zs", "C"))
_SETS: dict[str, LetterTest] = {
    "d": lambda each: unicodedata.category(each) == "Nd",
    "w": lambda each: unicodedata.category(each)[0] in "LMNS",
    "s": lambda each: each in " \t\n\r",
}


def same_letter(letter: str) -> LetterTest:
    return lambda each: each == letter


def escape_at(pattern: str, at: int, refused: Refused) -> tuple[LetterTest, int]:
    """The test that the escape before `at` means, and where it ends."""
    letter = pattern[at : at + 1]
    if letter in ("p", "P"):
        return _category_at(pattern, at, refused)
    if letter.lower() in _SETS and letter:
        return _turned(_SETS[letter.lower()], letter.isupper()), at + 1
    if letter in _PLAIN:
        return same_letter(_PLAIN[letter]), at + 1
    if letter.isdigit():
        raise refused("不支持引用分组", "references to groups are not supported")
    if not letter or letter.isalnum():
        raise refused(f"不认识的转义 \\{letter}", f"unknown escape \\{letter}")
    return same_letter(letter), at + 1


def _category_at(pattern: str, at: int, refused: Refused) -> tuple[LetterTest, int]:
    end = pattern.find("}", at)
    name = pattern[at + 2 : end]
    if pattern[at + 1 : at + 2] != "{" or name not in _CATEGORIES:
        raise refused(f"不认识的字符类别 {name}", f"unknown category {name!r}")
    return _turned(lambda each: unicodedata.category(each).startswith(name), pattern[at] == "P"), end + 1


def _turned(test: LetterTest, negative: bool) -> LetterTest:
    return (lambda each: not test(each)) if negative else test


def class_at(pattern: str, at: int, refused: Refused) -> tuple[LetterTest, int]:
    """The test of the class whose bracket stands before `at`, and where it ends."""
    negative = pattern[at : at + 1] == "^"
    at += negative
    tests: list[LetterTest] = []
    while pattern[at : at + 1] != "]" or not tests:
        if at >= len(pattern) or pattern[at : at + 2] == "-[" or pattern[at] in "[]":
            raise refused("字符类写法不对", "the class of letters is not well-formed")
        test, at = _member_at(pattern, at, refused)
        tests.append(test)
    members = tuple(tests)
    return _turned(lambda each: any(test(each) for test in members), negative), at + 1


def _member_at(pattern: str, at: int, refused: Refused) -> tuple[LetterTest, int]:
    """One letter, escape or span such as `a-z`."""
    if pattern[at] == "\\":
        return escape_at(pattern, at + 1, refused)
    first, last = pattern[at], pattern[at + 2 : at + 3]
    if pattern[at + 1 : at + 2] != "-" or last in ("", "]", "["):
        return same_letter(first), at + 1
    if last == "\\" or last < first:
        raise refused("字符范围写法不对", "the span of letters is not well-formed")
    return (lambda each: first <= each <= last), at + 3
