"""P12 policy_aid and aid_work, walked along each way out. Source: processes P12, 4.9; K20."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from care import aids, elders, policies, providers, renewals
from care.aids import Aid, AidHint
from engine import db, jobs
from tests.town import Town

PHOTO = "01a2233b-56ad-7635-94cc-46980fd7e7ee"


@pytest.fixture
def asked(town: Town) -> Town:
    """The visitor proposes the old-age allowance."""
    town.message("aid.proposed", f"{town.elder.id}:old_age", kind="old_age")
    return town


@pytest.fixture
def waiting(asked: Town) -> Town:
    """The papers are with the department."""
    asked.does("precheck", apply=True, papers="身份证")
    asked.does("collect_papers", papers=[PHOTO], signed=True)
    submits(asked)
    return asked


def submits(town: Town) -> None:
    town.does("submit", to="区民政局", submitted_on="2026-08-05", receipt="A12")


def row(town: Town) -> Aid:
    with db.reading() as session:
        return aids.of_elder(session, town.elder.id)[0]


def result(town: Town, decision: str, **said: Any) -> None:
    more = {"granted": {"from_on": "2026-09-01"}, "refused": {"reason": "收入超标"}, "pending": {"asked": "还在审"}}
    town.does("enter_result", decision=decision, **more[decision], **said)


def tells(town: Town, **said: Any) -> None:
    town.does("tell_elder", how="visit", **said)


def test_granted_and_told(waiting: Town):
    result(waiting, "granted", amount=300, until_on="2027-08-31")
    tells(waiting)

    kept = row(waiting)
    assert (kept.outcome, kept.granted, kept.amount, kept.until_on) == ("granted", True, 300, date(2027, 8, 31))
    assert kept.told_at is not None
    assert waiting.live() == []


def test_refused_and_told_why(waiting: Town):
    result(waiting, "refused")
    tells(waiting, review=False)

    assert row(waiting).outcome == "refused"


def test_a_review_is_asked_for_once(waiting: Town):
    result(waiting, "refused")
    tells(waiting, review=True)
    submits(waiting)
    result(waiting, "refused")
    tells(waiting, review=True)

    assert (row(waiting).outcome, row(waiting).round) == ("refused", 2)


def test_no_decision_is_asked_for_again_after_ten_working_days(waiting: Town):
    first = waiting.open()["enter_result"]
    result(waiting, "pending")
    second = waiting.open()["enter_result"]

    assert second.id != first.id
    assert second.due_at is not None and second.due_at.date() == date(2026, 8, 17)


def test_the_department_answers_by_message(waiting: Town):
    waiting.message("aid.decided", str(row(waiting).id), granted=True, amount=100, from_on="2026-09-01")

    assert (row(waiting).granted, row(waiting).amount) == (True, 100)
    assert "tell_elder" in waiting.elements()


def test_the_provider_that_the_elder_wants_is_kept(asked: Town):
    with db.writing() as session:
        firm_id = providers.add(session, asked.city.village, "enterprise", "爱邻照护", ["life_care"]).id
    asked.does("precheck", apply=True, provider="爱邻照护")
    asked.does("collect_papers", papers=[PHOTO])
    submits(asked)

    assert row(asked).provider_id == firm_id


def test_a_provider_whom_nobody_knows_is_none(asked: Town):
    asked.does("precheck", apply=True, provider="没有这家")
    asked.does("collect_papers", papers=[PHOTO])
    submits(asked)

    assert row(asked).provider_id is None


def test_not_applied_for_is_told_too(asked: Town):
    asked.does("precheck", apply=False, why_not="已在享受")
    asked.does("tell_not_applied", result="done", text="已告知")

    assert row(asked).outcome == "not_applied"


def test_deadlines_are_those_of_the_catalogue(asked: Town):
    """Ten working days for the papers, three for the news."""
    asked.does("precheck", apply=True)
    due = {"collect_papers": asked.open()["collect_papers"].due_at}
    asked.does("collect_papers", papers=[PHOTO])
    due["submit"] = asked.open()["submit"].due_at
    submits(asked)
    result(asked, "refused")
    due["tell_elder"] = asked.open()["tell_elder"].due_at

    assert {name: f"{moment:%m-%d}" for name, moment in due.items() if moment} == {
        "collect_papers": "08-17", "submit": "08-17", "tell_elder": "08-06",
    }  # fmt: skip


def test_late_papers_go_up_the_ladder(asked: Town):
    asked.does("precheck", apply=True)
    asked.does("collect_papers", papers=[PHOTO])
    asked.waits(days=40)

    assert asked.open()["submit"].also_role is not None


def test_what_the_elder_wants_and_lacks_is_applied_for_one_by_one(town: Town):
    town.message("aid.proposed", str(town.elder.id), items=["medical_aid"], gaps=["pension_subsidy", "smart_device"])

    with db.reading() as session:
        kinds = {each.kind for each in aids.of_elder(session, town.elder.id)}
    assert kinds == {"medical_aid", "care_subsidy", "device_subsidy"}


def test_proposed_again_joins(asked: Town):
    asked.message("aid.proposed", str(asked.elder.id), items=["old_age"])

    assert row(asked).mentions == 2
    assert asked.live() == ["policy_aid"]


def test_thirty_days_before_its_end_a_benefit_is_renewed(waiting: Town):
    result(waiting, "granted", until_on="2026-09-30")
    tells(waiting)
    assert renewals.begin_due(date(2026, 8, 30))["policy_aid"] == 0
    waiting.waits(days=29)  # 1 September
    assert renewals.begin_due()["policy_aid"] == 1
    jobs.drain()

    assert row(waiting).outcome == ""
    assert "precheck" in waiting.elements()
    assert renewals.begin_due()["policy_aid"] == 0


@pytest.mark.parametrize("message", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_ends_it(waiting: Town, message: str):
    waiting.message(message, str(waiting.elder.id))

    assert row(waiting).outcome == "exited"
    assert waiting.live() == []


@pytest.mark.parametrize(
    ("facts", "hinted"),
    [
        ({"age": 80, "categories": [], "ability_level": None}, ["old_age"]),
        ({"age": 79, "categories": ["ALONE"], "ability_level": 0}, []),
        ({"age": 80, "categories": ["ALONE"], "ability_level": 0}, ["old_age", "device_subsidy"]),
        ({"age": 60, "categories": ["DISABLED"], "ability_level": 2},
         ["care_subsidy", "consumption_subsidy", "home_adaptation"]),
        ({"age": 59, "categories": ["DISABLED"], "ability_level": 3}, []),
        ({"age": 66, "categories": ["SEVERE_DISABILITY"], "ability_level": 1},
         ["disability_benefit", "home_adaptation"]),
        ({"age": 66, "categories": ["FP_SPECIAL", "SEVERE_ILLNESS"], "ability_level": None},
         ["fp_support", "medical_aid"]),
        ({"age": 66, "categories": ["DISPERSED_DESTITUTE"], "ability_level": None}, ["care_subsidy", "destitute"]),
    ],
)  # fmt: skip
def test_the_table_hints_and_never_decides(facts: dict[str, Any], hinted: list[str]):
    for policy in policies.policy_sets():
        assert sorted(policies.decide("aid_hint", facts, policy)) == sorted(hinted)


def test_hints_are_kept_with_the_tier_and_end_when_they_no_longer_hold(town: Town):
    """The denominator of K20."""
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        assert aids.keep_hints(session, elder, "issued-2026-37") == ["old_age", "device_subsidy"]
        elder.categories = []
        assert aids.keep_hints(session, elder, "issued-2026-37") == ["old_age"]
    with db.reading() as session:
        rows = session.query(AidHint).filter_by(elder_id=town.elder.id).order_by(AidHint.id).all()
        assert [(each.kind, each.until_at is None) for each in rows] == [("old_age", True), ("device_subsidy", False)]


def test_facts_never_stand_in_process_data(asked: Town):
    from engine import instances, run

    with db.reading() as session:
        found = instances.find(session, process_ids=["policy_aid"])
        data = run.peek(session, found[0].id).data
    assert not {"age", "categories", "ability_level"} & data.keys()
