"""Indicators about hazards, devices, benefits and special periods (K12, K18, K20, K22).

Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, literal, or_, select
from sqlalchemy.orm import Session

from care.aids import Aid, AidHint
from care.devices import Device, Placement
from care.elders import Elder
from care.hazards import Hazard
from care.indicators.month import Month
from care.indicators.of_register import share
from care.special_periods import NOT_NEEDED, PeriodContact
from engine import clock

Rows = Select[*tuple[Any, ...]]
HEARTBEAT = timedelta(hours=24)


def _of(table: type[Any], num: ColumnElement[int], among: ColumnElement[bool]) -> Rows:
    columns = (table.elder_id, table.id.label("ref"), table.unit_path, Elder.tier, num.label("num"), literal(1))
    return select(*columns).join(Elder, Elder.id == table.elder_id).where(among)


def _within(column: Any, month: Month) -> ColumnElement[bool]:
    return and_(column >= month.starts_at, column < month.ends_at)


def hazards_fixed(session: Session, month: Month) -> Rows:
    """K12: of the hazards due in the month, those fixed and looked at again; who left the register is out."""
    fixed = and_(Hazard.outcome == "fixed", Hazard.rechecked_at.is_not(None))
    return _of(Hazard, share(fixed), and_(_within(Hazard.due_at, month), Hazard.outcome != "exited"))


def major_hazards_open(session: Session, month: Month) -> Rows:
    """K12: major and immediate hazards that were open at the end of the month."""
    still = or_(Hazard.closed_at.is_(None), Hazard.closed_at >= month.ends_at)
    grave = Hazard.level.in_(("major", "immediate"))
    return _of(Hazard, literal(1), and_(Hazard.found_at < month.ends_at, still, grave))


def devices_online(session: Session, month: Month) -> Rows:
    """K18: of the devices in service when it is asked, those heard within 24 hours."""
    heard = exists().where(Device.id == Placement.device_id, Device.last_heard_at >= clock.now() - HEARTBEAT)
    there = and_(
        Placement.from_at < month.ends_at, or_(Placement.until_at.is_(None), Placement.until_at >= month.ends_at)
    )
    return _of(Placement, share(heard), there)


def granted(session: Session, month: Month) -> Rows:
    """K20: of what the tables hinted at by the end of the month, what was granted and still held."""
    has = exists().where(
        Aid.elder_id == AidHint.elder_id,
        Aid.kind == AidHint.kind,
        Aid.granted.is_(True),
        Aid.decided_at < month.ends_at,
        or_(Aid.until_on.is_(None), Aid.until_on >= month.last),
    )
    valid = and_(AidHint.at < month.ends_at, or_(AidHint.until_at.is_(None), AidHint.until_at >= month.ends_at))
    return _of(AidHint, share(has), valid)


def aids_granted(session: Session, month: Month) -> Rows:
    """K20: benefits granted in the month."""
    return _of(Aid, literal(1), and_(_within(Aid.decided_at, month), Aid.granted.is_(True)))


def reached_in_special_periods(session: Session, month: Month) -> Rows:
    """K22: of the contacts owed in special periods that were due in the month, those made, however they were made."""
    due = and_(_within(PeriodContact.due_at, month), PeriodContact.how != NOT_NEEDED)
    return _of(PeriodContact, share(PeriodContact.reached_at.is_not(None)), due)
