"""What is looked at before a policy set may be followed: its tables, its cases, and the floor of the issued plan.

`lint` finds what is missing or contradicts itself; `wrong_cases` runs the set's own acceptance cases (`cases.json`);
`below_floor` names each value that is rarer than the issued plan allows, with the paragraph of both.
Source: policy 2.2; processes P44; rulings 9.25.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from care import deadlines, policies
from care.policies import DEFAULT_POLICY, policy_set
from engine.decisions import DecisionFault, Fired, UnknownDecision, coverage, load

TIERS = ("high", "key", "general")
CONTEXTS = ("normal", "special_period", "major_change")
CONTEXT_TITLES = {
    "normal": ("平时", "Normal"),
    "special_period": ("特殊时段", "Special period"),
    "major_change": ("重大变故", "Major change"),
}
REQUIRED = (
    "elder_categories",
    "tier_rules",
    "tier_pick",
    "tier_flags",
    "visit_frequency",
    "contact_person",
    "alarm_severity",
    "emergency_type",
    "need_routing",
    "device_subsidy",
    "meter_rules",
)
_IN_A_MONTH = {"week": 52 / 12, "two_weeks": 26 / 12, "month": 1.0, "quarter": 1 / 3}


@dataclass(frozen=True, slots=True)
class Broken:
    """A value below the floor: `period` where the floor is `floor`; the rule and the paragraphs that say so."""

    tier: str
    context: str
    period: str
    floor: str
    rule: str
    paragraph: str
    floor_paragraph: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a policy set, in both languages."""

    zh: str
    en: str


def frequency_row(policy: str, tier: str, context: str = "normal") -> tuple[dict[str, Any], Fired | None]:
    """The row of `visit_frequency` and the rule that gave it. Raises DecisionFault, UnknownDecision."""
    fired: list[Fired] = []
    row = policies.decide("visit_frequency", {"tier": tier, "context": context}, policy, fired)
    return row, fired[-1] if fired else None


def below_floor(policy: str, floor_of: str = DEFAULT_POLICY) -> list[Broken]:
    """Values of a policy set that are rarer than the binding floor of another; none for the set itself."""
    floor = policy_set(floor_of).rarest_period
    found: list[Broken] = []
    for tier, context in ((tier, context) for tier in TIERS for context in CONTEXTS if floor):
        row, fired = frequency_row(policy, tier, context)
        if row["period"] and policies.is_rarer(str(row["period"]), str(floor)):
            found.append(
                Broken(
                    tier=tier,
                    context=context,
                    period=str(row["period"]),
                    floor=str(floor),
                    rule=fired.rule if fired else "",
                    paragraph=fired.note if fired else "",
                    floor_paragraph=policy_set(floor_of).rarest_paragraph or "",
                )
            )
    return found


def as_rows(broken: list[Broken]) -> list[dict[str, Any]]:
    """As they are kept with a choice."""
    return [asdict(each) for each in broken]


def visits_a_month(row: Mapping[str, Any]) -> float:
    """Visits that a row of `visit_frequency` asks for in an average month; 0 when it asks for none."""
    return _IN_A_MONTH.get(str(row.get("period")), 0.0) * int(row.get("min_visits") or 0)


def rarer_tiers(policy: str, than: str = DEFAULT_POLICY) -> dict[str, tuple[float, float]]:
    """Tiers whose elders would be visited less often than by the other set: (visits a month there, here)."""
    pairs = {
        tier: (visits_a_month(frequency_row(than, tier)[0]), visits_a_month(frequency_row(policy, tier)[0]))
        for tier in TIERS
    }
    return {tier: pair for tier, pair in pairs.items() if pair[1] < pair[0]}


def lint(policy: str) -> list[Problem]:
    """Decisions that are missing, tiers without a row, rules that overlap, values without a rule."""
    return [*_missing(policy), *_uncovered(policy), *_contradictions(policy), *_incomplete(policy)]


NEEDS_NOT = frozenset(("policy_5y",))
"""Deadlines that only the issued plan has: the draft was never in force."""


def _incomplete(policy: str) -> Iterator[Problem]:
    """Deadlines, targets, weights and ladder are as complete as the issued plan's."""
    for name in deadlines.rules().keys() - deadlines.rules(policy).keys() - NEEDS_NOT:
        yield Problem(f"缺少时限 {name}", f"the deadline {name} is missing")
    for name in policies.targets().keys() - policies.targets(policy).keys():
        yield Problem(f"缺少目标 {name}", f"the target of {name} is missing")
    if not policies.ladder(policy) or not policies.weights(policy):
        yield Problem("缺少超期阶梯或计分权重", "the ladder of lateness or the weights are missing")


def _missing(policy: str) -> Iterator[Problem]:
    known = policies.decisions_of(policy)
    for each in REQUIRED:
        if each not in known:
            yield Problem(f"缺少决策表 {each}", f"the decision {each} is missing")


def _uncovered(policy: str) -> Iterator[Problem]:
    for tier in TIERS:
        for context in CONTEXTS:
            try:
                row, _ = frequency_row(policy, tier, context)
                covered = bool(row["period"]) and int(row["min_visits"]) > 0 and bool(row["counted_modes"])
            except (DecisionFault, UnknownDecision, KeyError, TypeError):
                covered = False
            if not covered:
                yield Problem(
                    f"visit_frequency 没有给出 {tier}（{context}）的次数或方式",
                    f"visit_frequency names no visits or modes for {tier} ({context})",
                )


def _contradictions(policy: str) -> Iterator[Problem]:
    for path in sorted(policy_set(policy).folder.glob("*.dmn")):
        for table in coverage.tables(load(path.read_bytes())):
            letter = table.policy[0]
            for overlap in coverage.overlaps(table) if letter == "U" else ():
                rules = f"{overlap.first.id} / {overlap.second.id}"
                yield Problem(f"{path.name} 的规则重叠：{rules}", f"rules of {path.name} overlap: {rules}")
            needs_a_rule = letter == "U" and all(each.default is None for each in table.outputs)
            named = (each for each in coverage.gaps(table) if coverage.OTHER not in each)
            for gap in named if needs_a_rule else ():
                values = coverage.shown(table, gap)
                yield Problem(f"{path.name} 没有适用的规则：{values}", f"{path.name} has no rule for {values}")


def cases(policy: str) -> list[dict[str, Any]]:
    """The acceptance cases of a policy set: {"decision", "inputs", "expected", "source"} each; [] when it has none."""
    path = policy_set(policy).folder / "cases.json"
    found: list[dict[str, Any]] = orjson.loads(path.read_bytes()) if path.exists() else []
    return found


def wrong_cases(policy: str) -> list[Problem]:
    """Acceptance cases that the tables do not answer as expected. A set without cases fails."""
    given = cases(policy)
    found = [] if given else [Problem("没有验收样例 cases.json", "there are no acceptance cases (cases.json)")]
    for each in given:
        try:
            answer = _ANSWERS[each["decision"]](each["inputs"], policy)
        except (DecisionFault, UnknownDecision, policies.FactsRefused) as fault:
            answer = {"error": str(fault)}
        wrong = {name: answer.get(name) for name, value in each["expected"].items() if answer.get(name) != value}
        if wrong:
            source = each["source"]
            found.append(
                Problem(
                    f"样例不符（{source}）：应为 {each['expected']}，得到 {wrong}",
                    f"a case fails ({source}): expected {each['expected']}, got {wrong}",
                )
            )
    return found


_ANSWERS: Mapping[str, Any] = {
    "tier": lambda inputs, policy: policies.decide_tier(inputs, policy),
    "visit_frequency": lambda inputs, policy: policies.decide_visit_frequency(
        inputs["tier"], inputs.get("context") or "normal", policy
    ),
    "contact_person": lambda inputs, policy: policies.decide_contact_person(inputs, policy),
    "device_subsidy": lambda inputs, policy: policies.decide_device_subsidy(inputs, policy),
}
