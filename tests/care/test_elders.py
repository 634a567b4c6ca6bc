"""Files of elders: numbers, encrypted fields found again, visitors A and B."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from care import elders, masking, organisation, visitors
from care.contacts import Contact
from care.errors import RuleBroken
from engine import clock
from tests.builders import a_city, a_second_township, a_worker, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


def test_an_elder_gets_a_number_and_is_found_by_it(session):
    elder = an_elder(session, a_city(session))

    assert elder.number == f"E{elder.id:06d}"
    assert elders.by_number(session, elder.number.lower()) is elder


def test_id_number_and_telephone_are_encrypted_and_found_again(session):
    elder = an_elder(session, a_city(session), phone="13900001111", id_number="150299194403010014")

    assert elders.by_id_number(session, "15029919440301 0014") is elder
    assert elders.by_phone(session, "13900001111") == [elder]
    stored = b"".join(
        bytes(value) for value in session.execute(text("select id_number, phone, address from elder")).one()
    )
    assert b"13900001111" not in stored and b"1502" not in stored and elder.address.encode() not in stored


def test_an_id_number_is_on_file_once(session):
    city = a_city(session)
    elder = an_elder(session, city)

    with pytest.raises(RuleBroken):
        an_elder(session, city, id_number=elder.id_number)


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(1946, 8, 3), date(2026, 8, 3), 80),  # on the birthday
        (date(1946, 8, 4), date(2026, 8, 3), 79),  # the day before
        (date(1944, 2, 29), date(2026, 2, 28), 81),
        (date(1944, 2, 29), date(2026, 3, 1), 82),  # born on a leap day: on 1 March
    ],
)
def test_age_is_reached_on_the_birthday(session, born_on, day, age):
    assert elders.age(elders.Elder(born_on=born_on), day) == age


def test_the_history_follows_an_elder_who_moves(session):
    city = a_city(session)
    other = a_second_township(session, city)
    elder = an_elder(session, city)

    elders.move_to(session, elder, other.grid)

    session.expire_all()
    assert elder.unit_path == other.grid.path
    assert set(session.scalars(select(Contact.unit_path))) == {other.grid.path}
    assert {each.unit_path for each in visitors.of_elder(session, elder.id)} == {other.grid.path}


def test_a_new_visitor_ends_the_one_before_and_the_history_stays(session):
    city = a_city(session)
    elder = an_elder(session, city)
    successor = a_worker(session, "visitor", city.village)

    visitors.name(session, elder, "visitor", successor.id)

    assert visitors.visitor(session, elder.id) == successor.id
    kinds = [each.kind for each in visitors.of_elder(session, elder.id, history=True)]
    assert sorted(kinds) == ["visitor", "visitor", "visitor_b"]


def test_a_and_b_are_two_people(session):
    city = a_city(session)
    elder = an_elder(session, city)

    with pytest.raises(RuleBroken):
        visitors.name(session, elder, "visitor_b", city.staff["visitor"].id)


def test_the_load_of_a_visitor_weighs_the_tiers(session):
    city = a_city(session)
    for tier in ("high", "key", "general", "none"):
        an_elder(session, city, tier=tier)

    assert visitors.load(session, city.staff["visitor"].id) == 4 + 2 + 1
    assert len(visitors.elders_of(session, city.staff["visitor_b"].id)) == 4


def test_a_responsibility_of_tomorrow_does_not_hold_today(session):
    city = a_city(session)
    elder = an_elder(session, city, visited=False)
    visitors.name(session, elder, "visitor", city.staff["visitor"].id, clock.today() + timedelta(days=1))

    assert visitors.visitor(session, elder.id) is None


def test_a_status_nobody_knows_is_refused(session):
    with pytest.raises(ValueError):
        elders.set_status(session, an_elder(session, a_city(session)), "lost")


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masking.name, "王秀兰", "王*兰"),
        (masking.name, "王兰", "王*"),
        (masking.name, "欧阳秀兰", "欧**兰"),
        (masking.phone, "13812345678", "138****5678"),
        (masking.phone, "2345678", "*****78"),
        (masking.phone, None, ""),
        (masking.id_number, "150204194403011234", "1502**********1234"),
        (masking.id_number, "12345", "*****"),
    ],
)
def test_masks_hide_the_middle(mask, value, shown):
    assert mask(value) == shown


def test_a_village_may_hold_elders_without_a_grid(session):
    city = a_city(session)
    village = organisation.get(session, city.village.id)

    assert an_elder(session, city, unit=village).unit_path == village.path


def test_a_new_tier_keeps_its_facts_rules_and_policy(session):
    elder = an_elder(session, a_city(session), tier="none", categories=[])

    elders.retier(session, elder, "生日")
    elder.facts = {**elder.facts, "living_alone": False, "has_children": True, "children_same_area": True}
    elders.retier(session, elder, "与女儿同住")

    newest, first = elders.tier_history(session, elder.id)
    assert (first.tier, first.rules, first.policy) == ("high", ["I-H1"], "issued-2026-37")
    assert first.facts["living_alone"] is True
    assert newest.reason == "与女儿同住" and elder.tier == newest.tier != "high"
