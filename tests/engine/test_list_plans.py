"""How SQLite, which keeps no statistics here, finds what lists and sweeps ask for: by an index of what is open.

What PostgreSQL does with a city's rows is in tests/bench: its plans follow the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import event

from engine import clock, db, tasks
from engine.jobs import sweeps
from tests.bench.plans import plans


@pytest.fixture(autouse=True)
def on_sqlite(database, monday):
    if not database.is_sqlite:
        pytest.skip("plans of PostgreSQL follow the rows")


@pytest.mark.parametrize(
    "filters", [None, tasks.Filters(late=True), tasks.Filters(priority="urgent"), tasks.Filters(claimed_by=3)]
)
def test_each_reason_of_a_worklist_is_served_by_its_index_in_the_order_of_the_list(database, filters):
    after = (1, clock.now(), db.new_id())

    def ask() -> None:
        with db.reading() as session:
            tasks.worklist(session, [("desk", "/1/2/")], 7, after, 40, filters)

    used = searches(database, ask, "task")
    in_order = [each for each in used if each.endswith("rank=? AND (sort_at,id)>(?,?))")]

    assert {each.split()[0] for each in used} == {
        "ix_task_also_of_person",
        "ix_task_also_of_role",
        "ix_task_of_person",
        "ix_task_of_role",
        "sqlite_autoindex_task_1",
    }
    assert len(in_order) == 3, used
    assert sum("rank>?" in each for each in used) == (0 if filters and filters.priority else 3), used


@pytest.mark.parametrize("after", [None, (0, datetime(2026, 3, 2, tzinfo=UTC), UUID(int=1))])
def test_what_somebody_did_comes_out_of_its_index_newest_first_one_question_a_page(database, after):
    def ask() -> None:
        with db.reading() as session:
            tasks.done_by(session, 7, after, 40)

    used = searches(database, ask, "task")

    assert used == [f"ix_task_done (done_by=?{' AND done_at<?' if after else ''})"]


def test_sweeps_pass_over_what_is_closed_and_what_is_not_due(database):
    def sweep() -> None:
        sweeps.queue_timers()
        sweeps.climb_ladder()
        sweeps.wake_kept()
        sweeps.open_incidents_for_stuck()

    assert {each.split()[0] for each in searches(database, sweep, "task")} == {"ix_task_climbs", "ix_task_instance"}
    assert {each.split()[0] for each in searches(database, sweep, "instance")} == {"ix_instance_live"}
    assert {each.split()[0] for each in searches(database, sweep, "wait")} == {
        "ix_wait_timer",
        "ix_wait_message",
        "sqlite_autoindex_wait_1",
    }


def searches(database: db.Database, act: Callable[[], None], table: str) -> list[str]:
    """«index (condition)» for each time that a statement goes to the table; fails where it reads the whole of it."""
    asked: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, text: str, parameters: object, *rest: object) -> None:
        asked.append((text, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    lines = [line for plan in plans(database, asked).values() for line in plan]
    assert f"SCAN {table}" not in {" ".join(line.split()[:2]) for line in lines}, lines
    return [line.split(" INDEX ")[1] for line in lines if line.startswith(f"SEARCH {table} USING")]
