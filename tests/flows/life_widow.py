"""His wife after his death: denser visits until she is stable, and her tier by what is so now. P34, P10, P33, P07."""

from __future__ import annotations

from care.changes import MajorChange
from care.visits import VisitObligation
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say

AT_HOME = words.at_home(met=["elder"], alone=True)


def he_dies(life: Life) -> None:
    """Told by the visitor, confirmed and approved the same afternoon."""
    life.until("2026-08-06 10:00")
    life.begins("visitor", "exit")
    life.does("village_desk", "confirm_exit", {"reason": "death", "on": "2026-08-06", "ground": "医院死亡证明"})
    life.until("2026-08-06 17:00")
    life.does("township_desk", "approve", {"answer": "yes"})
    assert life.elder().status == "exited"


def she_is_visited_the_next_morning(life: Life) -> None:
    wife = life.spouse_id
    life.until("2026-08-07 09:00")
    life.visits(AT_HOME, due="2026-08-07 17:00", kind="major_change", of=wife)
    assert life.rows(MajorChange, wife)[0].first_visit_at == life.now()
    if "village_check" in life.open(wife):  # the visitor's first visit is always looked at
        life.does("village_desk", "village_check", {"way": "phone", "answer": "ok"}, of=wife)
    life.does("village_desk", "plan_update", say.plan(), of=wife)


def she_is_alone_now(life: Life) -> None:
    """75 and alone: from general, which was provisional, to key; it holds at once and the township hears of it."""
    wife, before = life.spouse_id, life.now()
    assert life.elder(wife).tier == "general"
    facts = {"living_alone": "yes", "has_partner": "no", "has_children": "yes", "children_same_area": "no",
             "rural": "no", "ability_level": "none", "disability_cert_grade": "none"}  # fmt: skip
    life.does("visitor", "review_facts", {"way": "onsite", "facts": facts}, of=wife)
    elder = life.elder(wife)
    assert (elder.tier, elder.categories) == ("key", ["ALONE"])
    told = [each for each in life.sent(before) if each["channel"] == "screen" and each["template"] == "tier_raised"]
    assert [(each["role"], each["unit_path"]) for each in told] == [("township_desk", life.city.township.path)]


def the_period_of_the_higher_tier(life: Life) -> None:
    """The running period ends with the two weeks of her new tier, in which she was visited after his death."""
    life.until("2026-08-09 10:00")
    assert "accept_or_swap" not in life.open(life.spouse_id)
    owed = life.rows(VisitObligation, life.spouse_id)[-1]
    assert (owed.period, str(owed.ends_on), owed.state) == ("two_weeks", "2026-08-09", "fulfilled")


def judged_and_visited_each_week(life: Life, *days: str) -> None:
    """A visit a week instead of one in two. Stable or not, after a bereavement it lasts thirty days at least."""
    wife = life.spouse_id
    for day in days:
        life.until(f"{day} 10:00")
        assert life.rows(MajorChange, wife)[0].closed_at is None
        life.does("township_desk", "judge_stable", {"stable": True, "words": "有邻居作伴"}, of=wife)
        life.visits(AT_HOME, due=f"{day} 18:00", kind="regular", of=wife)
        owed = life.rows(VisitObligation, wife)[-1]
        assert (owed.period, owed.context, owed.state) == ("week", "major_change", "fulfilled")


def the_usual_rhythm_again(life: Life) -> None:
    wife = life.spouse_id
    change = life.rows(MajorChange, wife)[0]
    assert change.outcome == "stabilised" and change.closed_at is not None
    assert f"{life.local(change.closed_at):%Y-%m-%d}" == "2026-09-11"  # judged so on the fourth: a day too early
    assert "major_change" not in life.live(wife)
    life.until("2026-09-22 09:00")
    owed = life.rows(VisitObligation, wife)[-1]
    assert (owed.period, owed.context, str(owed.starts_on)) == ("two_weeks", "normal", "2026-09-21")
