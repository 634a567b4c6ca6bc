"""Cut a text into tokens: numbers, strings, names, at-literals and signs, each with its position.

Comments as in Java are passed over (DMN 1.3, 10.3.1.2).
"""

from __future__ import annotations

from typing import NamedTuple

from engine.expressions.faults import ExpressionRefused

LONGEST_TEXT = 1000

_TWO = frozenset(("**", "<=", ">=", "!=", ".."))
_ONE = frozenset("+-*/=<>()[]{},:.?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_LIKE = {"（": "(", "）": ")", "，": ",", "“": '"', "”": '"', "：": ":", "【": "[", "】": "]", "＝": "="}


class Token(NamedTuple):
    """`kind` is number, string, at, name, sign or end; a number's text is its digits, a string's is unescaped."""

    kind: str
    text: str
    position: int


def tokens_of(text: str) -> list[Token]:
    """All tokens of the text and a last one of kind `end`; raises ExpressionRefused."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionRefused(
            text, LONGEST_TEXT, f"表达式超过 {LONGEST_TEXT} 字", f"longer than {LONGEST_TEXT} characters"
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at : at + 2] in ("//", "/*"):
            at = _behind_comment(text, at)
            continue
        token, at = _next(text, at)
        found.append(token)
    found.append(Token("end", "", len(text)))
    return found


def _next(text: str, at: int) -> tuple[Token, int]:
    letter = text[at]
    if letter == '"':
        return _string(text, at, "string", at)
    if letter == "@" and text[at + 1 : at + 2] == '"':
        return _string(text, at + 1, "at", at)
    if letter.isascii() and (letter.isdigit() or (letter == "." and text[at + 1 : at + 2].isdigit())):
        return _number(text, at)
    if letter == "_" or letter.isalpha():
        return _name(text, at)
    if text[at : at + 2] in _TWO:
        return Token("sign", text[at : at + 2], at), at + 2
    if letter in _ONE:
        return Token("sign", letter, at), at + 1
    if letter in _LIKE:
        meant = _LIKE[letter]
        raise ExpressionRefused(text, at, f"请用半角符号 {meant} 代替 {letter}", f"write {meant} instead of {letter}")
    raise ExpressionRefused(text, at, f"不认识的符号 {letter!r}", f"unknown sign {letter!r}")


def _behind_comment(text: str, start: int) -> int:
    """Where a comment ends: at the end of its line, or behind its closing sign."""
    closing = "\n" if text[start + 1] == "/" else "*/"
    end = text.find(closing, start + 2)
    if end >= 0:
        return end + len(closing)
    if closing == "*/":
        raise ExpressionRefused(text, start, "注释缺少结束的 */", "the comment has no closing */")
    return len(text)


def _string(text: str, quote: int, kind: str, start: int) -> tuple[Token, int]:
    parts: list[str] = []
    at = quote + 1
    while at < len(text) and text[at] != '"':
        if text[at] != "\\":
            parts.append(text[at])
            at += 1
            continue
        letter, at = _escaped(text, at)
        parts.append(letter)
    if at >= len(text):
        raise ExpressionRefused(text, start, "文本缺少结束的引号", "the string has no closing quote")
    return Token(kind, _joined(parts, text, start), start), at + 1


def _escaped(text: str, at: int) -> tuple[str, int]:
    """The letter that an escape means, and where it ends."""
    follows = text[at + 1 : at + 2]
    digits = {"u": 4, "U": 6}.get(follows, 0)
    code = text[at + 2 : at + 2 + digits]
    if digits and _is_hex(code, digits) and int(code, 16) <= 0x10FFFF:
        return chr(int(code, 16)), at + 2 + digits
    if follows in _ESCAPES:
        return _ESCAPES[follows], at + 2
    raise ExpressionRefused(text, at, "反斜杠后的字符不可用", "unknown escape after the backslash")


def _joined(parts: list[str], text: str, start: int) -> str:
    """The letters as one string; two halves of a code point beyond the first plane become one."""
    joined = "".join(parts)
    try:
        return joined.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        raise ExpressionRefused(text, start, "文本含有半个字符", "the string holds half a code point") from None


def _is_hex(digits: str, length: int) -> bool:
    return len(digits) == length and all(each in "0123456789abcdefABCDEF" for each in digits)


def _number(text: str, start: int) -> tuple[Token, int]:
    at = _digits(text, start)
    if text[at : at + 1] == "." and text[at + 1 : at + 2].isdigit():
        at = _digits(text, at + 1)
    at = _exponent(text, at)
    if at - start > 40:
        raise ExpressionRefused(text, start, "数字位数过多", "the number has too many digits")
    if at < len(text) and (text[at].isalpha() or text[at] == "_"):
        raise ExpressionRefused(text, at, "数字后面不能紧跟字母", "a letter may not follow a number at once")
    return Token("number", text[start:at], start), at


def _exponent(text: str, at: int) -> int:
    """Behind the exponent if one begins here, such as `e3` or `E-10`."""
    if text[at : at + 1] not in ("e", "E"):
        return at
    first = at + 2 if text[at + 1 : at + 2] in ("+", "-") else at + 1
    last = _digits(text, first)
    return last if last > first else at


def _digits(text: str, at: int) -> int:
    while at < len(text) and text[at] in "0123456789":
        at += 1
    return at


def _name(text: str, start: int) -> tuple[Token, int]:
    at = start
    while at < len(text) and (text[at] == "_" or text[at].isalnum()):
        at += 1
    name = text[start:at]
    if name.startswith("__"):
        raise ExpressionRefused(text, start, "名称不能以两个下划线开头", "a name may not begin with two underscores")
    return Token("name", name, start), at
