"""Visits of the last weeks: one obligation per elder and period that is over, the visits made, a few missed or late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import policies
from care.demo.population import Made
from care.elders import Elder
from care.visit_periods import Period, period_of
from care.visitors import Responsibility
from care.visits import Visit, VisitFinding, VisitObligation
from care.visits.times import begins_at, ends_at, moment
from engine import clock, history

_SATISFACTION = ("satisfied", "satisfied", "satisfied", "mostly", "not_said")
_FINDINGS = (
    ("demands", "meals", ""),
    ("demands", "health", ""),
    ("subsidies", "care_subsidy", ""),
    ("errands", "payment", ""),
    ("hazards", "electricity", "general"),
    ("hazards", "heating", "general"),
    ("hazards", "floor", "major"),
    ("medication", "expired", ""),
    ("device_trouble", "battery", ""),
    ("facts_changed", "", ""),
)
_ATTENTION = (
    "天冷路滑，提醒少出门",
    "核对降压药余量",
    "看看取暖炉烟道",
    "问问女儿回来的日子",
    "助餐卡是否到账",
)
_REASONS = ("elder_out", "hospital", "no_staff", "weather")


@dataclass
class _Kept:
    """One obligation with its visit and what the visit found; ids come with the flush."""

    obligation: VisitObligation
    visit: Visit | None
    finding: tuple[str, str, str] | None


def build(session: Session, made: list[Made], chance: Random, days: int) -> int:
    """Obligations, visits and findings of periods that ended in the last `days`; returns how many visits."""
    visitors = _pairs(session)
    kept = [
        _kept(each.elder, period, visitors[each.elder.id], chance)
        for each in made
        for period in _periods(each.elder.tier, each.elder.registered_on, days)
    ]
    session.add_all(each.obligation for each in kept)
    session.flush()
    for each in kept:
        if each.visit is not None:
            each.visit.obligation_id = each.obligation.id
            session.add(each.visit)
    session.flush()
    session.add_all(_finding(each.visit, each.finding) for each in kept if each.visit and each.finding)
    visits = [each.visit for each in kept if each.visit is not None]
    history.write_all(session, [_row(visit) for visit in visits])
    return len(visits)


def _pairs(session: Session) -> dict[int, dict[str, int]]:
    """Visitor A and B by elder."""
    found: dict[int, dict[str, int]] = {}
    for row in session.scalars(select(Responsibility)):
        found.setdefault(row.elder_id, {})[row.kind] = row.staff_id
    return found


def _periods(tier: str, registered_on: date, days: int) -> Iterator[Period]:
    """The periods of this tier that are over, began after registration and ended within `days`, at least the last."""
    kind = _frequency(tier)["period"]
    if kind is None:
        return
    today = clock.today()
    period = period_of(kind, period_of(kind, today).starts_on - timedelta(days=1))
    first = True
    while period.starts_on >= registered_on and (first or (today - period.ends_on).days <= days):
        yield period
        first = False
        period = period_of(kind, period.starts_on - timedelta(days=1))


@cache
def _frequency(tier: str) -> dict[str, Any]:
    return policies.decide_visit_frequency(tier)


def _kept(elder: Elder, period: Period, pair: dict[str, int], chance: Random) -> _Kept:
    """93 in 100 on time, some made up a day late, the rest missed with a reason."""
    luck = chance.random()
    frequency = _frequency(elder.tier)
    obligation = VisitObligation(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        period=period.kind,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        tier=elder.tier,
        policy=elder.policy,
        required=1,
        done=1 if luck < 0.97 else 0,
        attempts=1 if luck < 0.97 else 2,
        counted_modes=frequency["counted_modes"],
        state="fulfilled" if luck < 0.93 else "made_up" if luck < 0.97 else "missed",
    )
    late = luck >= 0.93
    if late:
        obligation.missed_at = ends_at(period)
        obligation.missed_reason = chance.choice(_REASONS)
    obligation.closed_at = ends_at(period)
    if obligation.state == "missed":
        return _Kept(obligation, None, None)
    visit = _visit(elder, period, pair, chance, late)
    obligation.closed_at = max(visit.done_at or ends_at(period), ends_at(period)) if late else visit.done_at
    return _Kept(obligation, visit, chance.choice(_FINDINGS) if chance.random() < 0.18 else None)


def _visit(elder: Elder, period: Period, pair: dict[str, int], chance: Random, late: bool) -> Visit:
    day = period.starts_on + timedelta(days=chance.randrange(min(period.days, 12)))
    if late:
        day = min(period.ends_on + timedelta(days=chance.randint(1, 2)), clock.today() - timedelta(days=1))
    began = moment(day, time(chance.randint(8, 16), chance.randint(0, 59)))
    by_phone = elder.phone is not None and period.kind == "week" and chance.random() < 0.3
    who = pair["visitor"] if chance.random() < 0.9 else pair["visitor_b"]
    return Visit(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        kind="make_up" if late else "regular",
        state="done",
        opens_at=begins_at(period),
        due_at=moment(min(day + timedelta(days=1), period.ends_on), time(18, 0)),
        arrived_at=began,
        done_at=began + timedelta(minutes=chance.randint(6, 35)),
        staff_id=who,
        mode="phone" if by_phone else "home",
        counted=True,
        made_up=late,
        sampled=chance.random() < 0.05,
        satisfaction=chance.choice(_SATISFACTION),
        next_attention=chance.choice(_ATTENTION) if chance.random() < 0.4 else None,
    )


def _finding(visit: Visit, finding: tuple[str, str, str]) -> VisitFinding:
    kind, item, level = finding
    return VisitFinding(
        elder_id=visit.elder_id,
        unit_path=visit.unit_path,
        visit_id=visit.id,
        kind=kind,
        item=item,
        level=level,
        at=visit.done_at or clock.now(),
    )


def _row(visit: Visit) -> dict[str, Any]:
    row = history.row_of(
        "visit.done", who=visit.staff_id, subject_id=visit.elder_id, unit_path=visit.unit_path, ids={"visit": visit.id}
    )
    return {**row, "at": visit.done_at}
