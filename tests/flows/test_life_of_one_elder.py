"""The life of one elder, from the row of a survey to the exit by death. Source: issue point done-when 2; processes.md.

Played through the pages, as everybody signs in, and the command line, with the clock moved. Each chapter begins where
the one before it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import clock, db
from engine.settings import change, settings
from tests.flows import life_beginning, life_end, life_help, life_trouble
from tests.flows.life import Life


@pytest.fixture
def life(database: db.Database) -> Iterator[Life]:
    before = settings().demo
    with clock.frozen(datetime(2026, 8, 3, 1, 0, tzinfo=UTC)):
        change(demo=True)
        yield Life()
    change(demo=before)


def test_the_life_of_one_elder(life: Life, tmp_path: Path) -> None:
    life_beginning.found_by_the_survey(life, tmp_path)
    life_beginning.assessed_and_asked(life)
    life_beginning.with_a_visitor_and_contacts(life)
    life_beginning.on_the_register(life)
    life_help.first_visit(life)
    life_help.meals_that_come_at_the_second_attempt(life)
    life_help.a_floor_that_is_mended(life)
    life_help.asked_whether_he_is_content(life)
    life_trouble.a_pendant(life, tmp_path)
    life_help.a_son_who_does_not_come(life)
    life_help.a_quiet_visit(life)
    life_trouble.he_falls_and_presses(life)
    life_trouble.fed_back_and_reviewed_by_somebody_else(life)
    life_trouble.an_emergency_is_a_major_change(life)
    life_trouble.in_hospital(life)
    life_trouble.judged(life, "2026-09-18 16:00", False)
    life_trouble.visited_every_week(life, "2026-09-21")
    life_trouble.the_moon_festival(life)
    life_trouble.judged(life, "2026-09-25 16:00", True)
    life_trouble.the_son_is_taught(life)
    life_trouble.visited_every_week(life, "2026-09-29", due="2026-09-28")
    life_trouble.stable_again(life)
    life_trouble.he_comes_again(life)
    life_end.much_is_open(life)
    life_end.the_visitor_tells_of_his_death(life)
    life_end.his_wife_is_to_be_visited_within_a_day(life)
    life_end.nothing_comes_after(life)

    assert life.incidents() == []
    life.types("audit")
