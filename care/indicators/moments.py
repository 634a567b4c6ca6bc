"""Seconds between two columns of moments, in the words of either database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, type_coerce
from sqlalchemy.orm import Session


def seconds_between(session: Session, since: Any, until: Any) -> ColumnElement[int]:
    """Whole seconds, rounded."""
    if session.connection().dialect.name == "postgresql":
        return cast(func.round(func.extract("epoch", until - since)), Integer)
    microseconds = type_coerce(until, BigInteger) - type_coerce(since, BigInteger)  # as engine.db.Instant keeps them
    return cast(func.round(microseconds / 1_000_000.0), Integer)
