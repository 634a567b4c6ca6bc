"""What people write into the forms in the life of one elder, beside tests/processes/answers.py."""

from __future__ import annotations

from typing import Any

from tests.processes import answers as say

SAFE = {"level": "normal"}
HOME = [
    "structure", "floor", "bathroom", "handrails", "lighting", "water", "electricity", "gas", "heating",
    "fire_equipment", "smoke_alarm", "call_device",
]  # fmt: skip
DRUGS = ["storage", "dose", "expired", "misuse", "duplicate"]
DUTIES = ["children", "relatives", "guardian", "abuse", "desertion", "uncared"]


def couple(**changes: str) -> dict[str, Any]:
    """assess: an old couple alone; the daughter lives in another part of the city, the son works far away."""
    facts = {
        "living_alone": "no", "has_partner": "yes", "lives_with_partner_only": "yes", "partner_age": "75",
        "partner_same_area": "yes", "has_children": "yes", "children_same_area": "no", "rural": "no",
        "ability_level": "none", "disability_cert_grade": "none",
    }  # fmt: skip
    return say.assessed(**facts | changes)


def family() -> dict[str, Any]:
    """supporters: the daughter is the nearest, then the son; the wife shares the home."""
    daughter = say.supporter("赵女儿", distance="city", phone="13700000001", care="yes")
    son = say.supporter("赵儿子", distance="far", phone="13600000002", money="no", care="no")
    return {"none": False, "supporters": [daughter, son]}


def at_home(**changes: Any) -> dict[str, Any]:
    """visit: the whole record at the door, nothing found."""
    said = {
        "ended_at": None,
        "met": ["elder", "family"],
        "alone": False,
        "living": {"self_care": "full", "attention": "normal", "meals": 3, "money": "enough"},
        "health": {"general": "good", "medicines": "as_told", "attention": "normal"},
        "feelings": {"mood": "calm", "loneliness": 1, "change": "same", "self_harm": False, "attention": "normal"},
        "home_safety": dict.fromkeys(HOME, SAFE),
        "medication_safety": {"run_out": False, "doctor_wanted": False, **dict.fromkeys(DRUGS, SAFE)},
        "family_duty": dict.fromkeys(DUTIES, SAFE),
        "safety_talk": ["fire", "gas"],
        "consent": "kept",
        "confirm": "waived",
        "waived_reason": "老人手抖，口头确认",
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def by_phone(**changes: Any) -> dict[str, Any]:
    """visit: the short form."""
    said = {
        "met": ["elder"],
        "alone": False,
        "living": {"self_care": "full", "attention": "normal"},
        "health": {"general": "good", "medicines": "as_told", "attention": "normal"},
        "feelings": {"mood": "calm", "loneliness": 1, "change": "same", "self_harm": False, "attention": "normal"},
        "medication_safety": {"run_out": False, "doctor_wanted": False},
        "family_duty": {"troubled": "no"},
        "consent": "kept",
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def son_alone() -> dict[str, Any]:
    """supporters: after the daughter's death."""
    return {"none": False, "supporters": [say.supporter("赵儿子", distance="far", phone="13600000002", care="yes")]}


def near(**changes: str) -> dict[str, Any]:
    """facts of review_facts: a couple, severely ill, whose son lives near."""
    said = {
        "living_alone": "no", "has_partner": "yes", "lives_with_partner_only": "yes", "partner_same_area": "yes",
        "has_children": "yes", "children_same_area": "yes", "rural": "no", "severe_illness": "yes",
        "ability_level": "none", "disability_cert_grade": "none",
    }  # fmt: skip
    return said | changes
