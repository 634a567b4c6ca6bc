"""P44 policy_release and tier_change_list, walked along each way out. Source: processes P44; policy 2.2, 3.4."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from care import district_policies, elders, policies, policy_checks, policy_switches, retiering
from care.errors import RuleBroken
from care.policy_checks import Problem
from engine import clock, db, jobs, tasks
from tests.town import Town

P, D = "issued-2026-37", "draft-2026"
CERTIFICATE = {"living_alone": False, "lives_with_partner_only": False, "has_partner": False, "has_children": True,
               "children_same_area": True, "rural": False, "disability_cert_generation": 2,
               "disability_cert_grade": 1, "disability_cert_valid": True}  # fmt: skip


def choose(town: Town, policy: str = D, from_on: date = date(2026, 8, 17), by: str = "district_lead") -> int:
    with jobs.transaction() as session:
        row = policy_switches.begin(
            session, town.city.district, policy, from_on, document="第9号", reason="试点", by=town.staff[by],
            floor_confirmed=True,
        )  # fmt: skip
        choice_id = row.id
    jobs.drain()
    return choice_id


def state(choice_id: int) -> str:
    with db.reading() as session:
        return district_policies.get(session, choice_id).state


def in_force(town: Town) -> str:
    with db.reading() as session:
        return district_policies.in_force(session, town.city.grid.path)


def approved(town: Town) -> int:
    choice_id = choose(town)
    town.does("approve", approved=True, floor_confirmed=True, words="同意")
    return choice_id


def test_an_approved_switch_holds_from_its_day(town: Town):
    choice_id = approved(town)
    town.waits(days=13)
    assert (state(choice_id), in_force(town)) == ("approved", P)

    town.waits(days=1)

    assert (state(choice_id), in_force(town)) == ("in_force", D)
    assert town.live() == []


def test_whoever_chose_does_not_approve(town: Town):
    choose(town, by="city_manager")

    with pytest.raises(tasks.SamePerson):
        town.does("approve", person=town.staff["city_manager"], approved=True, floor_confirmed=True, words="同意")


@pytest.mark.parametrize("answers", [{"approved": False}, {"approved": True}])
def test_without_approval_or_without_a_look_at_the_floor_nothing_changes(town: Town, answers: dict[str, Any]):
    choice_id = choose(town)
    town.does("approve", **answers, words="不同意")
    town.waits(days=20)

    assert (state(choice_id), in_force(town), town.live()) == ("rejected", P, [])


def test_a_policy_that_fails_its_checks_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(policy_checks, "wrong_cases", lambda policy: [Problem("样例不符", "a case fails")])
    choice_id = choose(town)

    assert (state(choice_id), town.live(), town.open()) == ("refused", [], {})
    with db.reading() as session:
        assert district_policies.get(session, choice_id).problems == [{"zh": "样例不符", "en": "a case fails"}]


def test_an_approved_switch_may_be_called_back_before_its_day(town: Town):
    choice_id = approved(town)
    with jobs.transaction() as session:
        policy_switches.call_back(session, district_policies.get(session, choice_id))
    jobs.drain()
    town.waits(days=20)

    assert (state(choice_id), in_force(town), town.live()) == ("withdrawn", P, [])


@pytest.fixture
def lowered(town: Town) -> Town:
    """An elder of the key tier whom the draft puts into the general one; the township is asked."""
    town.elder_is(born_on=date(1961, 3, 1), facts=CERTIFICATE, tier="key", categories=["SEVERE_DISABILITY"])
    approved(town)
    town.waits(days=14)
    assert town.open()["confirm_changes"].role == "township_desk"
    assert tier(town) == "key"
    return town


def tier(town: Town) -> str:
    with db.reading() as session:
        return elders.get(session, town.elder.id).tier


def test_the_township_confirms_and_the_lower_tier_holds(lowered: Town):
    lowered.does("confirm_changes", answer="all")

    assert (tier(lowered), lowered.live()) == ("general", [])


def test_the_township_keeps_a_tier_with_its_reason_for_six_months(lowered: Town):
    with db.reading() as session:
        number = elders.get(session, lowered.elder.id).number
    lowered.does("confirm_changes", answer="some", kept=[{"number": "E999999", "why": "写错了"}])
    assert "confirm_changes" in lowered.open()  # nobody of that number is on the list: asked again

    lowered.does("confirm_changes", answer="some", kept=[{"number": number, "why": "近期住院"}])

    with db.reading() as session:
        newest, table, *_ = elders.tier_history(session, lowered.elder.id)
        [line] = session.scalars(select(retiering.TierChange))
    assert (tier(lowered), lowered.live(), line.state, line.reason) == ("key", [], "kept", "近期住院")
    assert (newest.tier, newest.reason, newest.manual_until) == ("key", "近期住院", date(2027, 2, 16))
    assert (table.tier, table.policy, table.rules) == ("general", D, ["D-G2"])
    assert [each["rule"] for each in table.grounds] == ["SEVERE_DISABILITY", "D-G2"]
    assert all(each["note"] for each in table.grounds)


def test_the_same_work_again_changes_nothing(lowered: Town):
    with jobs.transaction() as session:
        [row] = session.scalars(select(district_policies.PolicyChoice))
        retiering.begin(session, row)
    jobs.drain()

    with db.reading() as session:
        assert len(elders.tier_history(session, lowered.elder.id)) == 1
        assert len(list(session.scalars(select(retiering.TierChange)))) == 1


@pytest.mark.parametrize(
    ("from_on", "document", "reason"),
    [(date(2026, 8, 3), "第9号", "试点"), (date(2026, 9, 1), " ", "试点"), (date(2026, 9, 1), "第9号", "")],
)
def test_a_choice_has_a_day_ahead_a_document_and_a_reason(town: Town, from_on: date, document: str, reason: str):
    with db.writing() as session, pytest.raises(RuleBroken):
        district_policies.propose(
            session, town.city.district, D, from_on, document=document, reason=reason, by=None, floor_confirmed=True
        )


def test_one_switch_at_a_time_and_none_to_what_holds(town: Town):
    with pytest.raises(RuleBroken):
        choose(town, P)
    choose(town)
    with pytest.raises(RuleBroken):
        choose(town, from_on=date(2026, 10, 1))


def test_a_unit_follows_the_newest_choice_of_the_nearest_unit_above_it():
    choices = district_policies.Choices(
        [("/1/", date(2026, 7, 1), 1, D), ("/1/2/", date(2026, 8, 1), 2, P), ("/1/2/", date(2026, 9, 1), 3, D)]
    )

    assert [choices.at("/1/2/5/", date(2026, month, 15)) for month in (6, 7, 8, 9)] == [P, D, P, D]
    assert choices.at("/1/3/", date(2026, 9, 15)) == D
    assert choices.at("/1/20/", date(2026, 9, 15)) == D  # not below /1/2/


def test_both_sets_pass_their_checks_and_only_the_draft_breaks_the_floor():
    for policy in policies.policy_sets():
        assert policy_checks.lint(policy) == [] and policy_checks.wrong_cases(policy) == []
        assert len(policy_checks.cases(policy)) >= 20
    assert policy_checks.below_floor(P) == []
    assert {each.tier for each in policy_checks.below_floor(D)} == {"general"}
    assert set(policy_checks.rarer_tiers(D)) == {"key", "general"}


def test_the_checks_find_a_missing_table_and_a_wrong_case(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(policies, "decisions_of", lambda policy: frozenset(policy_checks.REQUIRED) - {"device_subsidy"})
    assert [each.en for each in policy_checks.lint(P)] == ["the decision device_subsidy is missing"]
    wrong = {"decision": "tier", "inputs": {"birth_date": "1944-01-15", "as_of": str(clock.today())},
             "expected": {"tier": "none"}, "source": "x"}  # fmt: skip
    monkeypatch.setattr(policy_checks, "cases", lambda policy: [wrong])
    [found] = policy_checks.wrong_cases(P)
    assert "key" in found.en
