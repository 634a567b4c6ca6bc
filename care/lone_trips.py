"""A visitor who goes out alone comes back: where to, expected when, and who looks when nobody came.

Whoever is not back GRACE after the time that was said is called by the village, looked for by the township, then by the
district's emergency team; the process ends only when somebody has them. One trip of a worker at a time.

Public: LoneTrip, GRACE, LONGEST, begin, back, called, searched, get, current, facts. Source: R-USR-10; P08 T1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import people
from care.errors import RuleBroken
from care.organisation import prefix
from care.personal import PathColumn
from engine import clock, incoming, work
from engine.db import Base, Id, Instant
from engine.vault import Encrypted

GRACE = timedelta(minutes=30)
LONGEST = timedelta(hours=24)


class LoneTrip(Base):
    """One time out; `place` is what the worker wrote, so that somebody can follow. `state`: out, back, missing."""

    __tablename__ = "lone_trip"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    place: Mapped[str] = mapped_column(Encrypted)
    left_at: Mapped[datetime] = mapped_column(Instant)
    expected_at: Mapped[datetime] = mapped_column(Instant)
    back_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(8), default="out", index=True)
    hurt: Mapped[bool] = mapped_column(default=False)
    said: Mapped[str | None] = mapped_column(Encrypted)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def begin(session: Session, staff_id: int, place: str, expected_at: datetime) -> LoneTrip:
    """The worker leaves now. Raises RuleBroken without a place, for a time that is past or over a day off, and while
    another trip is open."""
    now = clock.now()
    if not place.strip() or len(place) > 200:
        raise RuleBroken("写明去哪里，不超过200个字", "say where you go, in 200 letters")
    if not now < expected_at <= now + LONGEST:
        raise RuleBroken("预计返回时间要在24小时以内", "the time of return lies within the next 24 hours")
    if current(session, staff_id) is not None:
        raise RuleBroken("上一次外出还没有报回来", "your last trip is not closed yet")
    posts = people.posts_of(session, staff_id)
    if not posts:
        raise RuleBroken("您现在没有岗位", "you hold no post now")
    path = posts[0].unit_path
    row = LoneTrip(
        staff_id=staff_id, unit_path=prefix(path, "village") or path, place=place.strip(), left_at=now,
        expected_at=expected_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    data = {"trip": facts(row), "unit_path": row.unit_path}
    incoming.message(session, "trip.began", str(row.id), data, event_id=f"trip.began:{row.id}", lane=work.HUMAN)
    return row


def back(session: Session, row: LoneTrip) -> None:
    """The worker says that they are back; twice is once."""
    if row.back_at is None:
        _arrived(session, row)
        incoming.message(
            session, "trip.back", str(row.id), {"trip_id": row.id}, event_id=f"trip.back:{row.id}", lane=work.HUMAN
        )


def _arrived(session: Session, row: LoneTrip) -> None:
    row.back_at, row.state = clock.now(), "back"
    session.flush()


def called(session: Session, row: LoneTrip, answers: Mapping[str, Any]) -> None:
    """What came of the village's call: back, safe and later, or not reached."""
    row.said = str(answers.get("note") or "") or row.said
    answer = answers.get("answer")
    if answer == "back":
        _arrived(session, row)
    elif answer == "later":
        row.expected_at = max(datetime.fromisoformat(str(answers["new_at"])), clock.now())
        row.state = "out"
    else:
        row.state = "missing"
    session.flush()


def searched(session: Session, row: LoneTrip, answers: Mapping[str, Any]) -> None:
    """What came of the search."""
    row.said = str(answers.get("words") or "") or row.said
    row.state = "missing"
    if answers.get("found") is True:
        row.hurt = answers.get("state") == "hurt"
        _arrived(session, row)
    session.flush()


def get(session: Session, trip_id: int) -> LoneTrip:
    return session.get_one(LoneTrip, trip_id)


def current(session: Session, staff_id: int) -> LoneTrip | None:
    """The trip from which the worker is not back."""
    asked = select(LoneTrip).where(LoneTrip.staff_id == staff_id, LoneTrip.back_at.is_(None))
    return session.scalar(asked.order_by(LoneTrip.id.desc()).limit(1))


def of_instance(session: Session, instance_id: UUID | None) -> LoneTrip | None:
    """The trip that an instance of the process watches."""
    asked = select(LoneTrip).where(LoneTrip.instance_id == instance_id)
    return None if instance_id is None else session.scalar(asked.limit(1))


def facts(row: LoneTrip) -> dict[str, Any]:
    """For process data: ids, codes and moments."""
    return {"trip_id": row.id, "state": row.state, "alarm_at": (row.expected_at + GRACE).isoformat()}
