"""Timers of the diagrams on the movable clock: when they fall due, in which order they fire, how they repeat."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine import clock
from engine.spiff import ElementFailed, TaskNotOpen
from tests.engine.drawing import Drawing
from tests.engine.played import Play, later, watched


def test_an_interrupting_timer_takes_the_task_away(monday):
    play = Play(watched(True, after="PT1H"))
    task = play.task("ask").id

    later(minutes=59)
    assert play.fire() == 0
    later(minutes=1)
    assert play.fire() == 1

    assert play.open() == ["other"]
    assert ("ask", "cancelled") in play.history
    with pytest.raises(TaskNotOpen):
        play.live.complete(task, {})


def test_a_non_interrupting_timer_leaves_the_task_open(monday):
    play = Play(watched(False, after="PT1H"))

    later(hours=1)
    play.fire()

    assert sorted(play.open()) == ["ask", "other"]
    assert play.due() == {}
    assert play.complete("ask").complete("after").open() == ["other"]
    assert play.complete("other").ended


def test_a_timer_ends_with_its_activity(monday):
    play = Play(watched(True, after="PT1H"))

    play.complete("ask")
    later(hours=2)

    assert play.fire() == 0
    assert play.open() == ["after"]


def test_a_due_timer_says_when_and_what_it_is_attached_to(monday):
    play = Play(watched(True, after="PT1H"))

    wait = play.wait("event")
    assert (wait.kind, wait.due_at, wait.attached_to) == ("timer", monday + timedelta(hours=1), "ask")
    assert wait.attached_task == play.task("ask").id


@pytest.mark.parametrize(
    ("event", "due"),
    [
        ({"after": "PT90M"}, timedelta(minutes=90)),
        ({"after": 'if urgent then duration("PT5M") else duration("P1D")'}, timedelta(minutes=5)),
        ({"at": "2026-08-04T09:00:00+08:00"}, timedelta(days=1)),
        ({"at": "2026-08-04T09:00:00"}, timedelta(days=1)),
        ({"at": "due"}, timedelta(days=2)),
        ({"at": "date and time(due)"}, timedelta(days=2)),
        ({"every": "R3/PT1H"}, timedelta(hours=1)),
    ],
)
def test_a_timer_is_iso_text_or_an_expression(monday, event, due):
    play = Play(watched(True, **event), data={"urgent": True, "due": "2026-08-05T09:00:00+08:00"})

    assert play.due() == {"event": monday + due}


def test_reminders_repeat_and_outlive_the_activity(monday):
    play = Play(watched(False, every="R3/PT1H"))

    for number in range(1, 4):
        later(hours=1)
        assert play.fire() == 1
        assert play.open().count("other") == number
    later(hours=5)
    assert play.fire() == 0
    assert play.due() == {}

    play.complete("ask")
    assert sorted(play.open()) == ["after", "other", "other", "other"]
    play.complete("other").complete("after").complete("other")
    assert not play.ended
    assert play.complete("other").ended


def test_missed_reminders_are_made_up_one_by_one(monday):
    play = Play(watched(False, every="R3/PT1H"))

    later(hours=10)

    assert play.fire() == 3


def test_monthly_reminders_do_not_drift():
    with clock.frozen(datetime.fromisoformat("2027-01-31T09:00:00+08:00")):
        play = Play(watched(False, every="R/P1M"))
        due = []
        for _ in range(4):
            moment = play.due()["event"]
            assert moment is not None
            due.append(clock.local(moment).date().isoformat())
            clock.move_by(moment - clock.now())
            play.fire()

    assert due == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


def test_an_endless_cycle_leaves_out_what_is_far_too_late(monday):
    play = Play(watched(False, every="R/PT10M"))

    later(days=30)

    assert 15 < play.fire() < 30
    assert play.due()["event"] > clock.now()


def test_an_overdue_timer_fires_before_the_completion(monday):
    play = Play(watched(False, after="PT1H"))

    later(hours=2)
    play.complete("ask")

    assert sorted(play.open()) == ["after", "other"]


def two_timers() -> Drawing:
    drawing = Drawing().user("ask").user("after").service("late", "late").service("later", "later")
    drawing.boundary("second", "ask", False, after="PT2H").boundary("first", "ask", False, after="PT1H")
    drawing.path("start", "ask", "after", "end").path("second", "later", "end_b").path("first", "late", "end_a")
    return drawing


def test_two_overdue_timers_fire_earliest_first(monday):
    play = Play(two_timers())

    later(hours=3)
    assert play.fire() == 2

    assert [name for name, _ in play.host.calls] == ["late", "later"]


@pytest.mark.parametrize("text", ["word", "1 + 1", '"tomorrow"'])
def test_what_gives_no_time_fails_at_the_timer(text):
    with pytest.raises(ElementFailed) as failed:
        Play(watched(True, after=text), data={"word": "soon"})

    assert failed.value.element_id == "event"
