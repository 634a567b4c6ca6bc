"""The stages of a case after it was opened: handled, fed back, reviewed, re-opened, archived.

The 24 hours run from the report (rulings 9.1), those of a new round from its re-opening; an interim feedback begins a
new 24 hours. The 3 working days of the review run from the feedback, or from its due time when none came (9.2).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from care.cases.opening import FEEDBACK_WITHIN, _begin_round, note
from care.cases.tables import Case, CaseEntry, CaseRound
from care.errors import CareError
from engine import clock, incoming


class CaseLocked(CareError):
    """The case is archived; what belongs to it now needs a re-opening with a reason."""


class CaseNotArchived(CareError):
    """Only an archived case is opened again; this one is still open."""


def _this_round(session: Session, case: Case) -> CaseRound:
    return session.scalars(select(CaseRound).where(CaseRound.case_id == case.id, CaseRound.round == case.round)).one()


def _must_be_open(case: Case) -> None:
    if case.locked:
        raise CaseLocked(f"{CaseLocked.__doc__} ({case.number})")


ON_SCENE = "on_scene"


def on_scene(session: Session, case: Case, at: datetime, element: str) -> None:
    """Somebody stood there at that moment, as they said; once for each step of a round. Source: K09."""
    known = select(CaseEntry.id).where(
        CaseEntry.case_id == case.id,
        CaseEntry.round == case.round,
        CaseEntry.what == ON_SCENE,
        CaseEntry.element == element,
    )
    if session.scalar(known.limit(1)) is None:
        moment = min(max(at, case.opened_at), clock.now())
        session.add(CaseEntry(case_id=case.id, round=case.round, at=moment, what=ON_SCENE, element=element))
        session.flush()


def handled(session: Session, case: Case) -> None:
    """The handling of this round is over (stage 处置)."""
    _must_be_open(case)
    case.handled_at = clock.now()
    _this_round(session, case).handled_at = case.handled_at
    note(session, case, "handled")


def feedback_due_at(case: Case) -> datetime:
    """By when the (interim or final) feedback of this round is due."""
    return case.clock_from + FEEDBACK_WITHIN


def feed_back(session: Session, case: Case, who: int | None, text: str | None) -> None:
    """The final feedback of this round (stage 反馈); late ones are marked."""
    _must_be_open(case)
    now, turn = clock.now(), _this_round(session, case)
    case.fed_back_at = turn.fed_back_at = now
    if now > feedback_due_at(case):
        case.feedback_late = turn.feedback_late = True
    note(session, case, "fed_back", text=text, who=who)


def interim(session: Session, case: Case, who: int | None, text: str | None) -> None:
    """An interim feedback meets the duty; a new 24 hours begins now. Source: processes P18 T1 (ruling)."""
    _must_be_open(case)
    now, turn = clock.now(), _this_round(session, case)
    if now > feedback_due_at(case):
        case.feedback_late = turn.feedback_late = True
    case.clock_from = now
    turn.feedback_due_at = now + FEEDBACK_WITHIN
    note(session, case, "interim_feedback", text=text, who=who)


def feedback_is_late(session: Session, case: Case) -> None:
    """24 hours passed without feedback: counted late, whenever it comes."""
    case.feedback_late = _this_round(session, case).feedback_late = True
    note(session, case, "feedback_late")


def begin_review(session: Session, case: Case) -> datetime:
    """The review of this round begins; where its 3 working days begin."""
    case.review_began = True
    session.flush()
    return reviewed_from(session, case)


def reviewed_from(session: Session, case: Case) -> datetime:
    """Where the 3 working days begin: the feedback, or its due time, whichever was earlier."""
    turn = _this_round(session, case)
    return min(turn.fed_back_at or turn.feedback_due_at, turn.feedback_due_at)


def review(
    session: Session, case: Case, who: int | None, resolved: bool, text: str | None, due_at: datetime | None
) -> None:
    """The on-site review (stage 复核), by another person than the one who handled it."""
    _must_be_open(case)
    now, turn = clock.now(), _this_round(session, case)
    case.reviewed_at = turn.reviewed_at = now
    case.review_due_at = turn.review_due_at = due_at
    turn.reviewed_by, turn.resolved = who, resolved
    if due_at is not None and now > due_at:
        case.review_late = turn.review_late = True
    note(session, case, "reviewed", text=text, who=who)


def reopen(session: Session, case: Case, who: int | None, reason: str | None) -> int:
    """Not resolved: the next round begins now with its own clock; its number (2 is the first re-opening)."""
    _must_be_open(case)
    case.round += 1
    case.clock_from = clock.now()
    case.handled_at = case.fed_back_at = case.reviewed_at = case.review_due_at = None
    case.feedback_late = case.review_late = case.review_began = False
    _begin_round(session, case, case.clock_from, reason)
    note(session, case, "reopened", text=reason, who=who)
    return case.round


def archive(session: Session, case: Case, who: int | None) -> None:
    """Close and lock the case; its file can be printed and changes no more."""
    _must_be_open(case)
    case.state, case.locked, case.open_key = "archived", True, None
    case.closed_at = clock.now()
    note(session, case, "archived", who=who)


def reopen_archived(session: Session, case: Case, who: int | None, reason: str) -> None:
    """The township opens an archived case again, with its reason: a new round, handled by a new instance.

    What was archived stays as it was: rounds and record are only added to. The case joins another one of the same
    elder and kind that is open meanwhile only by a person's hand. Raises CaseNotArchived.
    Source: processes P18 (archived case re-opened later).
    """
    if case.state != "archived":
        raise CaseNotArchived(f"{CaseNotArchived.__doc__} ({case.number})")
    case.state, case.locked, case.closed_at, case.instance_id = "open", False, None, None
    case.open_key = f"{case.elder_id}:{case.kind}:{case.id}"
    reopen(session, case, who, reason)
    about = {"elder_id": case.elder_id, "case_id": case.id, "kind": case.kind, "kinds": list(case.kinds)}
    key = f"case:{case.id}:{case.round}"
    incoming.message(session, "emergency.offline", key, {**about, "danger": False, "channel": case.channel})
