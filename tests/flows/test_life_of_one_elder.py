"""The life of one elder, from the row of a survey to the exit by death, and what becomes of his wife.

Played through the pages, as everybody signs in, and the command line, with the clock moved. Each chapter begins where
the one before it ended; chapters stand in the files life_*.py. The short life is what the shorter run of CI plays.
Source: issue point done-when 2; processes.md P01 to P11, P14 to P19, P23, P28, P33 to P35; ruling 10.10.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import clock, db
from engine.settings import change, settings
from tests.flows import life_beginning as beginning
from tests.flows import life_end as end
from tests.flows import life_grief as grief
from tests.flows import life_help as helped
from tests.flows import life_later as later
from tests.flows import life_story as story
from tests.flows import life_trouble as trouble
from tests.flows import life_visits as visits
from tests.flows import life_widow as widow
from tests.flows import life_words as words
from tests.flows import life_year as year
from tests.flows.life import Life


@pytest.fixture
def life(database: db.Database) -> Iterator[Life]:
    before = settings().demo
    with clock.frozen(datetime(2026, 8, 3, 1, 0, tzinfo=UTC)):
        change(demo=True)
        yield Life()
    change(demo=before)


@pytest.mark.slow
@pytest.mark.timeout(1200)  # some five hundred pages and five hundred nights
def test_the_life_of_one_elder(life: Life, tmp_path: Path) -> None:
    """Fourteen months of his, and two of his widow's."""
    _the_first_summer(life, tmp_path)
    _the_first_autumn(life)
    _storm_promise_and_move(life)
    _winter_and_mourning(life)
    _the_second_summer(life)
    _the_end(life)

    assert life.incidents() == []
    life.types("audit")


def _the_first_summer(life: Life, folder: Path) -> None:
    beginning.found_by_the_survey(life, folder)
    beginning.assessed_and_asked(life)
    beginning.with_a_visitor_and_contacts(life)
    beginning.on_the_register(life)
    helped.first_visit(life)
    helped.a_floor_that_is_mended(life)
    helped.meals_that_come_at_the_second_attempt(life)
    helped.asked_whether_he_is_content(life)
    trouble.a_pendant(life, folder)
    helped.a_son_who_does_not_come(life)
    helped.a_quiet_visit(life)


def _the_first_autumn(life: Life) -> None:
    trouble.he_falls_and_presses(life)
    trouble.fed_back_and_reviewed_by_somebody_else(life)
    trouble.an_emergency_is_a_major_change(life)
    trouble.in_hospital(life)
    trouble.reviewed_again_at_home(life)
    trouble.judged(life, "2026-09-18 16:00", False)
    visits.every_week(life, "2026-09-21")
    trouble.the_moon_festival(life)
    trouble.judged(life, "2026-09-25 16:00", True)
    trouble.the_son_is_taught(life)
    visits.every_week(life, "2026-09-29", due="2026-09-28")
    trouble.stable_again(life)
    visits.every_other_week(life, "2026-10-13")
    trouble.he_comes_again(life)
    later.the_ninth_of_the_ninth(life)
    visits.every_other_week(life, "2026-10-27", "2026-11-10")
    later.the_festivals_are_reported(life, 2)


def _storm_promise_and_move(life: Life) -> None:
    later.a_storm(life)
    later.the_storm_is_over(life)
    visits.every_other_week(life, "2026-11-24", "2026-12-08", "2026-12-22", "2027-01-05")
    later.he_keeps_his_word(life)
    later.to_another_district(life)
    later.welcomed_there(life)
    later.his_story_so_far(life)
    later.his_home_is_cleaned(life)


def _winter_and_mourning(life: Life) -> None:
    later.asked_whether_it_is_clean(life)
    visits.every_other_week(life, "2027-02-01")
    year.festival(life, "除夕至正月初七")
    visits.every_other_week(life, "2027-02-15")
    year.contacts_of_half_a_year(life, words.family())
    year.festival(life, "元宵节")
    visits.every_other_week(life, "2027-03-01")
    grief.the_daughter_dies(life)
    grief.nobody_writes_to_her(life)
    grief.visited_the_next_morning(life)
    grief.judged_stable(life, "2027-03-18")
    visits.every_week(life, "2027-03-22")
    grief.judged_stable(life, "2027-03-25")
    visits.every_week(life, "2027-03-29")
    grief.judged_stable(life, "2027-04-01")
    year.festival(life, "清明节")
    visits.every_week(life, "2027-04-05")
    grief.judged_stable(life, "2027-04-08")
    visits.every_week(life, "2027-04-12")
    grief.judged_stable(life, "2027-04-15")
    grief.over_after_thirty_days(life, "2027-04-15")


def _the_second_summer(life: Life) -> None:
    visits.every_other_week(life, "2027-04-26", "2027-05-10", "2027-05-24", "2027-06-07")
    year.festival(life, "端午节")
    visits.every_other_week(life, "2027-06-21", "2027-07-05", "2027-07-19")
    later.the_festivals_are_reported(life, 4)
    visits.every_other_week(life, "2027-08-02")
    year.asked_again_for_consent(life)
    year.she_is_looked_at_again(life)
    visits.every_other_week(life, "2027-08-16", "2027-08-30")
    year.he_is_looked_at_again(life)
    year.contacts_of_half_a_year(life, words.son_alone())
    year.the_lower_tier_holds_from_the_next_period(life)
    year.festival(life, "重阳节")
    year.nothing_was_missed(life)


def _the_end(life: Life) -> None:
    visits.until(life, "2027-10-13 09:00")
    end.much_is_open(life)
    end.the_visitor_tells_of_his_death(life)
    end.his_wife_is_to_be_visited_within_a_day(life)
    widow.she_is_visited_the_next_morning(life)
    widow.she_is_alone_now(life)
    end.the_pendant_is_fetched(life)
    widow.the_visit_of_the_higher_tier(life)
    widow.judged_and_visited_each_week(
        life,
        ("2027-10-21", "2027-10-22"),
        ("2027-10-28", "2027-10-29"),
        ("2027-11-04", "2027-11-05"),
        ("2027-11-11", "2027-11-12"),
    )
    grief.judged_stable(life, "2027-11-18", life.spouse_id)
    grief.over_after_thirty_days(life, "2027-11-18", life.spouse_id)
    widow.the_usual_rhythm_again(life)
    end.nothing_comes_after(life)
    end.the_daughter_was_left_in_peace(life)
    story.of_his_whole_life(life)


def test_a_short_life(life: Life, tmp_path: Path) -> None:
    """He dies in the weeks of his first visits."""
    beginning.found_by_the_survey(life, tmp_path)
    beginning.assessed_and_asked(life)
    beginning.with_a_visitor_and_contacts(life)
    beginning.on_the_register(life)
    helped.first_visit(life)
    helped.a_floor_that_is_mended(life)
    helped.meals_that_come_at_the_second_attempt(life)
    trouble.a_pendant(life, tmp_path)
    end.much_is_open(life)
    end.the_visitor_tells_of_his_death(life)
    end.his_wife_is_to_be_visited_within_a_day(life)
    end.the_pendant_is_fetched(life)
    end.nothing_comes_after(life)

    assert life.incidents() == []
    life.types("audit")
