"""The rules of both policies as tables of cases, each with its paragraph of the policy (3.2 to 3.6, 4.10, 4.11)."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from care import policies
from care.policies import (
    FactsRefused,
    UnknownPolicy,
    completed_years,
    decide_alarm_severity,
    decide_contact_person,
    decide_emergency_type,
    decide_tier,
    decide_visit_frequency,
)
from engine.decisions import DecisionFault, load

P, D = "issued-2026-37", "draft-2026"
AS_OF = date(2026, 8, 3)

WITH_FAMILY = {
    "living_alone": False,
    "lives_with_partner_only": False,
    "has_partner": False,
    "has_children": True,
    "children_same_area": True,
    "rural": False,
}
ALONE = {**WITH_FAMILY, "living_alone": True, "has_children": False, "children_same_area": None}
EMPTY_NEST = {
    **WITH_FAMILY,
    "lives_with_partner_only": True,
    "has_partner": True,
    "partner_age": 66,
    "partner_same_area": True,
    "children_same_area": False,
}
LEFT_BEHIND = {
    **WITH_FAMILY,
    "rural": True,
    "children_same_area": False,
    "children_away_for_work": True,
    "children_away_months": 8,
    "supporter_present": False,
}
DISABLED = {"ability_level": 2, "ability_assessed_by_professional": True}
CERTIFICATE = {"disability_cert_generation": 2, "disability_cert_grade": 1, "disability_cert_valid": True}


def tier_at(age, facts, policy=P):
    return decide_tier({"birth_date": date(AS_OF.year - age, 1, 15), "as_of": AS_OF, **facts}, policy)


@pytest.mark.parametrize(
    ("facts", "categories"),
    [
        # row 1, 独居
        (ALONE, ["ALONE"]),
        ({**ALONE, "has_children": True, "children_same_area": False}, ["ALONE"]),
        ({**ALONE, "has_children": True, "children_same_area": True}, []),
        ({**ALONE, "has_children": None, "children_same_area": False}, ["ALONE"]),
        ({**ALONE, "has_children": None, "children_same_area": None}, []),
        ({**ALONE, "has_partner": True, "partner_same_area": False}, ["ALONE"]),
        ({**ALONE, "has_partner": True, "partner_same_area": True}, []),
        ({**ALONE, "has_partner": None, "partner_same_area": False}, ["ALONE"]),
        ({**ALONE, "living_alone": None}, []),
        # row 2, 空巢
        (EMPTY_NEST, ["EMPTY_NEST"]),
        ({**EMPTY_NEST, "partner_age": 60}, ["EMPTY_NEST"]),
        ({**EMPTY_NEST, "partner_age": 59}, []),
        ({**EMPTY_NEST, "partner_age": None}, []),
        ({**EMPTY_NEST, "children_same_area": True}, []),
        ({**EMPTY_NEST, "has_children": False, "children_same_area": None}, ["EMPTY_NEST"]),
        # row 3, 留守
        (LEFT_BEHIND, ["LEFT_BEHIND"]),
        ({**LEFT_BEHIND, "children_away_months": 6}, ["LEFT_BEHIND"]),
        ({**LEFT_BEHIND, "children_away_months": 5}, []),
        ({**LEFT_BEHIND, "rural": False}, []),
        ({**LEFT_BEHIND, "children_away_for_work": False}, []),
        ({**LEFT_BEHIND, "supporter_present": True, "supporter_capable": True}, []),
        ({**LEFT_BEHIND, "supporter_present": True, "supporter_capable": False}, ["LEFT_BEHIND"]),
        ({**LEFT_BEHIND, "supporter_present": None, "supporter_capable": False}, ["LEFT_BEHIND"]),
        ({**LEFT_BEHIND, "supporter_present": True, "supporter_capable": None}, []),
        # row 4, 失能
        ({**WITH_FAMILY, **DISABLED}, ["DISABLED"]),
        ({**WITH_FAMILY, **DISABLED, "ability_level": 4}, ["DISABLED"]),
        ({**WITH_FAMILY, **DISABLED, "ability_level": 1}, []),
        ({**WITH_FAMILY, **DISABLED, "ability_level": 0}, []),
        ({**WITH_FAMILY, "ability_level": 3, "ability_assessed_by_professional": None}, []),
        # row 5, 重残
        ({**WITH_FAMILY, **CERTIFICATE}, ["SEVERE_DISABILITY"]),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_grade": 2}, ["SEVERE_DISABILITY"]),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_grade": 3}, []),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_grade": 4}, []),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_generation": 1}, []),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_valid": False}, []),
        ({**WITH_FAMILY, **CERTIFICATE, "disability_cert_valid": None}, []),
        # rows 6 to 10
        ({**WITH_FAMILY, "fp_special_family": True}, ["FP_SPECIAL"]),
        ({**WITH_FAMILY, "dementia": True}, ["DEMENTIA"]),
        ({**WITH_FAMILY, "severe_illness": True}, ["SEVERE_ILLNESS"]),
        ({**WITH_FAMILY, "dispersed_destitute": True}, ["DISPERSED_DESTITUTE"]),
        ({**WITH_FAMILY, "other_special_recognised": True}, ["OTHER_SPECIAL"]),
        # row 11, 疑似失能
        ({**WITH_FAMILY, "suspected_disability": True}, ["SUSPECTED_DISABILITY"]),
        ({**WITH_FAMILY, "suspected_disability": True, **DISABLED}, ["DISABLED"]),
        ({**WITH_FAMILY, **DISABLED, "ability_assessed_by_professional": False}, ["SUSPECTED_DISABILITY"]),
        (
            {**WITH_FAMILY, "suspected_disability": True, "ability_level": 3, "ability_assessed_by_professional": None},
            ["SUSPECTED_DISABILITY"],
        ),
        ({**WITH_FAMILY, "suspected_disability": True, "ability_level": 0}, ["SUSPECTED_DISABILITY"]),
        # several, in table order
        (
            {**ALONE, **CERTIFICATE, **DISABLED, "dementia": True},
            ["ALONE", "DISABLED", "SEVERE_DISABILITY", "DEMENTIA"],
        ),
        ({}, []),
    ],
)
def test_categories_follow_the_definitions_of_annex_2(facts, categories):
    assert tier_at(75, facts)["categories"] == categories
    assert tier_at(75, facts, D)["categories"] == categories


@pytest.mark.parametrize("facts", [ALONE, EMPTY_NEST, LEFT_BEHIND])
@pytest.mark.parametrize(
    ("age", "tier", "rules"),
    [
        (59, "none", []),
        (60, "general", ["G1"]),
        (69, "general", ["G1"]),
        (70, "key", ["K1"]),
        (79, "key", ["K1"]),
        (80, "high", ["H1"]),
        (101, "high", ["H1"]),
    ],
)
def test_who_lives_alone_is_tiered_by_age_in_both_policies(facts, age, tier, rules):
    for policy, letter in ((P, "I"), (D, "D")):
        found = tier_at(age, facts, policy)

        assert (found["tier"], found["rules"]) == (tier, [f"{letter}-{each}" for each in rules])


@pytest.mark.parametrize(
    ("facts", "issued", "draft"),
    [  # from 60 on; 3.3 and 3.4 no. 5, 6
        (DISABLED, ("key", ["I-K2"]), ("key", ["D-K2"])),
        (CERTIFICATE, ("key", ["I-K2"]), ("general", ["D-G2"])),
        ({"fp_special_family": True}, ("key", ["I-K3"]), ("key", ["D-K4"])),
        ({"dementia": True}, ("general", ["I-G2"]), ("key", ["D-K2"])),
        ({"severe_illness": True}, ("general", ["I-G2"]), ("high", ["D-H2"])),
        ({"dispersed_destitute": True}, ("general", ["I-G2"]), ("key", ["D-K3"])),
        ({"other_special_recognised": True}, ("general", ["I-G2"]), ("general", ["D-G2"])),
        ({"suspected_disability": True}, ("general", ["I-G2"]), ("general", ["D-G2"])),
        ({**DISABLED, "fp_special_family": True}, ("key", ["I-K2", "I-K3"]), ("key", ["D-K2", "D-K4"])),
        ({**DISABLED, **CERTIFICATE}, ("key", ["I-K2"]), ("key", ["D-K2", "D-G2"])),
        ({"severe_illness": True, "dementia": True}, ("general", ["I-G2"]), ("high", ["D-H2", "D-K2"])),
        ({}, ("none", []), ("none", [])),
    ],
)
@pytest.mark.parametrize("age", [60, 75, 90])
def test_what_an_elder_suffers_decides_from_sixty_on(age, facts, issued, draft):
    for policy, wanted in ((P, issued), (D, draft)):
        found = tier_at(age, {**WITH_FAMILY, **facts}, policy)

        assert (found["tier"], found["rules"]) == wanted
        assert tier_at(59, {**WITH_FAMILY, **facts}, policy)["tier"] == "none"


@pytest.mark.parametrize(
    ("age", "facts", "issued", "draft"),
    [  # 3.4 no. 16 and rules I-K4, I-G3
        (82, {}, ("key", ["I-K4"]), ("key", ["D-K5"])),
        (80, {}, ("key", ["I-K4"]), ("key", ["D-K5"])),
        (79, {}, ("general", ["I-G3"]), ("general", ["D-G3"])),
        (60, {}, ("general", ["I-G3"]), ("general", ["D-G3"])),
        (59, {}, ("none", []), ("none", [])),
        (82, {"dementia": True}, ("general", ["I-G2"]), ("key", ["D-K2"])),
        (82, {**WITH_FAMILY, "rural": None, "children_away_for_work": None}, ("key", ["I-K4"]), ("key", ["D-K5"])),
        (82, {**WITH_FAMILY, "rural": None, "children_away_for_work": False}, ("none", []), ("none", [])),
    ],
)
def test_unknown_is_not_no(age, facts, issued, draft):
    for policy, wanted in ((P, issued), (D, draft)):
        found = tier_at(age, facts, policy)

        assert (found["tier"], found["rules"]) == wanted


@pytest.mark.parametrize(
    ("age", "facts", "flags"),
    [
        (59, WITH_FAMILY, ["UNDER_60"]),
        (60, WITH_FAMILY, []),
        (82, WITH_FAMILY, ["AGED_80_OUT_OF_SCOPE"]),  # 3.4 no. 3
        (79, WITH_FAMILY, []),
        (82, {**WITH_FAMILY, **DISABLED}, []),  # 3.4 no. 4: key, not high
        (75, {**ALONE, "has_children": True, "children_same_area": True}, ["ALONE_NEAR_FAMILY"]),  # no. 8
        (75, {**ALONE, "has_partner": True, "partner_same_area": True}, ["ALONE_NEAR_FAMILY"]),  # no. 9
        (
            82,
            {**ALONE, "has_children": True, "children_same_area": True},
            ["AGED_80_OUT_OF_SCOPE", "ALONE_NEAR_FAMILY"],
        ),
        (75, {**ALONE, "has_children": True, "children_same_area": True, **DISABLED}, ["ALONE_NEAR_FAMILY"]),
        (75, {**EMPTY_NEST, "partner_age": 59}, ["PARTNER_UNDER_60"]),  # no. 11
        (75, {**EMPTY_NEST, "partner_age": 59, "children_same_area": True}, []),
        (75, {**WITH_FAMILY, **CERTIFICATE, "disability_cert_generation": 1}, ["CERT_INVALID"]),
        (75, {**WITH_FAMILY, **CERTIFICATE, "disability_cert_valid": False}, ["CERT_INVALID"]),
        (75, {**WITH_FAMILY, **CERTIFICATE, "disability_cert_valid": False, "disability_cert_grade": 3}, []),
        (75, {**WITH_FAMILY, **CERTIFICATE, "disability_cert_valid": None}, []),
        (75, {**WITH_FAMILY, "suspected_disability": True}, ["ASSESSMENT_PENDING"]),
        (75, {}, ["FACTS_MISSING"]),
        (60, {}, ["FACTS_MISSING"]),
        (59, {}, ["UNDER_60"]),
        (75, {**ALONE, "rural": None}, ["FACTS_MISSING"]),
        (59, {**EMPTY_NEST, "partner_age": 50}, ["UNDER_60", "PARTNER_UNDER_60"]),
    ],
)
def test_flags_stand_beside_the_tier_in_their_order(age, facts, flags):
    assert tier_at(age, facts)["flags"] == flags
    assert tier_at(age, facts, D)["flags"] == flags


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1946, 8, 3), date(2026, 8, 3), 80),
        (date(1946, 8, 4), date(2026, 8, 3), 79),
        (date(1944, 2, 29), date(2026, 2, 28), 81),
        (date(1944, 2, 29), date(2026, 3, 1), 82),
        (date(1944, 2, 29), date(2028, 2, 28), 83),
        (date(1944, 2, 29), date(2028, 2, 29), 84),
    ],
)
def test_years_are_completed_on_the_birthday(born, on, age):
    assert completed_years(born, on) == age


def test_the_tier_changes_on_the_birthday():
    facts = {**ALONE, "birth_date": "1946-08-03"}

    assert decide_tier({**facts, "as_of": "2026-08-02"})["tier"] == "key"
    assert decide_tier({**facts, "as_of": "2026-08-03"})["tier"] == "high"


def test_the_answer_names_the_policy_and_its_version():
    assert tier_at(82, ALONE)["policy"] == {"id": P, "version": 1}
    assert tier_at(82, ALONE, D)["policy"] == {"id": D, "version": 1}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"birth_date": None},
        {"birth_date": "soon"},
        {"birth_date": "2030-01-01", "as_of": "2026-01-01"},
        {"birth_date": 7},
    ],
)
def test_a_tier_needs_a_birth_date(facts):
    with pytest.raises(FactsRefused):
        decide_tier(facts)


def test_a_fact_of_the_wrong_kind_is_refused():
    with pytest.raises(DecisionFault, match="living_alone"):
        tier_at(82, {"living_alone": "yes"})


def test_an_unknown_policy_is_refused():
    with pytest.raises(UnknownPolicy):
        tier_at(82, {}, "other")


ALL, ONSITE = ["onsite", "phone", "video"], ["onsite"]


@pytest.mark.parametrize(
    ("policy", "tier", "context", "row"),
    [  # 3.5
        (P, "high", "normal", ("week", 1, 0, None, ALL, [])),
        (P, "key", "normal", ("two_weeks", 1, 0, None, ALL, [])),
        (P, "general", "normal", ("month", 1, 0, None, ALL, [])),
        (P, "high", "special_period", ("week", 1, 1, None, ALL, ALL)),
        (P, "key", "special_period", ("two_weeks", 1, 1, None, ALL, ALL)),
        (P, "general", "special_period", ("month", 1, 1, None, ALL, ALL)),
        (P, "high", "major_change", ("week", 2, 0, 24, ALL, [])),
        (P, "key", "major_change", ("week", 1, 0, 24, ALL, [])),
        (P, "general", "major_change", ("two_weeks", 1, 0, 24, ALL, [])),
        (P, "none", "normal", (None, 0, 0, None, [], [])),
        (P, "none", "special_period", (None, 0, 0, None, [], [])),
        (P, "none", "major_change", (None, 0, 0, None, [], [])),
        (D, "high", "normal", ("week", 1, 0, None, ONSITE, [])),
        (D, "key", "normal", ("month", 1, 0, None, ONSITE, [])),
        (D, "general", "normal", ("quarter", 1, 0, None, ONSITE, [])),
        (D, "high", "special_period", ("week", 1, 1, None, ONSITE, ALL)),
        (D, "key", "special_period", ("month", 1, 1, None, ONSITE, ALL)),
        (D, "general", "special_period", ("quarter", 1, 1, None, ONSITE, ALL)),
        (D, "high", "major_change", ("week", 1, 0, 24, ONSITE, [])),
        (D, "key", "major_change", ("month", 1, 0, None, ONSITE, [])),
        (D, "general", "major_change", ("quarter", 1, 0, None, ONSITE, [])),
        (D, "none", "normal", (None, 0, 0, None, [], [])),
    ],
)
def test_visits_are_as_frequent_as_the_policy_says(policy, tier, context, row):
    assert tuple(decide_visit_frequency(tier, context, policy).values()) == row


def test_a_special_period_adds_its_contact_to_a_major_change():
    found = decide_visit_frequency("key", "major_change", special_period=True)

    assert (found["period"], found["first_visit_within_hours"], found["extra_visits"]) == ("week", 24, 1)
    assert found["extra_modes"] == ALL


def test_no_row_of_the_issued_plan_is_rarer_than_monthly():
    for tier in ("high", "key", "general"):
        for context in ("normal", "special_period", "major_change"):
            assert not policies.is_rarer(decide_visit_frequency(tier, context, P)["period"], "month")
    assert policies.is_rarer(decide_visit_frequency("general", "normal", D)["period"], "month")


def test_a_tier_or_context_that_the_table_lacks_is_reported():
    with pytest.raises(DecisionFault):
        decide_visit_frequency("highest")
    with pytest.raises(DecisionFault):
        decide_visit_frequency("high", "calm")


def child(number, *, adult=True, capable=True, reachable=True, alleged_abuser=False):
    return {"id": number, "adult": adult, "capable": capable, "reachable": reachable, "alleged_abuser": alleged_abuser}


def relative(number, relation="sibling", *, capable=True, reachable=True, alleged_abuser=False):
    return {
        "id": number,
        "relation": relation,
        "capable": capable,
        "reachable": reachable,
        "alleged_abuser": alleged_abuser,
    }


@pytest.mark.parametrize(
    ("children", "relatives", "kind", "person", "flags"),
    [  # 3.6
        ([child(1)], [], "child", 1, []),
        ([child(1), child(2)], [relative(9)], "child", 1, []),
        ([child(1, reachable=False), child(2)], [], "child", 2, ["CHILD_UNREACHABLE"]),
        ([child(1), child(2, reachable=False)], [], "child", 1, ["CHILD_UNREACHABLE"]),
        ([child(1, adult=False), child(2)], [], "child", 2, ["CHILD_NOT_ELIGIBLE"]),
        ([child(1, capable=False), child(2)], [], "child", 2, ["CHILD_NOT_ELIGIBLE"]),
        ([child(1, alleged_abuser=True), child(2)], [], "child", 2, ["ALLEGED_ABUSER_EXCLUDED"]),
        ([child(1)], [relative(9, reachable=False)], "child", 1, []),
        ([child(1)], [relative(9, alleged_abuser=True)], "child", 1, ["ALLEGED_ABUSER_EXCLUDED"]),
        ([child(1)], [relative(9, "spouse")], "child", 1, []),
        ([], [relative(9)], "near_relative", 9, []),
        ([], [relative(9, "spouse")], "near_relative", 9, ["SECOND_CONTACT_NEEDED"]),
        ([], [relative(9, "spouse", reachable=False), relative(8)], "near_relative", 8, ["RELATIVE_UNREACHABLE"]),
        ([], [relative(8), relative(9, "spouse")], "near_relative", 8, []),
        ([child(1, reachable=False)], [relative(9)], "near_relative", 9, ["CHILD_UNREACHABLE"]),
        (
            [child(1, reachable=False)],
            [relative(9, "spouse")],
            "near_relative",
            9,
            ["CHILD_UNREACHABLE", "SECOND_CONTACT_NEEDED"],
        ),
        ([child(1, adult=False)], [relative(9)], "near_relative", 9, ["CHILD_NOT_ELIGIBLE"]),
        ([], [], "community", None, []),
        ([child(1, adult=False)], [], "community", None, ["CHILD_NOT_ELIGIBLE"]),
        ([child(1, alleged_abuser=True)], [], "community", None, ["ALLEGED_ABUSER_EXCLUDED"]),
        ([child(1, reachable=False)], [], "community", None, ["CHILD_UNREACHABLE", "SUPPORTER_DUTY_REVIEW"]),
        (
            [child(1, reachable=False)],
            [relative(9, reachable=False)],
            "community",
            None,
            ["CHILD_UNREACHABLE", "RELATIVE_UNREACHABLE", "SUPPORTER_DUTY_REVIEW"],
        ),
        ([], [relative(9, reachable=False)], "community", None, ["RELATIVE_UNREACHABLE"]),
        ([], [relative(9, capable=False)], "community", None, []),
        (
            [child(1, reachable=False), child(2, capable=False), child(3, alleged_abuser=True)],
            [relative(9, reachable=False)],
            "community",
            None,
            [
                "CHILD_UNREACHABLE",
                "CHILD_NOT_ELIGIBLE",
                "ALLEGED_ABUSER_EXCLUDED",
                "RELATIVE_UNREACHABLE",
                "SUPPORTER_DUTY_REVIEW",
            ],
        ),
        (None, None, "community", None, []),
    ],
)
def test_children_come_first_then_relatives_then_the_community(children, relatives, kind, person, flags):
    found = decide_contact_person({"children": children, "near_relatives": relatives})

    assert found == {"first_contact_type": kind, "person": person, "flags": flags}


@pytest.mark.parametrize(
    ("alarm", "level", "cascade"),
    [  # 4.10
        ({"kind": "sos"}, "urgent", "together"),
        ({"kind": "gas"}, "urgent", "together"),
        ({"kind": "smoke"}, "urgent", "together"),
        ({"kind": "fall"}, "urgent", "together"),
        ({"kind": "vital", "level": "critical"}, "urgent", "together"),
        ({"kind": "vital", "level": "mild"}, "unknown", "one_by_one"),
        ({"kind": "vital"}, "unknown", "one_by_one"),
        ({"kind": "inactivity"}, "unknown", "one_by_one"),
        ({"kind": "left_zone", "dementia": True}, "urgent", "together"),
        ({"kind": "left_zone"}, "unknown", "one_by_one"),
        ({"kind": "lost"}, "urgent", "together"),
        ({"kind": "door"}, "unknown", "one_by_one"),
        ({"kind": "water_leak"}, "unknown", "one_by_one"),
        ({"kind": "meter"}, "unknown", "meter"),
        ({"kind": "battery_low"}, "none", "device"),
        ({"kind": "offline"}, "none", "device"),
        ({"kind": "tamper"}, "none", "device"),
        ({"kind": "power_loss"}, "none", "device"),
        ({"kind": "power_loss", "case": {"electricity_dependent": True}}, "urgent", "together"),
        ({"kind": "sos_cancelled"}, "none", "none"),
        ({"kind": "radar_ghost"}, "urgent", "together"),
        ({"kind": 7, "level": 3}, "urgent", "together"),
        ({}, "urgent", "together"),
    ],
)
def test_an_alarm_counts_as_its_table_says(alarm, level, cascade):
    for policy in (P, D):
        found = decide_alarm_severity(alarm, policy)

        assert (found["level"], found["cascade"]) == (level, cascade)
        assert found["tell_first"]


def test_no_two_rules_of_the_alarm_table_overlap():
    kinds = ("sos", "gas", "fall", "vital", "inactivity", "left_zone", "lost", "door", "meter", "power_loss", "x", None)
    for kind, level, tier, yes in product(kinds, ("critical", "mild", None), ("high", None), (True, False, None)):
        decide_alarm_severity(
            {"kind": kind, "level": level, "tier": tier, "dementia": yes, "electricity_dependent": yes}
        )


def test_inactivity_of_a_high_tier_elder_is_urgent_once_the_phone_fails():
    assert decide_alarm_severity({"kind": "inactivity", "tier": "high"})["after_no_answer"] == "urgent"
    assert decide_alarm_severity({"kind": "inactivity", "tier": "key"})["after_no_answer"] == "unknown"


@pytest.mark.parametrize(
    ("report", "branches"),
    [  # 4.11
        ({"kind": "illness"}, ["medical"]),
        ({"kind": "fall"}, ["medical"]),
        ({"kind": "vital"}, ["medical"]),
        ({"kind": "missing"}, ["missing"]),
        ({"kinds": ["lost_contact"]}, ["missing"]),
        ({"kinds": ["safety"]}, ["missing"]),
        ({"kinds": ["fire", "illness"]}, ["medical", "fire_gas"]),
        ({"kinds": ["smoke"]}, ["fire_gas"]),
        ({"kinds": ["gas", "smoke"]}, ["fire_gas"]),
        ({"kinds": ["dispute"]}, ["dispute"]),
        ({"kinds": ["abuse", "desertion", "rights"]}, ["dispute"]),
        ({"kinds": ["violence"]}, ["missing", "dispute"]),
        ({"kinds": ["hazard"]}, []),
        ({"kinds": ["hazard"], "danger": True}, ["fire_gas"]),
        ({"kinds": ["hazard"], "hazard_level": "immediate"}, ["fire_gas"]),
        ({"kind": "sos"}, []),
        ({"kind": "sos", "state": "hurt"}, ["medical"]),
        ({"kind": "sos", "nobody_reached": True}, ["missing"]),
        ({"kind": "sos", "nobody_reached": True, "state": "hurt"}, ["medical"]),
        ({"kind": "sos", "nobody_reached": True, "state": "safe"}, []),
        ({"kind": "sos", "risk": {"kinds": ["fire"]}}, ["fire_gas"]),
        ({"kind": "unknown"}, []),
        ({}, []),
    ],
)
def test_what_is_reported_decides_the_rescue(report, branches):
    assert decide_emergency_type(report)["branches"] == branches


def test_a_hazard_without_danger_is_handed_on():
    assert decide_emergency_type({"kinds": ["hazard"]})["handed_on"] == ["hazard_rectification"]
    assert decide_emergency_type({"kinds": ["hazard"], "danger": True})["handed_on"] == []


def test_each_policy_file_is_read_and_each_rule_names_its_source():
    files = sorted(policies.FOLDER.glob("*/*.dmn"))

    held = {name: {path.name for path in files if path.parent.name == name} for name in policies.policy_sets()}
    assert len(held) == 2 and held["issued-2026-37"] == held["draft-2026"] >= {"tier.dmn", "meter_rules.dmn"}
    for path in files:
        for decision in load(path.read_bytes()).decisions.values():
            for rule in getattr(decision.logic, "rules", []):
                assert rule.note, f"{path.name} {rule.id}"


def test_the_issued_plan_is_in_force_for_five_years():
    issued = policies.policy_set(P)

    assert (issued.effective_from, issued.effective_to) == (date(2026, 6, 25), date(2031, 6, 25))
    assert policies.policy_set(D).status == "draft"
