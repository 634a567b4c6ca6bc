"""Indicators about visits: made, on time, on site, after a major change (K03 to K05, K23).

Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, literal, select
from sqlalchemy.orm import Session

from care.changes import MajorChange
from care.elders import Elder
from care.indicators.month import Month
from care.indicators.of_register import share
from care.visits import Visit, VisitObligation

Rows = Select[*tuple[Any, ...]]
O = VisitObligation  # noqa: E741


def _due(month: Month) -> ColumnElement[bool]:
    """Obligations whose period ended in the month; cancelled ones were owed by nobody."""
    return and_(O.ends_on >= month.first, O.ends_on <= month.last, O.state != "cancelled")


def _of_obligations(num: ColumnElement[int], den: ColumnElement[int], among: ColumnElement[bool]) -> Rows:
    return select(O.elder_id, O.id.label("ref"), O.unit_path, O.tier, num.label("num"), den.label("den")).where(among)


def made(session: Session, month: Month) -> Rows:
    """K03: counted visits, at most those required, of the required ones; late ones (补访) are visits too."""
    capped = case((O.done < O.required, O.done), else_=O.required)
    return _of_obligations(capped, O.required.expression, _due(month))


def on_time(session: Session, month: Month) -> Rows:
    """K04: obligations fulfilled inside their period; visits made up later do not count."""
    return _of_obligations(share(O.state == "fulfilled"), literal(1), _due(month))


def on_site(session: Session, month: Month) -> Rows:
    """K05: counted visits of the month that were made at the door."""
    return (
        select(
            Visit.elder_id, Visit.id.label("ref"), Visit.unit_path, Elder.tier,
            share(Visit.mode == "home").label("num"), literal(1).label("den"),
        )
        .join(Elder, Elder.id == Visit.elder_id)
        .where(Visit.counted, Visit.done_at >= month.starts_at, Visit.done_at < month.ends_at)
    )  # fmt: skip


def after_a_change(session: Session, month: Month) -> Rows:
    """K23: of the major changes with hours for the first visit, due in the month, those visited in time."""
    c = MajorChange
    in_time = and_(c.first_visit_at.is_not(None), c.first_visit_at <= c.first_due_at)
    due = and_(c.first_due_at >= month.starts_at, c.first_due_at < month.ends_at)
    return (
        select(c.elder_id, c.id.label("ref"), c.unit_path, Elder.tier, share(in_time).label("num"), literal(1))
        .join(Elder, Elder.id == c.elder_id)
        .where(due, c.duty_hours.is_not(None), c.outcome != "unfounded")
    )
