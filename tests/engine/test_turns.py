"""Fairness inside a lane: districts take turns."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from engine import clock, db, history, jobs, leases, work
from engine.jobs import doing
from engine.work import turns


def queue(number: int, unit_path: str, lane: str = "normal", **more: object) -> None:
    with db.writing() as session:
        work.add_all(session, [work.new("step", lane=lane, unit_path=unit_path, **more) for _ in range(number)])  # type: ignore[arg-type]


def claimed(limit: int = 8, lane: str = "normal") -> list[work.Item]:
    with db.writing() as session:
        return work.claim(session, [lane], "me", limit)


def test_a_district_with_a_thousand_pieces_leaves_room_for_the_others(database, monday):
    queue(1000, "/1/14/203/")
    clock.move_by(timedelta(seconds=1))
    queue(3, "/1/15/99/")

    found = Counter(item.party for item in claimed())

    assert found == {"/1/14/": 5, "/1/15/": 3}


def test_districts_take_turns_from_claim_to_claim(database, monday):
    for district in range(10, 15):
        queue(50, f"/1/{district}/7/")

    served = Counter(item.party for _ in range(5) for item in claimed(4))

    assert len(served) == 5


def test_urgent_work_of_a_district_goes_before_the_rest_of_it(database, monday):
    queue(5, "/1/14/")
    clock.move_by(timedelta(seconds=1))
    queue(1, "/1/14/", priority=50)

    assert [item.due_at > monday for item in claimed(2)] == [True, False]


def test_within_a_district_what_was_due_first_is_claimed_first(database, monday):
    for _ in range(3):
        queue(1, "/1/14/")
        clock.move_by(timedelta(seconds=1))

    found = claimed(3)

    assert [item.due_at for item in found] == sorted(item.due_at for item in found)


def test_what_is_not_due_or_is_being_done_has_no_turn(database, monday):
    queue(1, "/1/14/", due_at=monday + timedelta(hours=1))
    queue(1, "/1/15/")
    queue(1, "/1/16/")
    [begun] = claimed(1)

    with db.reading() as session:
        left = [turns.party(turn) for turn in work.due(session, "normal")]
    assert {begun.party, *left} == {"/1/15/", "/1/16/"}


def test_what_follows_from_work_is_its_districts(database, monday):
    jobs.does("test.first")(lambda session, item: work.add(session, "test.second"))
    with db.writing() as session:
        work.add(session, "test.first", unit_path="/1/14/203/")
    [item] = claimed()

    doing.work_on(item)

    assert [(item.kind, item.party) for item in claimed()] == [("test.second", "/1/14/")]


def test_work_of_no_unit_has_a_turn_of_its_own(database, monday):
    queue(1, "")

    assert [item.party for item in claimed()] == [""]


def test_a_worker_that_wakes_after_its_lease_writes_nothing(database, monday):
    jobs.does("test.written")(lambda session, item: history.write(session, None, None, "written", ref=uuid4()))
    with db.writing() as session:
        work.add(session, "test.written")
    [stalled] = claimed()
    with clock.frozen(monday + timedelta(seconds=31)):
        [item] = claimed()
        assert doing.work_on(item)

    assert not doing.work_on(stalled)

    with db.reading() as session:
        rows = session.connection().execute(history.history.select()).all()
    assert [row.what for row in rows] == ["written"]


def test_a_lease_is_one_owners_until_it_ends_or_is_given_back(database, monday):
    def take(owner: str) -> bool:
        with db.writing() as session:
            return leases.take(session, "sweeps", owner, timedelta(seconds=6))

    assert (take("a"), take("b"), take("a")) == (True, False, True)
    with clock.frozen(monday + timedelta(seconds=7)):
        assert (take("b"), take("a")) == (True, False)
        with db.writing() as session:
            leases.give_back(session, "sweeps", "b")
        assert take("a")


@pytest.mark.parametrize(("path", "party"), [("/1/14/203/7/", "/1/14/"), ("/1/", "/1/"), ("/", ""), (None, "")])
def test_whose_turn_it_is_comes_from_the_path(path, party):
    assert turns.party_of(path) == party
