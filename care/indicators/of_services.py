"""Indicators about referrals, satisfaction, complaints, duties of support and the hotline (K11, K13, K14, K19, K21).

Complaints and files of supporters' duty are closed: their rows name no elder, so that no list leads to who complained.
Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, literal, null, select
from sqlalchemy.orm import Session

from care.complaints import Complaint
from care.duties.tables import DutyCase
from care.elders import Elder
from care.hotline import Ticket
from care.indicators.moments import seconds_between
from care.indicators.month import Month
from care.indicators.of_register import share
from care.referrals import ReferralRound
from care.surveys import Survey

Rows = Select[*tuple[Any, ...]]
R = ReferralRound
SATISFIED = 3  # of 5: content and fairly content
ACCEPTED_WITHIN = 30 * 60  # seconds
_NOBODY = cast(null(), Integer)


def _of_rounds(num: ColumnElement[bool], among: ColumnElement[bool]) -> Rows:
    columns = (R.elder_id, R.id.label("ref"), R.unit_path, Elder.tier, share(num).label("num"), literal(1))
    return select(*columns).join(Elder, Elder.id == R.elder_id).where(among)


def _within(column: Any, month: Month) -> ColumnElement[bool]:
    return and_(column >= month.starts_at, column < month.ends_at)


def settled(session: Session, month: Month) -> Rows:
    """K11: of the rounds of referrals due in the month, those that the elder confirms as settled."""
    return _of_rounds(R.settled.is_(True), _within(R.due_at, month))


def served_on_time(session: Session, month: Month) -> Rows:
    """K11: of the same rounds, those served by their day."""
    return _of_rounds(and_(R.served.is_(True), R.done_at <= R.due_at), _within(R.due_at, month))


def rejected(session: Session, month: Month) -> Rows:
    """K11: of the rounds sent in the month, those that the receiver rejected."""
    return _of_rounds(R.rejected_at.is_not(None), _within(R.sent_at, month))


# --- satisfaction ---


def _of_surveys(num: ColumnElement[bool], among: ColumnElement[bool]) -> Rows:
    columns = (Survey.elder_id, Survey.id.label("ref"), Survey.unit_path, Elder.tier, share(num).label("num"))
    return select(*columns, literal(1)).join(Elder, Elder.id == Survey.elder_id).where(among)


def satisfied(session: Session, month: Month) -> Rows:
    """K13: of the surveys answered in the month, those content or fairly content."""
    return _of_surveys(
        Survey.overall >= SATISFIED, and_(_within(Survey.answered_at, month), Survey.overall.is_not(None))
    )


def survey_answered(session: Session, month: Month) -> Rows:
    """K13: of the surveys closed in the month, those answered; who left the register meanwhile is out."""
    return _of_surveys(Survey.outcome == "answered", _closed(month))


def survey_unreachable(session: Session, month: Month) -> Rows:
    """K13: of the same surveys, those that reached nobody."""
    return _of_surveys(Survey.outcome == "unreachable", _closed(month))


def _closed(month: Month) -> ColumnElement[bool]:
    return and_(_within(Survey.closed_at, month), Survey.outcome != "exited")


# --- complaints, duties of support, hotline: rows that name nobody ---


def _nameless(table: type[Any], num: ColumnElement[int], among: ColumnElement[bool]) -> Rows:
    columns = (_NOBODY.label("elder_id"), table.id.label("ref"), table.unit_path, literal("").label("tier"))
    return select(*columns, num.label("num"), literal(1)).where(among)


def complaint_answered(session: Session, month: Month) -> Rows:
    """K14: of the complaints whose answer was due in the month, those answered by then; withdrawn ones are out."""
    in_time = and_(Complaint.answered_at.is_not(None), Complaint.answered_at <= Complaint.answer_due_at)
    due = and_(_within(Complaint.answer_due_at, month), Complaint.finding != "withdrawn")
    return _nameless(Complaint, share(in_time), due)


def complaint_founded(session: Session, month: Month) -> Rows:
    """K14: of the complaints investigated in the month, those founded wholly or partly."""
    founded = Complaint.finding.in_(("founded", "partly"))
    return _nameless(Complaint, share(founded), _within(Complaint.investigated_at, month))


def _duties(column: Any, month: Month) -> Rows:
    return _nameless(DutyCase, literal(1), _within(column, month))


def duty_opened(session: Session, month: Month) -> Rows:
    """K19: files opened in the month."""
    return _duties(DutyCase.opened_at, month)


def duty_performing(session: Session, month: Month) -> Rows:
    """K19: supporters who perform again since the month."""
    return _duties(DutyCase.performing_at, month)


def duty_joint(session: Session, month: Month) -> Rows:
    """K19: joint educations of the month."""
    return _duties(DutyCase.joint_at, month)


def duty_transferred(session: Session, month: Month) -> Rows:
    """K19: files handed to the police in the month."""
    return _duties(DutyCase.transferred_at, month)


def ticket_accepted(session: Session, month: Month) -> Rows:
    """K21: of the tickets dispatched in the month, those accepted within 30 minutes."""
    waited = seconds_between(session, Ticket.dispatched_at, Ticket.accepted_at)
    in_time = and_(Ticket.accepted_at.is_not(None), waited <= ACCEPTED_WITHIN)
    return _nameless(Ticket, share(in_time), _within(Ticket.dispatched_at, month))


def ticket_answered(session: Session, month: Month) -> Rows:
    """K21: of the tickets whose answer was due in the month, those whose caller had it by then."""
    in_time = and_(Ticket.told_at.is_not(None), Ticket.told_at <= Ticket.answer_due_at)
    return _nameless(Ticket, share(in_time), _within(Ticket.answer_due_at, month))


def tickets(session: Session, month: Month) -> Rows:
    """K21: tickets that arrived in the month."""
    return _nameless(Ticket, literal(1), _within(Ticket.arrived_at, month))
