"""What comes again by the calendar: consents and tiers after a year, contacts after six months, benefits before their
end, festivals, satisfaction of the month's sample. The night begins it.

Idempotent: whoever has that process under way is not begun again, and what was answered moves the next day on. At most
MOST a night and kind, so that a first night with old files does not bury the desks; the rest follows the next nights.
Source: processes P04, P06, 4.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import (
    absences,
    aids,
    consents,
    contact_checks,
    dwellings,
    elders,
    notices,
    registrations,
    special_periods,
    surveys,
)
from care.elders import Elder
from care.planner import SERVED
from engine import clock, db, definitions, jobs, run

MOST = 100
_BATCH = 20

Due = Callable[[Session, date, int], list[int]]
KINDS: tuple[tuple[str, str, Due], ...] = (
    ("consent", "yearly", consents.due_again),
    ("contact_determination", "half_year", contact_checks.due_again),
    ("elder_registration", "asked_again", registrations.to_ask_again),
    ("temporary_absence", "return_due", absences.return_due),
    ("reassessment", "yearly", elders.due_for_review),
    ("reassessment", "birthday", elders.birthdays),
    ("satisfaction", "sample", surveys.sample),
    ("policy_aid", "renewal", aids.due_again),
    ("seasonal_move", "season", dwellings.due),
)
"""(process, reason, who is due by that day) of each thing that comes again."""


def begin_due(day: date | None = None) -> dict[str, int]:
    """Start what is due by `day` (default today); how many were begun of each process."""
    begun: dict[str, int] = {}
    with db.reading() as session:
        deployed = {each.process_id for each in definitions.every(session)}
    for process_id, reason, due in KINDS:
        if process_id not in deployed:
            continue
        with db.reading() as session:
            wanted = _served(session, due(session, day or clock.today(), MOST))
        for first in range(0, len(wanted), _BATCH):
            with jobs.transaction() as session:
                for elder_id in wanted[first : first + _BATCH]:
                    data = {"elder_id": elder_id, "reason": reason}
                    run.start(session, process_id, data, key=f"{elder_id}:{reason}")
        begun[process_id] = begun.get(process_id, 0) + len(wanted)
    begun["special_period"] = _open_festivals(day or clock.today()) if "special_period" in deployed else 0
    _look_from_outside()
    return begun


def _open_festivals(day: date) -> int:
    """A special period in each district for the festivals that open by now (P09); how many."""
    with jobs.transaction() as session:
        wanted = list(special_periods.festivals_due(session, day))
        for each in wanted:
            data = {
                "area": each.unit_path,
                "unit_path": each.unit_path,
                "kind": each.kind,
                "name": each.name,
                "id": each.source,
                "from": each.from_at.isoformat() if each.from_at else None,
                "to": each.until_at.isoformat() if each.until_at else None,
            }
            run.start(session, "special_period", data, key=f"{each.unit_path}:{each.source}")
    return len(wanted)


def _look_from_outside() -> None:
    """Elders who want no visits are looked after from outside once a month, by telephone or a neighbour (P01)."""
    month = f"{clock.today():%Y-%m}"
    with jobs.transaction() as session:
        for elder in registrations.to_look_at(session):
            notices.elder_desk(session, elder, "village_desk", "look_from_outside", f"outside:{elder.id}:{month}")


def _served(session: Session, ids: Iterable[int]) -> list[int]:
    asked = select(Elder.id).where(Elder.id.in_(list(ids)), Elder.status.in_((*SERVED, "pending")))
    return list(session.scalars(asked.order_by(Elder.id)))
