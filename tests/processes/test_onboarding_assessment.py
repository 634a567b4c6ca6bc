"""P02 onboarding_assessment, walked along each way out. Source: processes P02; policy 3.2-3.4."""

from __future__ import annotations

from typing import Any

import pytest

from care import elders
from care.elders import Elder, TierResult
from engine import clock, db
from tests.processes import answers as say
from tests.town import Town
from web import confirm_facts
from web.app import create_app


@pytest.fixture
def asked(town: Town) -> Town:
    """An elder of 82 about whom nothing is known yet."""
    town.elder_is(tier="none", facts={}, categories=[], flags=[])
    town.start("onboarding_assessment")
    return town


def elder(town: Town) -> Elder:
    with db.reading() as session:
        return elders.get(session, town.elder.id)


def newest(town: Town) -> TierResult:
    with db.reading() as session:
        return elders.tier_history(session, town.elder.id)[0]


def test_the_tier_is_kept_with_policy_facts_and_rules_and_the_plan_is_approved(asked: Town):
    asked.does("home_assessment", **say.assessed())

    row = newest(asked)
    assert (row.tier, row.policy, row.categories, row.rules) == ("high", "issued-2026-37", ["ALONE"], ["I-H1"])
    assert row.facts["living_alone"] is True
    assert elder(asked).facts_said["living_alone"] == {"on": "2026-08-03", "by": "assessment"}
    asked.does("care_plan", **say.plan())
    asked.does("approve_plan", answer="return", note="频次写清")
    asked.does("care_plan", **say.plan(attention="冬天看炉子，每周二上门"))
    asked.does("approve_plan", answer="yes")

    assert elder(asked).plan["attention"] == "冬天看炉子，每周二上门"
    assert elder(asked).plan["version"] == 1
    assert asked.live() == []


CARD = {"drugs": "氨氯地平，早一片\n二甲双胍", "allergies": "青霉素、磺胺", "aids": ["stick"], "hospital": "市中心医院"}


def test_the_assessment_fills_the_emergency_card_and_the_file(asked: Town):
    said = say.assessed()
    said["health"] |= {"chronic": [{"illness": "高血压", "course": "stable"}]}
    said["living"] |= {"walking": "aid"}
    money = {"pension": 3200, "minimum_allowance": "no", "has": ["old_age"], "insurances": ["resident_medical"]}

    asked.does("home_assessment", **said, emergency_health=CARD, money=money)

    assert {key: elder(asked).health[key] for key in ("illnesses", *CARD, "mobility")} == {
        "illnesses": ["高血压"],
        "drugs": ["氨氯地平，早一片", "二甲双胍"],
        "allergies": ["青霉素", "磺胺"],
        "aids": ["拐杖、助行器"],
        "hospital": "市中心医院",
        "mobility": "拄拐、轮椅",
    }
    assert elder(asked).living["money"]["pension"] == 3200


def test_who_approves_the_plan_reads_what_is_approved(asked: Town):
    asked.does("home_assessment", **say.assessed())
    asked.does("care_plan", **say.plan())
    with create_app({"TESTING": True}).test_request_context(), db.reading() as session:
        found = confirm_facts.known(session, asked.open()["approve_plan"])

    assert "审核方案" in found["what"] and "特别留意：冬天看炉子" in found["what"]


def test_alone_with_a_daughter_across_town_is_judged_and_recognised(asked: Town):
    asked.does("home_assessment", **say.assessed(has_children="yes", children_same_area="yes"))
    task = asked.open()["judge_overlap"]
    assert task.role == "township_desk"

    asked.does("judge_overlap", recognised=True, kind="near_family", ground="女儿常年上夜班")

    row = newest(asked)
    assert (row.tier, "OTHER_SPECIAL" in row.categories) == ("general", True)
    assert "女儿常年上夜班" in row.reason
    assert "care_plan" in asked.elements()


def test_not_recognised_means_the_watch_list(asked: Town):
    asked.does("home_assessment", **say.assessed(has_children="yes", children_same_area="yes"))
    asked.does("judge_overlap", recognised=False, ground="女儿每天来")

    assert (newest(asked).tier, elder(asked).plan["watch"]) == ("none", True)
    assert asked.live() == []


def test_a_younger_elder_without_a_tier_is_simply_out_of_scope(asked: Town):
    asked.elder_is(born_on=clock.today().replace(year=1960))
    asked.does("home_assessment", **say.assessed(living_alone="no", lives_with_partner_only="no", has_partner="no"))

    assert newest(asked).tier == "none"
    assert "judge_overlap" not in asked.elements()
    assert asked.live() == []


def test_suspected_disability_asks_for_an_assessor_and_does_not_wait(asked: Town):
    asked.does("home_assessment", **say.assessed(suspected_disability="yes"))

    assert "assessment.requested" in asked.messages()
    assert {"care_plan", "book_assessor"} <= asked.elements()
    assert "SUSPECTED_DISABILITY" in newest(asked).categories


def test_what_nobody_knows_gives_a_provisional_tier_and_a_task_to_complete_it(asked: Town):
    asked.does("home_assessment", **say.assessed(living_alone="unknown"))

    row = newest(asked)
    assert (row.tier, row.rules, "FACTS_MISSING" in row.flags) == ("key", ["I-K4"], True)
    assert "living_alone" not in row.facts
    assert "facts.changed" in asked.messages()


def test_what_the_assessment_finds_goes_where_it_belongs(asked: Town):
    found = say.assessed()
    found["home_safety"]["floor"] = {"level": "general", "note": "地砖滑", "told": ["elder"]}
    found["health"] = {**found["health"], "attention": "urgent", "note": "胸口疼"}
    asked.does("home_assessment", **found)

    assert "hazard.found" in asked.messages()
    assert "emergency_offline" in asked.live()
    assert "care_plan" in asked.elements()


@pytest.mark.parametrize("element", ["home_assessment", "care_plan"])
def test_five_working_days_and_then_the_ladder(asked: Town, element: str):
    if element == "care_plan":
        asked.does("home_assessment", **say.assessed())
    due: Any = asked.open()[element].due_at
    assert clock.local(due).date().isoformat() == "2026-08-10"

    asked.waits(days=8)

    assert element in asked.elements() and asked.sent("late")


def test_a_wish_for_a_wearable_device_goes_to_the_district_as_a_need(asked: Town):
    """R-NET-03: 按需配备智能穿戴设备; until P27 is there, by P11."""
    answers = say.assessed()
    answers["wishes"] = {**answers.get("wishes", {}), "device": "wish"}
    asked.does("home_assessment", **answers)
    assert "need_referral" in asked.live()
    asked.does("check_need", answer="refer", category="device", wish="手环")

    assert asked.open()["accept"].role == "district_desk"
