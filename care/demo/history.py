"""Three weeks of history of the demonstration district."""

from __future__ import annotations

from random import Random

from sqlalchemy.orm import Session

from care.demo.population import Made


def build(session: Session, made: list[Made], chance: Random) -> None:
    """Nothing yet."""
