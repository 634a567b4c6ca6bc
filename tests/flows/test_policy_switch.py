"""A district goes over to the draft policy. Source: issue point 2, done-when 4; rulings 10.6."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from care import district_policies, elders, nightly, planner, policy_switches, retiering, visits, what_if
from care.district_policies import PolicyChoice
from care.elders import TierResult
from care.errors import RuleBroken
from care.retiering import TierChange
from engine import db, instances, jobs
from tests import builders
from tests.town import Town

P, D = "issued-2026-37", "draft-2026"
SWITCH = date(2026, 8, 17)  # a Monday: the pair of weeks of 10 August is under way, and so is the month
ALONE = {"living_alone": True, "has_children": False, "has_partner": False}
WITH_FAMILY = {"living_alone": False, "lives_with_partner_only": False, "has_partner": False, "has_children": True,
               "children_same_area": True, "rural": False}  # fmt: skip
CERTIFICATE = {"disability_cert_generation": 2, "disability_cert_grade": 1, "disability_cert_valid": True}


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    """Besides the elder of 82 who lives alone: one of 75 alone, one of 65 alone, one gravely ill, one disabled."""
    return Town(facts=ALONE)


@pytest.fixture
def people(town: Town) -> dict[str, int]:
    wanted: dict[str, tuple[date, dict[str, Any]]] = {
        "key": (date(1951, 3, 1), ALONE),
        "general": (date(1961, 3, 1), ALONE),
        "ill": (date(1961, 3, 1), {**WITH_FAMILY, "severe_illness": True}),
        "disabled": (date(1961, 3, 1), {**WITH_FAMILY, **CERTIFICATE}),
    }
    made = {"high": town.elder.id}
    with jobs.transaction() as session:
        for name, (born_on, facts) in wanted.items():
            elder = builders.an_elder(session, town.city, born_on=born_on, facts=facts, contacts=False, consents=())
            elders.retier(session, elder, "registered")
            made[name] = elder.id
        elders.retier(session, elders.get(session, town.elder.id), "registered")
    assert tiers(made) == {"high": "high", "key": "key", "general": "general", "ill": "general", "disabled": "key"}
    return made


def tiers(people: dict[str, int]) -> dict[str, str]:
    with db.reading() as session:
        return {name: elders.get(session, elder_id).tier for name, elder_id in people.items()}


def choose(town: Town, policy: str = D, from_on: date = SWITCH, confirmed: bool = True, **facts: Any) -> int:
    said = {"document": "包民发〔2026〕9号", "reason": "试点", **facts}
    with jobs.transaction() as session:
        chosen = policy_switches.begin(
            session, town.city.district, policy, from_on, by=town.staff["district_lead"],
            floor_confirmed=confirmed, **said,
        )  # fmt: skip
        choice_id = chosen.id
    jobs.drain()
    return choice_id


def choice(choice_id: int) -> PolicyChoice:
    with db.reading() as session:
        row = district_policies.get(session, choice_id)
        session.expunge(row)
        return row


def changes(choice_id: int) -> dict[int, TierChange]:
    with db.reading() as session:
        rows = {row.elder_id: row for row in session.scalars(retiering.of_choice(choice_id))}
        session.expunge_all()
        return rows


def obligations(elder_id: int) -> list[tuple[str, date, str, str]]:
    with db.reading() as session:
        rows = visits.obligations_of(session, elder_id)
        return [(row.period, row.starts_on, row.policy, row.state) for row in reversed(rows)]


def test_the_floor_of_the_issued_plan_is_named_value_by_value_and_confirmed_twice(town: Town):
    with pytest.raises(RuleBroken):
        choose(town, confirmed=False)
    assert choices_made() == 0

    row = choice(choose(town))

    broken = [(each["tier"], each["context"], each["period"], each["floor"]) for each in row.floor]
    assert broken == [
        ("general", context, "quarter", "month") for context in ("normal", "special_period", "major_change")
    ]
    assert row.floor[0]["paragraph"] == "D 四（1）：一般每季度不少于1次"
    assert "每月探访关爱不少于1次" in row.floor[0]["floor_paragraph"]
    town.does("approve", approved=True, words="同意")  # without looking at the floor
    assert choice(row.id).state == "rejected"


def choices_made() -> int:
    with db.reading() as session:
        return len(session.scalars(select(PolicyChoice)).all())


def test_a_switched_district_changes_its_next_periods_only_and_lists_every_change(town: Town, people: dict[str, int]):
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    nightly.keep_planning()
    with db.reading() as session:
        counted = what_if.count(session, town.city.district.path, D, SWITCH).as_counts()
        assert len(list(session.scalars(select(TierResult)))) == 5  # counted, and nothing written

    choice_id = choose(town)
    assert choice(choice_id).counted == counted
    town.does("approve", approved=True, floor_confirmed=True, words="试点一年")
    town.waits(days=13)  # Sunday 16 August
    assert set(tiers(people).values()) == {"high", "key", "general"} and changes(choice_id) == {}
    running = {row.id: row.policy for row in live(town, "visit_cycle")}
    town.waits(days=1, hours=6)

    assert choice(choice_id).state == "in_force"
    assert tiers(people) == {"high": "high", "key": "key", "general": "general", "ill": "high", "disabled": "key"}
    listed = {name: changes(choice_id).get(elder_id) for name, elder_id in people.items()}
    assert listed["high"] is None
    assert told(listed["key"]) == ("key", "key", "two_weeks", "month", "holds")
    assert told(listed["general"]) == ("general", "general", "month", "quarter", "holds")
    assert told(listed["ill"]) == ("general", "high", "month", "week", "holds")
    assert told(listed["disabled"]) == ("key", "general", "two_weeks", "quarter", "waiting")
    assert counted["moves"] == [["general", "high", 1], ["key", "general", 1]]
    assert (counted["raised"], counted["lowered"], counted["contacts"]) == (1, 1, 0)
    assert counted["rarer"] == {"key": 2, "general": 1} and counted["denser"] == {"general": 1}
    assert counted["visits_now"] == round(52 / 12 + 2 * 26 / 12 + 2, 1)
    assert counted["visits_then"] == round(2 * 52 / 12 + 1 + 2 / 3, 1)

    still = {row.id: row.policy for row in live(town, "visit_cycle")}
    assert {still[each] for each in running if each in still} == {P}
    assert obligations(people["ill"]) == [("month", date(2026, 8, 1), P, "open")]  # the running month stays
    assert obligations(people["high"])[-1] == ("week", date(2026, 8, 17), D, "open")
    assert obligations(people["key"]) == [
        ("two_weeks", date(2026, 7, 27), P, "missed"), ("two_weeks", date(2026, 8, 10), P, "open"),
    ]  # fmt: skip

    town.does("confirm_changes", answer="all")
    assert tiers(people)["disabled"] == "general"
    town.waits(days=16)  # 2 September
    assert obligations(people["key"])[-1] == ("month", date(2026, 9, 1), D, "open")
    assert obligations(people["general"])[-1] == ("month", date(2026, 8, 1), P, "missed")  # serves the third quarter
    assert obligations(people["ill"])[-1][:3] == ("week", date(2026, 8, 31), D)
    assert {row.policy for row in live(town, "visit_cycle")} <= {P, D}
    assert town.incidents() == []


def told(row: TierChange | None) -> tuple[str, ...]:
    assert row is not None
    return row.tier_before, row.tier_after, row.period_before, row.period_after, row.state


def live(town: Town, process_id: str) -> list[instances.Instance]:
    with db.reading() as session:
        return [each for each in instances.find(session, limit=200) if each.process_id == process_id]
