"""A file of duty from opening to closing, and the protection of the elder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from care.contacts import Contact, Supporter
from care.duties.tables import ABUSE, KINDS, DutyCase, DutyEntry, DutyMember
from care.elders import Elder
from care.errors import RuleBroken
from engine import clock

THIRD = frozenset(("danger", "transfer", "closed"))
"""Stages in which a report of abuse interrupts nothing: the transfer is being judged already, or the file is closed."""
WATCHED_FOR = timedelta(days=90)
_FOUND_AT_A_VISIT = {
    "children": "care",
    "relatives": "care",
    "uncared": "care",
    "guardian": "guardianship",
}
"""What 三排查 C3 names, as the kinds of duty that the file knows."""


def kind_of(said: Sequence[str | None]) -> str:
    """The gravest kind among what was reported; «care» when none of it is known."""
    known = {_FOUND_AT_A_VISIT.get(each or "", each or "") for each in said} & KINDS.keys()
    return max(known, key=list(KINDS).index, default="care")


def open_duty(
    session: Session,
    elder: Elder,
    said: Sequence[str | None],
    *,
    supporter_id: int | None = None,
    case_id: int | None = None,
    instance_id: UUID | None = None,
) -> DutyCase:
    """A new file; a sign of abuse or desertion protects the elder at once. Source: R-USR-05."""
    row = DutyCase(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        supporter_id=supporter_id,
        kind=kind_of(said),
        case_id=case_id,
        opened_at=clock.now(),
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    note(session, row, "opened")
    if row.kind in ABUSE:
        protect(session, row)
    return row


def get(session: Session, duty_id: int) -> DutyCase:
    return session.get_one(DutyCase, duty_id)


def note(session: Session, row: DutyCase, what: str, *, who: int | None = None, text: str | None = None) -> None:
    """Add a line to the file; who wrote it is named in the file from now on."""
    session.add(DutyEntry(duty_id=row.id, at=clock.now(), what=what, who=who, text=text or None))
    if who is not None:
        name(session, row, who)
    session.flush()


def name(session: Session, row: DutyCase, staff_id: int) -> None:
    """This worker may read the file."""
    known = select(DutyMember.id).where(DutyMember.duty_id == row.id, DutyMember.staff_id == staff_id)
    if session.scalar(known) is None:
        session.add(DutyMember(duty_id=row.id, staff_id=staff_id, since_at=clock.now()))
        session.flush()


def readers(session: Session, duty_id: int) -> set[int]:
    """Who is named in the file."""
    return set(session.scalars(select(DutyMember.staff_id).where(DutyMember.duty_id == duty_id)))


def again(
    session: Session,
    row: DutyCase,
    said: Sequence[str | None],
    *,
    supporter_id: int | None = None,
    case_id: int | None = None,
) -> bool:
    """Another report joins the file; whether it jumps to the third stage, because it tells of abuse or desertion.

    The elder is protected at once. A report that names nobody holds the notices of the whole family, even where the
    file is about one of them. Not while the third stage is being judged or done. Source: processes P19; R-USR-05.
    """
    row.reports += 1
    note(session, row, "reported_again")
    kind = kind_of(said)
    if kind not in ABUSE:
        return False
    first = row.kind not in ABUSE
    row.kind = kind_of([kind, row.kind])
    row.case_id = row.case_id or case_id
    row.supporter_id = row.supporter_id or supporter_id
    if first and supporter_id is None:
        session.get_one(Elder, row.elder_id).protective_hold = True
    elif supporter_id is not None and supporter_id != row.supporter_id:
        _leave_out(session, row.elder_id, session.get_one(Supporter, supporter_id))
    protect(session, row)
    return row.stage not in THIRD


def protect(session: Session, row: DutyCase) -> None:
    """The one alleged hears nothing any more; while it is not known who it is, nobody of the family does.

    Twice is once. Source: R-USR-05; rulings 9.20.
    """
    elder = session.get_one(Elder, row.elder_id)
    if row.supporter_id is None:
        if elder.protective_hold:
            return
        elder.protective_hold = True
    else:
        supporter = session.get_one(Supporter, row.supporter_id)
        if supporter.alleged_abuser:
            return
        _leave_out(session, row.elder_id, supporter)
    note(session, row, "protected")


def _leave_out(session: Session, elder_id: int, supporter: Supporter) -> None:
    """Nothing goes to this supporter from now on, under whichever name the telephone stands on the list."""
    supporter.alleged_abuser = True
    _exclude(session, elder_id, supporter, True)


def _exclude(session: Session, elder_id: int, supporter: Supporter, excluded: bool) -> None:
    theirs = Contact.supporter_id == supporter.id
    if supporter.phone_index is not None:
        theirs = or_(theirs, Contact.phone_index == supporter.phone_index)
    session.execute(update(Contact).where(Contact.elder_id == elder_id, theirs).values(excluded=excluded))


def judge_at_once(session: Session, row: DutyCase) -> None:
    """The elder is in danger: protected, and the question is the transfer (stage 3). Source: processes P19."""
    protect(session, row)
    row.stage = "danger"
    session.flush()


def lift_hold(session: Session, row: DutyCase, who: int, reason: str) -> None:
    """The township's lead ends the protection, with a reason. Raises RuleBroken without one. Source: R-USR-05."""
    if len(reason.strip()) < 4:
        raise RuleBroken("请写明恢复通知的理由（不少于4个字）", "give a reason of at least four characters")
    session.get_one(Elder, row.elder_id).protective_hold = False
    if row.supporter_id is not None:
        supporter = session.get_one(Supporter, row.supporter_id)
        supporter.alleged_abuser = False
        _exclude(session, row.elder_id, supporter, False)
    note(session, row, "hold_lifted", who=who, text=reason.strip()[:500])


def watch(session: Session, row: DutyCase) -> None:
    """Performing again: watched for 90 days."""
    row.stage, row.performing_at = "watching", row.performing_at or clock.now()
    note(session, row, "watched")


def close(session: Session, row: DutyCase, outcome: str, who: int | None = None) -> None:
    """The file is closed; it stays as closed to others as it was."""
    row.stage, row.outcome, row.closed_at = "closed", outcome, clock.now()
    note(session, row, "closed", who=who)


def entries(session: Session, duty_id: int) -> list[DutyEntry]:
    """The lines of a file, oldest first."""
    asked = select(DutyEntry).where(DutyEntry.duty_id == duty_id)
    return list(session.scalars(asked.order_by(DutyEntry.at, DutyEntry.id)))


def open_of(session: Session, elder_id: int) -> list[DutyCase]:
    """Files of an elder that are not closed; for operations, never for a page."""
    asked = select(DutyCase).where(DutyCase.elder_id == elder_id, DutyCase.closed_at.is_(None))
    return list(session.scalars(asked.order_by(DutyCase.id)))
