"""Winter and summer pasture (seasonal_move), walked along each way out. Source: R-USR-03; processes P07."""

from __future__ import annotations

from datetime import date

import pytest

from care import dwellings, elders, renewals
from care.errors import RuleBroken
from engine import clock, db, jobs
from tests.town import Town

SUMMER = [41.2, 109.9]


@pytest.fixture
def herder(town: Town) -> Town:
    """Lives on the winter pasture; summer begins on 3 August, which is today."""
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        winter = dwellings.add(session, elder, "winter", "10-15", "冬营地东沟", way="过桥右转")
        dwellings.add(
            session, elder, "summer", "08-03", "夏营地北滩", way="沿河15公里", position=SUMMER, road="track", road_km=40
        )
        dwellings.settle(session, elder, winter)
    return town


def file(town: Town) -> tuple[str, str | None, object]:
    with db.reading() as session:
        elder = elders.get(session, town.elder.id)
        return elder.address, elder.way, elder.position


def night(town: Town) -> None:
    renewals.begin_due()
    jobs.drain()


def test_on_the_day_the_visitor_is_asked_and_the_file_follows(herder: Town) -> None:
    assert file(herder)[0] == "冬营地东沟"
    night(herder)
    assert herder.open()["confirm_move"].role == "visitor"
    herder.does("confirm_move", answer="moved", asked_by="phone")

    assert file(herder) == ("夏营地北滩", "沿河15公里", SUMMER)
    assert "seasonal_move" not in herder.live()


def test_nobody_is_asked_twice_for_one_season(herder: Town) -> None:
    night(herder)
    herder.does("confirm_move", answer="stays", asked_by="neighbour")
    night(herder)

    assert "confirm_move" not in herder.elements() and file(herder)[0] == "冬营地东沟"


def test_not_yet_is_asked_again_after_a_week(herder: Town) -> None:
    night(herder)
    herder.does("confirm_move", answer="not_yet", asked_by="phone")
    herder.waits(days=6)
    assert "confirm_move" not in herder.elements()
    herder.waits(days=1, hours=1)
    herder.does("confirm_move", answer="moved", asked_by="home")

    assert file(herder)[0] == "夏营地北滩"


def test_whoever_leaves_the_register_is_not_asked(herder: Town) -> None:
    night(herder)
    herder.message("elder.exited", str(herder.elder.id))

    assert "seasonal_move" not in herder.live()


def test_an_elder_with_one_home_has_nothing_to_confirm(town: Town) -> None:
    night(town)
    assert "seasonal_move" not in town.live()
    town.start("seasonal_move")
    assert "seasonal_move" not in town.live()


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 8, 2), "winter"),
        (date(2026, 8, 3), "summer"),
        (date(2026, 10, 14), "summer"),
        (date(2026, 10, 15), "winter"),
        (date(2027, 2, 28), "winter"),
    ],
)
def test_the_season_goes_over_the_end_of_the_year(herder: Town, day: date, season: str) -> None:
    with db.reading() as session:
        found = dwellings.of_season(session, herder.elder.id, day)
        assert found is not None and found.season == season


@pytest.mark.parametrize(("road", "km", "minutes"), [("paved", 40, 40), ("gravel", 40, 80), ("track", 40, 120)])
def test_the_time_of_the_way_is_that_of_the_road(herder: Town, road: str, km: int, minutes: int) -> None:
    with db.writing() as session:
        elder = elders.get(session, herder.elder.id)
        assert dwellings.add(session, elder, "autumn", "09-20", "x", road=road, road_km=km).minutes == minutes


@pytest.mark.parametrize(("day", "address"), [("5月", "x"), ("13-01", "x"), ("02-30", "x"), ("05-20", " ")])
def test_a_dwelling_that_makes_no_sense_is_refused(town: Town, day: str, address: str) -> None:
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        dwellings.add(session, elders.get(session, town.elder.id), "winter", day, address)
    assert clock.today() == date(2026, 8, 3)
