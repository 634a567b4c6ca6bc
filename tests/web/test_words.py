from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from web import words

# Tuesday 24 November 2026, 09:14 in the city
NOW = datetime(2026, 11, 24, 1, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "zh", "en", "state"),
    [
        (timedelta(seconds=108), "1:48", "1:48", "soon"),
        (timedelta(minutes=5), "还剩 5 分钟", "5 min left", "soon"),
        (timedelta(minutes=12), "还剩 12 分钟", "12 min left", "soon"),
        (timedelta(hours=7, minutes=46), "今天 17:00 前", "by 17:00 today", "soon"),
        (timedelta(hours=14, minutes=45, seconds=59), "今天", "today", "soon"),
        (timedelta(days=1), "明天", "tomorrow", ""),
        (timedelta(days=2), "周四", "Thu", ""),
        (timedelta(days=5), "周日", "Sun", ""),
        (timedelta(days=6), "11月30日", "30 Nov", ""),
        (timedelta(days=50), "2027年1月13日", "13 Jan 2027", ""),
        (-timedelta(seconds=20), "已超 1 分钟", "1 min over", "late"),
        (-timedelta(hours=2, minutes=5), "已超 2 小时", "2 h over", "late"),
        (-timedelta(days=1, hours=3), "已超 1 天", "1 day over", "late"),
        (-timedelta(days=3), "已超 3 天", "3 days over", "late"),
    ],
)
def test_time_left_is_said_as_the_look_rules_it(left: timedelta, zh: str, en: str, state: str) -> None:
    assert words.time_left(NOW + left, NOW) == words.Due(zh, state)
    assert words.time_left(NOW + left, NOW, "en").words == en


def test_minutes_of_an_emergency_stay_urgent_when_they_are_over() -> None:
    assert words.time_left(NOW + timedelta(minutes=12), NOW, urgent=True).state == "urgent"
    assert words.time_left(NOW - timedelta(minutes=3), NOW, urgent=True) == words.Due("已超 3 分钟", "urgent")
    assert words.time_left(NOW + timedelta(hours=2), NOW, urgent=True).state == "soon"
    assert words.time_left(NOW + timedelta(days=1), NOW, urgent=True).state == ""


def test_the_last_minute_of_a_day_is_written_24_00() -> None:
    assert words.clock_time(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == "24:00"


def test_history_names_the_time_and_the_day_when_it_is_another() -> None:
    assert words.moment(NOW - timedelta(minutes=12), NOW) == "09:02"
    assert words.moment(NOW - timedelta(days=7), NOW) == "11月17日 09:14"
    assert words.moment(NOW - timedelta(days=7), NOW, "en") == "17 Nov 09:14"


def test_age_is_reached_on_the_birthday() -> None:
    assert words.age(date(1942, 11, 24), date(2026, 11, 24)) == 84
    assert words.age(date(1942, 11, 25), date(2026, 11, 24)) == 83
    assert words.years(date(1942, 11, 25), date(2026, 11, 24)) == "83 岁"
    assert words.years(None, date(2026, 11, 24)) == ""


def test_figures_have_commas_one_decimal_and_a_dash_for_nothing_to_divide_by() -> None:
    assert words.number(12345) == "12,345"
    assert words.rate(287, 295) == "97.3%"
    assert words.rate(0, 0) == "—"


@pytest.mark.parametrize(("seconds", "said"), [(46, "46 秒"), (130, "2 分 10 秒"), (4800, "1 小时 20 分")])
def test_durations_are_said_in_full(seconds: int, said: str) -> None:
    assert words.duration(seconds) == said


def test_on_paper_the_day_is_always_written():
    assert words.written(NOW) == "2026-11-24 09:14"
