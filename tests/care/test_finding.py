"""Elders are found by initials and by the end of their address, though the address is encrypted."""

from __future__ import annotations

import pytest

from care import access, finding, people
from engine.db import Database
from tests import builders


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("田桂芝", "tgz"),
        ("重阳", "cy"),  # 重 is chóng in this word
        ("乌云其其格", "wyqqg"),
        ("Bao 王", "bw"),
        ("", ""),
        ("𠮷", ""),  # without a reading
    ],
)
def test_initials_are_the_first_letters_of_the_pinyin(name: str, letters: str) -> None:
    assert finding.initials(name) == letters


@pytest.mark.parametrize("typed", ["春光社区2号楼3单元501室", "2号楼3单元501", "2-3-501", "2 号楼 3 单元 501", "3-501"])
def test_an_address_is_found_by_its_end_however_it_is_written(typed: str) -> None:
    mark = finding.mark(typed)

    assert mark is not None and mark in finding.marks("春光社区2号楼3单元501室").split()


@pytest.mark.parametrize("typed", ["春光社区", "2号楼3单元50", "5", "1-3-501"])
def test_another_place_is_not_found(typed: str) -> None:
    mark = finding.mark(typed)

    assert mark is None or mark not in finding.marks("春光社区2号楼3单元501室").split()


def test_the_marks_say_nothing_of_the_address() -> None:
    assert set(finding.marks("2号楼501")) <= set("0123456789abcdef ")
    assert finding.marks("2号楼501") != finding.marks("2号楼502")
    assert finding.marks("春光社区" * 60 + "1号楼" * 30 + "2-3-501").count(" ") < finding.MOST


def test_an_elder_who_is_renamed_or_moves_is_found_anew(database: Database) -> None:
    with database.writing() as session:
        city = builders.a_city(session)
        elder = builders.an_elder(session, city, name="田桂芝", address="春光社区2号楼501")
        other = builders.a_second_township(session, city)
        here = people.person(session, city.staff["village_desk"].id)
        there = people.person(session, other.staff["village_desk"].id)
        assert here is not None and there is not None

        def found(text: str) -> list[int]:
            return [each.id for each in access.search(session, here, text)]

        assert found("tgz") == found("2-501") == found("TGZ") == [elder.id]
        elder.name, elder.address = "孟淑兰", "春光社区9号楼102"
        session.flush()

        assert found("tgz") == found("2-501") == []
        assert found("msl") == found("9号楼102") == [elder.id]
        assert access.search(session, there, "msl") == access.search(session, there, "9号楼102") == []
