"""P09 special_period and period_watch, walked along each way out. Source: processes P09, 4.8, 4.9; calendar 7; K22."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from care import elders, planner, renewals, special_periods, visits
from care.indicators import of_matters
from care.indicators.month import Month
from care.special_periods import PeriodContact, SpecialPeriod
from engine import clock, db, history, jobs
from tests import builders
from tests.processes import answers as say
from tests.processes.test_visits import record
from tests.town import Town


def warns(town: Town, number: str = "w1", hours: int = 72, **said: Any) -> None:
    """A warning for the town's district, as the connector or the duty desk gives it."""
    data = {"area": "第一区", "kind": "blizzard", "level": "red", **said}
    data.setdefault("from", clock.now().isoformat())
    data.setdefault("to", (clock.now() + timedelta(hours=hours)).isoformat())
    with jobs.transaction() as session:
        from engine import incoming

        incoming.message(session, "weather.warning", number, {"id": number, **data})
    jobs.drain()


@pytest.fixture
def red(town: Town) -> Town:
    warns(town)
    return town


def period(town: Town) -> SpecialPeriod:
    with db.reading() as session:
        return session.query(SpecialPeriod).order_by(SpecialPeriod.id.desc()).first()  # type: ignore[return-value]


def contacts(town: Town) -> list[PeriodContact]:
    with db.reading() as session:
        return session.query(PeriodContact).order_by(PeriodContact.id).all()


def visits_now(town: Town, **changes: Any) -> None:
    town.does("accept_or_swap", by="visitor")
    town.does("go", **say.arrived(mode="phone", by=None))
    town.does("visit_form", **record(kind="special_period", **changes))
    town.does("elder_confirm", satisfaction="good")


def watches(town: Town) -> None:
    town.does("progress_watch", done="已逐户打电话")


def test_a_red_warning_opens_by_itself_and_everybody_is_visited_once_more(red: Town):
    assert period(red).state == "open"
    assert {"special_period.opened", "visit.ordered"} <= set(red.messages())
    with db.reading() as session:
        visit = visits.of_elder(session, red.elder.id)[0]
    assert (visit.kind, visit.obligation_id) == ("special_period", None)
    assert red.open()["progress_watch"].role == "township_desk"


def test_the_high_tier_is_reached_within_a_day_of_a_red_warning_others_within_two(town: Town):
    with jobs.transaction() as session:
        city = town.city
        builders.an_elder(session, city, tier="key")
    warns(town)

    due = {each.tier: each.due_at - (period(town).opened_at or each.due_at) for each in contacts(town)}
    assert due == {"high": timedelta(hours=24), "key": timedelta(hours=48)}
    assert [each.tier for each in contacts(town)] == ["high", "key"]  # in this order


def test_once_all_are_reached_the_watch_ends(red: Town):
    watches(red)
    assert "progress_watch" in red.elements()  # not yet: another day
    visits_now(red)
    assert contacts(red)[0].how == "phone"
    watches(red)

    assert "period_watch" not in red.live()


def test_at_the_end_the_watch_goes_and_the_district_reports(red: Town):
    visits_now(red)
    red.waits(hours=72)

    assert "progress_watch" not in red.elements()
    assert (period(red).state, period(red).owed, period(red).reached) == ("closed", 1, 1)
    red.does("close_report", words="全部联系到")
    assert "special_period" not in red.live()


def test_an_update_moves_the_end_and_a_cancellation_ends_it(red: Town):
    warns(red, level="orange", to=(clock.now() + timedelta(hours=100)).isoformat())
    assert period(red).level == "orange"
    red.waits(hours=73)
    assert period(red).state == "open"
    warns(red, cancel=True)

    assert period(red).state == "cancelled"
    assert "close_report" in red.elements()
    assert red.live().count("special_period") == 1


@pytest.mark.parametrize(
    ("kind", "level", "state"),
    [
        ("rainstorm", "orange", "open"), ("gale", "red", "open"), ("cold_wave", "yellow", "proposed"),
        ("sandstorm", "yellow", "proposed"), ("rainstorm", "yellow", "ignored"), ("blizzard", "blue", "ignored"),
    ],
)  # fmt: skip
def test_which_warnings_count(town: Town, kind: str, level: str, state: str):
    warns(town, kind=kind, level=level)

    assert period(town).state == state
    assert ("confirm_period" in town.elements()) is (state == "proposed")


@pytest.mark.parametrize("opened", [True, False])
def test_the_district_confirms_within_two_hours(town: Town, opened: bool):
    warns(town, level="yellow")
    task = town.open()["confirm_period"]
    assert (task.role, task.due_at) == ("district_desk", task.created_at + timedelta(hours=2))
    said = {"until_on": "2026-08-06"} if opened else {"why_not": "已减弱"}
    town.does("confirm_period", confirmed=opened, **said)

    assert period(town).state == ("open" if opened else "refused")


def test_a_late_confirmation_goes_up_the_ladder(town: Town):
    warns(town, level="yellow")
    town.waits(hours=4)

    assert town.open()["confirm_period"].also_role == "city_desk"


def test_overlapping_periods_owe_one_contact(red: Town):
    warns(red, "w2", 120, kind="cold_wave", level="orange")

    with db.reading() as session:
        first, second = session.query(SpecialPeriod).order_by(SpecialPeriod.id).all()
    assert (second.state, second.joined_id) == ("joined", first.id)
    assert first.until_at == second.until_at
    assert len(contacts(red)) == 1
    red.waits(hours=80)
    assert period_state(first.id) == "open"
    red.waits(hours=40)
    assert period_state(first.id) == "closed"


def period_state(period_id: int) -> str:
    with db.reading() as session:
        return special_periods.get(session, period_id).state


def test_a_warning_that_joins_only_when_it_is_confirmed(town: Town):
    warns(town, "w1", level="yellow")
    warns(town, "w2", level="red")
    town.does("confirm_period", confirmed=True, until_on="2026-08-06")

    with db.reading() as session:
        states = [each.state for each in session.query(SpecialPeriod).order_by(SpecialPeriod.id)]
    assert states == ["joined", "open"]


def test_by_hand_the_district_says_what_it_is(town: Town):
    with db.reading() as session:
        path = elders.get(session, town.elder.id).unit_path
    with jobs.transaction() as session:
        from engine import run

        run.start(session, "special_period", {"area": path, "unit_path": path}, None)
    jobs.drain()
    town.does("confirm_period", confirmed=True, kind="heat", name="连续高温", until_on="2026-08-06")

    assert (period(town).kind, period(town).name, period(town).state) == ("heat", "连续高温", "open")


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-09-22", None), ("2026-09-23", "中秋节"), ("2026-10-16", "重阳节"), ("2027-02-03", "除夕至正月初七"),
        ("2027-04-03", "清明节"), ("2027-06-07", "端午节"),
    ],
)  # fmt: skip
def test_festivals_open_two_days_before_by_the_lunar_calendar(town: Town, day: str, name: str | None):
    with db.reading() as session:
        found = [each.name for each in special_periods.festivals_due(session, date.fromisoformat(day))]

    assert found == ([name] if name else [])


def test_the_night_opens_a_festival_once(town: Town):
    town.waits(days=(datetime(2026, 9, 23, 12, tzinfo=clock.zone()) - clock.now()).days + 1)
    first = renewals.begin_due(date(2026, 9, 23))["special_period"]
    jobs.drain()
    again = renewals.begin_due(date(2026, 9, 24))["special_period"]

    assert (first, again) == (1, 0)
    assert (period(town).name, period(town).state) == ("中秋节", "open")
    assert len(contacts(town)) == 1


def test_the_extra_visit_does_not_take_the_place_of_the_regular_one(town: Town):
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    regular = town.open()["accept_or_swap"].id
    warns(town)
    with db.reading() as session:
        extra = [each for each in visits.of_elder(session, town.elder.id) if each.kind == "special_period"]
        owed = visits.obligations_of(session, town.elder.id)[0]
    assert len(extra) == 1 and owed.required == 1
    assert regular


def test_advice_goes_to_elder_and_first_contact(red: Town):
    assert len(red.sent("special_period_advice")) == 2


def test_nobody_is_written_to_whose_notices_have_stopped(town: Town):
    town.elder_is(plan={"notices_stopped": True})
    warns(town)

    assert town.sent("special_period_advice") == []


def test_who_has_no_telephone_is_visited(town: Town):
    town.elder_is(phone=None, phone_kind="none")
    warns(town)

    assert len(town.sent("special_period_advice")) == 1
    assert "accept_or_swap" in town.elements()


def test_another_district_is_left_alone(town: Town):
    with jobs.transaction() as session:
        other = builders.a_second_township(session, town.city)
        elsewhere = builders.an_elder(session, other).id
    warns(town)

    assert elsewhere not in {each.elder_id for each in contacts(town)}


def extra(town: Town) -> tuple[str, ...]:
    """The states of the visits that special periods ordered, the oldest first."""
    with db.reading() as session:
        found = [each for each in visits.of_elder(session, town.elder.id) if each.kind == "special_period"]
        return tuple(each.state for each in sorted(found, key=lambda each: each.id))


def share_of(town: Town) -> tuple[int, int]:
    """K22 of August: (reached, owed)."""
    with db.reading() as session:
        rows = session.execute(of_matters.reached_in_special_periods(session, Month.of(date(2026, 8, 1)))).all()
        return sum(row.num for row in rows), len(rows)


def test_visits_of_a_period_that_is_called_off_are_withdrawn_not_needed_and_none_is_missed(red: Town):
    task = red.open()["accept_or_swap"]
    red.waits(hours=2)
    warns(red, cancel=True)

    assert extra(red) == ("cancelled",)
    assert "accept_or_swap" not in red.elements() and "visit_ordered" not in red.live()
    assert [each["person"] for each in red.sent("visit_period_over")] == [task.assignee_id]
    with db.reading() as session:
        assert "visit_period_over" in {each.what for each in history.of_instance(session, task.instance_id)}  # type: ignore[arg-type]
    assert (period(red).owed, period(red).reached) == (0, 0)
    assert share_of(red) == (0, 0)


def test_whom_nobody_reached_until_a_period_ran_out_stays_unreached_in_its_report(red: Town):
    red.waits(hours=72)

    assert extra(red) == ("cancelled",)
    assert "accept_or_swap" not in red.elements()
    assert (period(red).owed, period(red).reached) == (1, 0)
    assert share_of(red) == (0, 1)


def test_a_visit_that_was_begun_before_the_end_is_made(red: Town):
    red.does("accept_or_swap", by="visitor")
    red.does("go", **say.arrived(mode="phone", by=None))
    warns(red, cancel=True)

    assert "visit_form" in red.elements()
    red.does("visit_form", **record(kind="special_period"))
    red.does("elder_confirm", satisfaction="good")
    assert extra(red) == ("done",)


def test_the_extra_visit_of_an_elder_whom_another_visit_reached_goes_at_the_end_and_the_weeks_own_stays(red: Town):
    planner.plan(date(2026, 8, 3), 1)
    jobs.drain()
    with jobs.transaction() as session:
        assert special_periods.reached(session, red.elder.id, None, "phone") == 1
    red.waits(hours=72)

    assert extra(red) == ("cancelled",)
    with db.reading() as session:
        assert visits.obligations_of(session, red.elder.id)[0].state == "open"
    assert "accept_or_swap" in red.elements()


def test_what_was_still_to_be_ordered_when_the_period_ended_is_given_to_nobody(town: Town):
    with jobs.transaction() as session:
        wanted = special_periods.Wanted(elders.get(session, town.elder.id).unit_path, "heat", confirmed=True)
        row, _ = special_periods.propose(session, wanted, db.new_id())
        row.state = "cancelled"
        number = row.id
    town.message("visit.ordered", f"{town.elder.id}:period{number}", kind="special_period", period_id=number)

    assert extra(town) == ("cancelled",)
    assert "accept_or_swap" not in town.elements() and "visit_ordered" not in town.live()


def test_a_period_that_is_prolonged_owes_nobody_a_second_contact(red: Town):
    for hours in (100, 150):
        warns(red, to=(clock.now() + timedelta(hours=hours)).isoformat())
        red.waits(hours=60)

    assert (len(contacts(red)), extra(red)) == (1, ("planned",))
    assert period(red).state == "open"
    assert len(red.sent("special_period_advice")) == 2


@pytest.mark.parametrize("reported", [False, True])
@pytest.mark.parametrize("reached", [False, True])
def test_a_warning_renewed_after_its_end_opens_again_and_owes_only_whom_nobody_reached(
    red: Town, reached: bool, reported: bool
):
    if reached:
        visits_now(red)
    red.waits(hours=72)
    assert period(red).state == "closed"
    if reported:
        red.does("close_report", words="解除")

    warns(red, hours=48)

    assert period(red).state == "open"
    assert extra(red) == (("done",) if reached else ("cancelled", "planned"))
    warns(red, hours=96)  # and again: it moves the end of the one that is open
    assert period(red).until_at == clock.now() + timedelta(hours=96)
    with db.reading() as session:
        assert session.query(SpecialPeriod).count() == 2
    assert ("close_report" in red.elements()) is not reported


def test_a_cancellation_that_comes_after_the_end_opens_nothing(red: Town):
    red.waits(hours=72)
    warns(red, cancel=True)

    assert period(red).state == "closed"
    assert "close_report" in red.elements()
