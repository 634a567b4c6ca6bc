"""The planner's night: at 00:30 the visit periods of the day are planned, then the next night is written down.

It is a piece of work like any other (kind `plan_visits`, lane bulk): kept in the database, due by the movable clock,
done by whichever worker claims it, tried again when it fails. `keep_planning` is called when a program starts; it
changes nothing while a night is already written down. What a failed night left out the next one plans.
Source: processes P07.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from care import planner
from engine import clock, db, jobs, work
from engine.work import Item

KIND = "plan_visits"
AT = time(0, 30)


def next_night(after: datetime) -> datetime:
    """The first 00:30 of the city after a moment."""
    local = clock.local(after)
    tonight = datetime.combine(local.date(), AT, tzinfo=clock.zone())
    return tonight if tonight > local else tonight + timedelta(days=1)


def keep_planning() -> None:
    """Write down the next night, unless it is."""
    due_at = next_night(clock.now())
    with jobs.transaction() as session:
        work.add(session, KIND, lane=work.BULK, due_at=due_at, key=f"{KIND}:{clock.local(due_at).date()}")


@jobs.does_outside(KIND)
def plan_the_day(item: Item) -> None:
    """Plan what begins today, batch by batch, keeping the lease; then the next night."""

    def keep(done: int, of: int) -> None:
        with db.writing() as session:
            work.renew(session, item)

    planner.plan(clock.today(), 1, keep)
    keep_planning()
    with db.writing() as session:
        work.done(session, item)
