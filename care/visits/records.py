"""One visit from its order to its record: check-in, findings, confirmation, refusal, absence, sample check."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from care import absences, elders, visit_findings
from care.errors import RuleBroken
from care.visits import needed, obligations, times
from care.visits.reading import obligation
from care.visits.tables import Visit, VisitFinding
from engine import clock

SAMPLE_PERCENT = 5
EXTRA = "special_period"
LOST_AFTER = {"high": timedelta(hours=2)}
LOST_AFTER_OTHERS = timedelta(hours=24)
TIME_TO_SAY = timedelta(minutes=30)
MODES = {"home": "onsite", "phone": "phone", "video": "video"}
_ITEMS = {"urgent": "urgent_kinds", "duty_breach": "duty_kinds", "consent_withdrawn": "withdrawn_purposes"} | {
    "device_trouble": "devices"
}


def times_of(visit: Visit) -> dict[str, Any]:
    """What the diagram of a visit needs of it; moments as ISO text."""
    due = clock.local(visit.due_at)
    return {
        "visit_id": visit.id,
        "opens_at": visit.opens_at.isoformat(),
        "due_at": visit.due_at.isoformat(),
        "remind_at": times.moment(due.date(), times.MORNING).isoformat(),
    }


def order(session: Session, elder_id: int, kind: str, due_at: datetime | None, instance_id: UUID) -> Visit:
    """A visit that somebody asked for; it counts in the elder's running period. Default due: tomorrow 18:00.

    The contact of a special period comes on top: it counts for that period alone (care/special_periods.py).
    """
    elder, now = elders.get(session, elder_id), clock.now()
    running = None if kind == EXTRA else obligations.current(session, elder_id, clock.today())
    visit = Visit(
        elder_id=elder_id,
        unit_path=elder.unit_path,
        obligation_id=running.id if running else None,
        kind=kind or "targeted",
        opens_at=now,
        due_at=due_at or times.moment(clock.today() + timedelta(days=1), times.DUE),
        instance_id=instance_id,
    )
    session.add(visit)
    session.flush()
    return visit


def checked_in(session: Session, visit: Visit, answers: Mapping[str, Any], who: int | None) -> datetime:
    """Somebody is at the door; until when an elder who is not at home is looked for: 2 h high tier, 24 h others.

    The moment is the one that was said: without network or from paper it comes later than it was. Then there is still
    half an hour to say where the elder was. Source: processes P08 T1, T1a, 4.9 (no one at the door).
    """
    visit.arrived_at = _arrival(visit, answers)
    visit.state, visit.staff_id, visit.mode = "arrived", who, str(answers.get("mode") or "")
    visit.second_visitor = str(answers.get("second_visitor") or "") or None
    session.flush()
    tier = elders.get(session, visit.elder_id).tier
    return max(visit.arrived_at + LOST_AFTER.get(tier, LOST_AFTER_OTHERS), clock.now() + TIME_TO_SAY)


def _arrival(visit: Visit, answers: Mapping[str, Any]) -> datetime:
    """The arrival as it was written down, not before the visit opened and not in the future; else now."""
    now, said = clock.now(), answers.get("arrived_at")
    if not said:
        return now
    at = datetime.fromisoformat(str(said))
    at = at if at.tzinfo else at.replace(tzinfo=clock.zone())
    return min(max(at.astimezone(UTC), visit.opens_at), now)


def record(session: Session, visit: Visit, answers: Mapping[str, Any], who: int | None) -> dict[str, Any]:
    """Keep what a visit found; the flags of care/visit_findings.py, and in `kinds` those that are set."""
    found = visit_findings.findings(answers)
    visit.state, visit.staff_id = "recorded", who or visit.staff_id
    visit.mode = str(answers.get("mode") or visit.mode)
    visit.urgent = bool(found["urgent"])
    visit.next_attention = answers.get("next_attention")
    session.execute(delete(VisitFinding).where(VisitFinding.visit_id == visit.id))
    kinds = visit_findings.kinds_of(found)
    for kind in kinds:
        for item, level in _items(found, kind):
            session.add(_finding(visit, kind, item, level))
    session.flush()
    return {**found, "kinds": kinds}


def _items(found: Mapping[str, Any], kind: str) -> list[tuple[str, str]]:
    said = found.get(_ITEMS.get(kind, kind)) or []
    if not isinstance(said, list):
        return [("", "")]
    pairs = [(each["item"], each["level"]) if isinstance(each, dict) else (str(each), "") for each in said]
    return pairs or [("", "")]


def _finding(visit: Visit, kind: str, item: str, level: str) -> VisitFinding:
    return VisitFinding(
        elder_id=visit.elder_id,
        unit_path=visit.unit_path,
        visit_id=visit.id,
        kind=kind,
        item=item[:40],
        level=level,
        at=clock.now(),
    )


def finish(session: Session, visit: Visit, satisfaction: str) -> bool:
    """The visit is done and counts if its mode counts; whether the village checks it (5 %, first ones of the new)."""
    now = clock.now()
    visit.state, visit.done_at, visit.satisfaction = "done", now, satisfaction[:12]
    _count(session, visit)
    visit.sampled = is_sampled(visit.id) or _is_first_of(session, visit)
    session.flush()
    return visit.sampled


def _count(session: Session, visit: Visit) -> None:
    """Count it for its obligation; a visit after the end of the period is a 补访. Source: policy 3.5, K04."""
    if visit.counted or visit.obligation_id is None:
        return
    row = obligation(session, visit.obligation_id)
    if MODES.get(visit.mode, visit.mode) not in (row.counted_modes or ["onsite"]):
        return
    visit.counted = True
    visit.made_up = (visit.done_at or clock.now()) > times.ends_at(obligations.period_of(row))
    row.done += 1
    obligations.settle(row)
    needed.call_off_others(session, row, visit)


def is_sampled(visit_id: int, percent: int = SAMPLE_PERCENT) -> bool:
    """The same answer for the same visit however often it is asked."""
    return int.from_bytes(sha256(f"visit:{visit_id}".encode()).digest()[:4], "big") % 100 < percent


def _is_first_of(session: Session, visit: Visit) -> bool:
    if visit.staff_id is None:
        return False
    before = select(Visit.id).where(Visit.staff_id == visit.staff_id, Visit.state == "done", Visit.id != visit.id)
    return session.scalar(before.limit(1)) is None


def refused(session: Session, visit: Visit) -> None:
    """Refused twice: counts as attempted, not as visited."""
    visit.state = "refused"
    session.flush()


def escalated(session: Session, visit: Visit) -> None:
    """The elder was not found: an emergency takes over."""
    visit.state = "escalated"
    session.flush()


def keep_absence(session: Session, visit: Visit, answers: Mapping[str, Any], talked: bool, who: int | None) -> None:
    """The elder is elsewhere: registered as away; counts only if talked by phone and a phone call counts."""
    elder = elders.get(session, visit.elder_id)
    until_on = date.fromisoformat(str(answers["until_on"]))
    from_at = times.moment(date.fromisoformat(str(answers["from_on"])), time(0, 0))
    longest = from_at + absences.LONGEST
    with suppress(RuleBroken):  # ends before it began: the visit is recorded all the same, the file shows it
        absences.register(
            session,
            elder,
            str(answers["kind"]),
            min(times.moment(until_on, time(23, 59)), longest),
            from_at=min(from_at, clock.now()),
            place=str(answers.get("place") or ""),
            contact=(str(answers.get("contact_name") or ""), answers.get("contact_phone")),
            by=who,
        )
    visit.state, visit.done_at, visit.staff_id = "absent", clock.now(), who or visit.staff_id
    if talked:
        visit.mode = "phone"
        _count(session, visit)
    session.flush()


def returned(session: Session, visit: Visit) -> None:
    """The village sends the record back: it counts again once it is corrected."""
    visit.returned = True
    if visit.counted and visit.obligation_id is not None:
        visit.counted = False
        row = obligation(session, visit.obligation_id)
        row.done -= 1
        obligations.settle(row)
    session.flush()


def corrected(session: Session, visit: Visit, answers: Mapping[str, Any], who: int | None) -> dict[str, Any]:
    """The corrected record takes the place of the first; the visit counts again."""
    found = record(session, visit, answers, who)
    visit.state = "done"
    _count(session, visit)
    session.flush()
    return found
