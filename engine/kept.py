"""What was read from a database and never changes there, kept in memory for as long as the database is open."""

from __future__ import annotations

from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """One dictionary for each database, gone with it: two databases number their rows alike."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Engine, dict[K, V]] = WeakKeyDictionary()

    def of(self, session: Session) -> dict[K, V]:
        engine = session.connection().engine
        known = self._of.get(engine)
        if known is None:
            known = self._of.setdefault(engine, {})
        return known

    def clear(self) -> None:
        self._of.clear()
