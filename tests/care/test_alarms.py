"""The four answers to device events, and what each does. Source: contracts/device-events.md; processes P15 S0."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import func, select

from care import absences, alarms, cases, consents, elders
from care.alarms import Alarm, DistrictIncident
from engine import clock, db, incoming, tasks
from tests import builders

SECRET = "ab" * 32


class Home:
    """An elder with one device, and events as the connectors hand them in."""

    def __init__(self, kind: str = "pendant", **elder: Any) -> None:
        with db.writing() as session:
            self.city = builders.a_city(session)
            self.elder = builders.an_elder(session, self.city, **elder).id
            self.device = builders.a_device(session, elders.get(session, self.elder), kind).number

    def sends(self, kind: str, event_id: str = "e1", ago: timedelta = timedelta(0), **said: Any) -> incoming.Recorded:
        number = said.get("device", self.device)
        payload = {
            "id": event_id, "device": number, "topic_device": number, "type": kind, "seq": None, "data": {},
            "time": int((clock.now() - ago).timestamp() * 1000), "sig": None, "signed": None, "proved": True,
            "platform": None, "channel": "test",
        } | said  # fmt: skip
        with db.writing() as session:
            return incoming.record(
                session, "device", f"{number}:{event_id}", f"device.{kind}", payload, raw=b"{}", lane="alarm"
            )

    def case(self) -> cases.Case | None:
        with db.reading() as session:
            found = cases.of_elder(session, self.elder)
            session.expunge_all()
            return found[0] if found else None

    def alarms(self) -> list[Alarm]:
        with db.reading() as session:
            found = list(session.scalars(select(Alarm).order_by(Alarm.id)))
            session.expunge_all()
            return found

    def plain(self) -> list[tasks.TaskRow]:
        with db.reading() as session:
            return list(tasks.find(session, filters=tasks.Filters()).rows)


@pytest.fixture
def home(database: db.Database, monday: datetime) -> Home:
    return Home()


def test_a_known_device_is_accepted_and_its_case_is_known_at_once(home: Home):
    recorded = home.sends("sos")

    case = home.case()
    assert case is not None
    assert (recorded.answer, recorded.case) == ("accepted", case.id)
    assert (case.kind, case.channel, case.number) == ("sos", "device", f"YJ20260803{case.id:05d}")


def test_a_duplicate_is_answered_with_the_case_of_the_first(home: Home):
    first = home.sends("sos")

    again = home.sends("sos")

    assert (again.answer, again.case, again.new) == ("duplicate", first.case, False)
    assert len(home.alarms()) == 1


def test_repeats_within_ten_minutes_only_count(home: Home):
    home.sends("sos", "e1")
    home.sends("sos", "e2")
    case = home.case()
    assert case is not None and case.repeats == 1
    assert [alarm.joined for alarm in home.alarms()] == [False, True]


def test_a_repeat_after_ten_minutes_of_quiet_notifies_again(home: Home):
    home.sends("sos", "e1")
    clock.move_by(timedelta(minutes=11))
    home.sends("sos", "e2")

    with db.reading() as session:
        notes = [each.what for each in cases.timeline(session, home.case().id)]  # type: ignore[union-attr]
    assert "told_repeated_alarm" in notes


@pytest.mark.parametrize(
    ("said", "answer", "reason"),
    [
        ({"topic_device": "d-other"}, "refused", "topic"),
        ({"proved": False}, "refused", "missing"),
        ({"proved": False, "sig": "0" * 32, "signed": "{}"}, "refused", "wrong"),
        ({"platform": "nobody", "proved": False}, "refused", "platform"),
        ({"ago": timedelta(minutes=-6)}, "held", "future"),
        ({"ago": timedelta(hours=25)}, "held", "old"),
        ({"device": "unknown-1", "topic_device": "unknown-1"}, "held", "unknown"),
    ],
)
def test_what_is_refused_and_what_is_held(home: Home, said: dict[str, Any], answer: str, reason: str):
    recorded = home.sends("sos", **said)

    assert recorded.answer == answer
    assert reason in recorded.reason
    assert home.case() is None


def test_a_signature_proves_the_device(home: Home):
    text = '{"id":"e1"}'
    signature = hmac.new(bytes.fromhex(SECRET), text.encode(), sha256).hexdigest()[:32]

    assert home.sends("sos", proved=False, signed=text, sig=signature).answer == "accepted"


@pytest.mark.parametrize(("kind", "hours", "answer"), [("sos", 23, "accepted"), ("fall", 0.9, "accepted"),
                                                       ("fall", 1.1, "held"), ("door", 1.1, "held")])  # fmt: skip
def test_how_old_an_event_may_be(home: Home, kind: str, hours: float, answer: str):
    assert home.sends(kind, ago=timedelta(hours=hours)).answer == answer


def test_a_device_outside_keeps_real_time_when_a_demonstration_moves_the_clock(home: Home):
    clock.move_by(timedelta(days=3))

    by_real_time = home.sends("sos", "real", time=int(clock.wall().timestamp() * 1000))
    by_moved_time = home.sends("sos", "moved")
    a_day_before_real_time = home.sends("sos", "old", time=int((clock.wall() - timedelta(hours=25)).timestamp() * 1000))

    assert [each.answer for each in (by_real_time, by_moved_time)] == ["accepted", "accepted"]
    assert a_day_before_real_time.answer == "held"


def test_a_late_event_is_accepted_and_marked(home: Home):
    home.sends("sos", ago=timedelta(minutes=3))

    assert [alarm.late for alarm in home.alarms()] == [True]


def test_without_consent_it_is_held_and_an_sos_still_reaches_a_person(home: Home):
    with db.writing() as session:
        consents.withdraw(session, elders.get(session, home.elder), "device_monitoring")

    recorded = home.sends("sos")

    assert (recorded.answer, recorded.case) == ("held", None)
    (task,) = home.plain()
    assert (task.element_id, task.role, task.subject_id) == ("unverified_call", "monitor_desk", home.elder)


@pytest.mark.parametrize(("kind", "calls"), [("sos", 1), ("fall", 1), ("smoke", 1), ("gas", 1), ("door", 0)])
def test_held_life_safety_becomes_an_unverified_call(home: Home, kind: str, calls: int):
    home.sends(kind, device="unknown-1", topic_device="unknown-1")

    assert len(home.plain()) == calls


def test_a_cancelled_sos_is_noted_and_the_case_stays_open(home: Home):
    home.sends("sos", "e1")
    recorded = home.sends("sos_cancelled", "e2")

    case = home.case()
    assert case is not None and (case.state, recorded.case) == ("open", case.id)
    with db.reading() as session:
        assert "sos_cancelled" in [each.what for each in cases.timeline(session, case.id)]


def test_a_cancelled_sos_without_a_case_opens_none(home: Home):
    assert home.sends("sos_cancelled").case is None
    assert home.case() is None


@pytest.mark.parametrize(
    ("device", "kind", "opens"),
    [("motion", "inactivity", False), ("door", "door", False), ("bracelet", "inactivity", True),
     ("smoke", "smoke", True), ("pendant", "sos", True)],
)  # fmt: skip
def test_an_absence_quiets_what_stays_at_home_only(database, monday, device: str, kind: str, opens: bool):
    home = Home(device)
    with db.writing() as session:
        absences.register(session, elders.get(session, home.elder), "family", clock.now() + timedelta(days=5))

    home.sends(kind)

    assert (home.case() is not None) is opens
    assert home.alarms()[0].state == ("raised" if opens else "information")


@pytest.mark.parametrize("kind", ["battery_low", "offline", "tamper", "power_loss"])
def test_trouble_of_the_device_opens_no_case(home: Home, kind: str):
    home.sends(kind)

    assert home.case() is None
    with db.reading() as session:
        said = {"id": "e1", "device": home.device, "data": {}}
        message = alarms.messages.message_of(session, said)
    assert message is not None and message.name.startswith("device.")


def test_a_type_that_nobody_foresaw_still_alerts_a_person(home: Home):
    recorded = home.sends("zombie_attack")

    assert recorded.case is not None
    case = home.case()
    assert case is not None and case.kind == "unknown"
    with db.reading() as session:
        message = alarms.messages.message_of(session, {"id": "e1", "device": home.device, "data": {}})
    assert message is not None and message.name == "alarm.raised"


def test_power_that_is_back_clears_the_older_alarm_only(home: Home):
    home.sends("power_loss", "e1", ago=timedelta(minutes=1))
    home.sends("power_restore", "e2", ago=timedelta(minutes=30))
    assert home.alarms()[0].cleared_at is None

    home.sends("power_restore", "e3")
    assert home.alarms()[0].state == "cleared"


def test_twenty_outages_in_two_minutes_are_one_district_incident(home: Home):
    others = [_neighbour(home) for _ in range(20)]
    for number, device in enumerate(others):
        home.sends("offline", f"o{number}", device=device, topic_device=device)

    with db.reading() as session:
        (incident,) = session.scalars(select(DistrictIncident))
        inhibited = session.scalar(select(func.count()).select_from(Alarm).where(Alarm.state == "inhibited"))
    assert (incident.members, inhibited) == (20, 20)
    assert [task.element_id for task in home.plain()] == ["district_incident"]
    assert home.sends("sos", "after").case is not None


def test_a_reading_opens_nothing(home: Home):
    payload_kind = "reading"
    with db.writing() as session:
        said = {
            "id": "r1", "device": home.device, "topic_device": home.device, "type": "", "seq": 3, "proved": True,
            "data": {"total": 12.5, "unit": "m3"}, "time": int(clock.now().timestamp() * 1000), "sig": None,
            "signed": None, "platform": None, "channel": "test",
        }  # fmt: skip
        recorded = incoming.record(session, "device", "r1", f"device.{payload_kind}", said, lane="bulk")

    assert (recorded.answer, recorded.case) == ("accepted", None)
    assert home.alarms() == []


def _neighbour(home: Home) -> str:
    with db.writing() as session:
        return builders.a_device(session, builders.an_elder(session, home.city), kind="gateway").number


def test_who_depends_on_power_keeps_a_case_and_a_diagram_in_a_district_incident(home: Home):
    with db.writing() as session:
        elders.get(session, home.elder).depends_on_power = True
    others = [_neighbour(home) for _ in range(20)]
    for number, device in enumerate(others):
        home.sends("power_loss", f"p{number}", device=device, topic_device=device)

    recorded = home.sends("power_loss", "mine")

    assert recorded.case is not None
    with db.reading() as session:
        message = alarms.messages.message_of(session, {"id": "mine", "device": home.device, "data": {}})
    assert message is not None and message.name == "alarm.raised"


def test_what_belongs_to_a_district_incident_or_an_open_case_is_settled_at_the_door(home: Home):
    others = [_neighbour(home) for _ in range(21)]
    for number, device in enumerate(others):
        home.sends("power_loss", f"p{number}", device=device, topic_device=device)
    home.sends("sos", "s1")
    home.sends("sos", "s2")

    with db.reading() as session:
        rows = {row.reported_id: row.state for row in incoming.since(session)}
    assert (rows["p18"], rows["p20"], rows["s1"], rows["s2"]) == ("waiting", "handled", "waiting", "handled")
