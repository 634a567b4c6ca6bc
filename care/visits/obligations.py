"""Obligations of a period: opened by the planner, filled by visits, missed at their end, closed with their result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from care import absences, elders, visit_periods
from care.visit_periods import Period, even_day
from care.visits import times
from care.visits.reading import obligation
from care.visits.tables import Visit, VisitObligation
from engine import clock
from engine.rows import insert_once

LONG_ABSENCE = timedelta(days=7)
BETWEEN = timedelta(hours=12)


def open_period(
    session: Session,
    elder_id: int,
    frequency: Mapping[str, Any],
    starts_on: date,
    context: str = "normal",
    policy: str = "",
) -> VisitObligation | None:
    """What the elder is owed in the period that contains `starts_on`; None when nothing is. Twice is once.

    `frequency` is the result of the decision `visit_frequency` of `policy` (default: that of the elder's tier).
    """
    kind = frequency.get("period")
    if kind is None:
        return None
    elder, period = elders.get(session, elder_id), visit_periods.period_of(str(kind), starts_on)
    values = {
        "elder_id": elder_id, "unit_path": elder.unit_path, "period": kind, "starts_on": period.starts_on,
        "ends_on": period.ends_on, "tier": elder.tier, "context": context, "policy": policy or elder.policy,
        "required": int(frequency.get("min_visits") or 0) + int(frequency.get("extra_visits") or 0), "done": 0,
        "attempts": 0, "counted_modes": list(frequency.get("counted_modes") or []), "state": "open", "mode": "",
        "missed_reason": "",
    }  # fmt: skip
    session.connection().execute(insert_once(session, cast(Table, VisitObligation.__table__)), values)
    return session.scalars(
        select(VisitObligation).where(
            VisitObligation.elder_id == elder_id,
            VisitObligation.starts_on == period.starts_on,
            VisitObligation.context == context,
        )
    ).one()


def period_of(row: VisitObligation) -> Period:
    return Period(row.period, row.starts_on, row.ends_on)


def current(session: Session, elder_id: int, day: date) -> VisitObligation | None:
    """The elder's open obligation whose period contains `day`."""
    return session.scalar(
        select(VisitObligation)
        .where(
            VisitObligation.elder_id == elder_id,
            VisitObligation.state == "open",
            VisitObligation.starts_on <= day,
            VisitObligation.ends_on >= day,
        )
        .order_by(VisitObligation.id.desc())
    )


def next_visit(session: Session, row: VisitObligation, instance_id: UUID) -> Visit:
    """Plan the next visit of a period: an even rhythm, opened at its beginning, later ones half a gap before."""
    period, now = period_of(row), clock.now()
    turn = min(row.done + 1, row.required)
    day = even_day(period, turn, row.required, _last_visit_on(session, row.elder_id))
    if day < (today := clock.today()) <= period.ends_on:  # planned in the middle of the period: an even rhythm from now
        day = even_day(replace(period, starts_on=today), 1, row.required - turn + 1)
    if row.missed_at is not None:
        day = row.new_date or clock.today()
    due_at = times.moment(day, times.DUE)
    opens_at = times.begins_at(period) if row.attempts == 0 else max(now + BETWEEN, due_at - timedelta(days=2))
    if row.missed_at is not None:
        opens_at = now
    visit = Visit(
        elder_id=row.elder_id,
        unit_path=row.unit_path,
        obligation_id=row.id,
        kind="make_up" if row.missed_at else "regular",
        opens_at=opens_at,
        due_at=max(due_at, opens_at),
        instance_id=instance_id,
    )
    row.instance_id = instance_id
    session.add(visit)
    session.flush()
    return visit


def _last_visit_on(session: Session, elder_id: int) -> date | None:
    moment = session.scalar(select(func.max(Visit.done_at)).where(Visit.elder_id == elder_id, Visit.counted))
    return None if moment is None else clock.local(moment).date()


def count(session: Session, row: VisitObligation, tried: bool = True) -> bool:
    """After a visit: whether no further one is planned in this period. `tried`: somebody went.

    Enough visits counted, or as often tried in vain as twice what is required, or the period is over.
    """
    row.attempts += int(tried)
    session.flush()
    tried_enough = row.attempts >= 2 * max(1, row.required)
    return row.done >= row.required or tried_enough or clock.now() > times.ends_at(period_of(row))


def settle(row: VisitObligation) -> None:
    """The state that follows from what was counted: fulfilled in the period, made up after its end. Source: K04."""
    if row.done >= row.required:
        row.state = "fulfilled" if row.missed_at is None else "made_up"
    elif row.state in ("fulfilled", "made_up"):
        row.state = "open" if row.missed_at is None else "missed"


def is_missed(session: Session, row: VisitObligation) -> bool:
    """The period is over: whether the visits were not made; marked then, late ones are 补访 from now on."""
    if row.state != "open":
        return row.state == "missed"
    row.state, row.missed_at = "missed", clock.now()
    session.flush()
    return True


def was_missed_before(session: Session, row: VisitObligation) -> bool:
    """Whether the elder's period before this one was missed too."""
    before = session.scalar(
        select(VisitObligation)
        .where(VisitObligation.elder_id == row.elder_id, VisitObligation.ends_on < row.starts_on)
        .order_by(VisitObligation.ends_on.desc())
    )
    return before is not None and before.missed_at is not None


def reason_for_missing(session: Session, row: VisitObligation, reason: str, new_date: date | None) -> None:
    """Why a period was missed, and the new date; the open visit moves there. Source: F-MISSED."""
    row.missed_reason, row.new_date = reason[:20], new_date
    if new_date is not None:
        for visit in _open_visits(session, row):
            visit.kind, visit.due_at = "make_up", times.moment(new_date, times.DUE)
    session.flush()


def close(session: Session, row: VisitObligation) -> bool:
    """The period's visits are over: fulfilled, made up later, or missed; whether it was late."""
    settle(row)
    if row.state == "open":
        row.state, row.missed_at = "missed", clock.now()
    row.closed_at = clock.now()
    session.flush()
    return row.state != "fulfilled"


def cancel(session: Session, row: VisitObligation, reason: str) -> None:
    """The elder is suspended or has left: neither on time nor late. Source: processes P07, P34."""
    row.state, row.missed_reason, row.closed_at = "cancelled", reason[:20], clock.now()
    for visit in _open_visits(session, row):
        visit.state = "cancelled"
    session.flush()


def replan(session: Session, row: VisitObligation, frequency: Mapping[str, Any]) -> VisitObligation:
    """A raised tier holds at once: the running period takes the new numbers. Source: policy 3.4 no. 18.

    Visits of before count as far as they lie in the running period of the new rhythm.
    """
    period = visit_periods.period_of(str(frequency.get("period") or row.period), clock.today())
    for visit in _open_visits(session, row):
        visit.state = "cancelled"
    row.tier = elders.get(session, row.elder_id).tier
    row.required = row.done + max(0, int(frequency.get("min_visits") or 1) - made_in(session, row.elder_id, period))
    settle(row)
    if period.ends_on < row.ends_on:
        row.period, row.ends_on = period.kind, period.ends_on
    session.flush()
    return obligation(session, row.id)


def made_in(session: Session, elder_id: int, period: Period) -> int:
    """Visits of the elder that count and were made in a period."""
    begins, ends = times.begins_at(period), times.ends_at(period)
    asked = select(func.count()).select_from(Visit)
    made = asked.where(Visit.elder_id == elder_id, Visit.counted, Visit.done_at >= begins, Visit.done_at <= ends)
    return session.scalar(made) or 0


def make_room(session: Session, elder_id: int, frequency: Mapping[str, Any]) -> None:
    """A tier was raised after the running period was closed: it ends for the new rhythm. Source: policy 3.4 no. 18.

    It still serves the running week (or two) of the new rhythm if the elder was visited in it, or too little is left
    of it; else it ends before that week.
    """
    today = clock.today()
    period = visit_periods.period_of(str(frequency["period"]), today)
    served = made_in(session, elder_id, period) >= int(frequency.get("min_visits") or 1)
    served = served or visit_periods.first_period(period.kind, today) != period
    asked = select(VisitObligation).where(
        VisitObligation.elder_id == elder_id,
        VisitObligation.closed_at.is_not(None),
        VisitObligation.state != "cancelled",
        VisitObligation.starts_on <= today,
        VisitObligation.ends_on > period.ends_on,
    )
    for row in session.scalars(asked):
        if served or row.starts_on >= period.starts_on:
            row.period, row.ends_on = period.kind, period.ends_on
        else:
            row.ends_on = period.starts_on - timedelta(days=1)
    session.flush()


def absent(session: Session, row: VisitObligation) -> str:
    """How the elder is visited while away: by phone when away over 7 days or in hospital. Source: processes P35."""
    away = absences.current(session, row.elder_id)
    if away is not None and (away.kind == "hospital" or away.until_at - away.from_at > LONG_ABSENCE):
        row.mode = "phone"
    session.flush()
    return row.mode


def _open_visits(session: Session, row: VisitObligation) -> list[Visit]:
    asked = select(Visit).where(Visit.obligation_id == row.id, Visit.state.in_(("planned", "arrived")))
    return list(session.scalars(asked))
