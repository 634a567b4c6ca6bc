"""The words of a user task's property `verbs`: what people may do with it beside completing it (engine/verbs)."""

from __future__ import annotations

VERBS = (
    "claim",
    "release",
    "transfer",
    "delegate",
    "sign",
    "unsign",
    "send_back",
    "withdraw",
    "copy",
    "urge",
    "comment",
    "attach",
    "snooze",
    "batch",
    "undo",
)
PAST = frozenset(("send_back", "withdraw"))
"""Those that a diagram may allow past operations and messages."""


def read(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """(verbs taken away, verbs of PAST allowed more) of «-transfer, +send_back»; raises ValueError."""
    denied, past = set(), set()
    for word in text.replace(",", " ").split():
        sign, verb = word[0], word[1:]
        if sign == "-" and verb in VERBS:
            denied.add(verb)
        elif sign == "+" and verb in PAST:
            past.add(verb)
        else:
            raise ValueError(word)
    return frozenset(denied), frozenset(past)
