"""Figures of a campaign by unit, and the rows behind each: both are made of the same rows, so they never disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select
from sqlalchemy.orm import Session

from care import organisation
from care.campaigns.tables import Campaign, Finding, Target
from care.elders import Elder
from care.organisation import Unit
from engine import clock

LISTS = {
    "villages": ("全部嘎查村（社区）", "All villages"),
    "done": ("已查完", "Done"),
    "open": ("还没查完", "Not done yet"),
    "late": ("过期没查完", "Not done in time"),
    "nothing": ("答复没有新发现", "Answered: nobody new"),
    "without": ("没有应排查数", "Without a target"),
}
"""Lists of villages; whom they found is a list of its own, all or only those on the register."""
_CONFIRMED = ("in_register", "absent", "suspended")


@dataclass
class Figures:
    """What the villages below a unit have to check and have checked; `registered` of the `found` are on the register.

    `households_due` counts only villages that have said one; `checked` are the households of these.
    """

    unit: Unit | None
    path: str
    villages: int = 0
    done: int = 0
    late: int = 0
    nothing: int = 0
    without: int = 0
    households_due: int = 0
    checked: int = 0
    households_done: int = 0
    elders_due: int = 0
    elders_done: int = 0
    found: int = 0
    registered: int = 0

    @property
    def open(self) -> int:
        """Villages that are not done."""
        return self.villages - self.done


def figures(session: Session, row: Campaign, unit: Unit) -> tuple[Figures, list[Figures]]:
    """(those of the unit, a line for each unit directly below it that takes part); three questions."""
    total = Figures(unit, unit.path)
    children = [each for each in organisation.children(session, unit) if each.level in organisation.LEVELS]
    lines = {each.path: Figures(each, each.path) for each in children}
    columns = (Target.id, Target.unit_path, Target.households_due, Target.households_done, Target.elders_due)
    flags = [case((_is(row, what), 1), else_=0).label(f"is_{what}") for what in ("done", "late", "nothing", "without")]
    asked = select(*columns, Target.elders_done, *flags).where(*_targets(row, unit.path))
    found = _found(session, row, unit.path)
    for each in session.execute(asked):
        line = next((line for path, line in lines.items() if each.unit_path.startswith(path)), None)
        for counts in filter(None, (total, line)):
            counts.villages += 1
            counts.households_due += each.households_due or 0
            counts.checked += each.households_done if each.households_due is not None else 0
            counts.households_done += each.households_done
            counts.elders_due += each.elders_due or 0
            counts.elders_done += each.elders_done
            for what in ("done", "late", "nothing", "without"):
                setattr(counts, what, getattr(counts, what) + getattr(each, f"is_{what}"))
            counts.found += found.get(each.id, (0, 0))[0]
            counts.registered += found.get(each.id, (0, 0))[1]
    return total, [line for line in lines.values() if line.villages]


def _targets(row: Campaign, path: str) -> tuple[ColumnElement[bool], ...]:
    """Those of a campaign below a unit that were not called off before anything was said."""
    said = or_(Target.state != "withdrawn", Target.reported_at.is_not(None))
    return Target.campaign_id == row.id, organisation.within(Target.unit_path, path), said


def _is(row: Campaign, what: str) -> ColumnElement[bool]:
    """The condition of a list of villages. Raises KeyError."""
    late = Target.state.in_(("open", "reported")) if row.until_on < clock.today() else false()
    return {
        "villages": Target.id.is_not(None),
        "done": Target.state == "done",
        "open": Target.state != "done",
        "late": late,
        "nothing": Target.nothing_new.is_(True),
        "without": Target.households_due.is_(None),
    }[what]


def _found(session: Session, row: Campaign, path: str) -> dict[int, tuple[int, int]]:
    confirmed = func.coalesce(func.sum(case((Elder.status.in_(_CONFIRMED), 1), else_=0)), 0)
    asked = select(Finding.target_id, func.count(), confirmed).join(Target, Target.id == Finding.target_id)
    asked = asked.outerjoin(Elder, Elder.id == Finding.elder_id).where(*_targets(row, path))
    return {target: (number, int(done)) for target, number, done in session.execute(asked.group_by(Finding.target_id))}


def target_rows(row: Campaign, path: str, what: str, after: int, limit: int) -> Select[Target]:
    """The villages behind a figure by id, from the one after `after` on. Raises KeyError."""
    asked = select(Target).where(*_targets(row, path), _is(row, what), Target.id > after)
    return asked.order_by(Target.id).limit(limit)


def found_rows(row: Campaign, path: str, registered: bool, after: int, limit: int) -> Select[*tuple[Any, ...]]:
    """Whom the villages found, with the elder where a file was made; `registered`: only those on the register."""
    asked = select(Finding, Elder).join(Target, Target.id == Finding.target_id)
    asked = asked.outerjoin(Elder, Elder.id == Finding.elder_id).where(*_targets(row, path), Finding.id > after)
    if registered:
        asked = asked.where(Elder.status.in_(_CONFIRMED))
    return asked.order_by(Finding.id).limit(limit)
