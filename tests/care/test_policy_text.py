"""`visitflow decide` against the text of both policies: cases, each with its paragraph, and second reckonings.

The table is asked through the command, line by line, as others ask it. The reckonings below it are written from the
text of policy 3.2, 3.3 and 3.6 alone and compared with the tables on thousands of drawn elders and families.
Paragraphs: P the issued plan 包府办发〔2026〕37号, D the draft, 附 its annexes, 3.2 to 3.6 policy.md, 4.9 processes.md.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from itertools import product
from typing import Any

import pytest
from click.testing import CliRunner

from care import policies
from web.commands_decisions import decide_command

P, D = "issued-2026-37", "draft-2026"
TODAY = "2026-08-03"

HOME = {
    "living_alone": False, "lives_with_partner_only": False, "has_partner": False, "has_children": True,
    "children_same_area": True, "rural": False,
}  # fmt: skip
SOLO = {**HOME, "living_alone": True, "has_children": False, "children_same_area": None}
PAIR = {
    **HOME, "lives_with_partner_only": True, "has_partner": True, "partner_age": 66, "partner_same_area": True,
    "children_same_area": False,
}  # fmt: skip
LEFT = {
    **HOME, "rural": True, "children_same_area": False, "children_away_for_work": True, "children_away_months": 6,
    "supporter_present": False,
}  # fmt: skip
LEVEL2 = {"ability_level": 2, "ability_assessed_by_professional": True}
GRADE1 = {"disability_cert_generation": 2, "disability_cert_grade": 1, "disability_cert_valid": True}
FP, MIND = {"fp_special_family": True}, {"dementia": True}
ILL, POOR = {"severe_illness": True}, {"dispersed_destitute": True}
OTHER, SUSPECT = {"other_special_recognised": True}, {"suspected_disability": True}
DAUGHTER_NEAR = {**SOLO, "has_children": True, "children_same_area": True}

AGES = {"59": "1967-01-15", "60": "1966-08-03", "69": "1957-01-15", "70": "1956-08-03", "79": "1946-08-04",
        "80": "1946-08-03", "95": "1931-02-01"}  # fmt: skip
"""Born so that the elder is that old on TODAY; 60, 70 and 80 on the birthday itself, 79 the day before it."""

# (paragraph, age, facts, tier under P, tier under D)
TIERS: list[tuple[str, str, dict[str, Any], str, str]] = [
    *(("P四(一) 高风险；D四(一)", age, facts, "high", "high") for age in ("80", "95") for facts in (SOLO, PAIR, LEFT)),
    *(("P四(一) 重点；D四(一)", age, facts, "key", "key") for age in ("70", "79") for facts in (SOLO, PAIR, LEFT)),
    *(("P四(一) 一般；D四(一)", age, facts, "general", "general")
      for age in ("60", "69") for facts in (SOLO, PAIR, LEFT)),
    *(("3.4 no. 7 不满60", "59", facts, "none", "none")
      for facts in (SOLO, PAIR, LEFT, LEVEL2, GRADE1, FP, MIND, ILL, POOR, OTHER, SUSPECT, {})),
    *(("P四(一) 60周岁以上失能", age, {**HOME, **LEVEL2}, "key", "key") for age in ("60", "79", "80")),
    *(("P四(一) 60周岁以上重残；3.4 no. 5", age, {**HOME, **GRADE1}, "key", "general") for age in ("60", "79", "80")),
    *(("P四(一) 计生特殊家庭；D四(一)", age, {**HOME, **FP}, "key", "key") for age in ("60", "79", "80")),
    *(("D四(一) 失智；3.4 no. 6", age, {**HOME, **MIND}, "general", "key") for age in ("60", "79", "80")),
    *(("D四(一) 患重症疾病；3.4 no. 6", age, {**HOME, **ILL}, "general", "high") for age in ("60", "79", "80")),
    *(("D四(一) 分散供养特困；3.4 no. 6", age, {**HOME, **POOR}, "general", "key") for age in ("60", "79", "80")),
    *(("P四(一) 其他特殊困难；D四(一)", age, {**HOME, **OTHER}, "general", "general") for age in ("60", "79", "80")),
    *(("3.2 no. 11 疑似失能", age, {**HOME, **SUSPECT}, "general", "general") for age in ("60", "79", "80")),
    *(("3.4 no. 3 年龄本身不分级", age, HOME, "none", "none") for age in ("60", "70", "80", "95")),
    *(("3.4 no. 16 情况不全", age, {}, "general", "general") for age in ("60", "79")),
    *(("3.4 no. 16 情况不全, 80起", age, {}, "key", "key") for age in ("80", "95")),
    ("3.4 no. 4 八旬中度失能不是高风险", "80", {**HOME, **LEVEL2}, "key", "key"),
    ("3.4 no. 5 三级残疾", "70", {**HOME, **GRADE1, "disability_cert_grade": 3}, "none", "none"),
    ("3.4 no. 5 四级残疾", "70", {**HOME, **GRADE1, "disability_cert_grade": 4}, "none", "none"),
    ("附2之5 一代证不算重残", "70", {**HOME, **GRADE1, "disability_cert_generation": 1}, "none", "none"),
    ("附2之5 过期的证不算重残", "70", {**HOME, **GRADE1, "disability_cert_valid": False}, "none", "none"),
    ("附2之4 轻度不是失能", "70", {**HOME, **LEVEL2, "ability_level": 1}, "none", "none"),
    ("附2之4 非专业评的", "70", {**HOME, **LEVEL2, "ability_assessed_by_professional": False}, "general", "general"),
    ("9.27 专业评过的疑似不再算", "70", {**HOME, **SUSPECT, **LEVEL2}, "key", "key"),
    ("3.4 no. 8 女儿同城不是独居", "70", DAUGHTER_NEAR, "none", "none"),
    ("3.4 no. 8 女儿同城, 乡镇认定", "80", {**DAUGHTER_NEAR, **OTHER}, "general", "general"),
    ("附2之1 女儿在外地是独居", "70", {**DAUGHTER_NEAR, "children_same_area": False}, "key", "key"),
    ("3.4 no. 9 老伴同城住机构", "70", {**SOLO, "has_partner": True, "partner_same_area": True}, "none", "none"),
    ("附2之1 老伴在外地是独居", "70", {**SOLO, "has_partner": True, "partner_same_area": False}, "key", "key"),
    ("3.4 no. 10 一近一远不是空巢", "70", {**PAIR, "children_same_area": True}, "none", "none"),
    ("3.4 no. 11 老伴不满60不是双老", "70", {**PAIR, "partner_age": 59}, "none", "none"),
    ("附2之2 没有子女的双老", "70", {**PAIR, "has_children": False, "children_same_area": None}, "key", "key"),
    ("3.4 no. 12 嘎查村里带孙辈是留守", "70", LEFT, "key", "key"),
    ("3.4 no. 12 城里带孙辈不是", "70", {**LEFT, "rural": False}, "none", "none"),
    ("附2之3 外出不满半年", "70", {**LEFT, "children_away_months": 5}, "none", "none"),
    ("附2之3 赡养人没有能力", "70", {**LEFT, "supporter_present": True, "supporter_capable": False}, "key", "key"),
    ("附2之3 身边有能照应的", "70", {**LEFT, "supporter_present": True, "supporter_capable": True}, "none", "none"),
    ("9.7 取最高等级", "80", {**SOLO, **LEVEL2, **FP}, "high", "high"),
    ("9.7 取最高等级", "60", {**SOLO, **LEVEL2}, "key", "key"),
    ("9.7 取最高等级", "70", {**PAIR, **ILL}, "key", "high"),
    ("3.4 no. 16 别的条件已定", "80", {**MIND}, "general", "key"),
    ("3.4 no. 16 是否农村无关紧要", "80", {**HOME, "rural": None, "children_away_for_work": False}, "none", "none"),
]  # fmt: skip

# (paragraph, age, facts, flags), the same under both policies
FLAGS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("3.3 不满60", "59", HOME, ["UNDER_60"]),
    ("3.3 不满60, 到生日为止", "60", HOME, []),
    ("3.4 no. 3 八旬未纳入, 列入关注", "80", HOME, ["AGED_80_OUT_OF_SCOPE"]),
    ("3.4 no. 3 七旬不列", "79", HOME, []),
    ("3.4 no. 4 有等级的不列", "80", {**HOME, **LEVEL2}, []),
    ("3.4 no. 8 女儿同城", "70", DAUGHTER_NEAR, ["ALONE_NEAR_FAMILY"]),
    ("3.4 no. 8 女儿同城, 八旬", "80", DAUGHTER_NEAR, ["AGED_80_OUT_OF_SCOPE", "ALONE_NEAR_FAMILY"]),
    ("3.3 另有等级也标", "70", {**DAUGHTER_NEAR, **LEVEL2}, ["ALONE_NEAR_FAMILY"]),
    ("3.4 no. 9 老伴同城住机构", "70", {**SOLO, "has_partner": True, "partner_same_area": True}, ["ALONE_NEAR_FAMILY"]),
    ("3.4 no. 11 老伴不满60", "70", {**PAIR, "partner_age": 59}, ["PARTNER_UNDER_60"]),
    ("3.3 只差老伴年龄才标", "70", {**PAIR, "partner_age": 59, "children_same_area": True}, []),
    ("3.3 一代证", "70", {**HOME, **GRADE1, "disability_cert_generation": 1}, ["CERT_INVALID"]),
    ("3.3 过期的证", "70", {**HOME, **GRADE1, "disability_cert_valid": False}, ["CERT_INVALID"]),
    ("3.3 三级证过期不标", "70", {**HOME, **GRADE1, "disability_cert_grade": 3, "disability_cert_valid": False}, []),
    ("3.3 疑似失能待评", "70", {**HOME, **SUSPECT}, ["ASSESSMENT_PENDING"]),
    ("3.4 no. 16 情况不全", "70", {}, ["FACTS_MISSING"]),
    ("3.4 no. 16 已有等级仍不全", "70", {**SOLO, "rural": None, "children_away_for_work": None}, ["FACTS_MISSING"]),
    ("3.3 不满60的不催补", "59", {}, ["UNDER_60"]),
]  # fmt: skip


def child(number: int = 1, **other: bool) -> dict[str, Any]:
    return {"id": number, "adult": True, "capable": True, "reachable": True, "alleged_abuser": False, **other}


def kin(number: int = 9, relation: str = "sibling", **other: bool) -> dict[str, Any]:
    return {"id": number, "relation": relation, "capable": True, "reachable": True, "alleged_abuser": False, **other}


SILENT, ABUSER = {"reachable": False}, {"alleged_abuser": True}
# (paragraph, children, near relatives, who, flags)
CONTACTS: list[tuple[str, list[Any], list[Any], tuple[str, int | None], list[str]]] = [
    ("P四(五) 优先子女", [child()], [kin()], ("child", 1), []),
    ("3.6 no. 1 最近的在前", [child(4), child(2)], [], ("child", 4), []),
    ("3.6 no. 1 另一个打不通", [child(1, **SILENT), child(2)], [], ("child", 2), ["CHILD_UNREACHABLE"]),
    ("P四(五) 子女无法联系", [child(1, **SILENT)], [kin()], ("near_relative", 9), ["CHILD_UNREACHABLE"]),
    ("3.6 no. 2 配偶", [], [kin(9, "spouse")], ("near_relative", 9), ["SECOND_CONTACT_NEEDED"]),
    ("3.6 no. 2 名单第一位", [], [kin(8), kin(9, "spouse")], ("near_relative", 8), []),
    ("P四(五) 无子女亲属, 兜底", [], [], ("community", None), []),
    ("3.6 no. 4", [child(1, **SILENT)], [], ("community", None), ["CHILD_UNREACHABLE", "SUPPORTER_DUTY_REVIEW"]),
    ("3.6 no. 4", [], [kin(9, **SILENT)], ("community", None), ["RELATIVE_UNREACHABLE"]),
    ("3.6 未成年", [child(1, adult=False)], [], ("community", None), ["CHILD_NOT_ELIGIBLE"]),
    ("3.6 没有能力", [child(1, capable=False)], [kin()], ("near_relative", 9), ["CHILD_NOT_ELIGIBLE"]),
    ("9.20 涉嫌施虐的排除", [child(1, **ABUSER)], [kin()], ("near_relative", 9), ["ALLEGED_ABUSER_EXCLUDED"]),
    ("9.20 涉嫌施虐的亲属", [], [kin(9, **ABUSER)], ("community", None), ["ALLEGED_ABUSER_EXCLUDED"]),
]  # fmt: skip

ALL, ONSITE = ["onsite", "phone", "video"], ["onsite"]
FREQUENCIES: list[tuple[str, str, str, str, tuple[Any, ...]]] = [
    ("P四(一) 每周", P, "high", "normal", ("week", 1, 0, None, ALL, [])),
    ("P四(一) 每两周", P, "key", "normal", ("two_weeks", 1, 0, None, ALL, [])),
    ("P四(一) 每月", P, "general", "normal", ("month", 1, 0, None, ALL, [])),
    ("P四(一) 特殊时段；9.11", P, "high", "special_period", ("week", 1, 1, None, ALL, ALL)),
    ("P四(一) 特殊时段；9.11", P, "key", "special_period", ("two_weeks", 1, 1, None, ALL, ALL)),
    ("P四(一) 特殊时段；9.11", P, "general", "special_period", ("month", 1, 1, None, ALL, ALL)),
    ("P四(五) 重大变故；9.10", P, "high", "major_change", ("week", 2, 0, 24, ALL, [])),
    ("P四(五) 重大变故；9.10", P, "key", "major_change", ("week", 1, 0, 24, ALL, [])),
    ("P四(五) 重大变故；9.10", P, "general", "major_change", ("two_weeks", 1, 0, 24, ALL, [])),
    ("D四(一) 每周走访", D, "high", "normal", ("week", 1, 0, None, ONSITE, [])),
    ("D四(一) 每月走访", D, "key", "normal", ("month", 1, 0, None, ONSITE, [])),
    ("D四(一) 每季度走访", D, "general", "normal", ("quarter", 1, 0, None, ONSITE, [])),
    ("D四(一) 特殊时段", D, "high", "special_period", ("week", 1, 1, None, ONSITE, ALL)),
    ("D四(一) 特殊时段", D, "key", "special_period", ("month", 1, 1, None, ONSITE, ALL)),
    ("D四(一) 特殊时段", D, "general", "special_period", ("quarter", 1, 1, None, ONSITE, ALL)),
    ("D四(一) 重大变故24小时", D, "high", "major_change", ("week", 1, 0, 24, ONSITE, [])),
    ("D四(一) 其他等级不变", D, "key", "major_change", ("month", 1, 0, None, ONSITE, [])),
    ("D四(一) 其他等级不变", D, "general", "major_change", ("quarter", 1, 0, None, ONSITE, [])),
    *(("3.5 未纳入分级", policy, "none", context, (None, 0, 0, None, [], []))
      for policy in (P, D) for context in ("normal", "special_period", "major_change")),
]  # fmt: skip

# (paragraph, rule, start, due); Friday 2026-09-18 is followed by the working Sunday 09-20, 中秋 is 09-25 to 09-27
DEADLINES = [
    ("附5 24小时；9.1", "feedback_24h", "2026-09-30T23:30:00+08:00", "2026-10-01T23:30:00+08:00"),
    ("附5 3个工作日；9.2", "review_3wd", "2026-08-03T09:00:00+08:00", "2026-08-06T23:59:59+08:00"),
    ("附5 3个工作日, 过周末", "review_3wd", "2026-08-07T18:00:00+08:00", "2026-08-12T23:59:59+08:00"),
    ("附5 3个工作日, 调休的周日上班", "review_3wd", "2026-09-17T09:00:00+08:00", "2026-09-21T23:59:59+08:00"),
    ("附5 3个工作日, 过国庆", "review_3wd", "2026-09-29T09:00:00+08:00", "2026-10-09T23:59:59+08:00"),
    ("D四(一) 24小时", "major_change_24h", "2026-08-01T00:00:00+08:00", "2026-08-02T00:00:00+08:00"),
    ("4.9 7天", "first_visit_7d", "2026-08-03T09:00:00+08:00", "2026-08-10T09:00:00+08:00"),
    ("4.9 2分钟", "alarm_action_2min", "2026-08-03T23:59:00+08:00", "2026-08-04T00:01:00+08:00"),
    ("4.9 3分钟", "call_elder_3min", "2026-08-03T09:00:00+08:00", "2026-08-03T09:03:00+08:00"),
    ("4.9 15分钟", "grid_worker_town_15min", "2026-08-03T09:00:00+08:00", "2026-08-03T09:15:00+08:00"),
    ("4.9 40分钟", "grid_worker_village_40min", "2026-08-03T09:00:00+08:00", "2026-08-03T09:40:00+08:00"),
    ("4.9 30分钟", "chain_silent_30min", "2026-08-03T09:00:00+08:00", "2026-08-03T09:30:00+08:00"),
    ("4.9 15个工作日", "registration_15wd", "2026-08-03T09:00:00+08:00", "2026-08-24T23:59:59+08:00"),
    ("4.9 20个工作日", "ability_assessment_20wd", "2026-08-03T09:00:00+08:00", "2026-08-31T23:59:59+08:00"),
    ("4.9 两个工作日", "visitor_accepts_2wd", "2026-08-07T09:00:00+08:00", "2026-08-11T23:59:59+08:00"),
    ("4.9 一个工作日", "referral_check_1wd", "2026-08-07T09:00:00+08:00", "2026-08-10T23:59:59+08:00"),
    ("4.9 重大隐患3天", "hazard_major_3d", "2026-08-07T09:00:00+08:00", "2026-08-10T09:00:00+08:00"),
    ("4.9 一般隐患30天", "hazard_general_30d", "2026-08-03T09:00:00+08:00", "2026-09-02T09:00:00+08:00"),
    ("4.9 督促15天", "supporter_urged_15d", "2026-08-03T09:00:00+08:00", "2026-08-18T09:00:00+08:00"),
    ("4.9 投诉答复15个工作日", "complaint_answered_15wd", "2026-08-03T09:00:00+08:00", "2026-08-24T23:59:59+08:00"),
    ("4.9 暂离60天", "absence_60d", "2026-08-03T09:00:00+08:00", "2026-10-02T09:00:00+08:00"),
    ("4.9 同意1年", "consent_1y", "2026-08-03T09:00:00+08:00", "2027-08-03T09:00:00+08:00"),
]


def _asked(decision: str, policy: str, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of `visitflow decide` to these lines."""
    text = "".join(json.dumps(each) + "\n" for each in inputs)
    result = CliRunner().invoke(decide_command, [decision, "--policy", policy], input=text)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_table_holds_at_least_150_cases() -> None:
    assert sum(map(len, (TIERS, FLAGS, CONTACTS, FREQUENCIES, DEADLINES))) >= 150


@pytest.mark.parametrize(("place", "policy"), [(3, P), (4, D)])
def test_tiers_are_as_the_text_says(place: int, policy: str) -> None:
    answers = _asked("tier", policy, [{**case[2], "birth_date": AGES[case[1]], "as_of": TODAY} for case in TIERS])

    wrong = [
        (case[0], case[1], answer) for case, answer in zip(TIERS, answers, strict=True) if answer["tier"] != case[place]
    ]
    assert wrong == []


@pytest.mark.parametrize("policy", [P, D])
def test_flags_are_as_the_text_says(policy: str) -> None:
    answers = _asked("tier", policy, [{**case[2], "birth_date": AGES[case[1]], "as_of": TODAY} for case in FLAGS])

    for case, answer in zip(FLAGS, answers, strict=True):
        assert answer["flags"] == case[3], case[0]


@pytest.mark.parametrize("policy", [P, D])
def test_contacts_are_as_the_text_says(policy: str) -> None:
    answers = _asked("contact_person", policy, [{"children": case[1], "near_relatives": case[2]} for case in CONTACTS])

    for (paragraph, _, _, (kind, person), flags), answer in zip(CONTACTS, answers, strict=True):
        assert answer == {"first_contact_type": kind, "person": person, "flags": flags}, paragraph


@pytest.mark.parametrize("policy", [P, D])
def test_frequencies_are_as_the_text_says(policy: str) -> None:
    cases = [case for case in FREQUENCIES if case[1] == policy]

    answers = _asked("visit_frequency", policy, [{"tier": case[2], "context": case[3]} for case in cases])

    for case, answer in zip(cases, answers, strict=True):
        assert tuple(answer.values()) == case[4], case[0]


@pytest.mark.parametrize("policy", [P, D])
def test_deadlines_are_as_the_catalogue_says(policy: str) -> None:
    answers = _asked("deadline", policy, [{"rule": case[1], "start": case[2]} for case in DEADLINES])

    for (paragraph, rule, _, due), answer in zip(DEADLINES, answers, strict=True):
        assert answer["due"] == due, f"{paragraph} {rule}"


# --- second reckonings ---


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def _at_least(value: int | None, least: int) -> bool | None:
    return None if value is None else value >= least


def reckoned_categories(f: dict[str, Any]) -> tuple[list[str], bool]:
    """The categories of 3.2 in their order, and whether one of rows 1 to 3 is unknown; null is unknown, not no."""
    far_children = _or(_not(f["has_children"]), _not(f["children_same_area"]))
    rows: list[tuple[str, bool | None]] = [
        ("ALONE", _and(f["living_alone"], far_children, _or(_not(f["has_partner"]), _not(f["partner_same_area"])))),
        ("EMPTY_NEST", _and(f["lives_with_partner_only"], _at_least(f["partner_age"], 60), far_children)),
        ("LEFT_BEHIND", _and(f["rural"], f["children_away_for_work"], _at_least(f["children_away_months"], 6),
                             _or(_not(f["supporter_present"]), _not(f["supporter_capable"])))),
    ]  # fmt: skip
    level2 = f["ability_level"] is not None and f["ability_level"] >= 2
    disabled = level2 and f["ability_assessed_by_professional"] is True
    severe = f["disability_cert_generation"] == 2 and f["disability_cert_valid"] is True
    rows += [
        ("DISABLED", disabled),
        ("SEVERE_DISABILITY", severe and f["disability_cert_grade"] in (1, 2)),
        ("FP_SPECIAL", f["fp_special_family"]),
        ("DEMENTIA", f["dementia"]),
        ("SEVERE_ILLNESS", f["severe_illness"]),
        ("DISPERSED_DESTITUTE", f["dispersed_destitute"]),
        ("OTHER_SPECIAL", f["other_special_recognised"]),
        ("SUSPECTED_DISABILITY", not disabled and (
            f["suspected_disability"] is True or (level2 and f["ability_assessed_by_professional"] is False))),
    ]  # fmt: skip
    return [name for name, fires in rows if fires is True], any(fires is None for _, fires in rows[:3])


RULES_OF = {  # 3.3: rule, from age, below age, any of these, tier
    P: [
        ("I-K2", 60, 200, {"DISABLED", "SEVERE_DISABILITY"}, "key"),
        ("I-K3", 60, 200, {"FP_SPECIAL"}, "key"),
        ("I-G2", 60, 200, {"DEMENTIA", "SEVERE_ILLNESS", "DISPERSED_DESTITUTE", "OTHER_SPECIAL",
                           "SUSPECTED_DISABILITY"}, "general"),
    ],
    D: [
        ("D-H2", 60, 200, {"SEVERE_ILLNESS"}, "high"),
        ("D-K2", 60, 200, {"DISABLED", "DEMENTIA"}, "key"),
        ("D-K3", 60, 200, {"DISPERSED_DESTITUTE"}, "key"),
        ("D-K4", 60, 200, {"FP_SPECIAL"}, "key"),
        ("D-G2", 60, 200, {"SEVERE_DISABILITY", "OTHER_SPECIAL", "SUSPECTED_DISABILITY"}, "general"),
    ],
}  # fmt: skip
SOLO_CATEGORIES = {"ALONE", "EMPTY_NEST", "LEFT_BEHIND"}
PROVISIONAL = {P: ("I-K4", "I-G3"), D: ("D-K5", "D-G3")}


def reckoned_tier(facts: dict[str, Any], age: int, policy: str) -> tuple[str, list[str], set[str]]:
    categories, unknown = reckoned_categories(facts)
    letter = "I" if policy == P else "D"
    rules = [
        (f"{letter}-H1", 80, 200, SOLO_CATEGORIES, "high"),
        (f"{letter}-K1", 70, 80, SOLO_CATEGORIES, "key"),
        (f"{letter}-G1", 60, 70, SOLO_CATEGORIES, "general"),
        *RULES_OF[policy],
    ]
    fired = {name: tier for name, low, high, any_of, tier in rules if low <= age < high and any_of & set(categories)}
    if not fired and unknown and age >= 60:
        fired = {PROVISIONAL[policy][0]: "key"} if age >= 80 else {PROVISIONAL[policy][1]: "general"}
    tier = next((each for each in ("high", "key", "general") if each in fired.values()), "none")
    return tier, categories, set(fired)


YES_NO_UNKNOWN = (True, False, None)
DOMAINS: dict[str, tuple[Any, ...]] = defaultdict(
    lambda: YES_NO_UNKNOWN,
    partner_age=(59, 60, 75, None),
    children_away_months=(5, 6, 20, None),
    ability_level=(0, 1, 2, 4, None),
    disability_cert_generation=(1, 2, None),
    disability_cert_grade=(1, 2, 3, 4, None),
)
ASKED = (
    "living_alone", "lives_with_partner_only", "has_partner", "partner_age", "partner_same_area", "has_children",
    "children_same_area", "rural", "children_away_months", "children_away_for_work", "supporter_present",
    "supporter_capable", "ability_level", "ability_assessed_by_professional", "suspected_disability",
    "disability_cert_generation", "disability_cert_grade", "disability_cert_valid", "fp_special_family", "dementia",
    "severe_illness", "dispersed_destitute", "other_special_recognised",
)  # fmt: skip
BORN = {59: "1967-01-15", 60: "1966-08-03", 69: "1957-01-15", 70: "1956-08-03", 79: "1946-08-04", 80: "1946-08-03"}


@pytest.mark.parametrize("policy", [P, D])
def test_drawn_elders_get_the_tier_that_the_text_gives_them(policy: str) -> None:
    chance = random.Random(37)

    for _ in range(1500):
        rare = chance.random()  # few facts hold of most elders, else some rule hides every other one
        facts = {name: chance.choice(DOMAINS[name]) if chance.random() < rare else False for name in ASKED}
        for name in ("partner_age", "children_away_months", "ability_level", "disability_cert_generation",
                     "disability_cert_grade"):  # fmt: skip
            facts[name] = chance.choice(DOMAINS[name])
        age, born = chance.choice(list(BORN.items()))

        found = policies.decide_tier({**facts, "birth_date": born, "as_of": TODAY}, policy)

        tier, categories, rules = reckoned_tier(facts, age, policy)
        assert (found["tier"], found["categories"], set(found["rules"])) == (tier, categories, rules), (age, facts)


def reckoned_contact(children: list[Any], relatives: list[Any]) -> tuple[str, int | None, set[str]]:
    """3.6 from its words."""
    able = [each for each in children if each["adult"] and each["capable"] and not each["alleged_abuser"]]
    kin_able = [each for each in relatives if each["capable"] and not each["alleged_abuser"]]
    child_there = next((each for each in able if each["reachable"]), None)
    kin_there = next((each for each in kin_able if each["reachable"]), None)
    flags = {
        "CHILD_UNREACHABLE": any(not each["reachable"] for each in able),
        "CHILD_NOT_ELIGIBLE": any(not (each["adult"] and each["capable"]) for each in children),
        "ALLEGED_ABUSER_EXCLUDED": any(each["alleged_abuser"] for each in children + relatives),
        "RELATIVE_UNREACHABLE": child_there is None and any(not each["reachable"] for each in kin_able),
        "SECOND_CONTACT_NEEDED": child_there is None and kin_there is not None and kin_there["relation"] == "spouse",
        "SUPPORTER_DUTY_REVIEW": bool(able) and child_there is None and kin_there is None,
    }
    taken = child_there or kin_there
    kind = "child" if child_there else "near_relative" if kin_there else "community"
    return kind, taken["id"] if taken else None, {name for name, holds in flags.items() if holds}


CHILDREN = [child(1), child(1, **SILENT), child(1, adult=False), child(1, capable=False), child(1, **ABUSER)]
KIN = [kin(), kin(**SILENT), kin(capable=False), kin(**ABUSER), kin(9, "spouse"), kin(9, "spouse", **SILENT)]


@pytest.mark.parametrize("policy", [P, D])
def test_every_small_family_gets_the_contact_that_the_text_gives_it(policy: str) -> None:
    some = [
        [],
        *([each] for each in CHILDREN),
        *([one, {**other, "id": 2}] for one, other in product(CHILDREN, CHILDREN)),
    ]
    near = [[], *([each] for each in KIN), *([one, {**other, "id": 8}] for one, other in product(KIN, KIN))]

    for children, relatives in product(some, near):
        found = policies.decide_contact_person({"children": children, "near_relatives": relatives}, policy)

        kind, person, flags = reckoned_contact(children, relatives)
        asked = (children, relatives)
        assert (found["first_contact_type"], found["person"], set(found["flags"])) == (kind, person, flags), asked
