"""A visitor who goes out alone comes back (lone_trip), walked along each way out. Source: R-USR-10; P08 T1."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import lone_trips
from care.errors import RuleBroken
from care.lone_trips import LoneTrip
from engine import clock, db, jobs
from tests.town import Town


@pytest.fixture
def out(town: Town) -> Town:
    """Visitor A is out until noon, three hours from now."""
    with jobs.transaction() as session:
        lone_trips.begin(session, town.staff["visitor"], "沿河路到北营子", clock.now() + timedelta(hours=3))
    jobs.drain()
    return town


def trip(town: Town) -> LoneTrip:
    with db.reading() as session:
        row = session.get_one(LoneTrip, 1)
        session.expunge(row)
        return row


def comes_back(town: Town) -> None:
    with jobs.transaction() as session:
        row = lone_trips.current(session, town.staff["visitor"])
        assert row is not None
        lone_trips.back(session, row)
        lone_trips.back(session, row)  # pressed twice
    jobs.drain()


def test_whoever_is_back_in_time_alarms_nobody(out: Town) -> None:
    out.waits(hours=3, minutes=29)
    assert out.elements() == set()
    comes_back(out)
    out.waits(hours=3)

    assert out.live() == [] and out.elements() == set() and trip(out).state == "back"


def test_half_an_hour_late_the_village_calls(out: Town) -> None:
    out.waits(hours=3, minutes=31)
    task = out.open()["call_visitor"]

    assert (task.role, task.priority) == ("village_desk", "urgent")
    assert task.due_at - clock.now() <= timedelta(minutes=15)
    out.does("call_visitor", answer="back")
    assert out.live() == [] and trip(out).state == "back"


def test_coming_back_takes_the_call_away(out: Town) -> None:
    out.waits(hours=4)
    comes_back(out)

    assert out.live() == [] and out.elements() == set()


def test_safe_but_later_waits_anew_until_the_new_time(out: Town) -> None:
    out.waits(hours=3, minutes=31)
    later = clock.now() + timedelta(hours=2)
    out.does("call_visitor", answer="later", new_at=later.isoformat())
    out.waits(hours=2)
    assert out.elements() == set()
    out.waits(minutes=31)

    assert out.elements() == {"call_visitor"}
    comes_back(out)
    assert out.live() == []


def test_not_reached_the_township_looks_and_finds(out: Town) -> None:
    out.waits(hours=3, minutes=31)
    out.does("call_visitor", answer="no", note="电话关机")
    assert out.open()["look_for_visitor"].role == "township_desk" and trip(out).state == "missing"
    out.does("look_for_visitor", found=True, state="hurt", words="车陷在河滩")

    assert out.live() == [] and (trip(out).state, trip(out).hurt) == ("back", True)


def test_an_empty_village_office_does_not_end_it(out: Town) -> None:
    out.waits(hours=3, minutes=31)
    out.waits(minutes=31)

    assert out.elements() == {"look_for_visitor"}


def test_the_district_searches_until_somebody_has_them(out: Town) -> None:
    out.waits(hours=3, minutes=31)
    out.does("call_visitor", answer="no")
    out.does("look_for_visitor", found=False, called_110=True, words="沿路没有")
    for _ in range(2):
        assert out.open()["district_searches"].role == "district_emergency"
        out.does("district_searches", found=False, called_110=True, words="继续")
    out.does("district_searches", found=True, state="safe", words="在牧户家")

    assert out.live() == [] and trip(out).state == "back"


@pytest.mark.parametrize("element", ["look_for_visitor", "district_searches"])
def test_whoever_walks_in_by_themselves_ends_the_search(out: Town, element: str) -> None:
    out.waits(hours=3, minutes=31)
    out.does("call_visitor", answer="no")
    if element == "district_searches":
        out.does("look_for_visitor", found=False, called_110=True, words="没有")
    assert element in out.elements()
    comes_back(out)

    assert out.live() == []


@pytest.mark.parametrize(("hours", "place"), [(0, "x"), (-1, "x"), (25, "x"), (2, " ")])
def test_a_trip_that_makes_no_sense_is_refused(town: Town, hours: int, place: str) -> None:
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        lone_trips.begin(session, town.staff["visitor"], place, clock.now() + timedelta(hours=hours))


def test_one_trip_at_a_time(out: Town) -> None:
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        lone_trips.begin(session, out.staff["visitor"], "y", clock.now() + timedelta(hours=1))
