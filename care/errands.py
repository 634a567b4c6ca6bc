"""Errands (代办): what a visitor or volunteer does for an elder, with the money that went through their hands.

No cash above CASH_LIMIT; whoever spends keeps the receipt, and the elder says whether the change was right. Nobody ever
asks for a bank code. Public: Errand, KINDS, OUTCOMES, CASH_LIMIT, open_errand, taken, done, confirmed, get, of_elder,
of_instance.
Source: issued plan 三(五), 四(二); draft 附4二3; processes P13; R-USR-09.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import matters
from care.elders import Elder
from care.matters import Matter
from care.policy_calendar import working_days_after
from engine import clock
from engine.db import Base, Instant

KINDS = {
    "payment": ("缴费", "Payment"),
    "shopping": ("代购代办", "Shopping"),
    "certificate": ("证件预约", "Papers"),
    "data_entry": ("信息录入", "Data entry"),
    "collect_goods": ("物资领取", "Fetch goods"),
    "book_service": ("上门服务预约", "Book a service"),
    "other": ("其他", "Other"),
}
OUTCOMES = {
    "done": ("已办好", "Done"),
    "not_done": ("没办成", "Not done"),
    "exited": ("随退出结束", "The elder left"),
}
CASH_LIMIT = 200
"""Yuan; above it no cash is taken (a ruling, the city may set another)."""
DAYS = 3


class Errand(Matter, Base):
    """One errand; money in yuan. `hours` are a volunteer's, counted by P29."""

    __tablename__ = "errand"

    kind: Mapped[str] = mapped_column(String(24), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    role: Mapped[str] = mapped_column(String(20), default="visitor")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    money_in: Mapped[int] = mapped_column(default=0)
    money_out: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str] = mapped_column(String(40), default="")  # attachment
    hours: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    change_right: Mapped[bool | None] = mapped_column()


def open_errand(session: Session, elder: Elder, kind: str, visit_id: int | None, instance_id: UUID) -> Errand:
    """Somebody asked for it: three working days."""
    now = clock.now()
    row = Errand(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        kind=kind if kind in KINDS else "other",
        visit_id=visit_id,
        asked_at=now,
        due_at=working_days_after(now, DAYS)[0],
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, errand_id: int) -> Errand:
    return session.get_one(Errand, errand_id)


def taken(session: Session, row: Errand, role: str, cash: int) -> bool:
    """Who runs it with how much cash of the elder's; False where that is more than may be taken."""
    if cash > CASH_LIMIT:
        return False
    row.taken_at, row.role, row.money_in = clock.now(), role if role == "volunteer" else "visitor", cash
    session.flush()
    return True


def done(session: Session, row: Errand, said: Mapping[str, Any], who: int | None) -> None:
    """What F-ERRAND says of it."""
    row.done_at, row.staff_id = clock.now(), who
    row.money_out, row.hours = int(said.get("money_out") or 0), int(said.get("hours") or 0)
    row.receipt = str((said.get("receipt") or [""])[0])[:40]
    session.flush()


def confirmed(session: Session, row: Errand, change_right: bool) -> None:
    row.confirmed_at, row.change_right = clock.now(), change_right
    session.flush()


def of_elder(session: Session, elder_id: int) -> list[Errand]:
    """All errands of an elder, newest first."""
    return matters.newest(session, Errand, elder_id)


def of_instance(session: Session, instance_id: UUID | None) -> Errand | None:
    return matters.led_by(session, Errand, instance_id)


def facts(row: Errand) -> dict[str, Any]:
    """Codes and moments for process data."""
    return {"errand_id": row.id, "kind": row.kind, "role": row.role, "due_at": row.due_at.isoformat(),
            "money_in": row.money_in}  # fmt: skip
