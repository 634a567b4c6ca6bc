"""P13 errand and errand_work, walked along each way out. Source: processes P13, 4.9; draft 附4二3; R-USR-09."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from care import errands
from care.errands import Errand
from engine import db
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    town.message("errand.asked", f"{town.elder.id}:shopping", kind="shopping")
    return town


@pytest.fixture
def run(asked: Town) -> Town:
    """Rice was bought for 90 of 100 yuan."""
    takes(asked, cash=100)
    asked.does("run_errand", done=True, what="买米10斤", money_out=90, change=10)
    return asked


def takes(town: Town, answer: str = "self", **said: Any) -> None:
    more = {"why": "太远"} if answer == "cannot" else {"wish": "买米10斤"}
    town.does("take_errand", answer=answer, **more, **said)


def row(town: Town) -> Errand:
    with db.reading() as session:
        return errands.of_elder(session, town.elder.id)[0]


def test_done_and_confirmed_by_the_elder(run: Town):
    run.does("elder_confirms", right=True, manner="phone")

    kept = row(run)
    assert (kept.outcome, kept.money_in, kept.money_out, kept.change_right) == ("done", 100, 90, True)
    assert run.live() == []


def test_money_that_does_not_add_up_is_the_villages(run: Town):
    run.does("elder_confirms", right=False, wrong="少了5元", manner="phone")
    assert run.open()["settle_money"].role == "village_desk"
    run.does("settle_money", result="done", text="已补还")

    assert (row(run).outcome, row(run).change_right) == ("done", False)


def test_no_more_cash_than_the_limit(asked: Town):
    takes(asked, cash=errands.CASH_LIMIT + 1)
    assert asked.open()["take_errand"].name.startswith("接办代办：现金超过限额")
    assert row(asked).taken_at is None
    takes(asked, cash=errands.CASH_LIMIT)

    assert "run_errand" in asked.elements()


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_could_not_be_done(asked: Town, when: str):
    if when == "before":
        takes(asked, "cannot")
    else:
        takes(asked)
        asked.does("run_errand", done=False, why="没有货")

    assert row(asked).outcome == "not_done"
    assert asked.live() == []


def test_a_volunteers_hours_are_kept(asked: Town):
    takes(asked, "volunteer")
    asked.does("run_errand", done=True, what="取药", money_out=0, hours=2)

    assert (row(asked).role, row(asked).hours) == ("volunteer", 2)


def test_three_working_days(asked: Town):
    takes(asked)

    due = asked.open()["run_errand"].due_at
    assert due is not None and due.date() == date(2026, 8, 6)


def test_a_late_errand_goes_up_the_ladder(asked: Town):
    takes(asked)
    asked.waits(days=10)

    assert asked.open()["run_errand"].also_role is not None


def test_several_errands_of_a_visit_are_several(town: Town):
    town.message("errand.asked", str(town.elder.id), kind="payment", items=["payment", "certificate"])

    with db.reading() as session:
        assert {each.kind for each in errands.of_elder(session, town.elder.id)} == {"payment", "certificate"}
    assert town.live() == ["errand", "errand"]


def test_asked_again_joins(asked: Town):
    asked.message("errand.asked", str(asked.elder.id), items=["shopping"])

    assert row(asked).mentions == 2


@pytest.mark.parametrize("message", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_ends_it(run: Town, message: str):
    run.message(message, str(run.elder.id))

    assert row(run).outcome == "exited"
    assert run.live() == []
