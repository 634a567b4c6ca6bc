"""P24 monthly_dispatch, P25 quarterly_bulletin, P26 annual_evaluation, walked along each way out."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from care import agenda, elders, indicators, nightly, oversight, oversight_cycles, policies, referrals
from care.indicators import Month
from care.oversight import Duty, Report, SampledVisit, Statement
from care.visits import Visit, VisitObligation
from engine import clock, db, jobs
from tests import builders
from tests.town import Town

JULY, SECOND_QUARTER, LAST_YEAR = date(2026, 7, 1), date(2026, 7, 1), date(2026, 1, 1)


def begun(town: Town, kind: str, period: date) -> None:
    oversight_cycles.begin(kind, period)
    jobs.drain()


def report(kind: str, path: str) -> Report:
    with db.reading() as session:
        row = session.scalars(select(Report).where(Report.kind == kind, Report.unit_path == path)).one()
        session.expunge(row)
        return row


def rows(table: type[Any]) -> list[Any]:
    with db.reading() as session:
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
        return found


def visited(town: Town, state: str = "missed", visits: int = 0, ends_on: date = date(2026, 7, 31)) -> None:
    """An obligation of July, and some counted visits of it."""
    with jobs.transaction() as session:
        elder = town.elder
        session.add(
            VisitObligation(
                elder_id=elder.id, unit_path=elder.unit_path, tier="high", period="week", starts_on=JULY,
                ends_on=ends_on, required=1, done=int(state == "fulfilled"), state=state,
            )
        )  # fmt: skip
        at = datetime.fromisoformat("2026-07-20T10:00:00+08:00")
        session.add_all(
            Visit(
                elder_id=elder.id, unit_path=elder.unit_path, state="done", opens_at=at, due_at=at, done_at=at,
                mode="home", counted=True,
            )
            for _ in range(visits)
        )  # fmt: skip


# --- when ---


@pytest.mark.parametrize(
    ("day", "dispatch", "bulletin", "evaluation"),
    [
        (date(2026, 9, 1), date(2026, 8, 1), date(2026, 4, 1), 2025),  # Tuesday, the first of the month
        (date(2026, 10, 1), date(2026, 8, 1), date(2026, 4, 1), 2025),  # National Day: nothing new yet
        (date(2026, 10, 8), date(2026, 9, 1), date(2026, 4, 1), 2025),  # the first working day
        (date(2026, 10, 12), date(2026, 9, 1), date(2026, 4, 1), 2025),  # the fourth: 10 October is a swapped Saturday
        (date(2026, 10, 13), date(2026, 9, 1), date(2026, 7, 1), 2025),  # the fifth
        (date(2026, 1, 3), date(2025, 11, 1), date(2025, 7, 1), 2024),  # New Year's holiday
        (date(2026, 1, 4), date(2025, 12, 1), date(2025, 7, 1), 2024),  # a swapped Sunday is worked
        (date(2026, 1, 5), date(2025, 12, 1), date(2025, 7, 1), 2025),
    ],
)
def test_each_cycle_begins_on_its_working_day(day: date, dispatch: date, bulletin: date, evaluation: int):
    expected = {"dispatch": dispatch, "bulletin": bulletin, "evaluation": date(evaluation, 1, 1)}
    assert oversight_cycles.due(day) == expected


def test_the_night_begins_the_dispatch_at_eight_and_once(town: Town):
    nightly.keep_planning()
    town.waits(days=28, hours=15, minutes=45)  # Tuesday 1 September 00:45
    assert dispatches() == {JULY: 3}  # the installation was there in July: township, district, city
    town.waits(hours=8)
    assert dispatches() == {JULY: 3, date(2026, 8, 1): 3}
    with db.reading() as session:
        assert indicators.is_frozen(session, Month(date(2026, 8, 1)))

    town.waits(days=1)
    assert dispatches() == {JULY: 3, date(2026, 8, 1): 3}


def dispatches() -> dict[date, int]:
    return dict(Counter(row.period for row in rows(Report) if row.kind == "dispatch"))


# --- P24 ---


def test_each_level_says_its_part_and_the_city_orders(town: Town):
    visited(town)
    begun(town, "dispatch", JULY)
    assert town.elements() == {"check_data"}
    assert report("dispatch", town.city.village.path[: len(town.city.township.path)]).content["figures"]["K04"] == [
        0,
        1,
    ]
    town.does("check_data", agrees=False, text="7月下旬大雨")
    town.waits(days=3)
    town.does("district_review", late="欠访1次")
    town.waits(days=3)
    town.does("city_meeting", minutes="纪要", decisions=[
        {"what": "补访", "owner": "第一区", "until_on": "2026-08-20"},
        {"what": "查路况", "owner": "青山街道", "until_on": "2026-08-20"},
        {"what": "拨经费", "owner": "财政局", "until_on": "2026-08-20"},
    ])  # fmt: skip

    assert {"district_carries", "township_carries", "department_carries"} <= town.elements()
    for element in ("district_carries", "township_carries", "department_carries"):
        assert town.live().count("monthly_dispatch") == 1
        town.does(element, result="done", text="已办")
        town.does("check_duty", approved=True)

    assert town.live() == []
    assert [(row.state, row.department) for row in rows(Duty)] == [("done", ""), ("done", ""), ("done", "财政局")]
    assert [row.kind for row in rows(Statement)] == ["explanation", "review"]
    assert report("dispatch", town.city.city.path).words == "纪要"


def a_need(town: Town, rejects: int) -> int:
    """A need that receivers sent back so often."""
    with jobs.transaction() as session:
        elder = elders.get(session, town.elder.id)
        row = referrals.open_referral(session, elder, "meals", False, None, None)
        for _ in range(rejects):
            referrals.send(session, row, "provider")
            referrals.answered(session, row, False)
        return row.id


def points(town: Town, unit: str) -> list[tuple[str, str]]:
    with db.reading() as session:
        row = session.merge(report("dispatch", unit), load=False)
        return [(each.kind, each.ref) for each in agenda.items(session, row)]


def test_what_nobody_below_could_settle_is_on_the_agenda(town: Town):
    often, closed = a_need(town, 3), a_need(town, 3)
    a_need(town, 2)
    with jobs.transaction() as session:
        referrals.close(session, referrals.get(session, closed), "settled")
    town.device_sends("sos")
    with jobs.transaction() as session:
        session.merge(town.case()).round = 4
    visited(town)
    begun(town, "dispatch", JULY)
    city, district = town.city.city.path, town.city.district.path
    assert [each for each in points(town, city) if each[0] != "figure"] == [
        ("referral", str(often)), ("case", town.case().number)
    ]  # fmt: skip
    assert ("figure", "K04") in points(town, city)
    town.waits(days=3)
    town.does("district_review", late="没有", asks="请协调助餐点")
    assert ("ask", "") in points(town, city) and ("ask", "") not in points(town, district)
    town.waits(days=3)
    town.does("city_meeting", minutes="已议")
    with jobs.transaction() as session:
        referrals.close(session, referrals.get(session, often), "settled")

    assert ("referral", str(often)) in points(town, city)  # what was on the table stays
    assert "田" not in str(report("dispatch", city).content["agenda"])


def test_another_districts_matters_are_not_on_a_districts_agenda(town: Town):
    with jobs.transaction() as session:
        second = builders.a_second_township(session, town.city)
        elder = builders.an_elder(session, second)
        row = referrals.open_referral(session, elder, "meals", False, None, None)
        row.coordination = True
        elsewhere = str(row.id)
    begun(town, "dispatch", JULY)

    assert ("referral", elsewhere) in points(town, town.city.city.path)
    assert ("referral", elsewhere) not in points(town, town.city.district.path)


def test_a_meeting_without_decisions_is_archived(town: Town):
    begun(town, "dispatch", JULY)
    town.does("check_data", agrees=True)
    town.waits(days=3)
    town.does("district_review", late="没有")
    town.waits(days=3)
    town.does("city_meeting", minutes="没有问题")

    assert town.live() == [] and rows(Duty) == []


def test_what_was_not_put_right_comes_back(town: Town):
    begun(town, "dispatch", JULY)
    town.waits(days=7)
    town.does("city_meeting", minutes="纪要", decisions=[{"what": "补访", "owner": "第一区", "until_on": "2026-08-20"}])
    town.does("district_carries", result="done", text="已办")
    town.does("check_duty", approved=False, text="没有补访")
    assert rows(Duty)[0].rounds == 2

    town.does("district_carries", result="done", text="已补访")
    town.does("check_duty", approved=True)

    assert rows(Duty)[0].state == "done"


# --- P25 ---


@pytest.fixture
def october(town: Town) -> Town:
    visited(town, ends_on=date(2026, 7, 12))
    town.waits(days=70)
    begun(town, "bulletin", SECOND_QUARTER)
    return town


def published(town: Town, comment: bool) -> None:
    town.does("draft", text="第三季度通报")
    if comment:
        town.does("comment", agrees=False, text="大雨")
    town.waits(days=5)
    town.does("approve", approved=True)


def test_a_bulletin_is_drafted_commented_approved_published_and_put_right(october: Town):
    town = october
    [line] = report("bulletin", town.city.city.path).content["ranking"]
    assert line["unit_path"] == town.city.district.path and line["figures"]["K04"] == [0, 1]
    assert "田" not in str(line)

    published(town, comment=True)

    assert report("bulletin", town.city.city.path).published_at is not None
    assert len(town.sent("bulletin")) == 2  # district and township
    [duty] = rows(Duty)
    assert "探访及时率" in duty.what and "K04" not in duty.what and (duty.until_on - clock.today()).days == 30
    town.does("district_carries", result="done", text="已整改")
    town.does("check_duty", approved=True)
    assert town.live() == []


def test_who_says_nothing_in_three_working_days_has_no_comment(october: Town):
    published(october, comment=False)

    assert "unit_statement" not in october.live()
    assert [row.kind for row in rows(Statement)] == ["approval"]


def test_a_bulletin_that_is_not_approved_is_written_again(october: Town):
    october.does("draft", text="第一稿")
    october.waits(days=5)
    october.does("approve", approved=False, text="补充分析")
    assert report("bulletin", october.city.city.path).published_at is None

    published(october, comment=False)

    assert report("bulletin", october.city.city.path).words == "第三季度通报"


def test_where_every_figure_is_on_target_nothing_is_ordered(town: Town):
    with jobs.transaction() as session:
        for elder in session.scalars(select(type(town.elder))):
            elder.tier = "none"
    town.waits(days=70)
    begun(town, "bulletin", SECOND_QUARTER)
    published(town, comment=False)

    assert rows(Duty) == [] and town.live() == []


# --- P26 ---


@pytest.fixture
def january(town: Town) -> Town:
    visited(town, "fulfilled", visits=60)
    town.waits(days=156)  # 6 January 2027
    begun(town, "evaluation", LAST_YEAR)
    return town


def checked(town: Town, agrees: bool = True) -> None:
    town.waits(days=20)
    drawn = [row.visit_id for row in rows(SampledVisit)]
    town.does("sample_check", visits=[{"visit": each, "agrees": agrees} for each in drawn])


def test_the_year_is_assessed_sampled_scored_objected_to_and_approved(january: Town):
    town = january
    town.does("assess_self", figures_agree=True, went_well="覆盖", gaps="人手", plan="增员")
    assert len(rows(SampledVisit)) == 1  # 2 % of 60
    checked(town)
    town.does("mass_opinion", sent=100, answered=80, satisfied=78)
    [line] = report("evaluation", town.city.city.path).content["ranking"]
    assert line["figures"]["sample"] == [1, 1] and line["score"] is not None
    town.does("object", agrees=True)
    town.waits(days=8)
    town.does("approve", approved=True)

    assert town.live() == []
    assert report("evaluation", town.city.city.path).published_at is not None
    assert [row.kind for row in rows(Statement)] == ["self", "opinion", "objection", "approval"]


def test_a_drawn_visit_without_an_answer_is_asked_about_again(january: Town):
    january.waits(days=20)
    january.does("sample_check", visits=[{"visit": 999999, "agrees": True}])

    assert "sample_check" in january.elements()
    [row] = rows(SampledVisit)
    january.does("sample_check", visits=[{"visit": row.visit_id, "agrees": False, "words": "没来过"}])
    assert [(each.agrees, each.words) for each in rows(SampledVisit)] == [(False, "没来过")]
    assert "mass_opinion" in january.elements()


def test_nobody_says_anything_and_the_result_is_not_approved_at_first(january: Town):
    checked(january)
    january.does("mass_opinion", sent=0, answered=0, satisfied=0)
    january.waits(days=8)
    january.does("approve", approved=False, text="样本太少")
    january.does("mass_opinion", sent=10, answered=9, satisfied=9)
    january.waits(days=20)  # the Spring Festival lies between
    january.does("approve", approved=True)

    assert january.live() == []


def test_a_year_without_visits_draws_none(town: Town):
    town.waits(days=156)
    begun(town, "evaluation", LAST_YEAR)
    town.waits(days=20)

    assert "mass_opinion" in town.elements() and rows(SampledVisit) == []


# --- marks ---


def test_marks_leave_out_what_was_not_counted_and_weigh_satisfaction_most():
    weights = policies.weights()
    assert max(weights, key=lambda code: weights[code]) == "K13"
    assert oversight.score({"K02": [0, 0]}, "issued-2026-37") is None
    assert oversight.score({"K02": [1, 2], "K04": [98, 100], "K13": [0, 0]}, "issued-2026-37") == 75.0
    assert oversight.score({"K13": [19, 20], "K02": [0, 9]}, "issued-2026-37") == round(100 * 30 / 45, 1)
