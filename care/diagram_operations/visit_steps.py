"""Operations of visits: `visits.*` (P07, P08)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from care import changes, elders, notices, planner, policies, special_periods, visitors, visits
from care.visits import times
from care.visits.obligations import period_of
from care.visits.tables import Visit, VisitObligation
from engine import clock, history, tasks
from engine.operations import Step, operation


def _said(row: VisitObligation | None) -> dict[str, Any]:
    if row is None:
        return {"obligation_id": None, "required": 0}
    period = period_of(row)
    return {
        "obligation_id": row.id,
        "required": row.required,
        "ends_at": times.ends_at(period).isoformat(),
        "remind_at": times.reminder_at(period).isoformat(),
    }


@operation("visits.open_period")
def open_period(
    session: Session,
    step: Step,
    elder_id: int,
    frequency: Mapping[str, Any],
    starts_on: str | None = None,
    context: str | None = None,
) -> dict[str, Any]:
    """What is owed in the period: {"obligation_id", "required", "ends_at", "remind_at"}; required 0: nothing."""
    day = date.fromisoformat(starts_on) if starts_on else clock.today()
    row = visits.open_period(session, elder_id, frequency, day, context or "normal", step.policy)
    if row is not None:
        row.instance_id = step.instance_id
    return _said(row)


@operation("visits.next_date")
def next_date(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """Plan the next visit of a period: {"visit_id", "opens_at", "due_at", "remind_at"}."""
    row = visits.obligation(session, obligation_id)
    return visits.times_of(visits.next_visit(session, row, step.instance_id))


@operation("visits.look_first")
def look_first(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """{"needed": bool}: whether the period still lacks a visit, now that the day of the next one has come."""
    return {"needed": visits.is_needed(visits.obligation(session, obligation_id))}


@operation("visits.count")
def count(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """{"enough": bool}: whether no further visit is planned in this period. A visit that nobody made is put down."""
    not_made = _put_down(session, step)
    return {"enough": visits.count(session, visits.obligation(session, obligation_id), tried=not not_made)}


def _put_down(session: Session, step: Step) -> list[Visit]:
    """Cancel what nobody began, with the reason in the history, and tell who holds it. Source: processes P07, P09."""
    found = visits.put_down(session, step.instance_id)
    for visit in found:
        about = "visit_period_over" if visit.kind == "special_period" else "visit_made_otherwise"
        history.write(session, step.instance_id, None, about, step.element_id, visit.elder_id, visit.unit_path)
        for task in tasks.of_instance(session, step.instance_id):
            if task.state == tasks.OPEN:
                holder = task.claimed_by or task.assignee_id
                notices.person(session, holder, about, f"visit:{visit.id}:{about}:{holder}", elder=visit.elder_id)
    return found


@operation("visits.remind")
def remind(session: Session, step: Step, obligation_id: int) -> None:
    """The period is about to end: A and B hear of it. Source: processes P07."""
    row = visits.obligation(session, obligation_id)
    for staff_id in (visitors.visitor(session, row.elder_id), visitors.visitor_b(session, row.elder_id)):
        notices.person(session, staff_id, "visit_period_ends", f"obligation:{row.id}:{staff_id}", elder=row.elder_id)


@operation("visits.absent")
def absent(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """{"mode": "phone" or ""}: how the elder is visited while away. Source: processes P35."""
    return {"mode": visits.absent(session, visits.obligation(session, obligation_id))}


@operation("visits.cancel_period")
def cancel_period(session: Session, step: Step, obligation_id: int) -> None:
    """The elder is suspended or has left: neither on time nor late."""
    reason = "exited" if "why_exited" in step.data else "suspended"
    visits.cancel(session, visits.obligation(session, obligation_id), reason)


@operation("visits.replan")
def replan(session: Session, step: Step, obligation_id: int, tier: str | None = None) -> dict[str, Any]:
    """A raised tier holds at once; the obligation with its new numbers."""
    row = visits.obligation(session, obligation_id)
    wanted = tier or elders.get(session, row.elder_id).tier
    frequency = policies.decide_visit_frequency(wanted, row.context, step.policy or policies.DEFAULT_POLICY)
    return _said(visits.replan(session, row, frequency))


@operation("visits.missed")
def missed(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """{"missed", "tier", "twice", "today_end"}: the period is over; `missed` is False where the visits were made."""
    row = visits.obligation(session, obligation_id)
    is_missed = visits.is_missed(session, row)
    return {
        "missed": is_missed,
        "tier": row.tier,
        "twice": is_missed and visits.was_missed_before(session, row),
        "today_end": times.moment(clock.today(), time(23, 59, 59)).isoformat(),
    }


@operation("visits.missed_reason")
def missed_reason(session: Session, step: Step, obligation_id: int, element: str) -> None:
    """Keep why a period was missed and the new date. Source: F-MISSED."""
    answers = step.answers(element)
    new_date = date.fromisoformat(answers["new_date"]) if answers.get("new_date") else None
    row = visits.obligation(session, obligation_id)
    visits.reason_for_missing(session, row, str(answers.get("reason") or "other"), new_date)


@operation("visits.close_period")
def close_period(session: Session, step: Step, obligation_id: int) -> dict[str, Any]:
    """{"late": bool}: how the period ended."""
    return {"late": visits.close(session, visits.obligation(session, obligation_id))}


@operation("visits.order")
def order(
    session: Session,
    step: Step,
    elder_id: int,
    kind: str | None = None,
    due_at: str | None = None,
    period_id: int | None = None,
) -> dict[str, Any]:
    """A visit that somebody asked for, at once; {"needed": False} where its special period is over by now."""
    due = datetime.fromisoformat(due_at) if due_at else None
    visit = visits.order(session, elder_id, kind or "targeted", due, step.instance_id)
    needed = period_id is None or special_periods.get(session, period_id).state == "open"
    return {**visits.times_of(visit), "needed": needed}


@operation("visits.close_order")
def close_order(session: Session, step: Step, visit_id: int) -> None:
    """The way of an ordered visit is over; if nobody went, because nobody had to, it is put down. Source: P09."""
    _put_down(session, step)


@operation("visits.remind_today")
def remind_today(session: Session, step: Step, visit_id: int) -> None:
    """The morning of the day: the visitor hears of it."""
    _remind(session, visits.get(session, visit_id), "visit_due_today")


@operation("visits.remind_submit")
def remind_submit(session: Session, step: Step, visit_id: int) -> None:
    """24 hours after the check-in without a record: the draft may be lost."""
    _remind(session, visits.get(session, visit_id), "visit_not_submitted")


def _remind(session: Session, visit: Visit, about: str) -> None:
    staff_id = visit.staff_id or visitors.visitor(session, visit.elder_id)
    notices.person(session, staff_id, about, f"visit:{visit.id}:{about}", elder=visit.elder_id)


@operation("visits.checked_in")
def checked_in(session: Session, step: Step, visit_id: int, element: str) -> dict[str, Any]:
    """{"second_try_until"}: until when an elder who is not at home is looked for."""
    until = visits.checked_in(session, visits.get(session, visit_id), step.answers(element), step.by)
    return {"second_try_until": until.isoformat()}


@operation("visits.record")
def record(session: Session, step: Step, visit_id: int, element: str) -> dict[str, Any]:
    """The flags of what was found (care/visit_findings.py), and `kinds`: those that are set."""
    return visits.record(session, visits.get(session, visit_id), step.answers(element), step.by)


@operation("visits.finish")
def finish(session: Session, step: Step, visit_id: int, element: str) -> dict[str, Any]:
    """{"outcome": "done", "sampled": bool}: whether the village checks this visit. Source: processes P08 T5."""
    satisfaction = str(step.answers(element).get("satisfaction") or "")
    visit = visits.get(session, visit_id)
    sampled = visits.finish(session, visit, satisfaction)
    special_periods.reached(session, visit.elder_id, visit.id, visit.mode)
    if visit.kind == "major_change":
        changes.reached(session, visit.elder_id)
    return {"outcome": "done", "sampled": sampled}


@operation("visits.refused")
def refused(session: Session, step: Step, visit_id: int) -> dict[str, Any]:
    """Refused twice: attempted, not visited."""
    visits.refused(session, visits.get(session, visit_id))
    return {"outcome": "refused"}


@operation("visits.escalated")
def escalated(session: Session, step: Step, visit_id: int) -> dict[str, Any]:
    """The elder was not found: an emergency takes over."""
    visits.escalated(session, visits.get(session, visit_id))
    return {"outcome": "escalated"}


@operation("visits.keep_absence")
def keep_absence(session: Session, step: Step, visit_id: int, element: str, tried: str) -> dict[str, Any]:
    """The elder is elsewhere: registered as away. Source: processes P08 T1a, P35."""
    talked = step.answers(tried).get("talked") is True or step.answers(element).get("talked") is True
    visits.keep_absence(session, visits.get(session, visit_id), step.answers(element), talked, step.by)
    return {"outcome": "absent"}


@operation("visits.returned")
def returned(session: Session, step: Step, visit_id: int) -> None:
    """The village sends the record back; it counts again once corrected; what it had fulfilled is owed."""
    visit = visits.get(session, visit_id)
    visits.returned(session, visit)
    if visit.obligation_id is not None:
        planner.owe_again(session, visits.obligation(session, visit.obligation_id))


@operation("visits.corrected")
def corrected(session: Session, step: Step, visit_id: int, element: str) -> None:
    """Keep the corrected record."""
    visits.corrected(session, visits.get(session, visit_id), step.answers(element), step.by)
