"""Numbers that people read out on the telephone: when something came, and chance, so that two of one moment differ and
nobody guesses the next one."""

from __future__ import annotations

import secrets
from datetime import datetime


def number_at(letter: str, at: datetime) -> str:
    """`C261129101530` and six digits of chance: the kind, the second in UTC."""
    return f"{letter}{at:%y%m%d%H%M%S}{secrets.randbelow(1_000_000):06d}"
