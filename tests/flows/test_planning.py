"""A week of visits for many elders. Source: issue point 3; house style A4 ii."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from care import nightly, planner
from care.visits import VisitObligation
from engine import clock, db, jobs, tasks
from tests import builders
from tests.town import Town
from web.commands_plan import plan


@pytest.fixture
def town(database: db.Database, monday: datetime) -> Town:
    return Town()


@pytest.mark.slow
def test_a_week_for_600_elders_is_planned_with_progress_and_only_once(town: Town):
    with jobs.transaction() as session:
        for number in range(599):
            tier = ("high", "key", "general")[number % 3]
            builders.an_elder(session, town.city, tier=tier, contacts=False, consents=())
    shown: list[tuple[int, int]] = []

    done = planner.plan(date(2026, 8, 3), 7, lambda at, of: shown.append((at, of)))

    assert (done.elders, done.periods) == (600, 600)
    assert shown[-1] == (600, 600)
    assert len(shown) == 12
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(VisitObligation)) == 600
        of_visitor = tasks.find(session, filters=tasks.Filters(role="visitor"), limit=1000).rows
    assert {row.assignee_id for row in of_visitor} == {town.staff["visitor"]}
    assert planner.plan(date(2026, 8, 3), 7).periods == 0


def test_the_command_plans_and_a_second_call_plans_nothing_twice(town: Town):
    first = CliRunner().invoke(plan, ["--date", "2026-08-03", "--days", "7"])
    second = CliRunner().invoke(plan, ["--date", "2026-08-03", "--days", "7"])

    assert first.exit_code == second.exit_code == 0
    assert "1 periods planned, 0 were planned before" in first.output
    assert "0 periods planned, 1 were planned before" in second.output


def test_an_elder_without_a_tier_or_who_left_is_not_planned(town: Town):
    town.elder_is(tier="none")
    assert planner.plan(date(2026, 8, 3), 7).periods == 0
    town.elder_is(tier="high", status="exited")
    assert planner.plan(date(2026, 8, 3), 7).periods == 0


def test_a_period_with_less_than_two_days_left_waits_for_the_next(town: Town):
    planner.plan(date(2026, 8, 9), 1)

    with db.reading() as session:
        assert list(session.scalars(select(VisitObligation.starts_on))) == []
    planner.plan(date(2026, 8, 9), 2)
    with db.reading() as session:
        assert list(session.scalars(select(VisitObligation.starts_on))) == [date(2026, 8, 10)]


def test_what_is_planned_in_the_middle_of_a_period_is_due_in_the_rest_of_it(town: Town):
    town.elder_is(tier="general")  # once a month
    town.waits(days=20)

    planner.plan(date(2026, 8, 23), 7)
    jobs.drain()

    due_at = town.open()["accept_or_swap"].due_at
    assert due_at is not None
    assert date(2026, 8, 23) <= clock.local(due_at).date() <= date(2026, 8, 31)


def test_every_night_plans_the_periods_of_its_day(town: Town):
    nightly.keep_planning()
    nightly.keep_planning()

    town.waits(hours=16)  # Tuesday 01:00
    assert _starts() == [date(2026, 8, 3)]
    town.waits(days=7)
    assert _starts() == [date(2026, 8, 3), date(2026, 8, 10)]


def test_districts_take_turns_in_the_night(town: Town, monkeypatch):
    with jobs.transaction() as session:
        other = builders.a_second_township(session, town.city)
        for city in (town.city, town.city, other, other, other):
            builders.an_elder(session, city, contacts=False, consents=())
    monkeypatch.setattr(nightly, "AT_ONCE", 1)
    asked: list[str] = []
    real = planner.plan

    def noted(*about: Any, **how: Any) -> planner.Planned:
        asked.append(how["unit_path"])
        return real(*about, **how)

    monkeypatch.setattr(planner, "plan", noted)

    nightly.keep_planning()
    town.waits(hours=16)

    first, second = town.city.district.path, other.district.path
    assert asked[:4] in ([first, second] * 2, [second, first] * 2)
    assert len(_starts()) == 6


def _starts() -> list[date]:
    with db.reading() as session:
        return list(session.scalars(select(VisitObligation.starts_on).order_by(VisitObligation.starts_on)))
