"""A signal reaches every instance that waits for it, each by a transaction of its own.

The step that throws wakes what waits in its own instance and writes down one piece of work (`signal`). That work finds
the others by index, and in one transaction writes a piece for each (`signalled`) and strikes itself off: a crash
repeats all of it or nothing, so nobody is left out and nobody hears it twice. More than AT_ONCE go on by another
piece, from the last instance. A signal is not kept: who waits only later waits for the next one.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import instances, waits, work
from engine.db import Id
from engine.run.step import Step
from engine.waits import wait

AT_ONCE = 500
_FIRST = UUID(int=0)
_WAITING = (
    select(wait.c.instance_id, wait.c.lane)
    .where(waits.IS_SIGNAL, wait.c.name == bindparam("wanted"), wait.c.instance_id > bindparam("after", type_=Id))
    .distinct()
    .order_by(wait.c.instance_id)
    .limit(bindparam("most"))
)


def signal(session: Session, name: str, lane: str = work.NORMAL) -> None:
    """Throw a signal from outside any diagram: every instance that waits for it hears it after the commit."""
    work.add(session, "signal", lane=lane, detail={"name": name})


def broadcast(session: Session, thrown_by: UUID | None, detail: dict[str, Any], lane: str) -> int:
    """Write down the work of up to AT_ONCE instances that wait, and of the rest; how many. Work of kind `signal`."""
    after = UUID(detail["after"]) if "after" in detail else _FIRST
    asked = {"wanted": detail["name"], "after": after, "most": AT_ONCE}
    found = session.connection().execute(_WAITING, asked).all()
    rows = [
        work.new("signalled", ref=row.instance_id, lane=row.lane, detail={"name": detail["name"]})
        for row in found
        if row.instance_id != thrown_by
    ]
    if len(found) == AT_ONCE:  # the rest of the same signal: its chain is no longer for that
        further = {"chain": work.chain_so_far()} | detail | {"after": str(found[-1].instance_id)}
        rows.append(work.new("signal", ref=thrown_by, lane=lane, detail=further))
    work.add_all(session, rows)
    return len(found)


def hear(session: Session, instance_id: UUID, name: str) -> bool:
    """Wake what waits for a signal in one instance; False when nothing does any more. Work of kind `signalled`."""
    step = Step.load(session, instance_id, None)
    step.trigger = "signal"
    if step.row.state != instances.LIVE:
        return False
    with step.moving():
        heard = step.live.signal(name)
    if heard:
        step.note("signal", name=name)
    if heard or step.live.executed:  # a timer may have fired in its stead
        step.write()
    return heard
