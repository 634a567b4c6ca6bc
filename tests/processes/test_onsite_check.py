"""The grid worker's check (P15 T4), walked along each way out. Source: draft annex 5 part one; processes 4.9."""

from __future__ import annotations

import pytest

from tests.processes import answers as say
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    """An unclear alarm that has come to the grid worker: elder, family and visitor could say nothing."""
    town.device_sends("door", device=town.another_device("door"))
    town.does("contact_elder", **say.nobody())
    town.does("contact_family", **say.nobody())
    town.does("contact_visitor", **say.nobody())
    assert "grid_worker_check" in town.elements()
    return town


def test_the_grid_worker_finds_out(asked: Town):
    asked.does("grid_worker_check", **say.mistaken())

    assert asked.elements() == {"record_false_alarm"}


def test_not_accepted_in_five_minutes_village_and_district_step_in(asked: Town):
    asked.waits(minutes=5)

    assert {"grid_worker_check", "village_backup", "district_backup"} <= asked.elements()
    asked.does("village_backup", **say.general())

    assert asked.elements() == {"simple_help"}


def test_a_grid_worker_who_accepted_is_on_the_way(asked: Town):
    asked.takes("grid_worker_check")
    asked.waits(minutes=5)

    assert asked.elements() == {"grid_worker_check"}


def test_helpers_who_find_nothing_leave_the_grid_worker_to_it(asked: Town):
    asked.waits(minutes=5)
    asked.does("village_backup", **say.nobody())
    asked.does("district_backup", **say.nobody())

    assert "grid_worker_check" in asked.elements()


def test_not_arrived_in_time_the_district_hears_of_it(asked: Town):
    asked.takes("grid_worker_check")
    asked.waits(minutes=15)

    assert "not_arrived" in asked.elements()
    assert asked.open()["not_arrived"].role == "district_emergency"


def test_nobody_of_the_chain_in_thirty_minutes_the_police_are_called(asked: Town):
    asked.waits(minutes=29)
    assert "call_110" not in asked.elements()
    asked.waits(minutes=1)

    assert asked.open()["call_110"].role == "district_emergency"
    asked.does("call_110", **say.called("110", kinds=["lost_contact"]))
    assert "call_missing_110" in asked.elements()


def test_nobody_opens_the_door_and_the_police_are_called(asked: Town):
    asked.does("grid_worker_check", **say.nobody())

    assert asked.elements() == {"call_110"}


def test_a_way_in_the_countryside_may_take_forty_minutes(database, monday):
    town = Town(rural=True)
    town.device_sends("sos")
    town.takes("grid_worker_check")

    town.waits(minutes=39)
    assert "not_arrived" not in town.elements()
    town.waits(minutes=1)
    assert "not_arrived" in town.elements()
    assert town.incidents() == []
