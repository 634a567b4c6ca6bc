"""The order of contacts, reachability, and whoever must not be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care import contacts
from care.errors import RuleBroken
from engine import clock
from tests.builders import a_city, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


@pytest.fixture
def elder(session):
    return an_elder(session, a_city(session))


def names(found):
    return [each.name for each in found]


def test_contacts_keep_the_order_that_was_set(session, elder):
    daughter, son = contacts.ordered(session, elder.id)

    contacts.set_order(session, elder, [son, daughter])

    assert names(contacts.ordered(session, elder.id)) == ["儿子", "女儿"]
    assert contacts.in_turn(session, elder.id, 1).name == "儿子"
    assert contacts.in_turn(session, elder.id, 3) is None


def test_a_contact_left_out_of_the_order_is_gone(session, elder):
    daughter, _ = contacts.ordered(session, elder.id)

    contacts.set_order(session, elder, [daughter])

    assert names(contacts.ordered(session, elder.id)) == ["女儿"]


def test_more_than_five_are_refused(session, elder):
    many = [contacts.new_contact(elder, 1, f"亲友{each}", "other", "19900000000") for each in range(6)]

    with pytest.raises(RuleBroken):
        contacts.set_order(session, elder, many)


def test_an_alleged_abuser_is_never_called_nor_listed(session, elder):
    daughter, son = contacts.ordered(session, elder.id)
    daughter.excluded = True
    session.flush()

    assert names(contacts.ordered(session, elder.id)) == ["儿子"]
    assert contacts.first(session, elder.id).name == "儿子"
    with pytest.raises(RuleBroken):
        contacts.set_order(session, elder, [daughter, son])


def test_under_protective_hold_community_steps_in(session, elder):
    daughter, son = contacts.ordered(session, elder.id)
    desk = contacts.new_contact(elder, 3, "春光社区值班电话", "community", "0472-0000400")
    contacts.set_order(session, elder, [daughter, son, desk])
    elder.protective_hold = True
    session.flush()

    assert names(contacts.notifiable(session, elder.id)) == ["春光社区值班电话"]


def test_three_failed_calls_on_different_days_make_unreachable(session, elder):
    daughter, _ = contacts.ordered(session, elder.id)

    for _ in range(3):
        contacts.record_check(session, daughter, answered=False)
        contacts.record_check(session, daughter, answered=False)  # the same day counts once
        assert daughter.reachable is (daughter.failed_days < 3)
        clock.move_by(timedelta(days=1))

    assert not daughter.reachable and contacts.first(session, elder.id).name == "儿子"
    contacts.record_check(session, daughter, answered=True)
    assert daughter.reachable


def test_a_call_from_a_relatives_number_finds_the_elder(session, elder):
    phone = contacts.ordered(session, elder.id)[0].phone

    assert contacts.callers(session, phone) == [elder.id]
    assert contacts.callers(session, "10000") == []


def test_the_decision_gets_relatives_in_the_order_of_preference(session, elder):
    contacts.add_supporter(session, elder, "弟弟", "sibling", distance=1)
    contacts.add_supporter(session, elder, "外甥", "other")

    asked = contacts.decision_input(session, elder.id)

    assert len(asked["children"]) == 2
    assert [each["relation"] for each in asked["near_relatives"]] == ["sibling"]
    assert set(asked["children"][0]) == {"id", "adult", "reachable", "capable", "alleged_abuser"}
