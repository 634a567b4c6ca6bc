"""Kinds of elders in the demonstration district: the facts that the tier decision asks, health and living.

Each profile is a story that the policy knows; together they reach every category, tier and flag. The tier is not
written here: the policy's own tables decide it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

Facts = dict[str, Any]

_ABLE: Facts = {
    "ability_level": 0,
    "ability_assessed_by_professional": True,
    "suspected_disability": False,
    "disability_cert_generation": None,
    "disability_cert_grade": None,
    "disability_cert_valid": None,
    "fp_special_family": False,
    "dementia": False,
    "severe_illness": False,
    "dispersed_destitute": False,
    "other_special_recognised": False,
}
_WITH_CHILD: Facts = {
    "living_alone": False,
    "lives_with_partner_only": False,
    "has_partner": False,
    "partner_age": None,
    "partner_same_area": False,
    "has_children": True,
    "children_same_area": True,
    "children_away_months": 0,
    "children_away_for_work": False,
    "supporter_present": True,
    "supporter_capable": True,
}
_FAR = {"children_same_area": False, "supporter_present": False, "supporter_capable": True}
_ALONE: Facts = {**_WITH_CHILD, **_FAR, "living_alone": True}
_COUPLE: Facts = {
    **_WITH_CHILD,
    **_FAR,
    "lives_with_partner_only": True,
    "has_partner": True,
    "partner_same_area": True,
}
_LEFT: Facts = {**_ALONE, "children_away_months": 14, "children_away_for_work": True, "supporter_capable": False}
_UNKNOWN: Facts = dict.fromkeys(_WITH_CHILD)
_CERTIFICATE = {"disability_cert_generation": 2, "disability_cert_grade": 1, "disability_cert_valid": True}


@dataclass(frozen=True)
class Profile:
    """A story: share of the population, ages, facts, illnesses, how many children, whether a couple, where."""

    name: str
    weight: int
    ages: tuple[int, int]
    facts: Facts
    children: tuple[int, int] = (1, 3)
    couple: bool = False
    rural: bool | None = None
    illnesses: tuple[str, ...] = ()
    mobility: str = "行动自如"
    with_whom: str = "与子女同住"
    extra: Callable[[Random], Facts] = field(default=lambda chance: {})


def _level(chance: Random) -> Facts:
    return {"ability_level": chance.choice((2, 2, 3, 4))}


PROFILES = [
    Profile("独居高龄", 17, (80, 93), _ALONE, illnesses=("高血压", "骨关节炎"), mobility="需拐杖", with_whom="独居"),
    Profile("独居", 13, (70, 79), _ALONE, illnesses=("高血压",), with_whom="独居"),
    Profile("独居低龄", 9, (62, 69), _ALONE, with_whom="独居"),
    Profile("无子女独居", 4, (66, 84), {**_ALONE, "has_children": False}, (0, 0), with_whom="独居"),
    Profile("空巢高龄", 4, (80, 88), _COUPLE, couple=True, illnesses=("冠心病", "高血压"), with_whom="与老伴同住"),
    Profile("空巢", 5, (70, 79), _COUPLE, couple=True, illnesses=("糖尿病",), with_whom="与老伴同住"),
    Profile("空巢低龄", 3, (63, 69), _COUPLE, couple=True, with_whom="与老伴同住"),
    Profile("留守", 17, (64, 86), _LEFT, rural=True, illnesses=("腰椎病",), with_whom="子女外出务工，独居"),
    Profile("失能", 7, (65, 90), _WITH_CHILD, illnesses=("脑梗死后遗症",), mobility="长期卧床", extra=_level),
    Profile("重残", 4, (61, 82), {**_WITH_CHILD, **_CERTIFICATE}, illnesses=("视力残疾",), mobility="需人搀扶"),
    Profile("计生特殊家庭", 2, (62, 79), {**_COUPLE, "has_children": False, "fp_special_family": True}, (0, 0),
            couple=True, illnesses=("抑郁倾向",), with_whom="与老伴同住"),
    Profile("失智", 3, (68, 88), {**_WITH_CHILD, "dementia": True}, illnesses=("阿尔茨海默病",), mobility="易走失"),
    Profile("重症", 3, (64, 84), {**_WITH_CHILD, "severe_illness": True}, illnesses=("慢性心力衰竭", "高血压")),
    Profile("分散供养特困", 6, (61, 78), {**_WITH_CHILD, "has_children": False, "dispersed_destitute": True}, (0, 0),
            rural=True, with_whom="与兄弟同住"),
    Profile("其他特殊困难", 2, (70, 84), {**_WITH_CHILD, "living_alone": True, "other_special_recognised": True},
            with_whom="独居（子女同城）"),
    Profile("疑似失能", 3, (66, 84), {**_WITH_CHILD, "suspected_disability": True, "ability_level": None},
            mobility="起身困难", illnesses=("帕金森病",)),
    Profile("高龄与子女同住", 4, (80, 91), _WITH_CHILD, illnesses=("高血压",)),
    Profile("独居而子女同城", 3, (72, 86), {**_WITH_CHILD, "living_alone": True}, with_whom="独居（子女同城）"),
    Profile("情况待核", 2, (66, 86), _UNKNOWN, with_whom="待核实"),
    Profile("证件过期", 1, (64, 79), {**_WITH_CHILD, **_CERTIFICATE, "disability_cert_valid": False}),
    Profile("未满60岁", 1, (55, 58), {**_WITH_CHILD, **_CERTIFICATE}, (0, 1), mobility="坐轮椅"),
]  # fmt: skip

DRUGS = {
    "高血压": "氨氯地平 每日1次",
    "糖尿病": "二甲双胍 每日2次",
    "冠心病": "阿司匹林 每晚1次",
    "骨关节炎": "氨基葡萄糖 每日2次",
    "脑梗死后遗症": "氯吡格雷 每日1次",
    "阿尔茨海默病": "多奈哌齐 每晚1次",
    "慢性心力衰竭": "呋塞米 每日1次",
    "帕金森病": "多巴丝肼 每日3次",
    "抑郁倾向": "",
    "腰椎病": "",
    "视力残疾": "",
}
ALLERGIES = ("", "", "", "青霉素", "头孢类", "磺胺类")


def facts_of(profile: Profile, chance: Random, rural: bool, partner_age: int | None) -> Facts:
    """All facts of one elder of this profile."""
    facts = {**_ABLE, **profile.facts, "rural": rural, **profile.extra(chance)}
    if profile.couple:
        facts["partner_age"] = partner_age
    return facts


def health_of(profile: Profile, chance: Random, hospital: str) -> dict[str, Any]:
    """Health as the emergency card and the doctor need it."""
    allergy = chance.choice(ALLERGIES)
    return {
        "illnesses": list(profile.illnesses),
        "drugs": [DRUGS[each] for each in profile.illnesses if DRUGS.get(each)],
        "allergies": [allergy] if allergy else [],
        "mobility": profile.mobility,
        "aids": ["拐杖"] if "拐杖" in profile.mobility else [],
        "hospital": hospital,
        "blood_type": chance.choice("ABO") if chance.random() < 0.6 else "",
    }
