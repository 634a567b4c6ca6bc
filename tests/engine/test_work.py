"""The claimable queue: nobody works on the same thing twice, nothing is forgotten, nothing loops for ever."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from engine import clock, db, work


def claimed(lane: str = "normal", owner: str = "me", limit: int = 20) -> list[work.Item]:
    with db.writing() as session:
        return work.claim(session, [lane], owner, limit)


def test_work_is_claimed_by_one_only(database, monday):
    with db.writing() as session:
        work.add(session, "count")

    first, second = claimed(owner="a"), claimed(owner="b")

    assert len(first) == 1 and second == []


def test_lanes_do_not_see_each_other(database, monday):
    with db.writing() as session:
        for _ in range(3):
            work.add(session, "bulky", lane="bulk")
        work.add(session, "call", lane="alarm")

    assert [item.kind for item in claimed("alarm")] == ["call"]


def test_work_is_claimed_in_order_of_urgency_and_time(database, monday):
    with db.writing() as session:
        work.add(session, "late", due_at=monday - timedelta(minutes=1))
        work.add(session, "later", due_at=monday - timedelta(seconds=1))
        work.add(session, "first", priority=1)
        work.add(session, "not yet", due_at=monday + timedelta(seconds=1))

    assert [item.kind for item in claimed()] == ["first", "late", "later"]


def test_a_lapsed_lease_is_offered_again_and_the_first_worker_is_fenced_off(database, monday):
    with db.writing() as session:
        work.add(session, "step")
    [first] = claimed(owner="sleeper")

    with clock.frozen(monday + timedelta(seconds=31)):
        [second] = claimed(owner="other")

    assert second.attempts == 2
    with pytest.raises(work.LeaseLost), db.writing() as session:
        work.done(session, first)
    with db.writing() as session:
        work.done(session, second)


def test_a_renewed_lease_is_kept(database, monday):
    with db.writing() as session:
        work.add(session, "step")
    [item] = claimed()
    with clock.frozen(monday + timedelta(seconds=20)), db.writing() as session:
        work.renew(session, item)

    with clock.frozen(monday + timedelta(seconds=40)):
        assert claimed(owner="other") == []


def test_moving_the_clock_of_a_demonstration_takes_work_from_nobody(database, monday):
    with db.writing() as session:
        work.add(session, "step")
    claimed()
    clock.move_by(timedelta(days=3))

    assert claimed(owner="other") == []


def test_a_key_is_queued_once(database, monday):
    with db.writing() as session:
        work.add(session, "timer", key="timer:1")
        work.add(session, "timer", key="timer:1")

    assert len(claimed()) == 1


@pytest.mark.parametrize(("lane", "pauses"), [("alarm", (1, 5, 15)), ("normal", (10, 60, 600))])
def test_failed_work_waits_longer_each_time_and_is_then_given_up(database, monday, lane, pauses):
    with db.writing() as session:
        work.add(session, "step", lane=lane)

    for pause in pauses:
        [item] = claimed(lane)
        with db.writing() as session:
            assert not work.retry(session, item, "no luck")
        clock.move_by(timedelta(seconds=pause * 0.9))
        assert claimed(lane) == []
        clock.move_by(timedelta(seconds=pause * 0.4))
    [item] = claimed(lane)
    with db.writing() as session:
        assert work.retry(session, item, "no luck")
    clock.move_by(timedelta(days=1))

    assert claimed(lane) == []
    with db.writing() as session:
        assert work.again(session, item.id)
    assert len(claimed(lane)) == 1


def test_work_that_kills_its_worker_is_given_up(database, monday):
    with db.writing() as session:
        work.add(session, "bomb")
    for death in range(work.DEATHS):
        with clock.frozen(monday + timedelta(seconds=31 * death)):
            assert len(claimed()) == 1

    with clock.frozen(monday + timedelta(days=1)), db.writing() as session:
        assert work.claim(session, ["normal"], "me") == []
        assert [item.kind for item in work.worn_out(session)] == ["bomb"]
        assert work.worn_out(session) == []


def test_the_lanes_bell_rings_after_the_commit_only(database, monday):
    rung: list[str] = []
    work.doorbells.append(rung.append)
    try:
        with db.writing() as session:
            work.add(session, "a", lane="alarm")
            work.add(session, "b", lane="alarm")
            assert rung == []
        assert rung == ["alarm"]
    finally:
        work.doorbells.remove(rung.append)


_CLAIMER = """
import sys
from datetime import timedelta
sys.path.insert(0, sys.argv[2])
from engine import db, work
database = db.open_database(sys.argv[1])
mine = []
while True:
    with db.writing() as session:
        items = work.claim(session, ["normal"], sys.argv[3], 7)
    if not items:
        break
    for item in items:
        with db.writing() as session:
            work.done(session, item)
        mine.append(item.detail["number"])
print(*mine)
"""


def test_two_processes_share_the_work_without_doing_any_twice(database):
    with db.writing() as session:
        for number in range(200):
            work.add(session, "count", detail={"number": number})
    root = str(Path(__file__).resolve().parents[2])

    workers = [
        subprocess.Popen([sys.executable, "-c", _CLAIMER, database.url, root, name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    shares = [[int(each) for each in worker.communicate(timeout=60)[0].split()] for worker in workers]

    assert sorted(shares[0] + shares[1]) == list(range(200))


def died_over(times: int, kind: str = "killer", lane: str = "normal") -> None:
    """Work is written down and claimed by workers that die, one after the other."""
    with db.writing() as session:
        work.add(session, kind, lane=lane)
    for _ in range(times):
        with db.writing() as session:
            work.claim(session, [lane], "dead", 1)
            work.free(session, ["dead"])


def test_what_workers_died_over_is_claimed_alone(database, monday):
    died_over(2)
    with db.writing() as session:
        for _ in range(3):
            work.add(session, "innocent")

    first, rest = claimed(), claimed()

    assert [item.kind for item in first] == ["killer"]
    assert [(item.kind, item.attempts) for item in rest] == [("innocent", 1)] * 3


def test_what_workers_died_over_is_left_to_who_takes_risks(database, monday):
    died_over(2)

    with db.writing() as session:
        assert work.claim(session, ["normal"], "careful", risky=False) == []
    assert len(claimed()) == 1


def test_the_third_death_gives_the_work_up_at_once(database, monday):
    died_over(3)

    assert claimed() == []
    with db.writing() as session:
        assert [item.kind for item in work.worn_out(session)] == ["killer"]


def test_work_given_back_without_blame_keeps_its_attempts(database, monday):
    with db.writing() as session:
        work.add(session, "step")

    for _ in range(3):
        [item] = claimed()
        with db.writing() as session:
            work.release(session, item)
    for _ in range(2):
        [blamed] = claimed()
        with db.writing() as session:
            work.release(session, blamed, True)

    assert item.attempts == 1 and blamed.attempts == 2


def test_when_the_clock_is_put_back_what_was_due_is_due(database, monday):
    with db.writing() as session:
        work.add(session, "at once")
        work.add(session, "later", due_at=monday + timedelta(minutes=10))
        work.add(session, "again", lane="alarm")
    [again] = claimed("alarm")
    with db.writing() as session:
        work.retry(session, again, "no luck")

    with clock.frozen(monday - timedelta(hours=1)):
        assert claimed() == []
        with db.writing() as session:
            assert work.any_ahead(session) and work.bring_back(session) == 3
            assert not work.any_ahead(session) and work.bring_back(session) == 0
        assert [item.kind for item in claimed()] == ["at once"]
        clock.move_by(timedelta(seconds=2))
        assert [item.kind for item in claimed("alarm")] == ["again"]
        clock.move_by(timedelta(minutes=10))
        assert [item.kind for item in claimed()] == ["later"]


def test_a_lease_given_before_the_clock_was_put_back_does_not_last_an_hour(database, monday):
    with db.writing() as session:
        work.add(session, "step")
    claimed(owner="gone")

    with clock.frozen(monday - timedelta(hours=1)):
        with db.writing() as session:
            work.bring_back(session)
        assert len(claimed()) == 1
