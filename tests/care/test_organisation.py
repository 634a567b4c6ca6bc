"""The unit tree: everything below a unit is one range of paths."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from care import organisation
from care.errors import NoCity, NotFound
from care.organisation import Unit
from tests.builders import a_city, a_department, a_second_township


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


def test_a_path_lists_the_ids_from_the_city_down(session):
    city = a_city(session)

    assert city.grid.path == f"/{city.city.id}/{city.district.id}/{city.township.id}/{city.village.id}/{city.grid.id}/"
    assert organisation.depth_ids(city.grid.path)[-1] == city.grid.id


def test_within_finds_what_is_below_and_no_neighbour_with_a_longer_number(session):
    city = organisation.add(session, None, "city", "市")
    districts = [organisation.add(session, city, "district", f"区{number}") for number in range(12)]
    first = next(each for each in districts if str(each.id).startswith("1") and each.id >= 10)
    below = organisation.add(session, first, "township", "街道")

    found = session.scalars(select(Unit).where(organisation.within(Unit.path, first.path))).all()

    assert {each.id for each in found} == {first.id, below.id}
    lookalike = f"{first.path[:-1]}0/"  # /1/10/ against /1/100/
    assert not organisation.is_within(lookalike, first.path)


def test_an_ancestor_is_the_unit_of_a_level_above(session):
    city = a_city(session)

    assert organisation.ancestor(session, city.grid.path, "township").id == city.township.id
    assert organisation.ancestor(session, city.township.path, "grid") is None
    assert organisation.prefix(city.grid.path, "village") == city.village.path
    assert organisation.prefix(city.township.path, "village") is None


def test_a_title_is_written_as_people_write_it(session):
    city = a_city(session)

    assert organisation.title(session, city.grid.path) == "第一区 青山街道 春光社区 第一网格"


def test_the_branch_of_a_department_comes_before_its_bureau(session):
    city = a_city(session)
    other = a_second_township(session, city)
    bureau, _ = a_department(session, city, "justice")
    branch = organisation.add(session, city.township, "department", "青山司法所", code="justice")

    assert organisation.department(session, "justice", city.grid.path).id == branch.id
    assert organisation.department(session, "justice", other.grid.path).id == bureau.id
    assert organisation.department(session, "water", city.grid.path) is None


def test_a_closed_unit_names_its_successor_and_leaves_the_lists(session):
    city = a_city(session)
    successor = organisation.add(session, city.township, "village", "新社区")

    organisation.close(session, city.village, date(2026, 8, 3), successor)

    assert organisation.children(session, city.township, "village") == [successor]
    assert organisation.below(session, city.district.path, "village") == [successor]
    assert organisation.get(session, city.village.id).successor_id == successor.id


def test_an_empty_tree_says_what_to_do(session):
    with pytest.raises(NoCity, match="make run"):
        organisation.city(session)
    with pytest.raises(NotFound):
        organisation.get(session, 7)
