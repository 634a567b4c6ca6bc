"""What can go wrong in the engine: one class per case that a caller treats differently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class EngineError(Exception):
    """Base of everything that the engine raises on purpose.

    `remedy` (if set) is called with a session of its own by `jobs.transaction`, after the transaction that failed was
    rolled back and before the error goes on: it keeps what must not be lost.
    """

    remedy: Callable[[Any], object] | None = None


class NotPossible(EngineError):
    """What a person asked for would break something, so nothing was done; `zh` and `en` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en
