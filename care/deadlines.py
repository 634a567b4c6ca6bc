"""The catalogue of deadlines: how long what may take, as named rules.

Each policy set has its own (`deadlines.json`). Diagrams say their deadlines themselves; the catalogue is what steps,
pages, planners and `visitflow decide deadline` ask.
Source: processes 4.9; calendar 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import orjson

from care.errors import CareError
from care.policies import DEFAULT_POLICY, policy_set
from care.policy_calendar import working_days_after
from engine import clock
from engine.expressions import Duration


class UnknownDeadline(CareError):
    """没有这条时限规则（There is no such deadline rule）"""

    def __init__(self, rule: str) -> None:
        super().__init__(f"{self.__doc__}：{rule}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A deadline: `amount` of `clock` (minutes, hours, days, months, years: running on; working_days)."""

    amount: int
    clock: str
    zh: str
    basis: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due (aware, the city's time); `provisional` when a year's calendar is not confirmed."""

    due: datetime
    provisional: bool


@cache
def rules(policy: str = DEFAULT_POLICY) -> Mapping[str, Rule]:
    """The catalogue of a policy set (`deadlines.json`) by name; raises UnknownPolicy."""
    content = orjson.loads((policy_set(policy).folder / "deadlines.json").read_bytes())
    return {name: Rule(**values) for name, values in content.items()}


def deadline(rule: str, start: datetime, policy: str = DEFAULT_POLICY) -> Deadline:
    """When `rule` of a policy set is due that began at `start` (aware); raises UnknownDeadline, UnknownPolicy.

    Hours, days and months run through nights and holidays; of working days the day of the start does not count.
    """
    known = rules(policy or DEFAULT_POLICY).get(rule)
    if known is None:
        raise UnknownDeadline(rule)
    if known.clock == "working_days":
        return Deadline(*working_days_after(start, known.amount))
    if known.clock in ("months", "years"):
        months = known.amount * (12 if known.clock == "years" else 1)
        return Deadline(Duration(months).after(clock.local(start)), False)
    return Deadline(clock.local(start + timedelta(**{known.clock: known.amount})), False)
