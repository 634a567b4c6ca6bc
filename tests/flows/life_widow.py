"""His wife after his death: denser visits until she is stable, and her tier by what is so now. P34, P10, P33, P07."""

from __future__ import annotations

from care.changes import MajorChange
from care.visits import VisitObligation
from tests.flows import life_grief, life_visits
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say

AT_HOME = words.at_home(met=["elder"], alone=True)


def she_is_visited_the_next_morning(life: Life) -> None:
    wife = life.spouse_id
    life.until("2027-10-14 09:00")
    life.visits(AT_HOME, due="2027-10-14 16:00", kind="major_change", of=wife)
    assert life.rows(MajorChange, wife)[-1].first_visit_at == life.now()
    life_visits.and_hers(life)  # the cold that the warning at his death spoke of
    life_visits.drawn_by_lot(life)
    life.does("village_desk", "plan_update", say.plan(), of=wife)


def she_is_alone_now(life: Life) -> None:
    """76 and alone, the son is away for work again: from general to key; it holds at once, the township hears of it."""
    wife, before = life.spouse_id, life.now()
    assert life.elder(wife).tier == "general"
    facts = {"living_alone": "yes", "has_partner": "no", "lives_with_partner_only": "no", "children_same_area": "no"}
    life.does("visitor", "review_facts", {"way": "onsite", "facts": words.near() | facts}, of=wife)
    elder = life.elder(wife)
    assert (elder.tier, elder.categories) == ("key", ["ALONE", "SEVERE_ILLNESS"])
    told = [each for each in life.sent(before) if each["channel"] == "screen" and each["template"] == "tier_raised"]
    assert [each["role"] for each in told] == ["township_desk"]
    assert life.elder(wife).unit_path.startswith(told[0]["unit_path"])


def the_visit_of_the_higher_tier(life: Life) -> None:
    """October's visit was made on the first; the week of her new tier has its own."""
    life.until("2027-10-15 10:00")
    life.visits(AT_HOME, due="2027-10-15 18:00", kind="regular", of=life.spouse_id)
    owed = life.rows(VisitObligation, life.spouse_id)[-1]
    assert (owed.period, str(owed.ends_on), owed.state) == ("week", "2027-10-17", "fulfilled")


def judged_and_visited_each_week(life: Life, *weeks: tuple[str, str]) -> None:
    """A visit a week instead of one in two."""
    wife = life.spouse_id
    for judged_on, visited_on in weeks:
        life_grief.judged_stable(life, judged_on, wife)
        life.until(f"{visited_on} 10:00")
        life.visits(AT_HOME, due=f"{visited_on} 18:00", kind="regular", of=wife)
        owed = life.rows(VisitObligation, wife)[-1]
        assert (owed.period, owed.context, owed.state) == ("week", "major_change", "fulfilled")
        life_visits.drawn_by_lot(life)


def the_usual_rhythm_again(life: Life) -> None:
    """From the pair of weeks that begins after the week in which she was judged stable."""
    wife = life.spouse_id
    for day in ("2027-11-19", "2027-12-03"):
        life.until(f"{day} 10:00")
        life.visits(AT_HOME, due=f"{day} 18:00", kind="regular", of=wife)
    owed = life.rows(VisitObligation, wife)[-1]
    assert (owed.period, owed.context, str(owed.starts_on)) == ("two_weeks", "normal", "2027-11-29")
