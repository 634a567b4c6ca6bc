"""Operations of absences: `absences.*` (P35)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import absences, elders
from engine import clock
from engine.operations import Step, operation


@operation("absences.look_up")
def look_up(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"registered": bool}: whether an absence is on file that nobody has ended."""
    return {"registered": absences.open_one(session, elder_id) is not None}


@operation("absences.register")
def register(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"registered": True}: away from now or the day that was said; never longer than 60 days. Source: F-ABSENT."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    begins = min(_moment(answers["from_on"], time(0, 0)), clock.now())
    contact = (str(answers.get("contact_name") or ""), answers.get("contact_phone"))
    place = str(answers.get("place") or "")
    until = _within(begins, _moment(answers["until_on"], time(23, 59)))
    absences.register(
        session, elder, str(answers["kind"]), until, from_at=begins, place=place, contact=contact, by=step.by
    )
    return {"registered": True}


def _moment(day: Any, at: time) -> datetime:
    return datetime.combine(date.fromisoformat(str(day)), at, tzinfo=clock.zone())


def _within(begins: datetime, until: datetime) -> datetime:
    """The day that was said, at least tomorrow and at most 60 days after the beginning."""
    return min(max(until, clock.now() + timedelta(days=1)), begins + absences.LONGEST)


@operation("absences.returned")
def returned(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"kind"}: the elder is back, every open absence ends; from where, null without one. Source: P35; P10 (出院)."""
    before = absences.open_one(session, elder_id)
    absences.returned(session, elders.get(session, elder_id))
    return {"kind": before.kind if before else None}


@operation("absences.renew")
def renew(session: Session, step: Step, elder_id: int, element: str) -> None:
    """The absence goes on until another day: the old one ends, a new one of the same kind begins."""
    elder, before = elders.get(session, elder_id), absences.open_one(session, elder_id)
    now = clock.now()
    until = _within(now, _moment(step.answers(element)["until_on"], time(23, 59)))
    kind, place = (before.kind, before.place) if before else ("family", "")
    absences.returned(session, elder, now)
    absences.register(session, elder, kind, until, from_at=now, place=place, by=step.by)
