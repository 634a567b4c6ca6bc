"""P36 handover, walked along each way out. Source: processes P36; R-PRJ-12, R-USR-04, R-GOV-11."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import elders, handovers, imports, leaves, people, visitors
from care.errors import RuleBroken
from care.handovers import Handover
from care.rota import Rota
from engine import clock, db, incoming, jobs, tasks
from tests.care.test_imports import workbook
from tests.town import Town


@pytest.fixture
def busy(town: Town) -> Town:
    """Visitor A has a visit to make and has taken it."""
    town.start("visit_ordered")
    assert town.open()["accept_or_swap"].assignee_id == town.staff["visitor"]
    return town


def away(town: Town, days: int | None = 5, reason: str = "absent", **more: Any) -> None:
    until = None if days is None else clock.now() + timedelta(days=days)
    with jobs.transaction() as session:
        handovers.announce(session, town.staff["visitor"], until, reason=reason, **more)
    jobs.drain()


def row(town: Town) -> Handover:
    with db.reading() as session:
        found = session.scalars(select(Handover)).one()
        session.expunge_all()
        return found


def of_a(town: Town) -> list[str]:
    with db.reading() as session:
        return [each.element_id for each in tasks.worklist(session, (), town.staff["visitor"]).rows]


def test_every_open_task_goes_to_b_at_once(busy: Town):
    away(busy)

    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor_b"]
    assert of_a(busy) == [] and row(busy).tasks_handed == 1
    assert busy.sent("liaison_card")  # the family's card is renewed
    busy.start("consent")
    assert busy.open()["explain_and_sign"].assignee_id == busy.staff["visitor_b"]


def test_with_b_away_as_well_the_village_desk_acts(busy: Town):
    with jobs.transaction() as session:
        people.away(session, busy.staff["visitor_b"], clock.now(), None)
    away(busy)

    task = busy.open()["accept_or_swap"]
    assert (task.role, task.assignee_id, task.why) == ("village_desk", None, "acting_visitor")


def test_a_task_taken_from_the_desk_goes_back_to_it(town: Town):
    town.message("complaint.made", "c1")
    town.takes("register", by=town.staff["hotline"])
    with jobs.transaction() as session:
        handovers.announce(session, town.staff["hotline"], None)
    jobs.drain()

    task = town.open()["register"]
    assert task.assignee_id is None and task.role == "hotline_lead"  # nobody else answers the hotline


def test_the_alarm_of_an_absent_grid_worker_goes_on(town: Town):
    town.device_sends("sos")
    given = [each for each in town.open().values() if each.assignee_id == town.staff["grid_worker"]]
    assert given
    with jobs.transaction() as session:
        handovers.announce(session, town.staff["grid_worker"], clock.now() + timedelta(days=2))
    jobs.drain()

    for each in given:
        task = town.open()[each.element_id]
        assert task.assignee_id != town.staff["grid_worker"] and task.role == "village_desk"


def test_back_on_the_day_that_was_said(busy: Town):
    away(busy, days=5)
    assert "handover" in busy.live()
    busy.waits(days=6)

    assert "handover" not in busy.live() and row(busy).closed_at is not None
    assert busy.sent("welcome_back")[0]["person"] == busy.staff["visitor"]
    assert "visitor.vacant" not in busy.messages()


def test_an_absence_that_goes_on_is_looked_at_again(busy: Town):
    away(busy, days=5)
    with jobs.transaction() as session:
        people.away(session, busy.staff["visitor"], clock.now(), clock.now() + timedelta(days=9))
    busy.waits(days=6)
    assert "handover" in busy.live()
    busy.waits(days=4)

    assert "handover" not in busy.live()


@pytest.mark.parametrize(("days", "vacant"), [(15, False), (16, True), (None, True)])
def test_more_than_fifteen_days_means_a_successor(busy: Town, days: int | None, vacant: bool):
    away(busy, days=days)

    assert ("assign_visitor" in busy.live()) is vacant
    assert ("visitor.vacant" in busy.messages()) is vacant


def goes_for_good(town: Town) -> None:
    with jobs.transaction() as session:
        incoming.message(
            session, "worker.left", str(town.staff["visitor"]), {"worker_id": town.staff["visitor"], "reason": "left"}
        )
    jobs.drain()


def test_who_has_left_has_no_account_the_same_day_and_no_elder_is_forgotten(busy: Town):
    goes_for_good(busy)

    with db.reading() as session:
        assert people.person(session, busy.staff["visitor"]) is None
    assert of_a(busy) == []
    assert busy.open()["find_successors"].name == "落实接手的责任人：还差1位"
    busy.does("find_successors", result="done", text="正在找")
    assert "find_successors" in busy.elements()  # not before each has one
    with jobs.transaction() as session:
        elder = elders.get(session, busy.elder.id)
        visitors.name(session, elder, "visitor", busy.staff["grid_worker"])
    busy.does("find_successors", result="done", text="已接手")

    assert "handover" not in busy.live() and row(busy).closed_at is not None


def test_who_leaves_while_away(busy: Town):
    away(busy, days=5)
    goes_for_good(busy)

    assert row(busy).reason == "left"
    assert {"assign_visitor", "handover"} <= set(busy.live()) and "find_successors" in busy.elements()


@pytest.mark.parametrize(
    ("turn", "day", "whose"),
    [
        ("week", date(2026, 8, 3), "visitor"),
        ("week", date(2026, 7, 27), "visitor_b"),
        ("week", date(2026, 7, 20), "visitor"),
        ("day", date(2026, 8, 2), "visitor_b"),
    ],
)
def test_the_rota_says_who_has_new_alarms(town: Town, turn: str, day: date, whose: str):
    with jobs.transaction() as session:
        session.add(Rota(elder_id=town.elder.id, unit_path=town.elder.unit_path, turn=turn, from_on=day))
    town.device_sends("sos")

    assert town.open()["ask_visitor"].assignee_id == town.staff[whose]
    town.start("visit_ordered")
    assert town.open()["accept_or_swap"].assignee_id == town.staff["visitor"]  # visits stay A's


def test_the_day_of_return_is_kept(busy: Town):
    away(busy, days=3)

    found = row(busy)
    assert isinstance(found.until_at, datetime)
    assert found.until_at - found.began_at == timedelta(days=3)


def test_a_row_that_says_that_somebody_left_hands_everything_over_once(busy: Town):
    """Staff import sends `worker.left` (processes 4.8)."""
    with db.reading() as session:
        user_name = people.find_staff(session, busy.staff["visitor"]).user_name
    head = ["用户名", "姓名", "离职日期", "岗位"]
    content = workbook([user_name, "已离职", "2026-08-03", "探访责任人@第一区/青山街道/春光社区"], head=head)
    for _ in range(2):
        with jobs.transaction() as session:
            report = imports.run(session, imports.KINDS["staff"], content)
        jobs.drain()

    assert report.changed == 0  # the second time
    assert busy.live().count("handover") == 1 and "find_successors" in busy.elements()
    with db.reading() as session:
        assert people.person(session, busy.staff["visitor"]) is None
        assert not [each for each in tasks.worklist(session, (), busy.staff["visitor"]).rows if each.assignee_id]


# --- leave that begins on a coming day ---


def on_leave(town: Town, begins: int, returns: int | None, stand_in: str = "visitor_b") -> int | None:
    now = clock.now()
    with jobs.transaction() as session:
        until = None if returns is None else now + timedelta(days=returns)
        since = now + timedelta(days=begins) if begins else None
        gone = leaves.take(session, town.staff["visitor"], town.staff[stand_in], since, until, "年休假")
    jobs.drain()
    return gone


def test_before_the_day_nothing_changes_then_everything_goes_over(busy: Town):
    assert on_leave(busy, 3, 10) is None
    busy.waits(days=2)
    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor"]
    assert "handover" not in busy.live()
    busy.waits(days=1)

    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor_b"]
    assert "handover" in busy.live() and of_a(busy) == []
    busy.start("consent")
    assert busy.open()["explain_and_sign"].assignee_id == busy.staff["visitor_b"]  # new ones too


def test_at_its_end_new_work_comes_back_and_what_b_has_b_finishes(busy: Town):
    on_leave(busy, 1, 5)
    busy.waits(days=5)

    assert "handover" not in busy.live() and row(busy).closed_at is not None
    assert busy.sent("welcome_back")[0]["person"] == busy.staff["visitor"]
    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor_b"]
    busy.start("consent")
    assert busy.open()["explain_and_sign"].assignee_id == busy.staff["visitor"]


def test_a_leave_from_now_begins_the_handing_over_at_once(busy: Town):
    assert on_leave(busy, 0, 3) == 1
    assert "handover" in busy.live()
    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor_b"]


def test_more_than_fifteen_days_of_leave_mean_a_successor(busy: Town):
    on_leave(busy, 2, 20)
    assert "visitor.vacant" not in busy.messages()
    busy.waits(days=2)

    assert "visitor.vacant" in busy.messages()


def test_where_the_stand_in_fell_ill_meanwhile_the_village_desk_acts(busy: Town):
    on_leave(busy, 2, 6)
    with jobs.transaction() as session:
        people.away(session, busy.staff["visitor_b"], clock.now(), None, reason="病假")
    busy.waits(days=2)

    task = busy.open()["accept_or_swap"]
    assert (task.role, task.assignee_id) == ("village_desk", None)
    assert of_a(busy) == []


def test_who_is_away_then_cannot_stand_in(busy: Town):
    with jobs.transaction() as session:
        soon = clock.now() + timedelta(days=4)
        people.away(session, busy.staff["visitor_b"], soon, soon + timedelta(days=2))
    with pytest.raises(RuleBroken, match="也不在"):
        on_leave(busy, 2, 6)
    assert on_leave(busy, 1, 4) is None  # back on the day on which the other goes


def test_a_leave_that_is_called_off_never_begins(busy: Town):
    on_leave(busy, 2, 6)
    with jobs.transaction() as session:
        (leave,) = leaves.coming(session, busy.staff["visitor"])
        leaves.call_off(session, busy.staff["visitor"], leave.id)
    busy.waits(days=3)

    assert busy.open()["accept_or_swap"].assignee_id == busy.staff["visitor"]
    assert "handover" not in busy.live() and busy.sent("stands_in_no_more")
