"""Indicators about emergencies: feedback, review, rounds, response, false alarms (K06 to K10).

A case's tier is that of its elder, "" while nobody knows whom it is about. Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from care.alarms import Alarm
from care.cases import ON_SCENE, Case, ContactAttempt
from care.cases.tables import CaseEntry, CaseRound
from care.devices import Device
from care.elders import Elder
from care.indicators.moments import seconds_between
from care.indicators.month import Month
from care.indicators.of_register import share
from care.meters import MeterAnomaly
from care.organisation import within

Rows = Select[*tuple[Any, ...]]
_TIER = func.coalesce(Elder.tier, "")
_REAL = and_(Case.restricted.is_(False), Case.state.not_in(("false_alarm", "merged")))


METER = "meter"


@dataclass(frozen=True)
class FalseShare:
    """Alarms of a model (`METER` for meters) of one kind or rule, and how many of them were false."""

    model: str
    rule: str
    false: int
    alarms: int


def _within(column: Any, month: Month) -> ColumnElement[bool]:
    return and_(column >= month.starts_at, column < month.ends_at)


def _of_cases(num: ColumnElement[int], among: ColumnElement[bool], *, rounds: bool = False) -> Rows:
    asked = select(Case.elder_id, Case.id.label("ref"), Case.unit_path, _TIER, num.label("num"), literal(1))
    asked = asked.select_from(Case).outerjoin(Elder, Elder.id == Case.elder_id)
    return (asked.join(CaseRound, CaseRound.case_id == Case.id) if rounds else asked).where(among)


def fed_back(session: Session, month: Month) -> Rows:
    """K06: of the rounds whose 24 hours passed in the month, those with feedback by then; false alarms are out."""
    r = CaseRound
    in_time = and_(r.fed_back_at.is_not(None), r.fed_back_at <= r.feedback_due_at)
    return _of_cases(share(in_time), and_(_REAL, _within(r.feedback_due_at, month)), rounds=True)


def reviewed(session: Session, month: Month) -> Rows:
    """K07: of the reviews due in the month, those made by then."""
    r = CaseRound
    in_time = and_(r.reviewed_at.is_not(None), r.reviewed_at <= r.review_due_at)
    return _of_cases(share(in_time), and_(_REAL, _within(r.review_due_at, month)), rounds=True)


def closed_at_once(session: Session, month: Month) -> Rows:
    """K08: of the cases archived in the month, those in their first round."""
    return _of_cases(share(Case.round == 1), _archived(month))


def reopened(session: Session, month: Month) -> Rows:
    """K08: of the same cases, those that were opened again."""
    return _of_cases(share(Case.round > 1), _archived(month))


def _archived(month: Month) -> ColumnElement[bool]:
    closed = _within(Case.closed_at, month)
    return and_(Case.restricted.is_(False), Case.state == "archived", closed)


def first_action(session: Session, month: Month) -> Rows:
    """K09: seconds from the opening of a case to the first line that a person wrote, of cases opened in the month."""
    return _seconds(session, month, CaseEntry.who.is_not(None))


def person_reached(session: Session, month: Month) -> Rows:
    """K09: seconds from the opening of a case until somebody answered, on the telephone or at the door."""
    answered = ContactAttempt.answered & (ContactAttempt.whom != "police")
    return _seconds(session, month, CaseEntry.what == "answered", answered)


def on_scene(session: Session, month: Month) -> Rows:
    """K09: seconds from the opening of a case until somebody stood there, whether or not the elder was met."""
    at_the_door = (ContactAttempt.way == "door") & (ContactAttempt.whom != "police")
    return _seconds(session, month, CaseEntry.what == ON_SCENE, at_the_door)


def _seconds(
    session: Session, month: Month, told: ColumnElement[bool], tried: ColumnElement[bool] | None = None
) -> Rows:
    """From the opening to the first line of the record that is meant, or the first contact, whichever came first."""
    moments = select(CaseEntry.case_id, CaseEntry.at).where(told)
    if tried is not None:
        moments_of_contacts = select(ContactAttempt.case_id, ContactAttempt.at).where(tried)
        either = union_all(moments, moments_of_contacts).subquery()
    else:
        either = moments.subquery()
    case_id, at = either.c
    first = select(case_id, func.min(at).label("at")).group_by(case_id).subquery()
    among = and_(Case.restricted.is_(False), _within(Case.opened_at, month))
    seconds = seconds_between(session, Case.opened_at, first.c.at)
    return _of_cases(seconds, among).join(first, first.c.case_id == Case.id)


def false_by(session: Session, months: Sequence[Month], unit_path: str) -> list[FalseShare]:
    """K10 by model of device and by kind of alarm, and by rule for meters: the most false ones first."""
    since, until = months[0].starts_at, months[-1].ends_at
    model = func.coalesce(func.nullif(Device.model, ""), Device.kind)
    false = func.sum(share(Case.state == "false_alarm"))
    of_devices = (
        select(model, Alarm.kind, false, func.count())
        .join(Device, Device.id == Alarm.device_id)
        .join(Case, Case.id == Alarm.case_id)
        .where(Alarm.raised_at >= since, Alarm.raised_at < until, Case.restricted.is_(False))
        .where(within(Alarm.unit_path, unit_path))
        .group_by(model, Alarm.kind)
    )
    wrong = func.sum(share(MeterAnomaly.outcome == "normal"))
    of_meters = (
        select(literal(METER), MeterAnomaly.rule, wrong, func.count())
        .where(MeterAnomaly.raised_at >= since, MeterAnomaly.raised_at < until, MeterAnomaly.gate == "go")
        .where(MeterAnomaly.closed_at.is_not(None), within(MeterAnomaly.unit_path, unit_path))
        .group_by(MeterAnomaly.rule)
    )
    found = [
        FalseShare(str(model), str(rule), int(false), int(of))
        for asked in (of_devices, of_meters)
        for model, rule, false, of in session.execute(asked)
    ]
    return sorted(found, key=lambda each: (-each.false / each.alarms, -each.alarms, each.model, each.rule))


def false_alarms(session: Session, month: Month) -> Rows:
    """K10: of the alarms raised in the month that opened or joined a case, those that were false."""
    return (
        select(
            Alarm.elder_id, Alarm.id.label("ref"), Alarm.unit_path, Elder.tier,
            share(Case.state == "false_alarm").label("num"), literal(1),
        )
        .join(Elder, Elder.id == Alarm.elder_id)
        .join(Case, Case.id == Alarm.case_id)
        .where(_within(Alarm.raised_at, month), Case.restricted.is_(False))
    )  # fmt: skip
