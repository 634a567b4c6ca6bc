"""The worklist: who sees what, in which order, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine import clock, db, jobs, operations, tasks
from engine.operations import Assignment
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy, open_tasks, start


def plain(name: str, **said: object) -> None:
    with jobs.transaction() as session:
        tasks.plain(session, **({"name": name, "role": "desk", "unit_path": "/1/2/", "form_key": ""} | said))  # type: ignore[arg-type]


def names(posts: list[tuple[str, str]], person_id: int | None = 1, **more: object) -> list[str]:
    with db.reading() as session:
        return [row.name for row in tasks.worklist(session, posts, person_id, **more).rows]  # type: ignore[arg-type]


def test_a_role_sees_the_tasks_of_its_unit_and_below(database, monday):
    plain("own")
    plain("below", unit_path="/1/2/9/")
    plain("beside", unit_path="/1/20/")
    plain("other role", role="boss")

    assert sorted(names([("desk", "/1/2/")])) == ["below", "own"]
    assert names([]) == []


def test_what_somebody_took_leaves_the_others_worklists(database, monday):
    plain("mine")
    task_id = open_tasks()["plain"].id
    with jobs.transaction() as session:
        tasks.claim(session, task_id, 1)

    assert names([("desk", "/1/2/")], 1) == ["mine"]
    assert names([("desk", "/1/2/")], 2) == []
    with pytest.raises(tasks.NotYours), jobs.transaction() as session:
        tasks.claim(session, task_id, 2)
    with jobs.transaction() as session:
        tasks.release(session, task_id)
    assert names([("desk", "/1/2/")], 2) == ["mine"]


def test_urgent_comes_first_then_what_is_due_first(database, monday):
    plain("later", priority=None, due_in=timedelta(hours=2))
    plain("today", priority="today", due_in=timedelta(hours=9))
    plain("sooner", priority=None, due_in=timedelta(hours=1))
    plain("urgent", priority="urgent", due_in=timedelta(days=3))
    plain("no time", priority=None, due_in=None)

    assert names([("desk", "/")]) == ["urgent", "today", "sooner", "later", "no time"]


def test_pages_follow_one_another_without_gap_or_repeat(database, monday):
    for number in range(25):
        plain(f"{number}", due_in=timedelta(minutes=number // 5))

    seen: list[str] = []
    after = None
    with db.reading() as session:
        while True:
            page = tasks.worklist(session, [("desk", "/")], 1, after, 10)
            seen += [row.name for row in page.rows]
            after = page.after
            if after is None:
                break

    assert sorted(seen, key=int) == [str(number) for number in range(25)]


def test_late_tasks_can_be_listed_and_counted_by_unit(database, monday):
    plain("late", due_in=timedelta(minutes=1))
    plain("in time", due_in=timedelta(hours=1))
    clock.move_by(timedelta(minutes=5))

    with db.reading() as session:
        late = tasks.Filters(late=True)
        assert [row.name for row in tasks.find(session, "/1/", late).rows] == ["late"]
        assert tasks.count(session, "/1/", late) == 1
        assert tasks.count(session, "/3/", late) == 0


def test_the_domain_says_who_gets_a_task(database, monday):
    @operations.answers_question("role_of")
    def role_of(session: object, role: str, subject: operations.Subject, data: dict[str, object]) -> Assignment:
        return Assignment("visitor", "/7/8/", 42, "stands_in_for_a")

    try:
        deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
        start()
    finally:
        operations._answers.pop("role_of")

    task = open_tasks()["a"]
    assert (task.role, task.unit_path, task.assignee_id, task.why) == ("visitor", "/7/8/", 42, "stands_in_for_a")


@pytest.mark.parametrize(
    ("due", "hours"),
    [("PT3H", 3), ("P1D", 24), ('date and time("2026-08-03T12:00:00+08:00")', 3), ("given", 5)],
)
def test_the_due_time_is_iso_or_an_expression(database, monday, due, hours):
    deploy(Drawing("p").user("a", **TASK | {"due": due}).path("start", "a", "end"))

    start(data={"given": "PT5H"})

    assert open_tasks()["a"].due_at == monday + timedelta(hours=hours)


@pytest.mark.parametrize("due", ['date("2026-08-05")', "given", '= date("2026-08-05")', "= given"])
def test_a_day_is_due_at_its_last_second(database, monday, due):
    deploy(Drawing("p").user("a", **TASK | {"due": due}).path("start", "a", "end"))

    start(data={"given": "2026-08-05"})

    assert open_tasks()["a"].due_at == datetime(2026, 8, 5, 15, 59, 59, tzinfo=UTC)


def test_who_gets_it_next_is_the_earliest_timer_that_is_still_to_fire(database, monday):
    drawing = Drawing("p").user("a", **TASK).user("b", **TASK | {"role": "boss"}).user("c", **TASK | {"role": "chief"})
    drawing.boundary("first", "a", False, after="PT1H").boundary("second", "a", False, after="PT2H")
    deploy(drawing.path("start", "a", "end").path("first", "b", "e2").path("second", "c", "e3"))
    start()
    assert (open_tasks()["a"].next_role, open_tasks()["a"].next_at) == ("boss", monday + timedelta(hours=1))

    clock.move_by(timedelta(hours=1))
    jobs.sweep()
    jobs.drain()

    assert (open_tasks()["a"].next_role, open_tasks()["a"].next_at) == ("chief", monday + timedelta(hours=2))


def test_a_task_can_be_handed_over(database, monday):
    plain("to do")
    with jobs.transaction() as session:
        tasks.hand_over(session, open_tasks()["plain"].id, 9, "desk", "/1/2/", "stands_in_for_a")

    assert names([], 9) == ["to do"]


@pytest.mark.parametrize("filters", [None, tasks.Filters(priority="today")])
def test_every_page_after_every_row_goes_on_with_the_next(database, monday, filters):
    """Own tasks, those of a post, of units below and those that came up, of all ranks, with equal times among them."""
    hours = (1, 1, 2)
    with db.writing() as session:
        for number in range(36):
            tasks.plain(
                session,
                name=f"{number}",
                role="desk",
                unit_path=("/1/2/", "/1/2/3/")[number % 2],
                form_key="",
                assignee_id=1 if number % 4 == 1 else None,
                priority=("urgent", "today", None)[number % 3],
                due_in=timedelta(hours=hours[number // 3 % 3]),
            )
        late = tasks.task.update().where(tasks.task.c.name.in_(["2", "3", "4"]))
        session.connection().execute(late.values(role="other", also_role="desk", also_unit_path="/1/2/"))
    with db.reading() as session:
        whole = tasks.worklist(session, [("desk", "/1/2/")], 1, None, 100, filters).rows
        for step in (1, 5):
            found, after = [], None
            while True:
                page = tasks.worklist(session, [("desk", "/1/2/")], 1, after, step, filters)
                found += page.rows
                after = page.after
                if after is None:
                    break
            assert [row.id for row in found] == [row.id for row in whole], step

    assert len(whole) == (36 if filters is None else 12)
