"""The monthly snapshot: the rows of every indicator as they were when the month was closed, never written again.

Denominators stay as they were: who moved, died or changed tier afterwards stays in the figures of that month. Written
in one transaction, an INSERT from each indicator's own question. Source: people-forms-indicators 6.4; processes P24.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Date, ForeignKey, Index, Select, String, Table, insert, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.indicators.definitions import INDICATORS, Indicator
from care.indicators.month import Month
from care.personal import PathColumn
from engine import clock
from engine.db import Base, Instant
from engine.rows import insert_once


class Snapshot(Base):
    """A closed month."""

    __tablename__ = "indicator_snapshot"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(Instant)


class IndicatorRow(Base):
    """One row of one indicator in a closed month; `ref` is the id of what it counts, `num` and `den` its shares."""

    __tablename__ = "indicator_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(ForeignKey("indicator_snapshot.month"))
    code: Mapped[str] = mapped_column(String(16))
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    ref: Mapped[int] = mapped_column()
    unit_path: Mapped[str] = mapped_column(PathColumn)
    tier: Mapped[str] = mapped_column(String(8), default="")
    num: Mapped[int] = mapped_column()
    den: Mapped[int] = mapped_column()

    __table_args__ = (Index("ix_indicator_row_figure", "month", "code", "unit_path"),)


def is_frozen(session: Session, month: Month) -> Snapshot | None:
    """The snapshot of a month, None while it is open."""
    return session.get(Snapshot, month.first)


def freeze(session: Session, month: Month) -> bool:
    """Close a month; False when it was closed before. Raises ValueError for a month that is not over."""
    if month.ends_at > clock.now():
        raise ValueError(f"{month} is not over")
    taken = {"month": month.first, "taken_at": clock.now()}
    table = cast(Table, Snapshot.__table__)
    if session.connection().execute(insert_once(session, table), taken).rowcount == 0:
        return False
    for each in INDICATORS.values():
        if each.rows is not None:
            _keep(session, each, month)
    return True


def _keep(session: Session, indicator: Indicator, month: Month) -> None:
    assert indicator.rows is not None
    found = indicator.rows(session, month).subquery()
    elder_id, ref, unit_path, tier, num, den = found.c
    marked: Select[Any] = select(
        literal(month.first), literal(indicator.code), elder_id, ref, unit_path, tier, num, den
    )
    names = ["month", "code", "elder_id", "ref", "unit_path", "tier", "num", "den"]
    session.execute(insert(IndicatorRow).from_select(names, marked))
