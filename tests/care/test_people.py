"""Accounts, posts, sign-in with lock-out, stand-ins."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from argon2 import PasswordHasher

from care import people, roles
from care.errors import RuleBroken, UnknownRole
from care.people import signing_in
from engine import clock
from tests.builders import a_city, a_worker


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Argon2 with little memory: the rules of sign-in are tested here, not the strength of the hash."""
    monkeypatch.setattr(signing_in, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    signing_in._nobodys_hash.cache_clear()
    yield
    signing_in._nobodys_hash.cache_clear()


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


@pytest.fixture
def clerk(session):
    city = a_city(session)
    return a_worker(session, "village_desk", city.village, user_name="clerk", password="right password")


def test_the_right_password_signs_in_with_the_posts_of_today(session, clerk):
    found = people.sign_in(session, "clerk", "right password")

    assert found.person.roles == {"village_desk"}
    assert clerk.last_signed_in_at == clock.now()


@pytest.mark.parametrize(("user_name", "password"), [("clerk", "wrong"), ("nobody", "right password"), ("clerk", "")])
def test_a_wrong_name_or_password_is_told_apart_by_nothing(session, clerk, user_name, password):
    assert people.sign_in(session, user_name, password) == people.SignIn(None, "wrong")


def test_five_failures_lock_the_account_for_fifteen_minutes(session, clerk):
    for _ in range(4):
        assert people.sign_in(session, "clerk", "wrong").refused == "wrong"

    locked = people.sign_in(session, "clerk", "wrong")
    assert (locked.refused, locked.locked_until) == ("locked", clock.now() + timedelta(minutes=15))
    assert people.sign_in(session, "clerk", "right password").refused == "locked"

    clock.move_by(timedelta(minutes=15))
    assert people.sign_in(session, "clerk", "right password").person is not None


def test_a_success_forgets_the_failures_before_it(session, clerk):
    for _ in range(3):
        for _ in range(4):
            people.sign_in(session, "clerk", "wrong")
        assert people.sign_in(session, "clerk", "right password").person is not None


def test_a_closed_account_cannot_sign_in_the_same_day(session, clerk):
    clerk.until_on = clock.today()

    assert people.sign_in(session, "clerk", "right password").refused == "wrong"
    assert people.person(session, clerk.id) is None


def test_an_account_without_a_password_lets_nobody_in(session):
    people.add(session, "empty", "无密码")

    assert people.sign_in(session, "empty", "").person is None


def test_a_short_password_and_a_taken_name_are_refused(session, clerk):
    with pytest.raises(RuleBroken):
        people.set_password(clerk, "short")
    with pytest.raises(RuleBroken):
        people.add(session, "clerk", "重名")


def test_a_post_has_its_level(session):
    city = a_city(session)
    staff = people.add(session, "new", "新人")

    with pytest.raises(RuleBroken):
        people.give_post(session, staff, "grid_worker", city.township)
    with pytest.raises(UnknownRole):
        people.give_post(session, staff, "rescue", city.township)
    people.give_post(session, staff, "monitor_desk", city.district)  # monitoring may sit in a district


def test_a_post_holds_from_its_first_day_to_before_its_last(session):
    city = a_city(session)
    staff = people.add(session, "new", "新人")
    post = people.give_post(session, staff, "village_desk", city.village, date(2026, 8, 4))
    assert people.posts_of(session, staff.id) == ()

    clock.move_by(timedelta(days=1))
    assert len(people.posts_of(session, staff.id)) == 1

    people.end_post(session, post, date(2026, 8, 5))
    clock.move_by(timedelta(days=1))
    assert people.posts_of(session, staff.id) == ()


def test_holders_are_those_who_are_there(session):
    city = a_city(session)
    desk = city.staff["village_desk"]
    assert people.holders(session, "village_desk", city.village.path) == [desk.id]

    people.away(session, desk.id, clock.now(), clock.now() + timedelta(hours=4))
    assert people.holders(session, "village_desk", city.village.path) == []

    clock.move_by(timedelta(hours=4))
    assert people.holders(session, "village_desk", city.village.path) == [desk.id]


def test_nobody_stands_in_for_themselves(session):
    city = a_city(session)
    desk = city.staff["village_desk"]

    with pytest.raises(RuleBroken):
        people.away(session, desk.id, clock.now(), None, stand_in_id=desk.id)


def test_every_role_has_words_and_a_ladder_that_ends_in_the_city():
    for code in [*roles.ROLES, *(f"dept:{name}" for name in roles.DEPARTMENTS)]:
        assert roles.title(code) and roles.title(code, "en")
        step, seen = code, set()
        while step not in seen:
            seen.add(step)
            step = roles.next_level(step)
        assert "city_desk" in seen
