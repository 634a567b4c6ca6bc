"""Indicators about the register: files, coverage, visitors, contacts, yearly reviews (K01, K02, K15 to K17).

What a register says is what it says when it is asked: a month's figures are asked for while it runs and frozen in the
first days of the next. Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, literal, or_, select
from sqlalchemy.orm import Session, aliased

from care import policies
from care.absences import Absence
from care.contacts import Contact
from care.elders import Elder, TierResult
from care.indicators.moments import seconds_between
from care.indicators.month import Month
from care.visitors import Responsibility
from care.visits import Visit, times

TIERS = ("high", "key", "general")
SERVED = ("in_register", "absent")
YEAR = timedelta(days=365)
Rows = Select[*tuple[Any, ...]]


def share(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where it holds, else 0."""
    return case((condition, 1), else_=0)


def _of_elders(counts: ColumnElement[bool], among: ColumnElement[bool]) -> Rows:
    columns = (Elder.id, Elder.id.label("ref"), Elder.unit_path, Elder.tier, share(counts).label("num"), literal(1))
    return select(*columns).where(among)


def _in_a_tier(month: Month) -> ColumnElement[bool]:
    return and_(Elder.tier.in_(TIERS), Elder.registered_on <= month.last)


def files_confirmed(session: Session, month: Month) -> Rows:
    """K01: of those found who fall in a tier, whose file the township confirmed."""
    return _of_elders(Elder.status != "pending", and_(_in_a_tier(month), Elder.status != "exited"))


def visitors_named(session: Session, month: Month) -> Rows:
    """K15: of those on the register, who have visitor A and B on the month's last day."""
    named = [_responsible(kind, month.last) for kind in ("visitor", "visitor_b")]
    return _of_elders(and_(*named), and_(_in_a_tier(month), Elder.status.in_(SERVED)))


def _responsible(kind: str, day: date) -> ColumnElement[bool]:
    r = aliased(Responsibility)
    return exists().where(
        r.elder_id == Elder.id, r.kind == kind, r.from_on <= day, or_(r.until_on.is_(None), r.until_on > day)
    )


def contact_settled(session: Session, month: Month) -> Rows:
    """K16: of those on the register, whose first contact can be reached or is the community's post."""
    usable = or_(Contact.reachable, Contact.relation == "community")
    settled = exists().where(Contact.elder_id == Elder.id, Contact.position == 1, Contact.excluded.is_(False), usable)
    return _of_elders(settled, and_(_in_a_tier(month), Elder.status.in_(SERVED)))


def covered(session: Session, month: Month) -> Rows:
    """K02: of those in a tier on the register the whole month (not away all of it), who had a counted visit in it.

    A tier whose period is a quarter is measured over the quarter, in the month that ends it.
    """
    quarterly = _quarterly()
    ends_a_quarter = month.quarter[-1] == month
    quarter_on = month.quarter[0].first
    monthly = _visited(month.starts_at, month.ends_at)
    in_quarter = _visited(month.quarter[0].starts_at, month.ends_at)
    whole_month = or_(
        and_(~quarterly, Elder.registered_on <= month.first),
        and_(quarterly, Elder.registered_on <= quarter_on) if ends_a_quarter else false(),
    )
    among = and_(Elder.tier.in_(TIERS), Elder.status.in_(SERVED), whole_month, ~_away(month))
    return _of_elders(case((quarterly, in_quarter), else_=monthly), among)


def _quarterly() -> ColumnElement[bool]:
    """Whether the elder's tier is visited once a quarter by the policy of its decision."""
    pairs = [
        and_(Elder.policy == policy, Elder.tier == tier)
        for policy in policies.policy_sets()
        for tier in TIERS
        if policies.decide_visit_frequency(tier, "normal", policy)["period"] == "quarter"
    ]
    return or_(false(), *pairs)


def _visited(from_at: datetime, until_at: datetime) -> ColumnElement[bool]:
    return exists().where(Visit.elder_id == Elder.id, Visit.counted, Visit.done_at >= from_at, Visit.done_at < until_at)


def _away(month: Month) -> ColumnElement[bool]:
    """Away (暂离、住院) from before the month until after it."""
    last = times.moment(month.last, times.DUE)
    back = or_(
        and_(Absence.returned_at.is_not(None), Absence.returned_at >= last),
        and_(Absence.returned_at.is_(None), Absence.until_at >= last),
    )
    return exists().where(Absence.elder_id == Elder.id, Absence.from_at <= month.starts_at, back)


def reviewed(session: Session, month: Month) -> Rows:
    """K17: of the yearly reviews that fell due in the month, those decided anew within the year."""
    due, later, between = aliased(TierResult), aliased(TierResult), aliased(TierResult)
    year = int(YEAR.total_seconds())
    in_time = exists().where(
        later.elder_id == due.elder_id, later.at > due.at, seconds_between(session, due.at, later.at) <= year
    )
    superseded = exists().where(between.elder_id == due.elder_id, between.at > due.at, between.at < month.starts_at)
    return (
        select(Elder.id, due.id.label("ref"), Elder.unit_path, Elder.tier, share(in_time).label("num"), literal(1))
        .join(due, due.elder_id == Elder.id)
        .where(
            due.at >= month.starts_at - YEAR, due.at < month.ends_at - YEAR, due.tier != "none",
            Elder.status.in_(SERVED), ~superseded,
        )
    )  # fmt: skip
