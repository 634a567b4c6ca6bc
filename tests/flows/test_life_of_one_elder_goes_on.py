"""More of the life of one elder: a storm, a promise that is kept, a move, a widow, a year. Source:
processes.md P05, P07, P09, P10, P19, P33, P34.

Played as in test_life_of_one_elder.py, on from chapters of its beginning.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows import life_beginning, life_end, life_help, life_later, life_trouble, life_widow, life_year
from tests.flows.life import Life
from tests.flows.test_life_of_one_elder import life

__all__ = ["life"]

WEEKS = (
    "2026-08-14",
    "2026-08-21",
    "2026-08-28",
    "2026-09-04",
    "2026-09-11",
)  # each a week after the last visit, the first on the day after his death


@pytest.mark.slow
def test_a_storm_a_promise_and_a_move(life: Life, tmp_path: Path) -> None:
    life_beginning.found_by_the_survey(life, tmp_path)
    life_beginning.assessed_and_asked(life)
    life_beginning.with_a_visitor_and_contacts(life)
    life_beginning.on_the_register(life)
    life_help.first_visit(life)
    life_help.meals_that_come_at_the_second_attempt(life)
    life_help.a_floor_that_is_mended(life)
    life_help.asked_whether_he_is_content(life)
    life_help.a_son_who_does_not_come(life)
    life_help.a_quiet_visit(life)
    life_later.visited_every_other_week(life, "2026-09-15")
    life_trouble.the_moon_festival(life)
    life_trouble.the_son_is_taught(life)
    life_later.visited_every_other_week(life, "2026-09-29", "2026-10-13")
    life_trouble.he_comes_again(life)
    life_later.the_ninth_of_the_ninth(life)
    life_later.visited_every_other_week(life, "2026-10-27", "2026-11-10")
    life_later.the_festivals_are_reported(life)
    life_later.a_storm(life)
    life_later.the_storm_is_over(life)
    life_later.visited_every_other_week(life, "2026-11-24", "2026-12-08", "2026-12-22", "2027-01-05")
    life_later.he_keeps_his_word(life)
    life_later.to_another_district(life)
    life_later.welcomed_there(life)
    life_later.his_story_so_far(life)

    assert life.incidents() == []
    life.types("audit")


def test_a_widow_is_accompanied_for_a_month(life: Life, tmp_path: Path) -> None:
    life_beginning.found_by_the_survey(life, tmp_path)
    life_beginning.assessed_and_asked(life)
    life_beginning.with_a_visitor_and_contacts(life)
    life_beginning.on_the_register(life)
    life_widow.he_dies(life)
    life_end.his_wife_is_to_be_visited_within_a_day(life)
    life_widow.she_is_visited_the_next_morning(life)
    life_widow.she_is_alone_now(life)
    life_widow.the_period_of_the_higher_tier(life)
    life_widow.judged_and_visited_each_week(life, *WEEKS)
    life_widow.the_usual_rhythm_again(life)

    assert life.incidents() == []
    life.types("audit")


@pytest.mark.slow
def test_after_a_year_the_tier_is_looked_at_again(life: Life, tmp_path: Path) -> None:
    life_year.on_a_list(life, tmp_path)
    life_year.visited_each_month_and_at_festivals(life)
    life_year.her_daughter_has_come_home(life)
    life_year.the_lower_tier_holds_from_the_next_period(life)

    assert life.incidents() == []
    life.types("audit")
