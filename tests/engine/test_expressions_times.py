"""Timer texts, durations and moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.expressions import (
    Cycle,
    Duration,
    ExpressionFault,
    ExpressionRefused,
    as_moment,
    compile_expression,
    compile_timer,
    iso,
    parse_cycle,
    parse_duration,
    to_json,
)

BASE = datetime(2026, 1, 31, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT3M", Duration(0, timedelta(minutes=3))),
        ("PT24H", Duration(0, timedelta(hours=24))),
        ("P3D", Duration(0, timedelta(days=3))),
        ("P2W", Duration(0, timedelta(weeks=2))),
        ("P1M", Duration(1)),
        ("P1Y2M", Duration(14)),
        ("P1M2DT3H", Duration(1, timedelta(days=2, hours=3))),
        ("PT1.5S", Duration(0, timedelta(seconds=1.5))),
        ("-PT1H", Duration(0, timedelta(hours=-1))),
    ],
)
def test_an_iso_duration_is_read_and_written(text, duration):
    assert parse_duration(text) == duration
    assert parse_duration(iso(duration)) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "P1D2", "PT1D", "24H", "P999999Y", "PT99999999999H", "P1.5D", "P1DT"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ExpressionRefused):
        parse_duration(text)


def test_a_repetition_has_a_number_and_an_interval():
    assert parse_cycle("R3/PT1H") == Cycle(3, Duration(0, timedelta(hours=1)))
    assert parse_cycle("R/PT24H") == Cycle(None, Duration(0, timedelta(days=1)))
    assert parse_cycle("R2/2026-08-03T09:00:00+08:00/P1D").start == datetime(2026, 8, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["R/PT0S", "R3/", "3/PT1H", "R-1/PT1H", "R/-PT1H", "R3/x/PT1H"])
def test_a_repetition_without_pause_is_refused(text):
    with pytest.raises(ExpressionRefused):
        parse_cycle(text)


def test_a_calendar_month_ends_on_the_last_day_of_a_shorter_month():
    assert as_moment(Duration(1), BASE) == datetime(2026, 2, 28, 1, 0, tzinfo=UTC)


def test_calendar_months_are_counted_in_the_citys_zone():
    late_evening_utc = datetime(2026, 1, 30, 20, 0, tzinfo=UTC)  # 31 January, 04:00, in Baotou

    assert as_moment(Duration(1), late_evening_utc) == datetime(2026, 2, 27, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (Duration(0, timedelta(hours=2)), BASE + timedelta(hours=2)),
        (timedelta(hours=2), BASE + timedelta(hours=2)),
        ("PT2H", BASE + timedelta(hours=2)),
        ("2026-08-03T09:00:00+08:00", datetime(2026, 8, 3, 1, tzinfo=UTC)),
        ("2026-08-03T09:00:00", datetime(2026, 8, 3, 1, tzinfo=UTC)),
        ("2026-08-03", datetime(2026, 8, 2, 16, tzinfo=UTC)),
        (datetime(2026, 8, 3, 9), datetime(2026, 8, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_due_value_becomes_a_moment(value, moment):
    found = as_moment(value, BASE)

    assert found == moment
    assert found.tzinfo is not None


@pytest.mark.parametrize("value", [None, 3, True, "soon", [], {}, Duration(12 * 9000)])
def test_what_is_no_time_is_a_fault(value):
    with pytest.raises(ExpressionFault):
        as_moment(value, BASE)


def test_a_timer_text_is_bare_iso_or_an_expression():
    assert compile_timer("PT24H").evaluate({}) == parse_duration("PT24H")
    assert compile_timer(" R3/PT1H ").evaluate({}) == parse_cycle("R3/PT1H")
    assert compile_timer("2026-08-03T09:00:00+08:00").evaluate({}) == datetime(2026, 8, 3, 1, tzinfo=UTC)
    assert compile_timer('duration("PT" + string(n) + "M")').evaluate({"n": 5}) == parse_duration("PT5M")
    assert compile_timer("PT24H").names == frozenset()


def test_a_wrong_timer_text_is_refused():
    with pytest.raises(ExpressionRefused):
        compile_timer("PT24")


def test_now_and_today_ask_the_products_clock(monday):
    assert to_json(compile_expression("now()").evaluate({})) == "2026-08-03T09:00:00+08:00"
    assert to_json(compile_expression("today()").evaluate({})) == "2026-08-03"


def test_a_duration_with_months_has_no_fixed_length():
    assert Duration(0, timedelta(hours=1)).as_timedelta() == timedelta(hours=1)
    with pytest.raises(ExpressionFault):
        Duration(1).as_timedelta()
