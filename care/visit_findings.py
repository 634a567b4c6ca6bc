"""What follows from a visit record (F-VISIT): the flags by which the diagram of a visit branches.

Pure and silent: answers in, codes out, no names and no free text, so that the result may stand in process data.
Whatever a worker marked leads somewhere; nothing here decides, it only reads.
Source: issued plan 四(二), draft annex 4; processes P08, P14, P16, P19.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Answers = Mapping[str, Any]

_ATTENTION_KINDS = {
    "living": "unknown",
    "health": "illness",
    "feelings": "self_harm",
    "policies": "unknown",
    "wishes": "unknown",
}
_HARDSHIP_KINDS = {
    "sudden": "unknown",
    "daily_life": "unknown",
    "medical": "illness",
    "family_conflict": "dispute",
    "danger": "hazard",
}
_HAZARD_KINDS = {
    "electricity": "fire",
    "gas": "gas",
    "heating": "fire",
    "fire_equipment": "fire",
    "smoke_alarm": "fire",
    "structure": "hazard",
}
_DUTY_KINDS = {"abuse": "abuse", "desertion": "desertion"}
_SERVICE_CATEGORIES = {
    "care_station": "life_care",
    "medical": "health",
    "meals_bathing": "meals",
    "housekeeping": "cleaning",
    "property": "property",
}
_HARDSHIP_CATEGORIES = {
    "sudden": "hardship",
    "daily_life": "life_care",
    "medical": "medication",
    "family_conflict": "mediation",
    "danger": "home_safety",
}
_LIFE_DANGER = frozenset(("illness", "fire", "gas", "hazard", "self_harm", "abuse"))
_LEVELS = ("general", "major", "immediate")


def findings(answers: Answers) -> dict[str, Any]:
    """The flags of a clean visit record; lists are empty and flags False where nothing was found.

    urgent, urgent_kinds, danger: P16 at once (kinds: illness, fire, gas, hazard, self_harm, abuse, desertion, dispute,
    unknown) · demands, urgent_demands: categories for P11 · subsidies: P12 · errands: P13 ·
    hazards: [{item, level}] with level general, major, immediate: P14 · suspected_disability: P03 ·
    consent_withdrawn: P04, with withdrawn_purposes · medication: P11 to the family doctor ·
    duty_breach, duty_kinds: P19; abuse: its urgent branch · facts_changed: P33 · major_change: P10 ·
    device_trouble: P28, with devices · policy_gaps: policies the elder wants and lacks: P12 ·
    not_checked: parts of the norm that this mode leaves out.
    """
    kinds = sorted(set(_urgent_kinds(answers)))
    duties = list(_found(answers, "family_duty"))
    closing = {"facts_changed": answers.get("facts_changed", []), "major_change": answers.get("major_change", [])}
    return {
        "urgent": bool(kinds),
        "urgent_kinds": kinds,
        "danger": bool(_LIFE_DANGER & set(kinds)),
        "demands": sorted(set(_demands(answers))),
        "urgent_demands": _chosen(answers, "wishes", "soon"),
        "subsidies": _referred(answers, "subsidies"),
        "errands": _referred(answers, "errands"),
        "hazards": [{"item": item, "level": level} for item, level in _found(answers, "home_safety")],
        "suspected_disability": _at(answers, "living", "suspect_disability") is True,
        "consent_withdrawn": answers.get("consent") == "withdrawn",
        "withdrawn_purposes": list(answers.get("withdrawn", [])),
        "medication": _medication(answers),
        "duty_breach": bool(duties) or _is_troubled(answers),
        "duty_kinds": [item for item, _ in duties],
        "abuse": _is_abused(answers),
        "devices": _devices(answers),
        "device_trouble": bool(_devices(answers)),
        "policy_gaps": _policy_gaps(answers),
        "not_checked": [part for part in ("home_safety", "policies") if answers.get("mode") != "home"],
        **{name: list(value) for name, value in closing.items()},
    }


FLAGS = (
    "urgent", "demands", "subsidies", "errands", "hazards", "medication", "duty_breach", "suspected_disability",
    "facts_changed", "major_change", "consent_withdrawn", "device_trouble",
)  # fmt: skip


def kinds_of(found: Mapping[str, Any]) -> list[str]:
    """The flags that are set; a policy the elder wants and lacks counts as a subsidy to apply for."""
    kinds = [flag for flag in FLAGS if found.get(flag)]
    return [*kinds, "subsidies"] if found["policy_gaps"] and "subsidies" not in kinds else kinds


def _at(answers: Answers, part: str, name: str) -> Any:
    return answers.get(part, {}).get(name)


def _found(answers: Answers, part: str) -> Iterator[tuple[str, str]]:
    """The lines of a check that are not normal: (item, level)."""
    for item, line in answers.get(part, {}).items():
        if isinstance(line, Mapping) and line.get("level") in _LEVELS:
            yield item, line["level"]


def _chosen(answers: Answers, part: str, *values: str) -> list[str]:
    return [name for name, value in answers.get(part, {}).items() if value in values]


def _referred(answers: Answers, part: str) -> list[str]:
    """Items that somebody else is to do; what the visitor did on the spot is only recorded."""
    return [name for name, line in answers.get(part, {}).items() if line.get("result") == "refer"]


def _urgent_kinds(answers: Answers) -> Iterator[str]:
    for part, kind in _ATTENTION_KINDS.items():
        if _at(answers, part, "attention") == "urgent":
            yield kind
    if _at(answers, "feelings", "self_harm") is True:
        yield "self_harm"
    for item, line in answers.get("hardship", {}).items():
        if line.get("result") == "urgent":
            yield _HARDSHIP_KINDS.get(item, "unknown")
    for item, level in _found(answers, "home_safety"):
        if level == "immediate":
            yield _HAZARD_KINDS.get(item, "hazard")
    if any(level == "immediate" for _, level in _found(answers, "medication_safety")):
        yield "illness"
    yield from _urgent_duties(answers)
    if _at(answers, "monitoring", "conclusion") == "urgent":
        yield "unknown"


def _urgent_duties(answers: Answers) -> Iterator[str]:
    """Any sign of abuse or desertion above the least, and any duty that cannot wait. Source: draft annex 4 三(3)."""
    for item, level in _found(answers, "family_duty"):
        if level == "immediate" or (item in _DUTY_KINDS and level == "major"):
            yield _DUTY_KINDS.get(item, "unknown" if item == "uncared" else "dispute")


def _demands(answers: Answers) -> Iterator[str]:
    yield from _chosen(answers, "wishes", "wish", "soon")
    yield from (_SERVICE_CATEGORIES[item] for item in _referred(answers, "services"))
    yield from (_HARDSHIP_CATEGORIES[item] for item in _referred(answers, "hardship"))
    if _at(answers, "health", "rehabilitation") is True:
        yield "rehabilitation"
    if _at(answers, "feelings", "comfort") is True:
        yield "psychological"


def _medication(answers: Answers) -> bool:
    part = answers.get("medication_safety", {})
    asked = part.get("run_out") is True or part.get("doctor_wanted") is True
    return asked or any(_found(answers, "medication_safety")) or _at(answers, "health", "medicines") == "not_as_told"


def _is_troubled(answers: Answers) -> bool:
    return _at(answers, "family_duty", "troubled") in ("yes", "unclear")


def _is_abused(answers: Answers) -> bool:
    """From the first sign on, not from its proof on (R-USR-05)."""
    signs = {item for item, _ in _found(answers, "family_duty")}
    return bool(signs & set(_DUTY_KINDS)) or _at(answers, "family_duty", "troubled") == "yes"


def _devices(answers: Answers) -> list[str]:
    found = [item for item, _ in _found(answers, "home_safety") if item in ("smoke_alarm", "call_device")]
    silent = _at(answers, "home_safety", "call_tested") == "silent"
    return found if not silent or "call_device" in found else [*found, "call_device"]


def _policy_gaps(answers: Answers) -> list[str]:
    gaps = []
    for name, state in answers.get("policies", {}).items():
        if isinstance(state, list) and "wants" in state and "has" not in state:
            gaps.append(name)
    return gaps
