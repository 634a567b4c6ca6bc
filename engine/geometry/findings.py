"""What the geometric checks say: a rule, the elements, and a sentence in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flaw:
    """A flaw of a drawing. It fails the tests and warns the designer, and never refuses a deployment."""

    rule: str
    elements: tuple[str, ...]
    zh: str
    en: str


def flaw(rule: str, zh: str, en: str, *elements: str) -> Flaw:
    """The sentences end with the elements' names."""
    return Flaw(rule, elements, f"{zh}：{'、'.join(elements)}。", f"{en}: {', '.join(elements)}.")
