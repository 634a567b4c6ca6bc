"""Figures by unit: elders by tier, visits owed, done and late, open cases, late tasks. Few questions, no row per elder.

Every figure has a list behind it under the same name, and both are made of the same condition, so a number and its list
never disagree. Restricted cases are in neither. The month is the calendar month of today.
K03, K04: people-forms-indicators 6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from care import organisation
from care.cases import Case
from care.elders import Elder
from care.organisation import Unit
from care.visits import VisitObligation
from engine import clock
from engine.tasks import IS_OPEN, task

TIERS = ("high", "key", "general")
ON_REGISTER = ("in_register", "absent", "suspended")


@dataclass
class Figures:
    """The figures of one unit; `unit` None is what lies in no child unit."""

    unit: Unit | None
    path: str
    counts: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def elders(self) -> int:
        return self["elders"]

    @property
    def on_time(self) -> int:
        """Obligations fulfilled inside their period."""
        return self["fulfilled"]


def month() -> tuple[date, date]:
    """First day of this month and today."""
    today = clock.today()
    return today.replace(day=1), today


def _due_this_month() -> ColumnElement[bool]:
    """Obligations whose period ended this month, until yesterday, or was fulfilled in it already."""
    first, today = month()
    over = and_(VisitObligation.ends_on >= first, VisitObligation.ends_on < today)
    early = and_(
        VisitObligation.state == "fulfilled", VisitObligation.ends_on >= today, VisitObligation.starts_on <= today
    )
    return and_(VisitObligation.state != "cancelled", over | early)


def conditions() -> dict[str, tuple[Any, ColumnElement[bool]]]:
    """Name of a figure → (the unit path it is counted by, its condition)."""
    served = Elder.status.in_(ON_REGISTER)
    obligation = VisitObligation
    c = task.c
    found: dict[str, tuple[Any, ColumnElement[bool]]] = {
        tier: (Elder.unit_path, and_(served, Elder.tier == tier)) for tier in TIERS
    }
    found |= {
        "elders": (Elder.unit_path, and_(served, Elder.tier.in_(TIERS))),
        "due": (obligation.unit_path, _due_this_month()),
        "fulfilled": (obligation.unit_path, and_(_due_this_month(), obligation.state == "fulfilled")),
        "missed": (obligation.unit_path, and_(_due_this_month(), obligation.state.in_(("missed", "made_up")))),
        "owed": (obligation.unit_path, and_(obligation.state == "open", obligation.ends_on >= clock.today())),
        "cases": (Case.unit_path, and_(Case.state == "open", Case.restricted.is_(False))),
        "late": (c.unit_path, and_(IS_OPEN, c.due_at < clock.now())),
    }
    return found


def of_children(session: Session, unit: Unit) -> tuple[Figures, list[Figures]]:
    """(the unit's own totals, a line for each unit directly below it); one question for each figure."""
    parents = [unit for unit in organisation.children(session, unit) if unit.level in organisation.LEVELS]
    total = Figures(unit, unit.path)
    lines = {child.path: Figures(child, child.path) for child in parents}
    for name, (path, condition) in conditions().items():
        asked = select(path, func.count()).where(condition, organisation.within(path, unit.path)).group_by(path)
        for where, number in session.execute(asked):
            total.counts[name] = total[name] + number
            line = _line(lines, where)
            if line is not None:
                line.counts[name] = line[name] + number
    return total, list(lines.values())


def _line(lines: dict[str, Figures], path: str) -> Figures | None:
    return next((line for start, line in lines.items() if path.startswith(start)), None)


def trend(session: Session, unit: Unit, weeks: int = 8) -> list[tuple[int, int]]:
    """(fulfilled, due) of the weeks that ended before today, oldest first: the sparkline of timeliness."""
    today = clock.today()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=weeks)
    asked = (
        select(VisitObligation.ends_on, VisitObligation.state, func.count())
        .where(
            organisation.within(VisitObligation.unit_path, unit.path),
            VisitObligation.ends_on >= first,
            VisitObligation.ends_on < monday,
            VisitObligation.state != "cancelled",
        )
        .group_by(VisitObligation.ends_on, VisitObligation.state)
    )
    found = [[0, 0] for _ in range(weeks)]
    for ends_on, state, number in session.execute(asked):
        week = (ends_on - first).days // 7
        found[week][1] += number
        found[week][0] += number if state == "fulfilled" else 0
    return [(done, due) for done, due in found]


def sparkline(rates: Sequence[tuple[int, int]]) -> str:
    """An SVG path of rates in a box of 200 by 32; weeks with nothing due are left out."""
    known = [done / due for done, due in rates if due]
    if len(known) < 2:
        return ""
    step = 200 / (len(known) - 1)
    return "M" + " ".join(f"{index * step:.0f} {30 - 28 * value:.1f}" for index, value in enumerate(known))


def listed(name: str, path: str, after: int, limit: int) -> Select[Any]:
    """The rows behind a figure, by id: elders, obligations, cases or tasks. Raises KeyError."""
    counted, condition = conditions()[name]
    entity = _ENTITIES[name]()
    return (
        select(entity)
        .where(condition, organisation.within(counted, path), entity.id > after)
        .order_by(entity.id)
        .limit(limit)
    )


_ENTITIES: dict[str, Callable[[], Any]] = {
    **{name: lambda: Elder for name in ("elders", *TIERS)},
    **{name: lambda: VisitObligation for name in ("due", "fulfilled", "missed", "owed")},
    "cases": lambda: Case,
}
