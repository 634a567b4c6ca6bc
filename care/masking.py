"""How names and numbers look to whoever does not need the whole: 王*兰, 138****5678, 1502**********1234."""

from __future__ import annotations


def name(text: str) -> str:
    """王秀兰 -> 王*兰, 王兰 -> 王*; longer names keep the first and the last character."""
    if len(text) < 2:
        return text
    return text[0] + "*" if len(text) == 2 else text[0] + "*" * (len(text) - 2) + text[-1]


def phone(text: str | None) -> str:
    """13812345678 -> 138****5678; a short number keeps its last two digits; empty stays empty."""
    if not text:
        return ""
    return text[:3] + "*" * (len(text) - 7) + text[-4:] if len(text) >= 11 else "*" * max(len(text) - 2, 0) + text[-2:]


def id_number(text: str | None) -> str:
    """The first and the last four stay: 1502**********1234."""
    if not text:
        return ""
    return text[:4] + "*" * (len(text) - 8) + text[-4:] if len(text) > 8 else "*" * len(text)


def address(text: str | None) -> str:
    """Street and house stay hidden: the first six characters only."""
    return "" if not text else text[:6] + "…"
