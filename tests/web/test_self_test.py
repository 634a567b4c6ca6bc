"""The test alarm comes through by itself and is seen by nobody; when it does not, people hear of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care import cases
from care.alarms import Alarm
from engine import audit, clock, db, incidents, instances, jobs, settings, standing, tasks
from tests.town import Town
from web import self_test


class Clock:
    """Real time that a test moves (the program's clock is never ahead of it here)."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def after(self, seconds: float) -> None:
        """Time passes, and the chore comes round."""
        self.moment += timedelta(seconds=seconds)
        with clock.frozen(self.moment):
            self_test.tick()

    def works(self) -> None:
        with clock.frozen(self.moment):
            jobs.drain()


@pytest.fixture
def tested(database, monday) -> Iterator[tuple[Town, Clock]]:
    before = settings.settings()
    settings.change(self_test=True)
    yield Town(), Clock(monday)
    settings._current = before


def figure(name: str) -> float:
    with db.reading() as session:
        return dict(standing.TOLD[name].read(session))[()]


def of_self_test(state: str) -> list[instances.Instance]:
    with db.reading() as session:
        return instances.find(session, process_ids=["self_test"], state=state)


def test_a_test_alarm_becomes_a_task_and_ends_by_itself(tested):
    town, time = tested
    time.after(0)
    time.works()
    assert town.elements() == {"see_test"}

    time.after(3)

    assert town.elements() == set()
    assert [len(of_self_test(state)) for state in (instances.LIVE, instances.CANCELLED)] == [0, 1]
    assert figure("visitflow_self_test_seconds") == 3
    assert figure("visitflow_self_test_last_success_timestamp_seconds") == time.moment.timestamp()
    assert figure("visitflow_self_test_failing") == 0


def test_the_next_is_raised_a_minute_after_the_one_before(tested):
    _, time = tested
    time.after(0)
    time.works()
    time.after(3)
    time.after(30)
    time.works()
    assert len(of_self_test(instances.LIVE)) == 0

    time.after(27)
    time.works()

    assert len(of_self_test(instances.LIVE)) == 1


def test_nobody_is_given_the_task_and_no_case_no_alarm_is_made(tested):
    town, time = tested
    time.after(0)
    time.works()

    row = town.open()["see_test"]
    assert (row.role, row.assignee_id, row.subject_id) == ("self_test", None, None)
    assert town.doer(row) is None
    with db.reading() as session:
        assert session.scalars(select(Alarm)).all() == []
        assert cases.of_elder(session, town.elder.id) == []
    assert town.sent() == []


def test_a_test_that_does_not_come_through_is_told_to_people_once(tested, caplog):
    _, time = tested
    time.after(0)  # no worker takes it
    time.after(89)
    assert figure("visitflow_self_test_failing") == 0

    with caplog.at_level(logging.ERROR):
        time.after(2)
    time.after(1)
    time.after(92)

    assert "real alarms may not come in" in caplog.text
    assert figure("visitflow_self_test_failing") == 1
    with db.reading() as session:
        [incident] = incidents.find(session)
        [told] = tasks.find(session, filters=tasks.Filters()).rows
    assert incident.kind == "self_test"
    assert (told.role, told.element_id) == ("monitor_desk", "self_test_failed")


def test_the_next_that_comes_through_closes_the_incident(tested):
    _, time = tested
    time.after(0)
    time.after(91)
    time.after(1)
    time.works()  # the late one and the new one
    time.after(2)

    with db.reading() as session:
        assert incidents.find(session) == []
    assert of_self_test(instances.LIVE) == []
    assert figure("visitflow_self_test_failing") == 0


def test_what_is_a_day_old_is_taken_away_and_the_audit_finds_nothing(tested):
    town, time = tested
    town.device_sends("sos")
    for seconds in (0, 2, 60, 2):
        time.after(seconds)
        time.works()
    assert len(of_self_test(instances.CANCELLED)) == 2
    with db.reading() as session:
        others = len(instances.find(session, state=None))

    time.moment += timedelta(hours=23)
    with clock.frozen(time.moment):
        self_test.clear_yesterdays()
    assert len(of_self_test(instances.CANCELLED)) == 2
    time.after(2 * 3600)
    time.works()
    with clock.frozen(time.moment):
        self_test.clear_yesterdays()

    assert of_self_test(instances.CANCELLED) == []
    assert len(of_self_test(instances.LIVE)) == 1
    with db.reading() as session:
        assert len(instances.find(session, state=None)) == others - 1  # two went, the newest began
    with clock.frozen(time.moment):
        assert [each for each in audit.run() if each.number in (1, 2, 3, 4, 7, 8)] == []


def test_without_its_diagram_it_fails_and_calls_nobody_each_minute(database, monday):
    before = settings.settings()
    settings.change(self_test=True)
    town, time = Town(deployed=False), Clock(monday)
    for _ in range(3):
        time.after(61)
        time.works()
        time.after(31)

    assert set(town.open()) <= {"self_test_failed"}
    settings._current = before


def test_another_device_that_says_self_test_alerts_a_person(tested):
    town, _ = tested
    town.device_sends("self_test")

    assert town.case().kind == "unknown"


def test_it_is_off_unless_it_is_switched_on(database, monday):
    Town()
    Clock(monday).after(0)

    with db.reading() as session:
        assert session.connection().execute(select(self_test.state)).all() == []


def test_the_audit_finds_nothing_wrong_with_it(tested):
    _, time = tested
    for seconds in (0, 2, 60, 2):
        time.after(seconds)
        time.works()

    with clock.frozen(time.moment):
        assert audit.run() == []
