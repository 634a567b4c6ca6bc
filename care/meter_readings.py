"""What a meter's register said lately: half-hour readings of a good day, and the use of each of the last days.

One encrypted row per meter (`MeterState`), written when readings come in and read by the hourly look (care/
meter_watch.py). Nothing finer than half an hour and nothing older than 27 hours is kept, but the use per day for a
month: enough for the rules and for the elder's habit, too little for a picture of a life. Nobody sees it
(Part.READINGS). A register that jumps back was exchanged: what came before it says nothing any more.

Public: MeterState, Reading, of_report, take, windows, habit.
Source: contracts/device-events.md (`reading`); processes P20 (rulings); rulings 9.22; R-PRJ-22.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import isfinite
from statistics import median
from typing import Any, cast

from sqlalchemy import ForeignKey, Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.meters import Meter
from engine import clock
from engine.db import Base, Instant
from engine.rows import insert_all
from engine.vault import EncryptedDocument

KINDS = {"water_meter": ("water", "m3"), "electricity_meter": ("electricity", "kWh"), "gas_meter": ("gas", "m3")}
"""Kinds of device that are meters: what flows, and the unit that their register counts in."""
SLOT = 1800
"""Seconds of a slot: the last reading within it counts."""
KEPT = 27 * 3600
DAYS = 29
WINDOWS = (12, 24)
"""Hours that the rules look back."""
STALE = 3 * 3600
"""Seconds after which a meter that said nothing is judged by nobody: it is silent, not unused."""
PAUSE = 2 * SLOT
"""A longer gap between two readings ends what «without a pause» counts."""
LEAST = 0.0005
"""Less than this between two readings is no flow (m³, kWh)."""
MOST = 1e9


class MeterState(Base):
    """`readings`: {"slots": [[slot, register]…], "days": [[day, first, last]…]}, the oldest first; numbers as told."""

    __tablename__ = "meter_state"

    meter_id: Mapped[int] = mapped_column(ForeignKey("meter.id"), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(Instant)
    readings: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)


@dataclass(frozen=True)
class Reading:
    """A register at a moment; `elder_id` and `unit_path` are of whoever had the meter then."""

    number: str
    kind: str
    elder_id: int
    unit_path: str
    at: datetime
    total: float


def of_report(number: str, device_kind: str, elder_id: int, unit_path: str, at: datetime, data: Any) -> Reading | None:
    """The reading in what a meter sent; None for other devices, other units and what is no register."""
    if device_kind not in KINDS or not isinstance(data, Mapping):
        return None
    kind, unit = KINDS[device_kind]
    total = data.get("total")
    if isinstance(total, bool) or not isinstance(total, int | float) or not isfinite(total) or not 0 <= total < MOST:
        return None
    if data.get("unit", unit) != unit:
        return None
    return Reading(number, kind, elder_id, unit_path, at, float(total))


def take(session: Session, readings: Sequence[Reading]) -> None:
    """Keep these readings, in a number of statements that does not grow with theirs; twice is once."""
    if not readings:
        return
    by_number: dict[str, list[Reading]] = defaultdict(list)
    for each in sorted(readings, key=lambda each: each.at):
        by_number[each.number].append(each)
    for row, state in _rows(session, by_number):
        for each in by_number[row.number]:
            if row.elder_id != each.elder_id:  # the meter came into another home
                row.elder_id, row.base, row.history_days = each.elder_id, None, 0
                state.readings = {}
            row.unit_path, row.kind = each.unit_path, each.kind
            state.readings = _with(state.readings or {}, each.at, each.total)
            state.last_at = max(state.last_at, each.at)
    session.flush()


def _rows(session: Session, by_number: Mapping[str, Sequence[Reading]]) -> list[tuple[Meter, MeterState]]:
    """The meters with their states, made where there were none, and locked in the order of their ids."""
    known = set(session.scalars(select(Meter.number).where(Meter.number.in_(by_number))))
    new = [each[0] for number, each in by_number.items() if number not in known]
    insert_all(
        session,
        cast(Table, Meter.__table__),
        [
            {"elder_id": each.elder_id, "unit_path": each.unit_path, "number": each.number, "kind": each.kind,
             "history_days": 0}
            for each in new
        ],
        once=True,
    )  # fmt: skip
    meters = {row.id: row for row in session.scalars(select(Meter).where(Meter.number.in_(by_number)))}
    first = [{"meter_id": row.id, "last_at": by_number[row.number][0].at, "readings": {}} for row in meters.values()]
    insert_all(session, cast(Table, MeterState.__table__), first, once=True)
    asked = select(MeterState).where(MeterState.meter_id.in_(meters)).order_by(MeterState.meter_id).with_for_update()
    states = session.scalars(asked.execution_options(populate_existing=True))
    return [(meters[state.meter_id], state) for state in states]


def _with(readings: Mapping[str, Any], at: datetime, total: float) -> dict[str, Any]:
    slots = {int(slot): float(register) for slot, register in readings.get("slots") or ()}
    days = [list(each) for each in readings.get("days") or ()]
    slot = int(at.timestamp()) // SLOT
    newest = max(slots, default=slot)
    if slot >= newest:
        if slots and total < slots[newest] - LEAST:
            slots = {}
        slots[slot] = total
        days = _day(days, clock.local(at).date().toordinal(), total)
    elif _fits(slots, slot, total):  # late, by another way
        slots[slot] = max(total, slots.get(slot, total))
    oldest = max(slots) - KEPT // SLOT
    return {"slots": [[each, slots[each]] for each in sorted(slots) if each >= oldest], "days": days[-DAYS:]}


def _fits(slots: Mapping[int, float], slot: int, total: float) -> bool:
    """Whether a late register lies between its neighbours."""
    before = [register for each, register in slots.items() if each < slot]
    after = [register for each, register in slots.items() if each > slot]
    return max(before, default=total) <= total <= min(after, default=total)


def _day(days: list[list[Any]], today: int, total: float) -> list[list[Any]]:
    """The first and the last register of each day."""
    if days and days[-1][0] == today:
        return [*days[:-1], [today, days[-1][1] if total >= days[-1][1] else total, total]]
    return [*days, [today, total, total]]


def windows(state: MeterState, now: datetime) -> list[dict[str, float]]:
    """What the rules judge: {hours, used, flow_hours} for each window that the readings cover; [] of a silent meter."""
    points = [(int(slot) * SLOT, float(register)) for slot, register in (state.readings or {}).get("slots") or ()]
    if not points or now.timestamp() - state.last_at.timestamp() > STALE:
        return []
    last_at, last = points[-1]
    flow, found = _flow_hours(points), {}
    for hours in WINDOWS:
        before = [point for point in points if point[0] <= last_at - hours * 3600]
        if before:
            at, register = before[-1]
            found[at] = {"hours": (last_at - at) / 3600, "used": round(last - register, 4), "flow_hours": flow}
    return list(found.values())


def _flow_hours(points: Sequence[tuple[int, float]]) -> float:
    """Hours up to the last reading in which something flowed between every two readings."""
    seconds = 0
    for (before, low), (at, high) in reversed(list(pairwise(points))):
        if at - before > PAUSE or high - low < LEAST:
            break
        seconds += at - before
    return seconds / 3600


def habit(state: MeterState) -> tuple[float | None, int]:
    """(usual use of a day, number of whole days that it rests on). Source: processes P20 (own habit)."""
    days = (state.readings or {}).get("days") or ()
    used = [
        float(after[1]) - float(day[1])
        for day, after in pairwise(days)
        if after[0] == day[0] + 1 and after[1] >= day[1]
    ]
    return (round(median(used), 4), len(used)) if used else (None, 0)
