"""Leave of a worker, from now or from a coming day: nobody's work lies, nobody's elder is without somebody.

A coming leave is written down with its stand-in, and a row of work is due when it begins; until then everything stays
as it is, and it can be called off. When it begins the open tasks go to the stand-in, new ones follow by themselves
(care/roles_of.py), and the process `handover` (P36) takes over: families, successors after fifteen days, the return.
Where the stand-in is not there on that day, B, the next of the post or the village desk is (P36).
Public: take, coming, call_off. Source: processes P36; R-USR-04.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from care import notices, people
from care.errors import NotFound, RuleBroken
from care.people import StaffAbsence
from engine import clock, incoming, jobs, verbs, work
from engine.work import Item

KIND = "begin_leave"


def take(
    session: Session,
    staff_id: int,
    stand_in_id: int | None,
    from_at: datetime | None,
    until_at: datetime | None,
    reason: str = "",
) -> int | None:
    """How many tasks went to the stand-in now; None when the leave begins later.

    Raises RuleBroken for a return before the beginning, and for a stand-in who is away himself meanwhile.
    """
    now = clock.now()
    begins = from_at if from_at is not None and from_at > now else now
    if until_at is not None and until_at <= begins:
        raise RuleBroken("回岗时间要在离岗以后", "the day of return lies after the beginning")
    if stand_in_id is not None and _is_away(session, stand_in_id, begins, until_at):
        raise RuleBroken("替班的人那几天也不在，请换一个人", "the stand-in is away then as well: choose somebody else")
    row = people.away(session, staff_id, begins, until_at, stand_in_id=stand_in_id, reason=reason)
    if begins == now:
        return _hand_over(session, row)
    work.add(session, KIND, due_at=begins, key=f"{KIND}:{row.id}", detail={"absence": row.id}, unit_path="")
    notices.person(session, stand_in_id, "stands_in_soon", f"leave:{row.id}")
    return None


def _is_away(session: Session, staff_id: int, begins: datetime, until_at: datetime | None) -> bool:
    """Whether the worker is away at some time of a span."""
    asked = select(StaffAbsence.id).where(
        StaffAbsence.staff_id == staff_id,
        _is_on(),
        or_(StaffAbsence.until_at.is_(None), StaffAbsence.until_at > begins),
    )
    if until_at is not None:
        asked = asked.where(StaffAbsence.from_at < until_at)
    return session.scalar(asked.limit(1)) is not None


def _is_on() -> ColumnElement[bool]:
    """A leave that was called off ends when it would have begun."""
    return or_(StaffAbsence.until_at.is_(None), StaffAbsence.until_at > StaffAbsence.from_at)


@jobs.does(KIND)
def begin(session: Session, item: Item) -> None:
    """The day has come, unless the leave was called off."""
    row = session.get_one(StaffAbsence, int(item.detail["absence"]))
    if row.until_at is None or row.until_at > clock.now():
        _hand_over(session, row)


def _hand_over(session: Session, row: StaffAbsence) -> int:
    gone = 0
    if row.stand_in_id is not None and not people.is_absent(session, row.stand_in_id):
        gone = verbs.leave(session, row.staff_id, row.stand_in_id, row.staff_id, row.reason or "")
    about = {"worker_id": row.staff_id, "reason": "absent"}
    incoming.message(session, "worker.absent", str(row.staff_id), about, event_id=f"leave:{row.id}")
    return gone


def coming(session: Session, staff_id: int) -> list[StaffAbsence]:
    """Leaves of a worker that have not begun, the nearest first."""
    asked = select(StaffAbsence).where(StaffAbsence.staff_id == staff_id, StaffAbsence.from_at > clock.now(), _is_on())
    return list(session.scalars(asked.order_by(StaffAbsence.from_at, StaffAbsence.id)))


def call_off(session: Session, staff_id: int, absence_id: int) -> None:
    """The worker stays after all. Raises NotFound for somebody else's leave and for one that has begun."""
    row = session.get(StaffAbsence, absence_id)
    if row is None or row.staff_id != staff_id or row.from_at <= clock.now():
        raise NotFound(f"leave {absence_id}")
    notices.person(session, row.stand_in_id, "stands_in_no_more", f"leave:{row.id}:off")
    row.until_at = row.from_at
    session.flush()
