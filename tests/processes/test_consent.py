"""P04 consent, walked along each way out. Source: processes P04; R-PRIV-01, R-PRIV-03."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import consents, renewals
from care.consents import PURPOSES, Consent
from engine import clock, db
from tests.processes import answers as say
from tests.town import Town


def newest(town: Town) -> dict[str, Consent]:
    with db.reading() as session:
        return consents.of_elder(session, town.elder.id)


def gate(town: Town) -> bool:
    """Whether the pendant's events are let in."""
    with db.reading() as session:
        return consents.allows(session, town.elder.id, "device_monitoring")


@pytest.fixture
def asked(town: Town) -> Town:
    town.start("consent")
    return town


def test_each_purpose_is_signed_by_itself_with_its_text_and_witness(asked: Town):
    assert asked.open()["explain_and_sign"].assignee_id == asked.staff["visitor"]

    asked.does("explain_and_sign", **say.consents())

    kept = newest(asked)
    assert set(kept) == set(PURPOSES)
    assert {(each.given, each.text_version, each.signed_by, each.witness) for each in kept.values()} == {
        (True, consents.TEXT_VERSION, "elder", "邻居")
    }
    assert asked.live() == []


def test_a_refused_purpose_is_kept_as_a_no_and_its_readings_are_dropped(asked: Town):
    asked.does("explain_and_sign", **say.consents("device_monitoring", "meter_data", "visit_photo"))

    assert not gate(asked)
    assert newest(asked)["visit_photo"].given is False
    assert asked.device_sends("heartbeat").answer == "held"


def test_a_refusal_of_everything_ends_refused_and_an_sos_still_reaches_a_person(asked: Town):
    asked.does("explain_and_sign", **say.consents(*PURPOSES))
    asked.device_sends("sos")

    assert "unverified_call" in asked.elements()


def test_a_guardian_signs_with_the_kind_of_guardianship(asked: Town):
    asked.does(
        "explain_and_sign",
        **say.consents(signed_by="guardian", guardian_name="女儿", guardianship="appointed"),
    )

    row = newest(asked)["health_data"]
    assert (row.signed_by, row.signer, row.guardianship) == ("guardian", "女儿", "appointed")


def test_a_withdrawal_stops_at_once_and_is_confirmed_afterwards(town: Town):
    assert gate(town)

    town.message("consent.withdrawn", str(town.elder.id), purpose="devices", items=["devices"])

    assert not gate(town)
    assert newest(town)["device_monitoring"].withdrawn
    assert newest(town)["meter_data"].given
    task = town.open()["confirm_withdraw"]
    assert task.role == "village_desk" and "设备监测" in task.name
    town.does("confirm_withdraw", talked_with="elder", answer="withdrawn", devices="stay")
    assert town.live() == []
    assert not gate(town)


def test_a_misunderstanding_is_signed_anew(town: Town):
    town.message("consent.withdrawn", str(town.elder.id), purpose="location")
    town.does("confirm_withdraw", talked_with="elder", answer="again")
    assert not newest(town)["location"].given

    town.does("explain_and_sign", **say.consents())

    assert newest(town)["location"].given
    assert town.live() == []


def test_a_second_withdrawal_before_the_first_is_confirmed_stops_too(town: Town):
    town.message("consent.withdrawn", str(town.elder.id), purpose="location")
    town.message("consent.withdrawn", str(town.elder.id), purpose="meters")

    assert not newest(town)["meter_data"].given
    assert len([each for each in town.elements() if each == "confirm_withdraw"]) == 1


def test_what_is_withdrawn_while_somebody_is_to_sign_stops_too(asked: Town):
    asked.message("consent.withdrawn", str(asked.elder.id), purpose="photos")

    assert not newest(asked)["visit_photo"].given
    assert "explain_and_sign" in asked.elements()


def test_a_withdrawal_that_names_nothing_stops_everything(town: Town):
    town.message("consent.withdrawn", str(town.elder.id))

    assert not any(each.given for each in newest(town).values())


def test_the_confirmation_goes_up_the_ladder_after_a_working_day(town: Town):
    town.message("consent.withdrawn", str(town.elder.id), purpose="location")

    town.waits(days=2)

    assert "confirm_withdraw" in town.elements()
    assert town.sent("late")


def test_after_a_year_the_night_asks_again_once(town: Town):
    assert renewals.begin_due()["consent"] == 0

    begun = renewals.begin_due(clock.today() + timedelta(days=366))
    renewals.begin_due(clock.today() + timedelta(days=366))

    assert begun["consent"] == 1
    assert town.live().count("consent") == 1
    assert "explain_and_sign" in town.elements()
