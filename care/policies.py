"""The policy sets, and the decisions that follow from them.

A policy set is a folder of `processes/policy/`: its tables and `policy.json`. The rules live in the tables; here only
inputs are prepared (ages, lists) and results put into the form of the interfaces. Nothing is stored.

Sources: issued plan 四(一), 四(五); draft 四(1), 四(5), 附2; rulings of docs/reference/policy.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from care.errors import CareError
from engine import clock
from engine.decisions import Decisions, Fired, UnknownDecision, load
from engine.expressions import parse_date

FOLDER = Path(__file__).resolve().parents[1] / "processes" / "policy"
DEFAULT_POLICY = "issued-2026-37"

_RAREST_TO_DENSEST = ("quarter", "month", "two_weeks", "week")


class UnknownPolicy(CareError):
    """没有这个政策；可用的见 processes/policy（There is no such policy set）"""

    def __init__(self, policy: str) -> None:
        super().__init__(f"{self.__doc__}：{policy}")


class FactsRefused(CareError):
    """给出的情况无法使用（The facts cannot be used）"""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}（{en}）")


@dataclass(frozen=True)
class PolicySet:
    """One policy: `effective_to` is its last day; both days are None for a set that was never in force."""

    id: str
    name: Mapping[str, str]
    version: int
    status: str
    effective_from: date | None
    effective_to: date | None
    parent: str | None
    rarest_period: str | None
    rarest_paragraph: str | None
    festivals: tuple[str, ...]
    festival_opens_days_before: int

    @property
    def folder(self) -> Path:
        return FOLDER / self.id


@cache
def policy_sets() -> Mapping[str, PolicySet]:
    """All policy sets by id."""
    return {each.id: each for each in map(_read, sorted(FOLDER.glob("*/policy.json")))}


def policy_set(policy: str) -> PolicySet:
    """A policy set; raises UnknownPolicy."""
    try:
        return policy_sets()[policy]
    except KeyError:
        raise UnknownPolicy(policy) from None


def _read(path: Path) -> PolicySet:
    content = orjson.loads(path.read_bytes())
    days = {key: parse_date(content[key] or "") for key in ("effective_from", "effective_to")}
    return PolicySet(**{**content, **days, "festivals": tuple(content["festivals"])})


@cache
def _tables(policy: str) -> Mapping[str, Decisions]:
    """The file that makes each decision of a policy set."""
    files = [load(path.read_bytes()) for path in sorted(policy_set(policy).folder.glob("*.dmn"))]
    return {name: each for each in files for name in each.ids}


def decide(
    decision: str, inputs: Mapping[str, Any], policy: str = DEFAULT_POLICY, fired: list[Fired] | None = None
) -> Any:
    """Make one decision of a policy set; raises UnknownPolicy, UnknownDecision, DecisionFault."""
    found = _tables(policy).get(decision)
    if found is None:
        raise UnknownDecision(decision)
    return found.evaluate(decision, inputs, fired)


@cache
def targets(policy: str = DEFAULT_POLICY) -> Mapping[str, float]:
    """Targets of the indicators as shares, by code; what is not listed informs only. Source: 6.4."""
    content: dict[str, float] = orjson.loads((policy_set(policy).folder / "targets.json").read_bytes())
    return content


@cache
def weights(policy: str = DEFAULT_POLICY) -> Mapping[str, int]:
    """Weights of the annual score, by indicator and `sample`; satisfaction weighs most. Source: processes P26."""
    content: dict[str, int] = orjson.loads((policy_set(policy).folder / "weights.json").read_bytes())
    return content


@cache
def ladder(policy: str = DEFAULT_POLICY) -> tuple[str, ...]:
    """The levels of lateness from the visitor up; other roles go on as care/roles.py says. Source: processes 4.0."""
    content = orjson.loads((policy_set(policy).folder / "ladder.json").read_bytes())
    return tuple(content["levels"])


def decisions_of(policy: str) -> frozenset[str]:
    """What a policy set decides; raises UnknownPolicy."""
    return frozenset(_tables(policy))


# --- tiers ---


def completed_years(birth_date: date, on: date) -> int:
    """Age in completed years, reached on the birthday; born 29 February: on 1 March in common years.

    Source: policy 3.4 no. 1.
    """
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def decide_tier(facts: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> dict[str, Any]:
    """Tier of an elder: {tier, categories, rules, flags, policy}, as `visitflow decide tier` prints it.

    `facts` as contracts/commands.md names them; what is left out is unknown, which is not «no». `birth_date` and
    `as_of` may be dates or ISO texts; without `as_of` it is today. Raises FactsRefused, DecisionFault.
    Source: policy 3.2-3.4.
    """
    return explain_tier(facts, policy)[0]


def explain_tier(facts: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """(what decide_tier answers, the grounds: {"rule", "note"} of each rule that fired, its paragraph as the note)."""
    fired: list[Fired] = []
    categories = decide("elder_categories", facts, policy, fired)
    inputs = {
        **facts,
        "age": _age(facts),
        "categories": categories,
        "unknown_solo": decide("unknown_solo", facts, policy),
    }
    result = {
        "tier": decide("tier_pick", inputs, policy),
        "categories": categories,
        "rules": [each["rule"] for each in decide("tier_rules", inputs, policy, fired)],
        "flags": decide("tier_flags", inputs, policy),
        "policy": {"id": policy, "version": policy_set(policy).version},
    }
    kept = {*categories, *result["rules"]}
    return result, [{"rule": each.rule, "note": each.note} for each in fired if each.rule in kept]


def _age(facts: Mapping[str, Any]) -> int:
    born, on = _day(facts.get("birth_date"), "birth_date"), _day(facts.get("as_of"), "as_of") or clock.today()
    if born is None:
        raise FactsRefused("缺少出生日期 birth_date", "birth_date is missing")
    if born > on:
        raise FactsRefused("出生日期晚于 as_of", "birth_date lies after as_of")
    return completed_years(born, on)


def _day(value: Any, name: str) -> date | None:
    if isinstance(value, datetime):
        return clock.local(value).date()
    if value is None or isinstance(value, date):
        return value
    day = parse_date(value) if isinstance(value, str) else None
    if day is None:
        raise FactsRefused(f"{name} 应为日期，例如 1945-03-01", f"{name} should be a date such as 1945-03-01")
    return day


# --- visits ---


def decide_visit_frequency(
    tier: str, context: str = "normal", policy: str = DEFAULT_POLICY, *, special_period: bool = False
) -> dict[str, Any]:
    """How often an elder is visited: {period, min_visits, extra_visits, first_visit_within_hours, counted_modes,
    extra_modes}. `special_period` adds that period's extra contact to the row of a major change (they may meet).

    Raises DecisionFault for a tier or context that the table does not know. Source: policy 3.5.
    """
    row: dict[str, Any] = decide("visit_frequency", {"tier": tier, "context": context}, policy)
    if special_period and context != "special_period":
        extra = decide("visit_frequency", {"tier": tier, "context": "special_period"}, policy)
        row = {**row, "extra_visits": extra["extra_visits"], "extra_modes": extra["extra_modes"]}
    return row


def is_rarer(period: str, floor: str) -> bool:
    """Whether visits once per `period` are rarer than once per `floor`."""
    return _RAREST_TO_DENSEST.index(period) < _RAREST_TO_DENSEST.index(floor)


# --- devices ---


def decide_device_subsidy(elder: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> dict[str, Any]:
    """Whether a device is subsidised, and in which class: {subsidised, class, share_percent}.

    `elder`: tier, categories, minimum_allowance. The seeds name no amounts: `share_percent` is an example or null.
    Source: issued plan 五(三); draft 五(3); rulings 9.17.
    """
    return dict(decide("device_subsidy", elder, policy))


# --- contacts and emergencies ---


def decide_contact_person(family: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> dict[str, Any]:
    """Who is told first: {first_contact_type, person, flags}. `children` and `near_relatives` come in the order of
    preference; a list that is left out counts as empty. Source: policy 3.6.
    """
    inputs = {name: _people(family.get(name), name) for name in ("children", "near_relatives")}
    return {**decide("contact_person", inputs, policy), "flags": decide("contact_flags", inputs, policy)}


def _people(people: Any, name: str) -> list[Any]:
    listed = [] if people is None else people
    if not isinstance(listed, list | tuple) or not all(isinstance(each, Mapping) for each in listed):
        raise FactsRefused(f"{name} 应为名单", f"{name} should be a list of people")
    return list(listed)


def decide_alarm_severity(alarm: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> dict[str, Any]:
    """What an alarm counts as until somebody has looked: {level, cascade, tell_first, after_no_answer}.

    `alarm`: kind, level (of a vital sign), tier, dementia, electricity_dependent. `level`: urgent, unknown, none (no
    emergency); `cascade`: together, one_by_one, meter (P20), device (P28), none. An unknown kind is urgent.
    Source: processes 4.10.
    """
    return dict(decide("alarm_severity", alarm, policy))


def decide_emergency_type(report: Mapping[str, Any], policy: str = DEFAULT_POLICY) -> dict[str, Any]:
    """Which rescues start: {branches, handed_on}; no branch means that the desk asks.

    `report`: kinds or kind, state (hurt), nobody_reached, danger, hazard_level. `branches`: medical, missing, fire_gas,
    dispute; `handed_on`: processes for what is no emergency. Source: processes 4.11.
    """
    return {
        "branches": decide("emergency_type", report, policy),
        "handed_on": decide("emergency_handed_on", report, policy),
    }
