"""The nightly planner: who is owed a visit in the periods that begin, and the instance of `visit_cycle` for each.

Idempotent: an elder with an obligation for a period is not planned again. An elder without one for the running period
(newly registered, or the planner did not run) is planned for it, unless fewer than two days of it remain. Works in
batches of 50 per transaction, so that it never holds the writer for long (rule 12).
Source: policy 3.5; processes P07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import policies, visit_periods, visits
from care.elders import Elder
from care.visit_periods import Period
from care.visits import VisitObligation
from engine import clock, db, jobs, run

BATCH = 50
PROCESS = "visit_cycle"
SERVED = ("in_register", "absent")

Progress = Callable[[int, int], None]


@dataclass
class Planned:
    """What the planner did: elders looked at, periods that it planned, those that were planned before."""

    elders: int = 0
    periods: int = 0
    before: int = 0


def plan(from_on: date | None = None, days: int = 7, progress: Progress | None = None) -> Planned:
    """Plan the visit periods that begin in `days` days from `from_on` (default today), and the running ones."""
    first = from_on or clock.today()
    with db.reading() as session:
        wanted = list(
            session.scalars(
                select(Elder.id).where(Elder.status.in_(SERVED), Elder.tier != "none", Elder.willing != "no")
            )
        )
    done = Planned()
    for batch in _batches(wanted):
        with jobs.transaction() as session:
            for elder in session.scalars(select(Elder).where(Elder.id.in_(batch)).order_by(Elder.id)):
                _plan_one(session, elder, first, days, done)
        if progress is not None:
            progress(done.elders, len(wanted))
    return done


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _plan_one(session: Session, elder: Elder, first: date, days: int, done: Planned) -> None:
    done.elders += 1
    frequency = _frequency(elder)
    for period in _periods(frequency, first, days):
        if _is_planned(session, elder.id, period):
            done.before += 1
            continue
        begin(session, elder, frequency, period)
        done.periods += 1


def begin(session: Session, elder: Elder, frequency: dict[str, Any], period: Period) -> None:
    """Owe the visits of a period and start the instance that sees to them."""
    visits.open_period(session, elder.id, frequency, period.starts_on)
    run.start(session, PROCESS, _data(elder, period), key=f"{elder.id}:{period.starts_on}")


def _data(elder: Elder, period: Period) -> dict[str, Any]:
    starts_on = period.starts_on.isoformat()
    return {"elder_id": elder.id, "tier": elder.tier, "context": "normal", "starts_on": starts_on}


def period_data(session: Session, elder: Elder) -> dict[str, Any] | None:
    """The start of `visit_cycle` for the elder's first (or running) period; None if nothing is owed or planned."""
    if elder.status not in SERVED or elder.tier == "none":
        return None
    frequency = _frequency(elder)
    if frequency.get("period") is None:
        return None
    period = visit_periods.first_period(str(frequency["period"]), clock.today())
    if _is_planned(session, elder.id, period):
        return None
    visits.open_period(session, elder.id, frequency, period.starts_on)
    return _data(elder, period)


def _frequency(elder: Elder) -> dict[str, Any]:
    known = elder.policy if elder.policy in policies.policy_sets() else policies.DEFAULT_POLICY
    return policies.decide_visit_frequency(elder.tier, "normal", known)


def _periods(frequency: dict[str, Any], first: date, days: int) -> Iterator[Period]:
    """The running period (if at least two days of it remain) and those that begin in the window."""
    kind = frequency.get("period")
    if kind is None:
        return
    period = visit_periods.first_period(str(kind), first)
    while period.starts_on < first + timedelta(days=days):
        yield period
        period = visit_periods.following(period)


def _is_planned(session: Session, elder_id: int, period: Period) -> bool:
    """Whether the elder has an obligation for this period, or for one that overlaps it after a change of tier."""
    asked = select(VisitObligation.id).where(
        VisitObligation.elder_id == elder_id,
        VisitObligation.state != "cancelled",
        VisitObligation.starts_on <= period.ends_on,
        VisitObligation.ends_on >= period.starts_on,
    )
    return session.scalar(asked.limit(1)) is not None
