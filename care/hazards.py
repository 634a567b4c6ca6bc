"""Hazards in the home (隐患): what was found, who has to mend it by when, and whether it was found mended.

Level immediate is at once, major 3 days, general 30 days; heating faults in the heating season (15 October to 15 April)
count as major. A hazard ends fixed and rechecked, handed over, or as a risk that the district accepts with a reason.
Public: Hazard, ITEMS, PARTIES, OUTCOMES, open_hazard, more, reminded, assign, rectified, rechecked, get,
of_elder, of_instance.
Source: issued plan 四(二) 三排查1 (水电气暖安全); draft 附4三1; processes P14, 4.9; K12.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import matters
from care.elders import Elder
from care.matters import Matter
from engine import clock
from engine.db import Base, Instant

ITEMS = {
    "structure": ("住房结构", "Structure"),
    "floor": ("地面防滑", "Floor"),
    "bathroom": ("卫生间", "Bathroom"),
    "handrails": ("扶手", "Handrails"),
    "lighting": ("照明", "Lighting"),
    "water": ("用水", "Water"),
    "electricity": ("用电", "Electricity"),
    "gas": ("燃气", "Gas"),
    "heating": ("供暖", "Heating"),
    "fire_equipment": ("消防设施", "Fire equipment"),
    "smoke_alarm": ("烟感报警器", "Smoke alarm"),
    "call_device": ("紧急呼叫设备", "Call device"),
    "other": ("其他", "Other"),
}
LEVELS = {"general": ("一般", "General"), "major": ("重大", "Major"), "immediate": ("立即", "At once")}
PARTIES = {
    "family": ("家属", "Family"),
    "landlord": ("房东", "Landlord"),
    "property": ("物业", "Property company"),
    "gas_company": ("燃气公司", "Gas company"),
    "water_company": ("供水单位", "Water company"),
    "power_company": ("供电公司", "Power company"),
    "heating_company": ("供热单位", "Heating company"),
    "housing": ("住建部门", "Housing department"),
    "village": ("村（社区）", "Village"),
}
OUTCOMES = {
    "fixed": ("已整改", "Fixed"),
    "accepted_risk": ("旗县区同意保留", "Risk accepted"),
    "transferred": ("已移交", "Handed over"),
    "exited": ("随退出结束", "The elder left"),
}
TIME_TO_FIX = {"immediate": timedelta(0), "major": timedelta(days=3), "general": timedelta(days=30)}
SEASON_BEGINS, SEASON_ENDS = (10, 15), (4, 15)
_CAUSES = {"stove": "heating", "wiring": "electricity", "cooking": "gas", "smoking": "other"}


class Hazard(Matter, Base):
    """One hazard; `round` counts how often it was mended, `due_at` is that of this round."""

    __tablename__ = "hazard"

    item: Mapped[str] = mapped_column(String(24), index=True)
    level: Mapped[str] = mapped_column(String(12))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    case_id: Mapped[int | None] = mapped_column()
    found_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    party: Mapped[str] = mapped_column(String(24), default="")
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    before_photo: Mapped[str] = mapped_column(String(40), default="")  # attachment
    rectified_at: Mapped[datetime | None] = mapped_column(Instant)
    after_photo: Mapped[str] = mapped_column(String(40), default="")
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    rechecked_at: Mapped[datetime | None] = mapped_column(Instant)
    round: Mapped[int] = mapped_column(default=1)


def item_of(said: str) -> str:
    """The item of the norm that a cause belongs to (a fire's cause, for example)."""
    item = _CAUSES.get(said, said)
    return item if item in ITEMS else "other"


def is_heating_season(day: date) -> bool:
    """Between 15 October and 15 April. Source: processes P14 (ruling)."""
    return (day.month, day.day) >= SEASON_BEGINS or (day.month, day.day) <= SEASON_ENDS


def open_hazard(
    session: Session, elder: Elder, item: str, level: str, visit_id: int | None, case_id: int | None, instance: UUID
) -> Hazard:
    """A hazard was found; its time runs from now."""
    now, known = clock.now(), level if level in LEVELS else "general"
    if item == "heating" and known == "general" and is_heating_season(clock.today()):
        known = "major"
    row = Hazard(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        item=item_of(item),
        level=known,
        visit_id=visit_id,
        case_id=case_id,
        found_at=now,
        due_at=now + TIME_TO_FIX[known],
        instance_id=instance,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, hazard_id: int) -> Hazard:
    return session.get_one(Hazard, hazard_id)


def more(session: Session, row: Hazard, level: str | None) -> None:
    """Found again while it is open; a worse level shortens the time, and never lengthens it."""
    row.mentions += 1
    if level in LEVELS and list(LEVELS).index(level) > list(LEVELS).index(row.level):
        row.level, row.due_at = level, min(row.due_at, clock.now() + TIME_TO_FIX[level])
    session.flush()


def reminded(session: Session, row: Hazard, photo: str | None) -> None:
    """Elder and family were told on the spot. Source: processes P14 T1."""
    row.reminded_at, row.before_photo = clock.now(), str(photo or row.before_photo)
    session.flush()


def assign(session: Session, row: Hazard, party: str) -> None:
    """Who has to mend it, as the table says."""
    row.party = party if party in PARTIES else "village"
    session.flush()


def rectified(session: Session, row: Hazard, photo: str | None) -> None:
    row.rectified_at, row.after_photo = clock.now(), str(photo or row.after_photo)
    session.flush()


def refused(session: Session, row: Hazard) -> None:
    """The family will not have it mended. Source: processes P14 (P19 note)."""
    row.refused_at = clock.now()
    session.flush()


def rechecked(session: Session, row: Hazard, fixed: bool) -> None:
    """Looked at again; what is not mended begins a new round with its full time."""
    row.rechecked_at = clock.now()
    if not fixed:
        again(session, row)
    session.flush()


def again(session: Session, row: Hazard) -> None:
    """One more round."""
    row.round += 1
    row.due_at = clock.now() + max(TIME_TO_FIX[row.level], timedelta(days=1))
    session.flush()


def of_elder(session: Session, elder_id: int) -> list[Hazard]:
    """All hazards of an elder, newest first."""
    return matters.newest(session, Hazard, elder_id)


def of_instance(session: Session, instance_id: UUID | None) -> Hazard | None:
    """The hazard that an instance of the process leads."""
    return matters.led_by(session, Hazard, instance_id)


def facts(row: Hazard) -> dict[str, Any]:
    """Codes and moments for process data."""
    return {"hazard_id": row.id, "item": row.item, "level": row.level, "party": row.party, "round": row.round,
            "due_at": row.due_at.isoformat()}  # fmt: skip
