"""P33 reassessment, walked along each way out. Source: processes P33, 4.9; policy 3.4 no. 18."""

from __future__ import annotations

from typing import Any

import pytest

from care import elders, fact_forms
from care.elders import Elder
from engine import clock, db
from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    """Of an elder of 82 who lives alone (high tier) something has changed."""
    town.message("facts.changed", str(town.elder.id), items=["household"])
    return town


def elder(town: Town) -> Elder:
    with db.reading() as session:
        return elders.get(session, town.elder.id)


def reviewed(town: Town, **facts: Any) -> None:
    town.does("review_facts", way="onsite", facts=say.assessed(**facts)["facts"])


WITH_CHILDREN = {"living_alone": "no", "has_children": "yes", "children_same_area": "yes"}


def test_nothing_changed_keeps_the_tier_with_a_new_result(asked: Town):
    reviewed(asked)

    assert elder(asked).tier == "high"
    assert elder(asked).facts_said["living_alone"]["by"] == "review:onsite"
    with db.reading() as session:
        assert elders.tier_history(session, asked.elder.id)[0].reason == "review"
    assert asked.live() == []


def test_a_review_renews_the_emergency_card_and_loses_nothing_that_was_left_open(asked: Town):
    facts = say.assessed()["facts"]
    asked.does("review_facts", way="onsite", facts=facts, emergency_health={"drugs": "厄贝沙坦", "allergies": "无"})

    health = elder(asked).health
    assert (health["drugs"], health["allergies"]) == (["厄贝沙坦"], [])
    assert health["illnesses"] == ["高血压"]


def test_a_raise_holds_at_once_and_the_township_hears_of_it(asked: Town):
    asked.elder_is(tier="general")
    reviewed(asked)

    assert elder(asked).tier == "high"
    assert "tier.raised" in asked.messages()
    assert asked.sent("tier_raised")


def test_a_lowering_waits_for_the_township(asked: Town):
    reviewed(asked, **WITH_CHILDREN, suspected_disability="yes")
    assert elder(asked).tier == "high"
    task = asked.open()["confirm"]
    assert task.role == "township_desk"
    asked.does("confirm", answer="yes")

    assert elder(asked).tier == "general"
    assert {"tier.lowered", "assessment.requested"} <= set(asked.messages())


def test_the_township_may_keep_the_tier(asked: Town):
    reviewed(asked, **WITH_CHILDREN)
    asked.does("confirm", answer="return", note="女儿下月就走")

    assert elder(asked).tier == "high"
    assert asked.live() == []


def test_a_change_while_it_is_reviewed_is_reviewed_with_it_and_later_begins_anew(asked: Town):
    asked.message("facts.changed", str(asked.elder.id), items=["phone"])
    assert asked.elements() == {"review_facts"}
    reviewed(asked, **WITH_CHILDREN)

    asked.message("facts.changed", str(asked.elder.id), items=["household"])

    assert asked.elements() == {"review_facts"}


def test_an_elder_who_leaves_is_not_reviewed(asked: Town):
    asked.message("elder.exited", str(asked.elder.id))

    assert asked.live() == []


@pytest.mark.parametrize(("reason", "due"), [(None, "2026-09-02"), ("missing", "2026-08-10")])
def test_thirty_days_or_five_working_days_where_facts_are_missing(town: Town, reason: str | None, due: str):
    town.message("facts.changed", str(town.elder.id), reason=reason)

    by = town.open()["review_facts"].due_at
    assert by is not None and clock.local(by).date().isoformat() == due


def test_who_reaches_eighty_and_whose_year_is_over_are_found(town: Town):
    day = clock.today()
    town.elder_is(born_on=day.replace(year=day.year - 80), tiered_on=day)
    with db.reading() as session:
        assert elders.birthdays(session, day, 10) == [town.elder.id]
        assert elders.birthdays(session, day.replace(day=4), 10) == []
        assert elders.due_for_review(session, day.replace(year=day.year + 1), 10) == [town.elder.id]
        assert elders.due_for_review(session, day, 10) == []


def test_born_on_a_leap_day_it_is_the_first_of_march(town: Town):
    town.elder_is(born_on=clock.today().replace(year=1956, month=2, day=29))
    with db.reading() as session:
        assert elders.birthdays(session, clock.today().replace(year=2026, month=3, day=1), 10) == [town.elder.id]
        assert elders.birthdays(session, clock.today().replace(year=2026, month=2, day=28), 10) == []


def test_whoever_comes_home_from_an_institution_is_assessed_after_all(town: Town):
    """What was asked for before ended with the suspension (P03, P34)."""
    town.elder_is(categories=["ALONE", "SUSPECTED_DISABILITY"])
    town.message("facts.changed", str(town.elder.id), items=["household"])
    reviewed(town, suspected_disability="yes")
    assert "book_assessor" not in town.elements()  # it is under way

    town.message("facts.changed", str(town.elder.id), items=["household"], reason="resumed")
    reviewed(town, suspected_disability="yes")

    assert "book_assessor" in town.elements()


def test_the_next_review_opens_with_what_the_elder_does_not_have(asked: Town):
    before = fact_forms.shown(elder(asked).facts or {})
    reviewed(asked, ability_level="none", disability_cert_grade="none")

    facts, said = elder(asked).facts, elder(asked).facts_said
    assert not {"ability_level", "disability_cert_grade"} & set(before)  # nobody had ever asked
    assert (facts["ability_level"], facts["disability_cert_grade"]) == (None, None)
    assert said["disability_cert_grade"]["by"] == "review:onsite"
    shown = fact_forms.shown(facts)
    assert (shown["ability_level"], shown["disability_cert_grade"]) == ("none", "none")
    assert "disability_cert_generation" not in shown
    assert elder(asked).tier == "high"
