"""An open case that no process handles reaches a person, whatever the diagram did with its alarm.

A deployed version may end without handling, or somebody cancels the instance: neither is a failure that the engine
could see. A minute after each alarm, and every day while the case is open, it is looked at: without a live instance
the monitoring desk gets «call this person now», unless it has it. Source: docs/adr/0006; contracts/device-events.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from care.alarms.fallback import ELEMENT, open_call
from care.cases import Case
from engine import clock, instances, jobs, tasks, work
from engine.work import Item

KIND = "watch_case"
SOON, AGAIN = timedelta(minutes=1), timedelta(days=1)


def watch_all(session: Session, found: Iterable[Case]) -> None:
    """Look at these cases in a minute; an alarm that joins one asks for that again."""
    soon = clock.now() + SOON
    work.add_all(session, [_look(case, soon, f"{KIND}:{case.id}") for case in found])


def _look(case: Case, at: datetime, key: str) -> dict[str, Any]:
    return work.new(KIND, lane=work.ALARM, detail={"case": case.id}, due_at=at, key=key, unit_path=case.unit_path)


@jobs.does(KIND)
def look_at(session: Session, item: Item) -> None:
    """See that somebody handles the case, and look again tomorrow."""
    case = session.get(Case, item.detail["case"])
    if case is None or case.state != "open":
        return
    if not _is_handled(session, case):
        data = {"elder_id": case.elder_id, "case_id": case.id, "kind": case.kind}
        open_call(session, data, f"watch:{item.id}", "alarm.raised", "no process handles the case")
    tomorrow = clock.now() + AGAIN
    work.add_all(session, [_look(case, tomorrow, f"{KIND}:{case.id}:{clock.local(tomorrow).date()}")])


def _is_handled(session: Session, case: Case) -> bool:
    if case.instance_id is not None and instances.get(session, case.instance_id).state == instances.LIVE:
        return True
    calls = tasks.find(session, filters=tasks.Filters(subject_id=case.elder_id), limit=200).rows
    return any(row.element_id == ELEMENT for row in calls)
