"""«2565»: everything that runs and everything that is counted has its place in the plan. Source: R-GOV-03."""

from __future__ import annotations

import pytest

from care import programme, roles
from care.indicators import INDICATORS
from tests import trace


def test_two_networks_five_levels_six_mechanisms_five_projects() -> None:
    found = (programme.NETWORKS, programme.LEVELS, programme.MECHANISMS, programme.PROJECTS)

    assert [len(each) for each in found] == [2, 5, 6, 5]


def test_every_shipped_process_has_its_tags_and_no_other() -> None:
    assert set(programme.PROCESSES) == set(trace.processes())


def test_every_indicator_has_its_tags_and_no_other() -> None:
    assert set(programme.INDICATORS_OF) == {code.partition(".")[0] for code in INDICATORS}


@pytest.mark.parametrize("tags", [programme.PROCESSES, programme.INDICATORS_OF], ids=["processes", "indicators"])
def test_tags_are_those_of_the_plan_and_none_is_empty(tags: dict[str, programme.Tags]) -> None:
    for name, each in tags.items():
        assert each.mechanism in programme.MECHANISMS and each.network in programme.NETWORKS, name
        assert each.projects and set(each.projects) <= set(programme.PROJECTS), name
    for tag in (*programme.NETWORKS, *programme.MECHANISMS, *programme.PROJECTS):
        assert any(tag in (each.mechanism, each.network, *each.projects) for each in tags.values()), tag


def test_every_role_works_on_one_of_the_five_levels() -> None:
    every = [*roles.ROLES, *(f"dept:{code}" for code in roles.DEPARTMENTS)]

    assert {programme.level_of(role) for role in every} == set(programme.LEVELS)


@pytest.mark.parametrize(
    ("process", "mechanism"),
    [
        ("home_visit", "m1"),
        ("hazard_rectification", "m2"),
        ("consent", "m3"),
        ("need_referral", "m4"),
        ("emergency_online", "m5"),
        ("supporter_duty", "m5"),  # 四(五): 落实赡养义务
        ("satisfaction", "m6"),
        ("complaint", "m6"),
        ("annual_evaluation", "m6"),
    ],
)
def test_processes_stand_under_the_paragraph_that_asks_for_them(process: str, mechanism: str) -> None:
    found = programme.tags_of(process)

    assert found is not None and found.mechanism == mechanism
    assert process in programme.processes_of(mechanism)


def test_a_process_that_a_city_drew_has_none() -> None:
    assert programme.tags_of("our_own") is None and programme.processes_of("m9") == []
