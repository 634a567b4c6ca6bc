"""When a year's calendar is confirmed, due times, ladders and timers that count its days follow; nothing goes past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner

from care import calendar_change, policy_calendar
from engine import clock, db, history, jobs, recalculations, run, tasks, waits
from engine.tasks import TaskRow
from tests.engine.conftest import engine_alone
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy, start
from web.commands_calendar import calendar

__all__ = ["engine_alone"]  # the diagrams here are made up: no domain answers for their roles

NOTICE_2027 = """date,kind,name
2027-01-01,holiday,元旦
2027-01-02,holiday,元旦
2027-01-03,holiday,元旦
2027-01-04,休,元旦
2027-01-09,班,
"""


@pytest.fixture(autouse=True)
def _year_end(database):
    policy_calendar._years.clear()
    with clock.frozen(datetime(2026, 12, 31, 2, 0, tzinfo=UTC)):
        yield
    policy_calendar._years.clear()


def counting() -> Drawing:
    """Task `ask` due in 3 working days, a timer after 4, and beside it task `plain` due in two hours."""
    drawing = Drawing().gateway("and", "fork", "join").user("ask", **(TASK | {"due": "working_days(3)"}))
    drawing.user("plain", **TASK).user("late", **TASK).gateway("xor", "over")
    drawing.boundary("timeout", "ask", at="working_days(4)").path("start", "fork", "ask", "over", "join", "end")
    return drawing.path("timeout", "late", "over").path("fork", "plain", "join")


def confirm(notice: str | None = NOTICE_2027, by: int | None = 7) -> calendar_change.Confirmed:
    with jobs.transaction() as session:
        days = None if notice is None else calendar_change.read_notice(notice.splitlines(), 2027)
        done = calendar_change.confirm(session, 2027, days, by)
    jobs.drain()
    return done


def task(instance_id: UUID, element: str = "ask") -> TaskRow:
    with db.reading() as session:
        return next(row for row in tasks.of_instance(session, instance_id) if row.element_id == element)


def end_of(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, 59, tzinfo=clock.zone()).astimezone(UTC)


def test_due_times_ladders_and_timers_follow_the_confirmed_calendar():
    deploy(counting())
    instance_id = start()
    assert task(instance_id).due_at == end_of(2027, 1, 6)  # 1 January off by estimate: 4, 5, 6 January

    done = confirm()

    row = task(instance_id)
    assert date(2027, 1, 4) in done.changed and date(2027, 1, 9) in done.changed
    assert row.due_at == end_of(2027, 1, 7)  # 5, 6, 7 January
    assert row.next_at == end_of(2027, 1, 8)  # the diagram's own timer: who gets it next
    with db.reading() as session:
        [timer] = waits.of_instance(session, instance_id)
        state = recalculations.get(session, done.recalculation)
        assert timer.due_at == end_of(2027, 1, 8)
        assert (state.found, state.done, state.moved, state.kept, state.is_over) == (1, 1, 2, 0, True)
        told = [row for row in history.of_instance(session, instance_id) if row.what == "rescheduled"]
        assert {each.element for each in told} == {"ask", "timeout"}
        assert {each.who for each in told} == {7}
        assert all(each.ids and each.ids["about"] == "calendar 2027" for each in told)
        soon = tasks.ladder.next_due(session)
    assert soon is not None
    assert task(instance_id, "plain").due_at == clock.now() + timedelta(hours=2)


def test_the_moved_timer_fires_at_its_new_time():
    deploy(counting())
    instance_id = start()
    confirm()

    clock.move_by(end_of(2027, 1, 7) - clock.now() + timedelta(minutes=1))
    with jobs.transaction() as session:
        assert run.fire_timers(session, instance_id) == 0
    clock.move_by(timedelta(days=1))
    with jobs.transaction() as session:
        assert run.fire_timers(session, instance_id) == 1

    with db.reading() as session:
        assert "late" in {row.element_id for row in tasks.find(session).rows}


def test_a_time_that_would_be_past_stays_and_the_history_says_so():
    deploy(counting())
    instance_id = start()
    confirm()  # due 7 January
    clock.move_by(datetime(2027, 1, 7, 2, 0, tzinfo=UTC) - clock.now())

    confirm("date,kind,name\n")  # no day off at all: 3 working days would have been over on 5 January

    assert task(instance_id).due_at == end_of(2027, 1, 7)
    with db.reading() as session:
        kept = [row for row in history.of_instance(session, instance_id) if row.what == "time_kept"]
        assert {row.element for row in kept} == {"ask", "timeout"}
        state = recalculations.newest(session)
    assert state is not None and (state.moved, state.kept) == (0, 2)


def test_who_was_late_and_has_time_again_is_told_so_at_the_new_time(monkeypatch):
    deploy(Drawing().user("ask", **(TASK | {"due": "working_days(1)"})).path("start", "ask", "end"))
    instance_id = start()
    clock.move_by(end_of(2027, 1, 4) - clock.now() + timedelta(hours=1))
    with db.writing() as session:
        tasks.ladder.climb(session)
    assert task(instance_id).is_overdue

    confirm()  # 4 January is off: due 5 January

    assert task(instance_id).due_at == end_of(2027, 1, 5)
    assert not task(instance_id).is_overdue
    clock.move_by(timedelta(days=1))
    with db.writing() as session:
        tasks.ladder.climb(session)
    with db.reading() as session:
        assert [row.what for row in history.of_instance(session, instance_id)].count("late") == 2


def test_only_instances_that_count_working_days_are_touched():
    deploy(Drawing("other").user("ask", **TASK).path("start", "ask", "end"))
    deploy(counting())
    start("other")
    meant = start("p")

    confirm()

    with db.reading() as session:
        state = recalculations.newest(session)
        assert state is not None and state.found == 1
        assert "rescheduled" in {row.what for row in history.of_instance(session, meant)}


def test_a_thousand_instances_are_found_in_pieces(monkeypatch):
    from engine.run import recalculating

    monkeypatch.setattr(recalculating, "AT_ONCE", 7)
    deploy(counting())
    started = [start(key=str(number)) for number in range(20)]

    confirm()

    assert {task(each).due_at for each in started} == {end_of(2027, 1, 7)}
    with db.reading() as session:
        state = recalculations.newest(session)
    assert state is not None and (state.found, state.done, state.is_over) == (20, 20, True)


def test_another_process_reads_the_calendar_again_when_it_was_changed():
    confirm()
    policy_calendar._years.clear()  # another process, with the calendar of the libraries
    policy_calendar.day_of(date(2027, 1, 4))
    calendar_change._seen = None

    with db.reading() as session:
        assert calendar_change.keep_fresh(session)
        assert not calendar_change.keep_fresh(session)

    assert not policy_calendar.is_working_day(date(2027, 1, 4))


def test_an_estimate_is_not_confirmed_without_its_notice():
    with pytest.raises(calendar_change.YearNotKnown):
        confirm(None)


@pytest.mark.parametrize("line", ["2027-13-01,holiday", "2027-01-01,workday", "2026-01-01,holiday", "2027-01-01"])
def test_a_line_of_the_notice_that_cannot_be_read_is_named(line):
    with pytest.raises(calendar_change.NoticeUnreadable, match=line):
        calendar_change.read_notice(["date,kind,name", line], 2027)


def test_the_commands_show_and_confirm_a_year(tmp_path):
    deploy(counting())
    instance_id = start()
    notice = tmp_path / "notice.csv"
    notice.write_text(NOTICE_2027, encoding="utf-8")

    before = CliRunner().invoke(calendar, ["show", "2027"])
    done = CliRunner().invoke(calendar, ["confirm", "2027", "--notice", str(notice)])
    after = CliRunner().invoke(calendar, ["show", "2027"])

    assert "provisional" in before.output
    assert done.exit_code == 0 and "1 instances, 2 times moved" in done.output
    assert "2027-01-09  班 worked" in after.output and "已确认 confirmed" in after.output
    assert task(instance_id).due_at == end_of(2027, 1, 7)
