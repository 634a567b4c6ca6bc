"""Tables of staff, posts and absences, with the conditions «today» and «now» on them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, LargeBinary, String, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from care.personal import PathColumn
from engine import clock
from engine.db import Base, Instant
from engine.vault import Encrypted


class Staff(Base):
    """A worker with an account; `until_on` is the first day without one; `kind` and `team`: care/people/kinds.py."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(Encrypted)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    language: Mapped[str] = mapped_column(String(8), default="zh")
    speaks: Mapped[str] = mapped_column(String(40), default="汉语")
    kind: Mapped[str] = mapped_column(String(24), default="", server_default="")
    team: Mapped[str] = mapped_column(String(12), default="", server_default="")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    until_on: Mapped[date | None] = mapped_column(Date)
    photo: Mapped[str] = mapped_column(String(40), default="", server_default="")  # attachment, for liaison cards


class Post(Base):
    """A role held at a unit from a day until (not including) a day; `unit_path` is copied from the unit."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(String(60), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


class StaffAbsence(Base):
    """A worker is away from a moment until a moment (None: has left), with a named stand-in if there is one."""

    __tablename__ = "staff_absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(200), default="")


def held_today() -> ColumnElement[bool]:
    today = clock.today()
    return and_(Post.from_on <= today, or_(Post.until_on.is_(None), Post.until_on > today))


def absent_now() -> ColumnElement[bool]:
    moment = clock.now()
    return and_(StaffAbsence.from_at <= moment, or_(StaffAbsence.until_at.is_(None), StaffAbsence.until_at > moment))


def absent(column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """«the worker in this column is away now» as a condition."""
    return select(StaffAbsence.id).where(StaffAbsence.staff_id == column, absent_now()).exists()
