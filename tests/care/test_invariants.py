"""The domain's half of invariant 1 is seen when one row breaks it, and holds for every way an alarm may go."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import Table

from care.alarms import Alarm
from care.cases import Case, CaseEntry
from engine import audit, db, incoming, jobs
from engine.incoming import incoming as events
from tests import builders
from tests.town import Town


@pytest.fixture
def town(database, monday) -> Town:
    """An SOS opened a case, a second joined it; a battery is low."""
    town = Town()
    town.device_sends("sos")
    town.device_sends("sos")
    town.device_sends("battery_low")
    return town


def broken() -> list[tuple[str, str]]:
    return [(each.table, each.what) for each in audit.run() if each.number == 1]


def change(model: type[Any], *where: Any, **values: Any) -> None:
    table = cast(Table, model.__table__)
    with db.writing() as session:
        statement = table.update().values(**values) if values else table.delete()
        session.connection().execute(statement.where(*where))


def test_alarms_of_every_kind_break_nothing(town):
    for kind in ("power_loss", "power_restore", "sos_cancelled", "door", "offline", "reading", "something_new"):
        town.device_sends(kind)
    town.message("alarm.raised", "by-hand", kind="fall")

    assert town.case().kind == "fall"
    assert audit.run() == []


def test_the_test_alarm_has_no_alarm_and_breaks_nothing(town):
    with jobs.transaction() as session:
        session.connection().execute(events.update().where(events.c.device.is_not(None)).values(device="self-test"))
    change(Alarm, Alarm.joined, joined=True)

    assert [table for table, _ in broken()] == []


def test_an_accepted_alarm_without_its_row(town):
    change(Alarm, Alarm.kind == "battery_low")

    assert broken() == [("incoming", "was accepted, and there is no alarm of it")]


def test_an_alarm_that_lost_its_case(town):
    change(Alarm, Alarm.joined, case_id=None)

    assert [table for table, _ in broken()] == ["incoming", "alarm"]
    assert broken()[1][1] == "has neither a case nor a reason"


def test_an_answer_that_names_another_case(town):
    with db.writing() as session:
        session.connection().execute(events.update().where(events.c.kind == "device.sos").values(case_id=None))

    assert [table for table, _ in broken()] == ["incoming", "incoming"]


def test_an_alarm_that_came_by_no_event(town):
    change(Alarm, Alarm.kind == "battery_low", event_key="nobody:1")

    assert ("alarm", "came by no event") in broken()


def test_an_alarm_whose_case_is_of_another_elder(town):
    with jobs.transaction() as session:
        other = builders.an_elder(session, town.city).id
    change(Case, elder_id=other)

    assert {table for table, _ in broken()} == {"alarm"}


def test_a_case_that_no_alarm_opened(town):
    change(Alarm, Alarm.kind == "sos", joined=True)

    assert broken() == [("emergency_case", "came by a device, and no alarm opened it")]


def test_a_case_that_two_alarms_opened(town):
    change(Alarm, Alarm.kind == "sos", joined=False)

    assert broken() == [("emergency_case", "was opened by 2 alarms")]


def test_a_case_whose_instance_is_not_there(town):
    change(Case, instance_id=db.new_id())

    assert ("emergency_case", "is handled by an instance that does not exist") in broken()


def test_a_case_that_a_message_opened_says_so_in_its_record(database, monday):
    town = Town()
    with jobs.transaction() as session:
        data = {"elder_id": town.elder.id, "kind": "fall"}
        incoming.message(session, "alarm.raised", "by-hand", data)
    jobs.drain()
    assert broken() == []

    change(CaseEntry, CaseEntry.what == "by_message")

    assert broken() == [("emergency_case", "came by a device, and no alarm opened it")]
