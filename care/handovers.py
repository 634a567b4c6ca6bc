"""Handing over (责任人交接与AB轮值): everything of a worker who is away or has left goes to somebody who is there.

Open tasks go to visitor B, the named stand-in, or the desk that the ladder names; new ones do so by themselves
(care/roles_of.py). Who is away for more than LONG, or has left, gets a successor by P05.
Public: Handover, LONG, announce, begin, hand_tasks, tell_families, close_account, elders_without_successor, back,
open_ones. Source: issued plan 五(一) AB岗轮值; processes P36; R-PRJ-12; R-USR-04.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import notices, organisation, people, visitors
from care.elders import Elder
from care.people import Post, Staff, StaffAbsence
from care.personal import PathColumn
from care.visitors import Responsibility, holds_today
from engine import clock, incoming, operations, tasks
from engine.db import Base, Document, Id, Instant
from engine.operations import Assignment, Subject

LONG = timedelta(days=15)
REASONS = {
    "absent": ("离岗", "Away"),
    "left": ("离职", "Has left"),
    "suspended": ("暂停职责", "Suspended"),
    "swap": ("调班", "Swap"),
}


class Handover(Base):
    """One time that a worker's work went to others; `until_at` is when it is looked at again."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    reason: Mapped[str] = mapped_column(String(12))
    began_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant)
    tasks_handed: Mapped[int] = mapped_column(default=0)
    handed: Mapped[Any] = mapped_column(Document, default=list, server_default="[]")  # ids of those tasks, as texts
    elders: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def announce(
    session: Session,
    staff_id: int,
    until_at: datetime | None,
    *,
    stand_in_id: int | None = None,
    reason: str = "absent",
) -> None:
    """A worker is away from now on: written down, and the process `handover` begins.

    Raises RuleBroken when they would stand in for themselves.
    """
    people.away(session, staff_id, clock.now(), until_at, stand_in_id=stand_in_id, reason=REASONS[reason][0])
    name = "worker.left" if reason == "left" else "worker.absent"
    incoming.message(session, name, str(staff_id), {"worker_id": staff_id, "reason": reason})


def begin(session: Session, staff_id: int, reason: str, instance_id: UUID | None) -> Handover:
    """The handing over begins; somebody who is not on file as away is so from now on, so that nothing new comes."""
    staff = people.find_staff(session, staff_id)
    if not people.is_absent(session, staff.id):
        people.away(session, staff.id, clock.now(), None, reason=REASONS[reason][0])
    row = Handover(
        staff_id=staff.id,
        unit_path=_place(session, staff.id),
        reason=reason,
        began_at=clock.now(),
        until_at=_until(session, staff.id) or clock.now() + LONG,
        elders=len(visitors.elders_of(session, staff.id)),
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def _place(session: Session, staff_id: int) -> str:
    path = session.scalar(select(Post.unit_path).where(Post.staff_id == staff_id).order_by(Post.id.desc()).limit(1))
    return path or organisation.city(session).path


def _until(session: Session, staff_id: int) -> datetime | None:
    """When the worker comes back; None when nobody knows."""
    asked = select(StaffAbsence.until_at).where(StaffAbsence.staff_id == staff_id, people.absent_now())
    ends = list(session.scalars(asked))
    known = [each for each in ends if each is not None]
    return max(known) if ends and len(known) == len(ends) else None


def get(session: Session, handover_id: int) -> Handover:
    return session.get_one(Handover, handover_id)


def needs_successors(session: Session, row: Handover) -> bool:
    """Away for more than fifteen days, for nobody knows how long, or gone. Source: processes P36."""
    until = _until(session, row.staff_id)
    return row.reason in ("left", "suspended") or until is None or until - row.began_at > LONG


def hand_tasks(session: Session, row: Handover) -> int:
    """Every open task of the worker goes to whoever holds it now; how many did."""
    known: dict[tuple[str, int | None], Assignment] = {}
    handed: list[str] = []
    for task in tasks.worklist(session, (), row.staff_id, limit=1000).rows:
        if task.assignee_id != row.staff_id:
            continue
        key = (task.role, task.subject_id)
        if key not in known:
            subject = Subject(task.subject_id, task.unit_path, "")
            known[key] = operations.role_of(session, task.role, subject, {"unit_path": task.unit_path})
        to = known[key]
        tasks.hand_over(session, task.id, to.person_id, to.role, to.unit_path, to.why)
        handed.append(str(task.id))
    row.tasks_handed += len(handed)
    row.handed = [*(row.handed or []), *handed]
    session.flush()
    return len(handed)


def tell_families(session: Session, row: Handover) -> None:
    """The families of the worker's elders get the card with who comes now; not the worker, who is off."""
    wanted = visitors.elders_of(session, row.staff_id, ("visitor",))
    for elder in session.scalars(select(Elder).where(Elder.id.in_(wanted)).order_by(Elder.id)):
        notices.liaison_card(session, elder, f"handover:{row.id}:{elder.id}")


def close_account(session: Session, row: Handover) -> None:
    """Who has left has no account from today on."""
    staff = people.find_staff(session, row.staff_id)
    staff.until_on = min(staff.until_on or clock.today(), clock.today())
    session.flush()


def elders_without_successor(session: Session, staff_id: int) -> list[int]:
    """Elders whose A or B the worker still is."""
    return visitors.elders_of(session, staff_id)


def back(session: Session, row: Handover) -> bool:
    """Whether the worker is there again; new work comes to them by itself then, what B has B finishes."""
    if people.is_absent(session, row.staff_id):
        row.until_at = max(_until(session, row.staff_id) or clock.now() + LONG, clock.now() + timedelta(hours=1))
        session.flush()
        return False
    close(session, row)
    notices.person(session, row.staff_id, "welcome_back", f"handover:{row.id}:back")
    return True


def close(session: Session, row: Handover) -> None:
    row.closed_at = row.closed_at or clock.now()
    session.flush()


def open_ones(session: Session, unit_paths: Collection[str]) -> list[Handover]:
    """Handings over that are not closed in these units, newest first."""
    within = or_(*(organisation.within(Handover.unit_path, path) for path in unit_paths))
    asked = select(Handover).where(Handover.closed_at.is_(None), within).order_by(Handover.id.desc()).limit(100)
    return list(session.scalars(asked)) if unit_paths else []


def responsible_for(session: Session, staff_ids: Collection[int]) -> dict[int, int]:
    """For how many elders each of these workers is still A or B."""
    asked = select(Responsibility.staff_id, func.count(func.distinct(Responsibility.elder_id))).where(
        Responsibility.staff_id.in_(list(staff_ids)), Responsibility.kind.in_(("visitor", "visitor_b")), holds_today()
    )
    return {row[0]: row[1] for row in session.execute(asked.group_by(Responsibility.staff_id))}


def named(session: Session, unit_path: str, text: str) -> int | None:
    """The worker of that user name or name with a post in or below a unit; None when there is none, or several."""
    asked = select(Staff.id).join(Post, Post.staff_id == Staff.id)
    asked = asked.where(
        or_(Staff.user_name == text, Staff.name == text), organisation.within(Post.unit_path, unit_path)
    )
    found = session.scalars(asked.distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None
