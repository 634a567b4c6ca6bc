"""P01's survey campaign in one village (village_survey), walked along each way out, and what comes again by itself.

Source: processes P01; R-ORG-03, R-ORG-06a.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care import campaigns, imports
from care.campaigns import Campaign, Finding, Target
from care.elders import Elder
from care.errors import RuleBroken
from engine import clock, db, jobs
from tests import builders
from tests.care.test_imports import workbook
from tests.processes import answers as say
from tests.town import Town

MONDAY = date(2026, 8, 3)


def opened(town: Town, kind: str = "full", **changes: Any) -> int:
    """A campaign of the first district from today for two weeks; its id."""
    begins = changes.pop("from_on", clock.today())
    with jobs.transaction() as session:
        unit = town.city.district
        until = changes.pop("until_on", begins + timedelta(days=14))
        made = campaigns.open_campaign(session, unit, kind, "2026年摸底排查", begins, until, **changes)
        campaign_id = made.campaign.id
    jobs.drain()
    return campaign_id


def target() -> Target:
    with db.reading() as session:
        row = session.scalars(select(Target).order_by(Target.id.desc())).first()
        assert row is not None
        session.expunge(row)
        return row


def said(**changes: Any) -> dict[str, Any]:
    defaults = {"households_done": 120, "elders_done": 40, "nothing_new": True, "complete": True}
    return {name: value for name, value in (defaults | changes).items() if value is not None}


def test_each_village_gets_one_task_with_the_campaigns_deadline(town: Town) -> None:
    with jobs.transaction() as session:
        second = builders.a_second_township(session, town.city)  # of another district
    opened(town)

    assert town.live() == ["village_survey"]
    task = town.open()["do_survey"]
    assert (task.role, task.unit_path) == ("village_desk", town.city.village.path)
    assert clock.local(task.due_at).isoformat() == "2026-08-17T18:00:00+08:00"
    assert target().unit_path != second.village.path


def test_the_township_checks_and_the_village_is_done(town: Town) -> None:
    opened(town)
    town.does("do_survey", **said())
    assert target().state == "reported"
    assert town.open()["check_survey"].role == "township_desk"
    town.does("check_survey", answer="yes")

    row = target()
    assert (row.state, row.households_done, row.elders_done, row.nothing_new) == ("done", 120, 40, True)
    assert town.live() == []


def test_what_is_not_finished_stays_with_the_village(town: Town) -> None:
    opened(town)
    town.does("do_survey", **said(households_done=30, complete=False))
    assert (target().state, target().households_done) == ("open", 30)
    assert town.elements() == {"do_survey"}
    town.does("do_survey", **said(households_done=120))

    assert target().households_done == 120
    assert town.elements() == {"check_survey"}


def test_the_township_sends_back_and_the_task_says_so(town: Town) -> None:
    opened(town)
    town.does("do_survey", **said(households_done=30))
    town.does("check_survey", answer="return", note="北面一排没查")

    assert town.open()["do_survey"].name == "补充摸排（已退回）"
    assert (target().state, target().rounds) == ("open", 2)
    town.does("do_survey", **said())
    town.does("check_survey", answer="yes")
    assert target().state == "done" and town.live() == []


def test_a_routine_survey_is_done_with_the_answer_that_there_is_nobody_new(town: Town) -> None:
    opened(town, "routine")
    assert town.open()["do_survey"].name == "常态化摸排"
    town.does("do_survey", **said())

    assert target().state == "done" and target().nothing_new is True
    assert town.live() == [] and "survey.row" not in town.messages()


def test_whoever_is_found_is_registered_and_the_words_do_not_stay(town: Town) -> None:
    opened(town)
    found = [
        {"name": "赵新登", "grid": "第一网格", "address": "3号楼", "phone": "13800000001"},
        {"name": "钱老", "address": "村东"},
    ]
    town.does("do_survey", **said(nothing_new=False, found=found, complete=False))

    assert sorted(town.live()) == ["elder_registration", "elder_registration", "village_survey"]
    with db.reading() as session:
        rows = {row.name: row for row in session.scalars(select(Finding))}
        in_grid = rows["赵新登"]
        assert in_grid.unit_path == town.city.grid.path and rows["钱老"].unit_path == town.city.village.path
        assert campaigns.hint(session, in_grid.instance_id)["phone"] == "13800000001"
        registering = in_grid.instance_id
    task = next(row for row in _tasks(town) if row.instance_id == registering)
    assert (task.element_id, task.role) == ("collect_basic", "grid_worker")

    from engine import run

    with jobs.transaction() as session:
        run.complete_task(session, task.id, say.basic(), town.doer(task))
    jobs.drain()

    with db.reading() as session:
        row = session.scalars(select(Finding).where(Finding.instance_id == registering)).one()
        elder = session.get(Elder, row.elder_id)
        assert elder is not None and (elder.name, elder.status, row.outcome) == ("赵新登", "pending", "new")
        assert (row.name, row.address, row.phone) == (None, None, None)
        campaign = session.scalars(select(Campaign)).one()
        total, lines = campaigns.figures(session, campaign, town.city.district)
    assert (total.found, total.registered) == (2, 0) and [line.found for line in lines] == [2]


def _tasks(town: Town) -> list[Any]:
    from engine import tasks

    with db.reading() as session:
        return tasks.find(session, filters=tasks.Filters(), limit=200).rows


def test_the_same_person_reported_again_is_registered_once(town: Town) -> None:
    opened(town)
    found = [{"name": "赵新登", "address": "3号楼"}]
    town.does("do_survey", **said(nothing_new=False, found=found, complete=False))
    town.does("do_survey", **said(nothing_new=False, found=found))

    assert town.live().count("elder_registration") == 1


def test_a_campaign_ended_early_calls_off_who_has_not_reported(town: Town) -> None:
    campaign_id = opened(town)
    with jobs.transaction() as session:
        assert campaigns.close(session, campaigns.get(session, campaign_id)) == 1
    jobs.drain()

    assert town.live() == [] and target().state == "withdrawn"


def test_what_waits_for_the_township_outlives_the_end_of_the_campaign(town: Town) -> None:
    campaign_id = opened(town)
    town.does("do_survey", **said())
    with jobs.transaction() as session:
        assert campaigns.close(session, campaigns.get(session, campaign_id)) == 0
    jobs.drain()
    town.does("check_survey", answer="yes")

    assert target().state == "done"


def test_a_campaign_that_begins_later_asks_on_its_first_day_and_once(town: Town) -> None:
    opened(town, from_on=MONDAY + timedelta(days=1))
    assert town.live() == []

    for _ in range(2):
        with jobs.transaction() as session:
            campaigns.look(session, MONDAY + timedelta(days=1))
        jobs.drain()

    assert town.live() == ["village_survey"]


@pytest.mark.parametrize(
    ("repeats", "begins", "next_from", "next_until"),
    [
        ("month", MONDAY, date(2026, 9, 1), date(2026, 9, 30)),
        ("year", MONDAY, date(2027, 8, 3), date(2027, 8, 17)),
    ],
)
def test_it_comes_again_with_its_villages_and_targets(
    town: Town, repeats: str, begins: date, next_from: date, next_until: date
) -> None:
    opened(town, "routine", repeats=repeats)
    with jobs.transaction() as session:
        campaigns.set_target(session, session.scalars(select(Target)).one(), 90, None)

    for day in (next_from - timedelta(days=1), next_from, next_from):
        with jobs.transaction() as session:
            campaigns.look(session, day)

    with db.reading() as session:
        rows = list(session.scalars(select(Campaign).order_by(Campaign.id)))
        targets = list(session.scalars(select(Target).order_by(Target.id)))
        assert [(row.from_on, row.until_on) for row in rows][1:] == [(next_from, next_until)]
        assert [(row.campaign_id, row.households_due) for row in targets] == [(rows[0].id, 90), (rows[1].id, 90)]


def test_an_ended_campaign_does_not_come_again(town: Town) -> None:
    campaign_id = opened(town, "routine", repeats="month")
    with jobs.transaction() as session:
        campaigns.close(session, campaigns.get(session, campaign_id))
        campaigns.look(session, date(2026, 9, 1))

    with db.reading() as session:
        assert len(list(session.scalars(select(Campaign)))) == 1


@pytest.mark.parametrize(
    ("days", "name"),
    [((0, -1), "x"), ((-9, -2), "x"), ((0, 400), "x"), ((0, 5), "  ")],
)
def test_a_period_or_name_that_makes_no_sense_is_refused(town: Town, days: tuple[int, int], name: str) -> None:
    first, last = (clock.today() + timedelta(days=each) for each in days)
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        campaigns.open_campaign(session, town.city.district, "full", name, first, last)


# --- lists ---

FOUND_HEAD = ["网格", "姓名", "身份证号", "住址"]
ID = "150203194408030029"


def imported(kind: str, *rows: list[Any], head: list[str]) -> imports.Report:
    with jobs.transaction() as session:
        report = imports.run(session, imports.KINDS[kind], workbook(*rows, head=head))
    jobs.drain()
    return report


def test_rows_of_a_list_go_on_to_registration_once(town: Town) -> None:
    opened(town)
    row = ["第一区/青山街道/春光社区/第一网格", "赵新登", ID, "3号楼"]
    assert imported("found", row, head=FOUND_HEAD).added == 1
    assert imported("found", row, head=FOUND_HEAD).same == 1

    assert town.live().count("elder_registration") == 1
    with db.reading() as session:
        assert session.scalars(select(Finding)).one().id_number == ID


def test_whoever_is_on_file_is_told_and_not_registered_again(town: Town) -> None:
    opened(town)
    with jobs.transaction() as session:
        builders.an_elder(session, town.city, id_number=ID)
    report = imported("found", ["第一区/青山街道/春光社区", "赵新登", ID, ""], head=FOUND_HEAD)

    assert report.added == 0 and "已有档案" in report.notes[0]
    assert "elder_registration" not in town.live()


def test_a_list_for_a_village_without_a_campaign_is_refused_whole(town: Town) -> None:
    rows = [["第一区/青山街道/春光社区", "赵", "", ""], ["第一区/青山街道/别处", "钱", "150203194408030020", ""]]
    with pytest.raises(imports.RowsRefused) as refused:
        imported("found", *rows, head=FOUND_HEAD)

    assert refused.value.faults == [
        "第2行：「第一区/青山街道/春光社区」没有正在进行的摸排",
        "第3行：没有网格或嘎查村（社区）「第一区/青山街道/别处」",
        "第3行：身份证号「150203194408030020」校验不通过",
    ]


def test_targets_of_a_list_are_the_denominator(town: Town) -> None:
    opened(town)
    report = imported("targets", ["第一区/青山街道/春光社区", 200], head=["嘎查村（社区）", "应排查户数"])
    assert report.added == 1 and target().households_due == 200
    town.does("do_survey", **said(households_done=150, complete=False))

    with db.reading() as session:
        total, _ = campaigns.figures(session, session.scalars(select(Campaign)).one(), town.city.district)
    assert (total.checked, total.households_due, total.done, total.villages) == (150, 200, 0, 1)


def test_a_district_may_not_write_targets_of_another(town: Town) -> None:
    opened(town)
    with jobs.transaction() as session:
        second = builders.a_second_township(session, town.city)
    content = workbook(["第一区/青山街道/春光社区", 200], head=["嘎查村（社区）", "应排查户数"])
    with pytest.raises(imports.RowsRefused) as refused, jobs.transaction() as session:
        imports.run(session, imports.KINDS["targets"], content, [second.district.path])

    assert refused.value.faults == ["第2行：「第一区/青山街道/春光社区」不归您管"]
