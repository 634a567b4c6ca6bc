"""The planner's night: at 00:30 the visit periods of the day are planned, then the next night is written down.

It is work like any other: kept in the database, due by the movable clock, done by whichever worker claims it, tried
again when it fails. The night (kind `plan_visits`, lane bulk) is done in pieces (`plan_district`), some hundred elders
of one district each; districts take turns, and whatever else waits in the lane comes between two pieces.
`keep_planning` is called when a program starts; it changes nothing while a night is already written down. What a
failed night left out the next one plans. Source: processes P07.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from care import campaigns, oversight_cycles, planner, renewals
from engine import clock, db, jobs, work
from engine.work import Item

KIND, DISTRICT, RENEWALS = "plan_visits", "plan_district", "begin_renewals"
AT = time(0, 30)
AT_ONCE = 500
"""Elders of a district whose visits are planned before another district has its turn."""


def next_night(after: datetime) -> datetime:
    """The first 00:30 of the city after a moment."""
    local = clock.local(after)
    tonight = datetime.combine(local.date(), AT, tzinfo=clock.zone())
    return tonight if tonight > local else tonight + timedelta(days=1)


def keep_planning() -> None:
    """Write down the next night, unless it is."""
    with jobs.transaction() as session:
        _write_next_night(session)


def _write_next_night(session: Session) -> None:
    due_at = next_night(clock.now())
    work.add(session, KIND, lane=work.BULK, due_at=due_at, key=f"{KIND}:{clock.local(due_at).date()}", unit_path="")


@jobs.does(KIND)
def plan_the_day(session: Session, item: Item) -> None:
    """Begin with what begins today in the first district, what comes again and what oversight asks; the next night."""
    districts = sorted({work.party_of(path) for path in planner.units(session)})
    _ask(session, clock.today(), 1, [(each, 0) for each in districts])
    oversight_cycles.look(session, clock.today())
    campaigns.look(session, clock.today())
    work.add(session, RENEWALS, lane=work.BULK, key=f"{RENEWALS}:{clock.today()}", unit_path="")
    _write_next_night(session)


@jobs.does_outside(RENEWALS)
def begin_renewals(item: Item) -> None:
    """Begin what comes again by the calendar (care/renewals.py); what is under way is not begun twice."""
    renewals.begin_due()
    with jobs.transaction() as session:
        work.done(session, item)


def _ask(session: Session, on: date, piece: int, left: list[tuple[str, int]]) -> None:
    """The next piece: of the first district, from the elder after that one on; the others follow it."""
    if left:
        detail = {"on": on.isoformat(), "piece": piece, "left": left}
        work.add(session, DISTRICT, lane=work.BULK, detail=detail, key=f"{DISTRICT}:{on}:{piece}", unit_path=left[0][0])


@jobs.does_outside(DISTRICT)
def plan_a_district(item: Item) -> None:
    """Plan for some of a district's elders, batch by batch, keeping the lease; then ask for the next piece."""

    def keep(done: int, of: int) -> None:
        with db.writing() as session:
            work.renew(session, item)

    on, left = date.fromisoformat(item.detail["on"]), [(str(path), int(after)) for path, after in item.detail["left"]]
    district, after = left.pop(0)
    done = planner.plan(on, 1, keep, unit_path=district, after=after, most=AT_ONCE)
    if done.last is not None:
        left.append((district, done.last))
    with jobs.transaction() as session:
        work.done(session, item)
        _ask(session, on, int(item.detail["piece"]) + 1, left)
