"""The rota of visitors A and B (AB岗轮值): who has an elder's new alarms today; both see the elder.

Public: Rota, TURNS, is_turn_of_b, is_b_on, current, set_rota. Source: issued plan 五(一); processes P36; R-PRJ-12.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import Date, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.personal import OfElder
from engine import clock
from engine.db import Base

TURNS = {"week": ("按周轮", "By week"), "day": ("按天轮", "By day")}


class Rota(OfElder, Base):
    """A and B take turns for the new alarms of an elder: by `week` or `day`, A first on `from_on`."""

    __tablename__ = "visitor_rota"

    id: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[str] = mapped_column(String(8))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


def is_turn_of_b(session: Session, elder_id: int) -> bool:
    """Whether B has the elder's new alarms today. Without a rota they are A's."""
    today = clock.today()
    asked = select(Rota).where(
        Rota.elder_id == elder_id, Rota.from_on <= today, or_(Rota.until_on.is_(None), Rota.until_on > today)
    )
    found = session.scalar(asked.order_by(Rota.id.desc()).limit(1))
    return found is not None and is_b_on(found, today)


def is_b_on(row: Rota, day: date) -> bool:
    """Whether it is B's turn on that day."""
    return row.from_on <= day and bool((day - row.from_on).days // (7 if row.turn == "week" else 1) % 2)


def current(session: Session, elder_ids: Collection[int]) -> dict[int, Rota]:
    """The rota in force today of each of these elders, in one question."""
    today = clock.today()
    asked = select(Rota).where(Rota.elder_id.in_(list(elder_ids)), or_(Rota.until_on.is_(None), Rota.until_on > today))
    return {row.elder_id: row for row in session.scalars(asked.order_by(Rota.id))}


def set_rota(session: Session, elder: Elder, turn: str, from_on: date) -> None:
    """A and B take turns by `week` or `day` from a day on, A first; "" ends it: new alarms are A's again."""
    if turn not in ("", *TURNS):
        raise ValueError(f"no such turn: {turn!r}")
    for row in current(session, [elder.id]).values():
        row.until_on = clock.today()
    if turn:
        session.add(Rota(elder_id=elder.id, unit_path=elder.unit_path, turn=turn, from_on=from_on))
    session.flush()
