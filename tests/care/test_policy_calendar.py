"""Working days over weekends, swapped days and the turn of the year; festivals; visit periods; deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from care import deadlines, policy_calendar
from care.policies import policy_set
from care.policy_calendar import Day, day_of, festivals, is_working_day, working_days_after
from care.visit_periods import Period, even_day, first_period, period_of
from engine import clock
from engine.expressions import FUNCTIONS, compile_expression, to_json


@pytest.fixture(autouse=True)
def fresh_years():
    policy_calendar._years.clear()
    yield
    policy_calendar._years.clear()


def at(text):
    return datetime.fromisoformat(text + "+08:00")


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2026-08-03T09:00:00", 3, "2026-08-06"),  # Monday
        ("2026-08-06T09:00:00", 3, "2026-08-11"),  # Thursday, over the weekend
        ("2026-08-07T23:59:59", 1, "2026-08-10"),
        ("2026-08-08T10:00:00", 3, "2026-08-12"),  # begins on a Saturday
        ("2026-08-03T09:00:00", 0, "2026-08-03"),
        ("2026-02-13T09:00:00", 1, "2026-02-14"),  # 调休: Saturday worked before the Spring Festival
        ("2026-02-13T09:00:00", 2, "2026-02-24"),
        ("2026-02-27T09:00:00", 1, "2026-02-28"),  # 调休: Saturday
        ("2026-02-26T18:00:00", 3, "2026-03-02"),  # 调休 Saturday in the middle
        ("2026-05-08T09:00:00", 1, "2026-05-09"),  # 调休: Saturday
        ("2026-05-07T09:00:00", 3, "2026-05-11"),
        ("2026-09-18T09:00:00", 1, "2026-09-20"),  # 调休: Sunday
        ("2026-09-18T09:00:00", 3, "2026-09-22"),
        ("2026-10-09T09:00:00", 1, "2026-10-10"),  # 调休: Saturday
        ("2026-09-30T09:00:00", 3, "2026-10-10"),  # over the National Day holiday
        ("2026-04-03T09:00:00", 1, "2026-04-07"),  # 清明
    ],
)
def test_working_days_are_counted_by_the_state_councils_calendar(start, count, due):
    found, provisional = working_days_after(at(start), count)

    assert found == at(due + "T23:59:59")
    assert found.isoformat() == due + "T23:59:59+08:00"
    assert provisional is False


def test_the_start_is_a_day_of_the_city_whatever_its_offset():
    late_in_utc = datetime(2026, 8, 3, 17, 0, tzinfo=UTC)  # Tuesday 01:00 in Baotou

    assert working_days_after(late_in_utc, 1)[0] == at("2026-08-05T23:59:59")


def test_a_deadline_that_counts_a_day_of_2027_is_provisional():
    assert working_days_after(at("2026-12-30T10:00:00"), 1) == (at("2026-12-31T23:59:59"), False)
    assert working_days_after(at("2026-12-31T10:00:00"), 1) == (at("2027-01-04T23:59:59"), True)
    assert working_days_after(at("2027-02-04T10:00:00"), 1) == (at("2027-02-11T23:59:59"), True)


@pytest.mark.parametrize("year", [1955, 2003, 2004, 2026, 2027, 2030, 2050, 2090])
def test_every_year_has_a_calendar(year):
    assert 240 < sum(is_working_day(each.date) for each in policy_calendar.computed(year)) < 270 or year < 1996
    assert day_of(date(year, 7, 7)).confirmed is (2004 <= year <= 2026)


def test_beyond_the_calendar_is_said_and_null_in_an_expression():
    with pytest.raises(ValueError, match="2090"):
        working_days_after(at("2090-12-31T10:00:00"), 3)
    with pytest.raises(ValueError, match="1000"):
        working_days_after(at("2026-12-31T10:00:00"), 100_000)
    assert compile_expression('working_days(3, "2090-12-31")').evaluate({}) is None


def test_days_have_kinds_and_names():
    assert (day_of(date(2026, 2, 14)).kind, day_of(date(2026, 10, 1)).kind) == ("swapped", "holiday")
    assert day_of(date(2026, 10, 1)).name == "国庆节"
    assert (day_of(date(2026, 8, 8)).kind, day_of(date(2026, 8, 7)).kind) == ("weekend", "workday")
    assert day_of(date(2027, 10, 1)).name == "国庆节"


def test_the_yearly_notice_confirms_a_year_and_moves_deadlines(database):
    notice = [
        Day(date(2027, 1, 1), False, "holiday", "元旦", "notice", True),
        Day(date(2027, 1, 4), False, "holiday", "元旦", "notice", True),
        Day(date(2027, 1, 9), True, "swapped", "", "notice", True),
    ]

    with database.writing() as session:
        assert policy_calendar.fill(session, 2027) == 365
        assert policy_calendar.fill(session, 2027) == 0
        policy_calendar.decree(session, notice, 2027)

    assert working_days_after(at("2026-12-31T10:00:00"), 1) == (at("2027-01-05T23:59:59"), False)
    assert is_working_day(date(2027, 1, 9))
    assert is_working_day(date(2027, 2, 8))  # the estimate is gone: the notice named every day off


def test_the_program_starts_with_this_year_and_the_next(database, monday):
    with database.writing() as session:
        policy_calendar.prepare(session)
        policy_calendar.prepare(session)

    assert sorted(policy_calendar._years) == [2026, 2027]
    assert day_of(date(2026, 8, 3)).source == "chinesecalendar"


def test_another_process_reads_what_was_entered(database):
    with database.writing() as session:
        policy_calendar.decree(session, [Day(date(2027, 1, 4), False, "holiday", "元旦", "notice", True)], 2027)
    policy_calendar._years.clear()
    assert is_working_day(date(2027, 1, 4))

    with database.reading() as session:
        policy_calendar.refresh(session)

    assert not is_working_day(date(2027, 1, 4))


def test_festivals_of_the_issued_plan():
    found = {each.name: (each.first, each.last) for each in festivals(2027, policy_set("issued-2026-37").festivals)}

    assert found == {
        "除夕至正月初七": (date(2027, 2, 5), date(2027, 2, 12)),
        "元宵节": (date(2027, 2, 20), date(2027, 2, 20)),
        "清明节": (date(2027, 4, 5), date(2027, 4, 5)),
        "端午节": (date(2027, 6, 9), date(2027, 6, 9)),
        "中秋节": (date(2027, 9, 15), date(2027, 9, 15)),
        "重阳节": (date(2027, 10, 8), date(2027, 10, 8)),
    }


def test_the_draft_adds_three_festivals():
    names = {each.id for each in festivals(2031, policy_set("draft-2026").festivals)}

    assert {"new_year", "labour_day", "national_day", "qingming"} <= names and len(names) == 9


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("week", date(2026, 8, 5), date(2026, 8, 3), date(2026, 8, 9)),
        ("week", date(2026, 8, 9), date(2026, 8, 3), date(2026, 8, 9)),
        ("two_weeks", date(2026, 6, 29), date(2026, 6, 29), date(2026, 7, 12)),
        ("two_weeks", date(2026, 7, 12), date(2026, 6, 29), date(2026, 7, 12)),
        ("two_weeks", date(2026, 7, 13), date(2026, 7, 13), date(2026, 7, 26)),
        ("two_weeks", date(2026, 6, 28), date(2026, 6, 15), date(2026, 6, 28)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("quarter", date(2026, 8, 3), date(2026, 7, 1), date(2026, 9, 30)),
        ("quarter", date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_visit_periods_are_calendar_periods(kind, day, first, last):
    assert period_of(kind, day) == Period(kind, first, last)


def test_the_first_period_is_left_out_when_a_day_remains():
    assert first_period("week", date(2026, 8, 8)).starts_on == date(2026, 8, 3)
    assert first_period("week", date(2026, 8, 9)).starts_on == date(2026, 8, 10)


def test_visits_keep_an_even_rhythm_inside_the_period():
    week, month = period_of("week", date(2026, 8, 3)), period_of("month", date(2026, 8, 3))

    assert even_day(week, 1, 1) == date(2026, 8, 6)
    assert even_day(week, 1, 1, last_visit_on=date(2026, 7, 28)) == date(2026, 8, 4)
    assert even_day(week, 1, 1, last_visit_on=date(2026, 7, 20)) == date(2026, 8, 3)
    assert even_day(month, 1, 1, last_visit_on=date(2026, 7, 31)) == date(2026, 8, 31)
    assert [even_day(week, turn, 2) for turn in (1, 2)] == [date(2026, 8, 4), date(2026, 8, 7)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('working_days(3, "2026-08-06T09:00:00+08:00")', "2026-08-11T23:59:59+08:00"),
        ('working_days(3, date and time("2026-08-06T09:00:00+08:00"))', "2026-08-11T23:59:59+08:00"),
        ('working_days(3, date("2026-08-06"))', "2026-08-11T23:59:59+08:00"),
        ("working_days(3)", "2026-08-06T23:59:59+08:00"),
        ("working_days(3, missing)", None),
        ('working_days(3, "soon")', None),
        ("working_days(1.5)", None),
        ("working_days(-1)", None),
        ('is working day(date("2026-02-14"))', True),
        ('period_start("two_weeks", "2026-07-12")', "2026-06-29"),
        ('period_end("month", date("2026-08-03"))', "2026-08-31"),
        ('period_end("year", date("2026-08-03"))', None),
        ('visit_day("week", "2026-08-03")', "2026-08-06"),
        ('visit_day("week", "2026-08-03", 2, 2)', "2026-08-07"),
    ],
)
def test_diagrams_can_ask_the_calendar(monday, text, value):
    assert to_json(compile_expression(text).evaluate({})) == value


@pytest.mark.parametrize(
    ("rule", "start", "due"),
    [
        ("feedback_24h", "2026-08-07T18:30:00", "2026-08-08T18:30:00"),
        ("major_change_24h", "2026-09-30T10:00:00", "2026-10-01T10:00:00"),
        ("review_3wd", "2026-08-07T18:30:00", "2026-08-12T23:59:59"),
        ("first_visit_7d", "2026-08-03T09:00:00", "2026-08-10T09:00:00"),
        ("call_elder_3min", "2026-08-03T23:58:00", "2026-08-04T00:01:00"),
        ("contact_recheck_6m", "2026-08-31T09:00:00", "2027-02-28T09:00:00"),
        ("consent_1y", "2028-02-29T09:00:00", "2029-02-28T09:00:00"),
    ],
)
def test_the_catalogue_of_deadlines(rule, start, due):
    found = deadlines.deadline(rule, at(start))

    assert found == deadlines.Deadline(at(due), False)
    assert clock.local(found.due).utcoffset() == found.due.utcoffset()


def test_every_rule_of_the_catalogue_can_be_reckoned():
    for rule in deadlines.rules():
        assert deadlines.deadline(rule, at("2026-08-03T09:00:00")).due > at("2026-08-03T09:00:00")


def test_an_unknown_deadline_is_said():
    with pytest.raises(deadlines.UnknownDeadline):
        deadlines.deadline("never", at("2026-08-03T09:00:00"))


def test_the_reference_names_every_function():
    reference = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "feel-functions.md").read_text("utf-8")

    for name in FUNCTIONS:
        assert f"`{name}(" in reference, name
