"""Where a herder lives in which season: winter and summer pasture, each with its way, road and nearest household.

On the day that a season's dwelling begins, the process `seasonal_move` asks the visitor whether the elder has moved;
from then on address, way and position of the file are those of that dwelling, and so are routes, cards and alarms.
How long the way takes comes from the road, never from the map.

Public: Dwelling, SEASONS, ROADS, add, of_elder, of_season, current, due, begin, settle. Source: R-USR-03; P07, P09.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.errors import RuleBroken
from care.personal import OfElder
from engine.db import Base
from engine.vault import Encrypted, EncryptedDocument

SEASONS: dict[str, tuple[str, str]] = {
    "winter": ("冬营地", "Winter pasture"),
    "spring": ("春营地", "Spring pasture"),
    "summer": ("夏营地", "Summer pasture"),
    "autumn": ("秋营地", "Autumn pasture"),
    "town": ("城镇住处", "Home in town"),
}
ROADS: dict[str, tuple[str, str, int]] = {
    "paved": ("铺装路", "Paved", 60),
    "gravel": ("砂石路", "Gravel", 30),
    "track": ("草原自然路", "Track over grassland", 20),
}
"""Kilometres an hour that one can count on (a ruling; weather makes it less)."""
ASKED_WITHIN = timedelta(days=60)


class Dwelling(OfElder, Base):
    """One dwelling, from a day of each year on (`from_day`, «05-20»); `position`: [latitude, longitude].

    `helper`: the nearest household with a vehicle and its telephone, asked first (a ruling).
    """

    __tablename__ = "dwelling"

    id: Mapped[int] = mapped_column(primary_key=True)
    season: Mapped[str] = mapped_column(String(8))
    from_day: Mapped[str] = mapped_column(String(5))
    address: Mapped[str] = mapped_column(Encrypted)
    way: Mapped[str | None] = mapped_column(Encrypted)
    position: Mapped[Any | None] = mapped_column(EncryptedDocument, nullable=True)
    road: Mapped[str] = mapped_column(String(8), default="track")
    road_km: Mapped[int] = mapped_column(default=0)
    helper: Mapped[str | None] = mapped_column(Encrypted)
    lives_here: Mapped[bool] = mapped_column(default=False)
    asked_on: Mapped[date | None] = mapped_column(Date)

    @property
    def minutes(self) -> int:
        """How long the way takes from the village, by the road."""
        return round(self.road_km / ROADS[self.road][2] * 60)


def add(session: Session, elder: Elder, season: str, from_day: str, address: str, **facts: Any) -> Dwelling:
    """A dwelling of the elder; one of each season. Raises RuleBroken for a day that is none and without an address."""
    if season not in SEASONS or facts.get("road", "track") not in ROADS:
        raise ValueError(f"no such dwelling: {season!r}")
    if not re.fullmatch(r"\d\d-\d\d", from_day) or _on(from_day, 2024) is None:
        raise RuleBroken("哪天搬写成 05-20（月-日）", "write the day of moving as 05-20 (month-day)")
    if not address.strip():
        raise RuleBroken("写明住处在哪里", "say where it is")
    for row in of_elder(session, elder.id):
        if row.season == season:
            session.delete(row)
    session.flush()
    row = Dwelling(
        elder_id=elder.id, unit_path=elder.unit_path, season=season, from_day=from_day, address=address.strip(), **facts
    )
    session.add(row)
    session.flush()
    return row


def _on(from_day: str, year: int) -> date | None:
    month, day = map(int, from_day.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 2, 28) if (month, day) == (2, 29) else None


def of_elder(session: Session, elder_id: int) -> list[Dwelling]:
    """All dwellings by the day of the year on which they begin."""
    asked = select(Dwelling).where(Dwelling.elder_id == elder_id)
    return list(session.scalars(asked.order_by(Dwelling.from_day, Dwelling.id)))


def current(session: Session, elder_id: int) -> Dwelling | None:
    """Where the elder lives now, as the visitor said last; None for an elder with one home."""
    asked = select(Dwelling).where(Dwelling.elder_id == elder_id, Dwelling.lives_here)
    return session.scalar(asked.limit(1))


def begins(row: Dwelling, day: date) -> date:
    """The last day up to `day` on which this dwelling began."""
    this_year = _on(row.from_day, day.year)
    assert this_year is not None  # judged by `add`
    last_year = _on(row.from_day, day.year - 1)
    return this_year if this_year <= day else last_year or this_year


def of_season(session: Session, elder_id: int, day: date) -> Dwelling | None:
    """The dwelling whose season it is; None for an elder with one home."""
    return max(of_elder(session, elder_id), key=lambda row: begins(row, day), default=None)


def due(session: Session, day: date, limit: int) -> list[int]:
    """Elders whose season's dwelling began by `day`, where they do not live yet and that nobody asked about."""
    with_some = select(Dwelling.elder_id).distinct().order_by(Dwelling.elder_id)
    found = []
    for elder_id in session.scalars(with_some).all():
        row = of_season(session, elder_id, day)
        if row is None or row.lives_here:
            continue
        began = begins(row, day)
        if day - began <= ASKED_WITHIN and (row.asked_on is None or row.asked_on < began):
            found.append(elder_id)
    return found[:limit]


def begin(session: Session, elder: Elder, day: date) -> Dwelling | None:
    """The dwelling that the visitor is asked about; None when the elder has none."""
    row = of_season(session, elder.id, day)
    if row is not None:
        row.asked_on = day
        session.flush()
    return row


def settle(session: Session, elder: Elder, row: Dwelling) -> None:
    """The elder lives there now: address, way and position of the file follow."""
    for each in of_elder(session, elder.id):
        each.lives_here = each.id == row.id
    elder.address, elder.way, elder.position = row.address, row.way, row.position
    session.flush()
