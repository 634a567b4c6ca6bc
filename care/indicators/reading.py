"""Figures of units, tiers and months, and their lists: from the snapshot of a closed month, else as of now."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Subquery, case, func, select, true
from sqlalchemy.orm import Session

from care import organisation
from care.indicators.definitions import INDICATORS, Indicator
from care.indicators.month import Month
from care.indicators.snapshot import IndicatorRow, is_frozen


@dataclass
class Figure:
    """A sum of rows. `seconds`: the durations of an indicator of that kind, shortest first."""

    num: int = 0
    den: int = 0
    seconds: list[int] = field(default_factory=list)

    def add(self, num: int, den: int, seconds: Sequence[int] = ()) -> None:
        self.num += num
        self.den += den
        self.seconds = sorted([*self.seconds, *seconds])

    @property
    def rate(self) -> float | None:
        """num ÷ den; None where there was nothing to be counted, which is neither 0 nor 1."""
        return self.num / self.den if self.den else None

    @property
    def median(self) -> int | None:
        return self.percentile(50)

    def percentile(self, share: int) -> int | None:
        """Nearest rank: the smallest value that at least `share` percent of them do not exceed."""
        if not self.seconds:
            return None
        return self.seconds[max(1, math.ceil(len(self.seconds) * share / 100)) - 1]


def _rows(session: Session, indicator: Indicator, month: Month) -> Subquery | None:
    """elder_id, ref, unit_path, tier, num, den of a month; None where there are no facts."""
    if is_frozen(session, month):
        r = IndicatorRow
        frozen = select(r.elder_id, r.ref, r.unit_path, r.tier, r.num, r.den)
        return frozen.where(r.month == month.first, r.code == indicator.code).subquery()
    if indicator.rows is None:
        return None
    return indicator.rows(session, month).subquery()


def _sums(
    session: Session, code: str, months: Iterable[Month], unit_path: str, by: int, tier: str = ""
) -> dict[str, Figure]:
    """Figures by a column of the rows (2: unit path, 3: tier)."""
    found: dict[str, Figure] = defaultdict(Figure)
    indicator = INDICATORS[code]
    for month in months:
        rows = _rows(session, indicator, month)
        if rows is None:
            continue
        _, _, path, of_tier, num, den = rows.c
        key = rows.c[by]
        among = organisation.within(path, unit_path), of_tier == tier if tier else true()
        if indicator.kind == "seconds":
            for where, seconds in session.execute(select(key, num).where(*among)):
                found[where].add(0, 1, [seconds])
            continue
        asked = select(key, func.sum(num), func.sum(den)).where(*among).group_by(key)
        for where, done, of in session.execute(asked):
            found[where].add(int(done), int(of))
    return found


def total(session: Session, code: str, months: Sequence[Month], unit_path: str, tier: str = "") -> Figure:
    """One figure of a unit over some months."""
    whole = Figure()
    for each in _sums(session, code, months, unit_path, 3, tier).values():
        whole.add(each.num, each.den, each.seconds)
    return whole


def by_tier(session: Session, code: str, months: Sequence[Month], unit_path: str) -> dict[str, Figure]:
    """Figures of a unit by tier; "" for cases about nobody known."""
    return dict(_sums(session, code, months, unit_path, 3))


def by_unit(
    session: Session, code: str, months: Sequence[Month], unit_path: str, children: Sequence[str], tier: str = ""
) -> dict[str, Figure]:
    """Figures of the units directly below: `children` are their paths. What lies in none of them is under "" ."""
    found: dict[str, Figure] = {path: Figure() for path in (*children, "")}
    for where, each in _sums(session, code, months, unit_path, 2, tier).items():
        child = next((path for path in children if where.startswith(path)), "")
        found[child].add(each.num, each.den, each.seconds)
    return found


def course(session: Session, code: str, months: Sequence[Month], unit_path: str) -> list[Figure]:
    """The figure month by month, for its course."""
    return [total(session, code, [month], unit_path) for month in months]


def listed(
    session: Session, code: str, months: Sequence[Month], unit_path: str, *,
    tier: str = "", only: str = "", after: int = 0, limit: int = 100,
) -> list[tuple[int | None, int, str, int, int]]:  # fmt: skip
    """(elder_id, ref, tier, num, den) of the rows behind a figure of one month; `only`: missed, those not full.

    By ref from `after` on.
    """
    [month] = months[-1:]
    rows = _rows(session, INDICATORS[code], month)
    if rows is None:
        return []
    elder_id, ref, path, of_tier, num, den = rows.c
    asked = select(elder_id, ref, of_tier, num, den).where(organisation.within(path, unit_path), ref > after)
    if tier:
        asked = asked.where(of_tier == tier)
    if only == "missed" and INDICATORS[code].kind == "share":
        asked = asked.where(case((num < den, 1), else_=0) == 1)
    return [tuple(row) for row in session.execute(asked.order_by(ref).limit(limit))]
