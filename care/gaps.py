"""The gap list (兜底缺口): who in a category is without tier, visitor A or B, contact, or next visit,
or whom neither visitor understands.

Public: GAPS, counts, listed. Source: R-GOV-11; processes P36; K15, K16.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from care import visitors
from care.assignments import EVERYBODYS
from care.contacts import Contact
from care.elders import Elder
from care.people import Staff
from care.visitors import Responsibility
from care.visits import VisitObligation
from engine import clock

GAPS = {
    "visitor": ("没有责任人A角", "No visitor A"),
    "visitor_b": ("没有责任人B角", "No visitor B"),
    "language": ("责任人都不会老人的语言", "No visitor speaks the elder's language"),
    "contact": ("没有联系得上的联系人", "No reachable contact"),
    "visit": ("没有安排下一次探访", "No next visit"),
    "tier": ("属于兜底对象，没有等级", "In a category, but without a tier"),
}


def _on_register() -> ColumnElement[bool]:
    return Elder.status.in_(("in_register", "absent"))


def _held(kind: str) -> ColumnElement[bool]:
    """Somebody with an open account holds it today."""
    held = select(Responsibility.id).join(Staff, Staff.id == Responsibility.staff_id)
    held = held.where(Responsibility.elder_id == Elder.id, Responsibility.kind == kind, visitors.holds_today())
    return held.where((Staff.until_on.is_(None)) | (Staff.until_on > clock.today())).exists()


def _held_by_any() -> ColumnElement[bool]:
    return or_(_held("visitor"), _held("visitor_b"))


def _is_understood() -> ColumnElement[bool]:
    """Visitor A or B speaks the elder's language. Source: R-USR-02."""
    speaks = select(Responsibility.id).join(Staff, Staff.id == Responsibility.staff_id)
    speaks = speaks.where(Responsibility.elder_id == Elder.id, Responsibility.kind.in_(("visitor", "visitor_b")))
    return speaks.where(visitors.holds_today(), Staff.speaks.contains(Elder.language)).exists()


def _condition(gap: str) -> ColumnElement[bool]:
    tiered = Elder.tier != "none"
    if gap in ("visitor", "visitor_b"):
        return and_(tiered, ~_held(gap))
    if gap == "language":
        return and_(tiered, Elder.language != EVERYBODYS, _held_by_any(), ~_is_understood())
    if gap == "contact":
        there = select(Contact.id).where(Contact.elder_id == Elder.id, Contact.reachable, ~Contact.excluded)
        return and_(tiered, ~there.exists())
    if gap == "visit":
        ahead = select(VisitObligation.id).where(
            VisitObligation.elder_id == Elder.id,
            VisitObligation.ends_on >= clock.today(),
            VisitObligation.state != "cancelled",
        )
        return and_(tiered, Elder.willing == "yes", ~ahead.exists())
    return and_(~tiered, Elder.categories != literal([], Elder.categories.type))


def condition(gap: str) -> ColumnElement[bool]:
    """Elders on the register with this gap, as a condition on Elder."""
    return and_(_on_register(), _condition(gap))


def counts(session: Session, visible: ColumnElement[bool]) -> dict[str, int]:
    """How many elders there are with each gap, in one question."""
    columns = [func.coalesce(func.sum(case((condition(gap), 1), else_=0)), 0).label(gap) for gap in GAPS]
    found = session.execute(select(*columns).select_from(Elder).where(visible, _on_register())).one()
    return {gap: int(getattr(found, gap)) for gap in GAPS}


def listed(gap: str, visible: ColumnElement[bool], after: int, limit: int) -> Select[Elder]:
    """Elders with this gap by id, from the one after `after` on."""
    return select(Elder).where(visible, condition(gap), Elder.id > after).order_by(Elder.id).limit(limit)
