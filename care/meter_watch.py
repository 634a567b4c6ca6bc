"""The hourly look at meters: what the last day shows by the rules of the district, and where nothing comes.

It is work like the planner's night (care/nightly.py): a row each hour, done in the bulk lane in pieces of some hundred
meters, each piece a transaction and a number of questions that does not grow with its meters. An anomaly that is being
looked into, or was found within a day, is not reported again. Where most meters of a village are silent, nobody's alarm
is raised there: its emergency desk gets one task a day.
Public: keep_watching, look, look_at_some.
Source: processes P20; policy 2.2 (meter_rules); 4.8 (meter.anomaly).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from care import consents, district_policies, meter_readings, meters, notices, organisation
from care.device_watch import next_hour
from care.elders import Elder
from care.meter_readings import STALE, MeterState
from care.meters import OUTAGE_LEAST, OUTAGE_SHARE, Meter, MeterAnomaly
from care.planner import SERVED
from engine import clock, definitions, jobs, work
from engine.work import Item

KIND, SOME = "watch_meters", "watch_some_meters"
AT_ONCE = 300
"""Meters of one piece."""
AGAIN_AFTER = timedelta(hours=24)
HEARD_WITHIN = timedelta(days=3)
"""A meter that said nothing for longer is broken or gone; it counts for no outage."""


def keep_watching() -> None:
    """Write down the next look, unless it is."""
    with jobs.transaction() as session:
        _write_next(session)


def _write_next(session: Session) -> None:
    due_at = next_hour(clock.now())
    work.add(session, KIND, lane=work.BULK, due_at=due_at, key=f"{KIND}:{due_at.isoformat()}", unit_path="")


@jobs.does(KIND)
def look(session: Session, item: Item) -> None:
    """Say where whole villages are silent, begin with the first piece, write down the next hour."""
    if any(each.process_id == "meter_anomaly" for each in definitions.every(session)):
        now = clock.now()
        silent = outages(session, now)
        for village, kind in silent:
            notices.area_desk(session, village, "meter_outage", f"meters:{village.rstrip('/')}:{kind}:{clock.today()}")
        _ask(session, now, 0, silent)
    _write_next(session)


def _ask(session: Session, at: datetime, after: int, silent: Sequence[tuple[str, str]]) -> None:
    detail = {"at": at.isoformat(), "after": after, "silent": [list(each) for each in silent]}
    work.add(session, SOME, lane=work.BULK, detail=detail, key=f"{SOME}:{at.isoformat()}:{after}", unit_path="")


def outages(session: Session, now: datetime) -> list[tuple[str, str]]:
    """(village, what flows) where so many of the meters are silent that it is no elder's matter; one question."""
    is_silent = MeterState.last_at < now - timedelta(seconds=STALE)
    asked = (
        select(Meter.unit_path, Meter.kind, func.count(), func.count().filter(is_silent))
        .join(MeterState, MeterState.meter_id == Meter.id)
        .where(MeterState.last_at > now - HEARD_WITHIN)
        .group_by(Meter.unit_path, Meter.kind)
    )
    every: Counter[tuple[str, str]] = Counter()
    quiet: Counter[tuple[str, str]] = Counter()
    for path, kind, number, silent in session.execute(asked):
        area = (organisation.prefix(path, "village") or path, kind)
        every[area] += number
        quiet[area] += silent
    return sorted(area for area in every if quiet[area] >= max(OUTAGE_LEAST, OUTAGE_SHARE * every[area]))


@jobs.does(SOME)
def look_at_some(session: Session, item: Item) -> None:
    """Judge the next meters and ask for those behind them."""
    silent = [(str(village), str(kind)) for village, kind in item.detail["silent"]]
    last = judge_some(session, int(item.detail["after"]), set(silent))
    if last is not None:
        _ask(session, datetime.fromisoformat(item.detail["at"]), last, silent)


def judge_some(session: Session, after: int, silent: set[tuple[str, str]]) -> int | None:
    """Report what the readings of the next meters show; the last of them, None when these were all."""
    now = clock.now()
    asked = (
        select(Meter, MeterState)
        .join(MeterState, MeterState.meter_id == Meter.id)
        .join(Elder, Elder.id == Meter.elder_id)
        .where(Meter.id > after, Elder.status.in_(SERVED))
        .order_by(Meter.id)
        .limit(AT_ONCE)
    )
    rows = [(meter, state) for meter, state in session.execute(asked)]
    known = _known(session, [meter.id for meter, _ in rows], now)
    allowed = consents.allowing(session, {meter.elder_id for meter, _ in rows}, ["meter_data"])
    choices, today = district_policies.choices(session), clock.today()
    for meter, state in rows:
        if (meter.elder_id, "meter_data") not in allowed:  # withdrawn: what was kept goes
            state.readings, meter.base, meter.history_days = {}, None, 0
            continue
        meter.base, meter.history_days = meter_readings.habit(state)
        if (organisation.prefix(meter.unit_path, "village") or meter.unit_path, meter.kind) in silent:
            continue
        policy = choices.at(meter.unit_path, today)
        for window in meter_readings.windows(state, now):
            for rule in meters.judge(meter, window, policy):
                if rule not in known[meter.id]:
                    known[meter.id].add(rule)
                    meters.report(session, meter, rule, window)
    session.flush()
    return rows[-1][0].id if len(rows) == AT_ONCE else None


def _known(session: Session, meter_ids: Sequence[int], now: datetime) -> dict[int, set[str]]:
    """Rules by meter that are being looked into, or were reported within a day."""
    found: dict[int, set[str]] = defaultdict(set)
    asked = select(MeterAnomaly.meter_id, MeterAnomaly.rule).where(
        MeterAnomaly.meter_id.in_(meter_ids),
        or_(MeterAnomaly.closed_at.is_(None), MeterAnomaly.raised_at > now - AGAIN_AFTER),
    )
    for meter_id, rule in session.execute(asked):
        found[meter_id].add(rule)
    return found
