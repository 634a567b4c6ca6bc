"""Patterns of `matches`, `replace`, `extract` and `split`: regular expressions that cannot run away.

A pattern becomes a small program for a machine that follows all ways at once, so that the time is at most the length of
the text times that of the program, whatever the pattern; every place of the text costs steps. Known: letters, `.`,
classes, groups, `|`, `* + ? {n,m}` and their lazy forms, `^ $`, `\\d \\w \\s \\p{L}`. References to groups and looking
around would need going back and are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from engine.expressions.faults import ExpressionFault
from engine.expressions.letters import LetterTest, class_at, escape_at, same_letter
from engine.expressions.scope import MOST_STEPS
from engine.expressions.values import LONGEST_STRING

LONGEST_PATTERN = 500
LONGEST_PROGRAM = 2_000
DEEPEST_GROUP = 20
MOST_REPEATS = 100

Step = Callable[[int], None]
Instruction = tuple[Any, ...]  # letter(test) jump(by) split(by, by) save(slot) here(test) match()
Groups = tuple[int | None, ...]


class PatternRefused(ExpressionFault):
    """A pattern is not one of the language."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, flags: str = "") -> Pattern:
    """The pattern as a program; raises PatternRefused."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternRefused(
            f"匹配模式超过 {LONGEST_PATTERN} 字", f"the pattern is longer than {LONGEST_PATTERN} characters"
        )
    if set(flags) - set("smix"):
        raise PatternRefused(f"不认识的匹配标志 {flags}", f"unknown flags {flags!r}: i, m, s, x are known")
    return Pattern(*_Reader(pattern, flags).whole())


class Pattern:
    """A compiled pattern. All methods take `step`, which is called with what each place of the text costs."""

    def __init__(self, program: list[Instruction], groups: int) -> None:
        self._program = program
        self._none: Groups = (None,) * (2 * groups + 2)

    def fits(self, text: str) -> bool:
        """Whether a part of the text fits, with a step budget of its own; a text that exceeds it does not fit."""
        taken = 0

        def step(number: int) -> None:
            nonlocal taken
            taken += number
            if taken > MOST_STEPS:
                raise PatternRefused("文本过长", "the text is too long for the pattern")

        try:
            return self.search(text, step) is not None
        except PatternRefused:
            return False

    def search(self, text: str, step: Step, begin: int = 0) -> Groups | None:
        """Where the first match and its groups begin and end, in pairs; None when nothing fits."""
        found: Groups | None = None
        ways: list[tuple[int, Groups]] = []
        seen: set[int] = set()
        for at in range(begin, len(text) + 1):
            if found is None:
                self._follow(0, self._none, text, at, seen, ways)
            step(1 + len(seen) // 10)
            after: list[tuple[int, Groups]] = []
            seen = set()
            for place, groups in ways:
                operation = self._program[place]
                if operation[0] == "match":
                    found = groups
                    break
                if at < len(text) and operation[1](text[at]):
                    self._follow(place + 1, groups, text, at + 1, seen, after)
            ways = after
            if not ways and found is not None:
                break
        return found

    def _follow(
        self, place: int, groups: Groups, text: str, at: int, seen: set[int], into: list[tuple[int, Groups]]
    ) -> None:
        """All places that can be reached without taking a letter, the preferred ones first."""
        waiting = [(place, groups)]
        while waiting:
            place, groups = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            operation = self._program[place]
            kind = operation[0]
            if kind == "jump":
                waiting.append((place + operation[1], groups))
            elif kind == "split":
                waiting += [(place + operation[2], groups), (place + operation[1], groups)]
            elif kind == "save":
                slot = operation[1]
                waiting.append((place + 1, (*groups[:slot], at, *groups[slot + 1 :])))
            elif kind == "here":
                if operation[1](text, at):
                    waiting.append((place + 1, groups))
            else:
                into.append((place, groups))

    def _all(self, text: str, step: Step) -> list[Groups] | None:
        """All matches one behind the other; None when the pattern fits nothing at all as well."""
        if self.search("", step) is not None:
            return None
        found: list[Groups] = []
        at = 0
        while (groups := self.search(text, step, at)) is not None:
            found.append(groups)
            at = groups[1] or 0
        return found

    def split(self, text: str, step: Step) -> list[str] | None:
        """The parts between the matches; null when the pattern fits nothing at all."""
        matches = self._all(text, step)
        if matches is None:
            return None
        begins = [0, *(each[1] or 0 for each in matches)]
        ends = [*(each[0] or 0 for each in matches), len(text)]
        return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]

    def extracted(self, text: str, step: Step) -> list[str] | None:
        """What matches; null when the pattern fits nothing at all."""
        matches = self._all(text, step)
        return None if matches is None else [text[each[0] : each[1]] for each in matches]

    def replaced(self, text: str, replacement: str, step: Step) -> str | None:
        """The text with each match replaced; null when the pattern fits nothing at all."""
        matches = self._all(text, step)
        if matches is None:
            return None
        made: list[str] = []
        at = size = 0
        for groups in matches:
            for part in (text[at : groups[0]], *_filled(replacement, groups, text)):
                made.append(part)
                size += len(part)
            if size > LONGEST_STRING:
                raise ExpressionFault("文本过长", "a text grows too long")
            at = groups[1] or 0
        return "".join((*made, text[at:]))


def _filled(replacement: str, groups: Groups, text: str) -> Iterator[str]:
    at = 0
    while at < len(replacement):
        letter, follows = replacement[at], replacement[at + 1 : at + 2]
        if letter == "\\" and follows in ("$", "\\"):
            yield follows
        elif letter == "$" and follows in tuple("0123456789"):
            slot = 2 * int(follows)
            begin, end = groups[slot : slot + 2] or (None, None)
            yield "" if begin is None else text[begin:end]
        elif letter in "$\\":
            raise PatternRefused(
                f"替换文本中的 {letter} 用法不对", f"{letter} in a replacement stands before a digit or a sign"
            )
        else:
            yield letter
            at -= 1
        at += 2


class _Reader:
    """Reads one pattern into a program."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern, self.flags = pattern, flags
        self.at = self.depth = self.groups = 0

    def whole(self) -> tuple[list[Instruction], int]:
        program = self._either()
        if self.at < len(self.pattern):
            raise self._refused("多余的括号", "a bracket too many")
        return [("save", 0), *program, ("save", 1), ("match",)], self.groups

    def _refused(self, zh: str, en: str) -> PatternRefused:
        return PatternRefused(f"匹配模式第 {self.at + 1} 字：{zh}", f"character {self.at + 1} of the pattern: {en}")

    def _here(self) -> str:
        while "x" in self.flags and self.pattern[self.at : self.at + 1].isspace():
            self.at += 1
        return self.pattern[self.at : self.at + 1]

    def _takes(self, sign: str) -> bool:
        if self._here() != sign:
            return False
        self.at += 1
        return True

    def _either(self) -> list[Instruction]:
        self.depth += 1
        if self.depth > DEEPEST_GROUP:
            raise self._refused(f"括号超过 {DEEPEST_GROUP} 层", f"groups are nested deeper than {DEEPEST_GROUP}")
        ways = [self._sequence()]
        while self._takes("|"):
            ways.append(self._sequence())
        program = ways.pop()
        while ways:
            first = ways.pop()
            program = [("split", 1, len(first) + 2), *first, ("jump", len(program) + 1), *program]
        self.depth -= 1
        return program

    def _sequence(self) -> list[Instruction]:
        program: list[Instruction] = []
        while self._here() not in ("", "|", ")"):
            program += self._repeated(self._one())
            if len(program) > LONGEST_PROGRAM:
                raise self._refused("重复过多", "too much is repeated")
        return program

    def _repeated(self, one: list[Instruction]) -> list[Instruction]:
        sign = self._here()
        if sign not in ("*", "+", "?", "{") or not sign:
            return one
        self.at += 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self._bounds()
        lazy = self._takes("?")
        if self._here() in ("*", "+", "?", "{") and self._here():
            raise self._refused("重复符号不能连写", "a repetition of a repetition")
        if len(one) * max(least, most or 1) > LONGEST_PROGRAM:
            raise self._refused("重复过多", "too much is repeated")
        if most is not None:
            return one * least + self._options(one, most - least, lazy)
        size = len(one)
        skip: Instruction = ("split", size + 2, 1) if lazy else ("split", 1, size + 2)
        return one * least + [skip, *one, ("jump", -size - 1)]

    def _options(self, one: list[Instruction], count: int, lazy: bool) -> list[Instruction]:
        """The same at most so many times."""
        program: list[Instruction] = []
        for _ in range(count):
            past = len(one) + len(program) + 1
            program = [("split", past, 1) if lazy else ("split", 1, past), *one, *program]
        return program

    def _bounds(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.at)
        least, comma, most = self.pattern[self.at : max(end, self.at)].partition(",")
        numbers = [each for each in (least, most) if each]
        if not least or any(not each.isascii() or not each.isdigit() or len(each) > 3 for each in numbers):
            raise self._refused("花括号里应为次数", "numbers belong into the braces")
        self.at = end + 1
        low, high = int(least), int(most) if most else None if comma else int(least)
        if max(low, high or 0) > MOST_REPEATS or (high is not None and high < low):
            raise self._refused(f"重复次数须在 0 到 {MOST_REPEATS} 之间", f"repetitions are 0 to {MOST_REPEATS}")
        return low, high

    def _one(self) -> list[Instruction]:
        letter = self._here()
        self.at += 1
        if letter == "(":
            return self._group()
        if letter == "[":
            test, self.at = class_at(self.pattern, self.at, self._refused)
            return [("letter", self._cased(test))]
        if letter == "\\":
            test, self.at = escape_at(self.pattern, self.at, self._refused)
            return [("letter", self._cased(test))]
        if letter == ".":
            return [("letter", (lambda each: True) if "s" in self.flags else (lambda each: each not in "\n\r"))]
        if letter in "^$":
            return [("here", _PLACES[letter, "m" in self.flags])]
        if letter in "*+?{":
            self.at -= 1
            raise self._refused("没有可重复的内容", "there is nothing to repeat")
        return [("letter", self._cased(same_letter(letter)))]

    def _cased(self, test: LetterTest) -> LetterTest:
        if "i" not in self.flags:
            return test
        return lambda each: test(each) or test(each.lower()) or test(each.upper())

    def _group(self) -> list[Instruction]:
        slot = None
        if self.pattern[self.at : self.at + 2] == "?:":
            self.at += 2
        elif self.pattern[self.at : self.at + 1] == "?":
            raise self._refused("不支持环视", "looking around is not supported")
        else:
            self.groups += 1
            slot = 2 * self.groups
        inside = self._either()
        if not self._takes(")"):
            raise self._refused("括号没有结束", "the group is not closed")
        return inside if slot is None else [("save", slot), *inside, ("save", slot + 1)]


_PLACES: dict[tuple[str, bool], Callable[[str, int], bool]] = {
    ("^", False): lambda text, at: at == 0,
    ("^", True): lambda text, at: at == 0 or text[at - 1] == "\n",
    ("$", False): lambda text, at: at == len(text),
    ("$", True): lambda text, at: at == len(text) or text[at] == "\n",
}
