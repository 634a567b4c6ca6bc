"""What a special period asks of each elder, done in the bulk lane: the extra visit ordered, the advice sent.

A township's elders are taken some at a time, high tiers first; whatever else waits comes between. Each gets one
contact, one visit and one text, however often this runs. Public: reach. Source: processes P09 S, T2; policy 3.5.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from care import elders, notices, special_periods
from care.special_periods import PeriodContact, SpecialPeriod
from engine import incoming, jobs, work
from engine.work import Item

KIND = "reach_elders"
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


def _order(session: Session, row: SpecialPeriod, contact: PeriodContact) -> None:
    data = {"elder_id": contact.elder_id, "kind": "special_period", "due_at": contact.due_at.isoformat()}
    key = f"{contact.elder_id}:period{row.id}"
    incoming.message(session, "visit.ordered", key, data, event_id=f"visit.ordered:{key}", lane=work.BULK)
    notices.advice(session, elders.get(session, contact.elder_id), row.kind, f"period:{row.id}:{contact.elder_id}")
