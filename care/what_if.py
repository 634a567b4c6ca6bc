"""What would change if a unit followed another policy set: counted over its elders, written nowhere.

Each elder's facts go through the tables of the other set as they would on the day of the switch; the tier, the visits
in an average month and the first contact are compared with what holds now. Source: policy 2.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from care import contacts, district_policies, organisation, policies, policy_checks
from care.elders import TIERS, Elder

ON_REGISTER = ("in_register", "absent", "suspended")
_AT_ONCE = 500
Move = tuple[str, str]


@dataclass
class WhatIf:
    """The counts. `moves`: elders by (tier now, tier then); `visits_now`, `visits_then`: visits in an average month.

    `rarer`, `denser`: elders by their tier now whose visits become fewer, or more; `contacts`: elders whose first
    contact would be another one.
    """

    elders: int = 0
    moves: Counter[Move] = field(default_factory=Counter)
    visits_now: float = 0.0
    visits_then: float = 0.0
    rarer: Counter[str] = field(default_factory=Counter)
    denser: Counter[str] = field(default_factory=Counter)
    contacts: int = 0

    @property
    def raised(self) -> int:
        return sum(number for (now, then), number in self.moves.items() if TIERS.index(then) < TIERS.index(now))

    @property
    def lowered(self) -> int:
        return sum(number for (now, then), number in self.moves.items() if TIERS.index(then) > TIERS.index(now))

    def as_counts(self) -> dict[str, Any]:
        """As they are kept with a choice: numbers only."""
        return {
            "elders": self.elders,
            "moves": [[now, then, number] for (now, then), number in sorted(self.moves.items())],
            "raised": self.raised,
            "lowered": self.lowered,
            "visits_now": round(self.visits_now, 1),
            "visits_then": round(self.visits_then, 1),
            "rarer": dict(self.rarer),
            "denser": dict(self.denser),
            "contacts": self.contacts,
        }


class Tiering:
    """Tiers by one policy set on one day; equal ages and facts are decided once."""

    def __init__(self, policy: str, day: date) -> None:
        self.policy, self.day = policy, day
        self._known: dict[Any, str] = {}

    def tier(self, born_on: date, facts: Mapping[str, Any]) -> str:
        key = (policies.completed_years(born_on, self.day), frozenset(facts.items()))
        if key not in self._known:
            asked = {**facts, "birth_date": born_on, "as_of": self.day}
            self._known[key] = str(policies.decide_tier(asked, self.policy)["tier"])
        return self._known[key]


def count(session: Session, unit_path: str, policy: str, day: date) -> WhatIf:
    """Compare what holds now at and below a unit with `policy` from `day` on. Raises UnknownPolicy."""
    found, then, chosen = WhatIf(), Tiering(policy, day), district_policies.choices(session)
    for batch in _batches(session, unit_path):
        families = contacts.decision_inputs(session, [row.id for row in batch])
        for row in batch:
            now = chosen.at(row.unit_path, day)
            _compare(found, row.tier, then.tier(row.born_on, row.facts or {}), now, policy)
            found.contacts += _first_contact(families[row.id], now) != _first_contact(families[row.id], policy)
    return found


def _batches(session: Session, unit_path: str) -> Iterator[list[Row[Any]]]:
    after = 0
    columns = (Elder.id, Elder.unit_path, Elder.tier, Elder.born_on, Elder.facts)
    asked = select(*columns).where(organisation.within(Elder.unit_path, unit_path), Elder.status.in_(ON_REGISTER))
    while True:
        rows = list(session.execute(asked.where(Elder.id > after).order_by(Elder.id).limit(_AT_ONCE)))
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _compare(found: WhatIf, tier_now: str, tier_then: str, policy_now: str, policy_then: str) -> None:
    found.elders += 1
    if tier_now != tier_then:
        found.moves[tier_now, tier_then] += 1
    visits_now, visits_then = rhythm(policy_now, tier_now)[1], rhythm(policy_then, tier_then)[1]
    found.visits_now += visits_now
    found.visits_then += visits_then
    if visits_then < visits_now:
        found.rarer[tier_now] += 1
    elif visits_then > visits_now:
        found.denser[tier_now] += 1


def rhythm(policy: str, tier: str) -> tuple[str, float]:
    """(period, visits in an average month) of a tier in normal times; ("", 0) without one."""
    row = policies.decide_visit_frequency(tier, "normal", policy)
    return str(row.get("period") or ""), policy_checks.visits_a_month(row)


def _first_contact(family: Mapping[str, Any], policy: str) -> tuple[Any, Any]:
    found = policies.decide_contact_person(family, policy)
    return found["first_contact_type"], found["person"]
