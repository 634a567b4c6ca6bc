"""What a special period asks of each elder, done in the bulk lane: the extra visit ordered, the advice sent.

A township's elders are taken some at a time, high tiers first; whatever else waits comes between. Each gets one
contact, one visit and one text, however often this runs. Once the period is over, the visits that nobody has begun are
called off the same way. Public: reach, call_off. Source: processes P09 S, T2; policy 3.5.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from care import elders, notices, special_periods, visits
from care.special_periods import PeriodContact, SpecialPeriod
from engine import clock, incoming, instances, jobs, run, work
from engine.work import Item

KIND, CALLED_OFF, RENEWED = "reach_elders", "call_off_extras", "renew_period"
AT_ONCE = 50


def reach(session: Session, row: SpecialPeriod, unit_path: str, piece: int = 1) -> None:
    """Have the elders of a township reached; the first pieces are the high tier's."""
    detail = {"period": row.id, "unit": unit_path, "piece": piece}
    key = f"{KIND}:{row.id}:{unit_path}:{piece}"
    work.add(session, KIND, lane=work.BULK, detail=detail, key=key, unit_path=unit_path)


@jobs.does(KIND)
def reach_some(session: Session, item: Item) -> None:
    """The next elders: owed, ordered, told; then the next piece, as long as the period is open."""
    row = special_periods.get(session, int(item.detail["period"]))
    path = str(item.detail["unit"])
    owed = special_periods.owe(session, row, path, AT_ONCE) if row.state == "open" else []
    for each in owed:
        _order(session, row, each)
    if len(owed) == AT_ONCE:
        reach(session, row, path, int(item.detail["piece"]) + 1)


def renew(session: Session, row: SpecialPeriod, level: str | None, until_at: datetime | None) -> None:
    """The warning of a period that is over holds again: the next one, unless it runs already or has no time left."""
    if until_at is None or until_at <= clock.now() or special_periods.runs(session, row):
        return
    detail = {"period": row.id, "level": level or row.level, "until": until_at.isoformat()}
    work.add(session, RENEWED, detail=detail, key=f"{RENEWED}:{row.id}", unit_path=row.unit_path)


@jobs.does(RENEWED)
def begin_next(session: Session, item: Item) -> None:
    """The instance of the same warning's next period; its number tells it from the one whose report is still open."""
    row = special_periods.get(session, int(item.detail["period"]))
    data = {
        "area": row.unit_path, "unit_path": row.unit_path, "kind": row.kind, "name": row.name, "id": row.source,
        "level": item.detail["level"], "from": clock.now().isoformat(), "to": item.detail["until"],
    }  # fmt: skip
    run.start(session, "special_period", data, key=f"{row.source}:after{row.id}")


def call_off(session: Session, row: SpecialPeriod, after: int = 0) -> None:
    """Have the visits called off that the period ordered and nobody has begun; of contacts after that id."""
    detail, key = {"period": row.id, "after": after}, f"{CALLED_OFF}:{row.id}:{after}"
    work.add(session, CALLED_OFF, lane=work.BULK, detail=detail, key=key, unit_path=row.unit_path)


@jobs.does(CALLED_OFF)
def call_off_some(session: Session, item: Item) -> None:
    """The next elders' visits; then those after them."""
    row = special_periods.get(session, int(item.detail["period"]))
    found = special_periods.contacts(session, row, int(item.detail["after"]), AT_ONCE)
    for each in found:
        ordered = instances.live(session, "visit_ordered", _key(row, each.elder_id))
        for visit in visits.begun_by_nobody(session, ordered) if ordered is not None else ():
            visits.call_off(session, visit, work.BULK)
    if len(found) == AT_ONCE:
        call_off(session, row, found[-1].id)


def _key(row: SpecialPeriod, elder_id: int) -> str:
    return f"{elder_id}:period{row.id}"


def _order(session: Session, row: SpecialPeriod, contact: PeriodContact) -> None:
    due_at = contact.due_at.isoformat()
    data = {"elder_id": contact.elder_id, "kind": "special_period", "due_at": due_at, "period_id": row.id}
    key = _key(row, contact.elder_id)
    incoming.message(session, "visit.ordered", key, data, event_id=f"visit.ordered:{key}", lane=work.BULK)
    notices.advice(session, elders.get(session, contact.elder_id), row.kind, f"period:{row.id}:{contact.elder_id}")
