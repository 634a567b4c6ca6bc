"""A finding: how something stands, what was seen, what to do; each in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor. `warn`: it works, not as it should; `bad`: something can be lost or reaches nobody."""

    level: str
    name: str
    zh: str
    en: str

    def as_json(self) -> dict[str, str]:
        return {**self.__dict__}


def ok(name: str, zh: str, en: str) -> Finding:
    return Finding(OK, name, zh, en)


def warn(name: str, zh: str, en: str) -> Finding:
    return Finding(WARN, name, zh, en)


def bad(name: str, zh: str, en: str) -> Finding:
    return Finding(BAD, name, zh, en)


def graded(level: str, name: str, zh: str, en: str, do_zh: str, do_en: str) -> Finding:
    """What was seen, and what to do unless it is `ok`."""
    return Finding(level, name, zh, en) if level == OK else Finding(level, name, f"{zh}，{do_zh}", f"{en}: {do_en}")
