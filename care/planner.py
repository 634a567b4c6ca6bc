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

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from care import changes, district_policies, organisation, policies, visit_periods, visits
from care.district_policies import Choices
from care.elders import Elder
from care.visit_periods import Period
from care.visits import VisitObligation, times
from care.visits.obligations import period_of
from engine import clock, db, jobs, run, work
from engine.work import Item

BATCH = 50
AGAIN = "owe_again"
PROCESS = "visit_cycle"
NORMAL, CHANGED = "normal", "major_change"
SERVED = ("in_register", "absent")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Owed:
    """A period to be planned, by the policy of the day `policy_on`: that of its beginning, or of the planner's day."""

    period: Period
    frequency: dict[str, Any]
    policy: str
    policy_on: date


@dataclass
class Planned:
    """What the planner did: elders looked at, periods that it planned, those that were planned before.

    `last` is the elder that it looked at last, None when no more are left.
    """

    elders: int = 0
    periods: int = 0
    before: int = 0
    last: int | None = None


def plan(
    from_on: date | None = None,
    days: int = 7,
    progress: Progress | None = None,
    *,
    unit_path: str = "/",
    after: int = 0,
    most: int | None = None,
) -> Planned:
    """Plan the visit periods that begin in `days` days from `from_on` (default today), and the running ones.

    For a part of the city: elders below `unit_path`, from the one after the elder `after` on, `most` of them.
    """
    first = from_on or clock.today()
    with db.reading() as session:
        asked = _wanted().where(organisation.within(Elder.unit_path, unit_path), Elder.id > after)
        wanted = list(session.scalars(asked.order_by(Elder.id).limit(most)))
    done = Planned(last=wanted[-1] if most is not None and len(wanted) == most else None)
    for batch in _batches(wanted):
        with jobs.transaction() as session:
            changed, chosen = changes.open_for(session, batch), district_policies.choices(session)
            for elder in session.scalars(select(Elder).where(Elder.id.in_(batch)).order_by(Elder.id)):
                _plan_one(session, elder, chosen, (first, days), done, CHANGED if elder.id in changed else NORMAL)
        if progress is not None:
            progress(done.elders, len(wanted))
    return done


def _wanted() -> Select[int]:
    return select(Elder.id).where(Elder.status.in_(SERVED), Elder.tier != "none", Elder.willing != "no")


def units(session: Session) -> list[str]:
    """Where there is somebody to be planned for: the units' paths."""
    return list(session.scalars(_wanted().with_only_columns(Elder.unit_path).distinct()))


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _plan_one(
    session: Session, elder: Elder, chosen: Choices, window: tuple[date, int], done: Planned, context: str
) -> None:
    done.elders += 1
    for owed in _owed(elder, chosen, window, context):
        if _is_planned(session, elder.id, owed.period, window[0]):
            done.before += 1
            continue
        _begin(session, elder, owed, context)
        done.periods += 1


def _begin(session: Session, elder: Elder, owed: Owed, context: str) -> None:
    """Owe the visits of a period and start the instance that sees to them; `context` is one of `visit_frequency`."""
    starts_on = owed.period.starts_on
    visits.open_period(session, elder.id, owed.frequency, starts_on, context, owed.policy)
    run.start(session, PROCESS, _data(elder, owed, context), key=f"{elder.id}:{starts_on}")


def owe_again(session: Session, row: VisitObligation) -> None:
    """A visit that had fulfilled a period counts no more: while it runs, a visit is asked for again.

    Only where the period's own diagram has ended; else that one is still there and asks by itself.
    """
    if row.closed_at is None or not visits.is_needed(row) or clock.now() > times.ends_at(period_of(row)):
        return
    row.closed_at = None
    session.flush()
    work.add(session, AGAIN, detail={"obligation": row.id}, key=f"{AGAIN}:{row.id}", unit_path=row.unit_path)


@jobs.does(AGAIN)
def begin_again(session: Session, item: Item) -> None:
    """The instance that sees to a period anew, by the policy and tier that the period began with."""
    row = visits.obligation(session, int(item.detail["obligation"]))
    begins = row.starts_on.isoformat()
    data = {
        "elder_id": row.elder_id,
        "tier": row.tier,
        "context": row.context,
        "starts_on": begins,
        "policy_on": begins,
    }
    run.start(session, PROCESS, data, key=f"{row.elder_id}:{row.starts_on}")


def _data(elder: Elder, owed: Owed, context: str) -> dict[str, Any]:
    days = {"starts_on": owed.period.starts_on.isoformat(), "policy_on": owed.policy_on.isoformat()}
    return {"elder_id": elder.id, "tier": elder.tier, "context": context, **days}


def make_room(session: Session, elder: Elder) -> None:
    """The elder's tier was raised: what ran by the old rhythm and is closed stands in the new one's way no longer."""
    policy = district_policies.choices(session).at(elder.unit_path, clock.today())
    frequency = policies.decide_visit_frequency(elder.tier, NORMAL, policy)
    if frequency.get("period") is not None:
        visits.make_room(session, elder.id, frequency)


def period_data(session: Session, elder: Elder) -> dict[str, Any] | None:
    """The start of `visit_cycle` for the elder's first (or running) period; None if nothing is owed or planned."""
    if elder.status not in SERVED or elder.tier == "none":
        return None
    context = CHANGED if changes.open_for(session, [elder.id]) else NORMAL
    today = clock.today()
    for owed in _owed(elder, district_policies.choices(session), (today, 1), context, ahead=True):
        if _is_planned(session, elder.id, owed.period, today):
            return None
        visits.open_period(session, elder.id, owed.frequency, owed.period.starts_on, context, owed.policy)
        return _data(elder, owed, context)
    return None


def _owed(
    elder: Elder, chosen: Choices, window: tuple[date, int], context: str, *, ahead: bool = False
) -> Iterator[Owed]:
    """The running period (if at least two days of it remain) and those that begin in the window.

    Each by the policy of the day on which it begins, so that a switch changes the next periods and no running one.
    `ahead`: the first period even if it begins after the window.
    """
    first, days = window
    day = first
    while day < first + timedelta(days=days) or ahead:
        policy = chosen.at(elder.unit_path, day)
        frequency = policies.decide_visit_frequency(elder.tier, context, policy)
        if frequency.get("period") is None:
            return
        kind = str(frequency["period"])
        period = visit_periods.first_period(kind, day) if day == first else visit_periods.period_of(kind, day)
        if period.starts_on > day:  # too little is left of the running one; by its own day another policy may hold
            day = period.starts_on
            continue
        yield Owed(period, frequency, policy, day)
        day = period.ends_on + timedelta(days=1)


def _is_planned(session: Session, elder_id: int, period: Period, day: date) -> bool:
    """Whether the elder has an obligation for this period or, after a change of rhythm, one that serves it.

    One that lies within the period serves it, and so does one that still runs on `day`; one of another rhythm that is
    over and began before the period does not.
    """
    asked = select(VisitObligation.id).where(
        VisitObligation.elder_id == elder_id,
        VisitObligation.state != "cancelled",
        VisitObligation.starts_on <= period.ends_on,
        VisitObligation.ends_on >= period.starts_on,
        or_(VisitObligation.starts_on >= period.starts_on, VisitObligation.ends_on >= day),
    )
    return session.scalar(asked.limit(1)) is not None
