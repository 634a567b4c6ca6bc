"""Operations of special periods: `periods.*` (P09)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import period_work, special_periods
from care.special_periods import SpecialPeriod, Wanted
from engine import clock, history, incoming
from engine.expressions import parse_moment
from engine.operations import Found, Step, operation


def _said(row: SpecialPeriod, **more: Any) -> dict[str, Any]:
    return {
        "period_id": row.id,
        "source": row.source or f"period:{row.id}",
        "kind": row.kind,
        "level": row.level,
        "until_at": row.until_at.isoformat(),
        "cancelled": row.state == "cancelled",
        **more,
    }


def _moment(said: str | None) -> datetime | None:
    moment = parse_moment(said) if said else None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=clock.zone())


@operation("periods.propose")
def propose(
    session: Session,
    step: Step,
    kind: str | None = None,
    level: str | None = None,
    name: str | None = None,
    source: str | None = None,
    begins: str | None = None,
    ends: str | None = None,
    cancel: bool | None = None,
    by_district: bool | None = None,
) -> dict[str, Any]:
    """{"period_id", "source", "kind", "level", "until_at", "cancelled", "joined", "way": ignore, join, confirm, open}.

    Orange and red open by themselves, yellow of four kinds is asked unless the district itself begins it
    (`by_district`), the rest is ignored. Source: P09 T1, calendar 7.
    """
    wanted = Wanted(
        unit_path=step.unit_path,
        kind=kind or "other",
        level=level or "",
        name=name or "",
        source=source or "",
        from_at=_moment(begins),
        until_at=_moment(ends),
        confirmed=by_district is True,
    )
    row, way = special_periods.propose(session, wanted, step.instance_id)
    if cancel:
        row.state, way = "cancelled", "ignore"
    session.flush()
    return _said(row, way=way, joined=row.joined_id)


@operation("periods.decide")
def decide(session: Session, step: Step, period_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"way": open, join or refused}: the district's word. Source: P09 T1."""
    row = special_periods.get(session, period_id)
    way = special_periods.decide(session, row, step.answers(element))
    return _said(row, way=way, joined=row.joined_id)


@operation("periods.begin")
def begin(session: Session, step: Step, period_id: int) -> dict[str, Any]:
    """The same fields and {"townships": n}: each township watches over its own elders from now. Source: P09, 4.8."""
    row = special_periods.get(session, period_id)
    paths = special_periods.begin(session, row)
    for path in paths:
        data = {"unit_path": path, "period_id": row.id}
        incoming.message(session, "special_period.opened", f"{path}:{row.id}", data)
    history.write(session, step.instance_id, step.by, "period.opened", step.element_id, None, row.unit_path)
    return _said(row, townships=len(paths))


@operation("periods.change")
def change(
    session: Session,
    step: Step,
    period_id: int,
    level: str | None = None,
    ends: str | None = None,
    cancel: bool | None = None,
) -> dict[str, Any]:
    """The same fields: the warning was updated or cancelled, or another period joined. Source: P09."""
    row = special_periods.get(session, period_id)
    special_periods.change(session, row, level, _moment(ends), bool(cancel))
    return _said(row)


@operation("periods.renew")
def renew(
    session: Session,
    step: Step,
    period_id: int,
    level: str | None = None,
    ends: str | None = None,
    cancel: bool | None = None,
) -> None:
    """The warning of a period that is over came again: another period opens for as long as it says now. Source: P09."""
    if not cancel:
        period_work.renew(session, special_periods.get(session, period_id), level, _moment(ends))


@operation("periods.watch")
def watch(session: Session, step: Step, period_id: int, unit_path: str) -> dict[str, Any]:
    """{"period_id", "due_at"}: visits are ordered and advice goes out, high tiers first. Source: P09 S, T2, 4.8."""
    row = special_periods.get(session, period_id)
    period_work.reach(session, row, unit_path)
    within = special_periods.HIGH_AT_RED if row.level == "red" else special_periods.WITHIN
    due_at = min(clock.now() + within, max(row.until_at, clock.now() + timedelta(hours=2)))
    return {"period_id": row.id, "due_at": due_at.isoformat()}


@operation("periods.look")
def look(session: Session, step: Step, period_id: int, unit_path: str) -> dict[str, Any]:
    """{"period_id", "due_at", "all": bool}: whether everybody of the township was reached; if not, a day more."""
    row = special_periods.get(session, period_id)
    found = special_periods.share(session, row, unit_path)
    due_at = (clock.now() + timedelta(hours=24)).isoformat()
    return {"period_id": row.id, "due_at": due_at, "all": found.is_all, "reached": found.reached, "owed": found.owed}


@operation("periods.close")
def close(session: Session, step: Step, period_id: int) -> dict[str, Any]:
    """The same fields and {"owed", "reached"}: the period is over. Source: P09 T4, K22."""
    row = special_periods.get(session, period_id)
    found = special_periods.close(session, row)
    period_work.call_off(session, row)
    history.write(session, step.instance_id, step.by, f"period.{row.state}", step.element_id, None, row.unit_path)
    return _said(row, owed=found.owed, reached=found.reached)


@operation("periods.unit")
def unit(session: Session, step: Step, area: str | None = None) -> dict[str, Any]:
    """{"unit_path"}: the district that an area's name or path means; the instance is about it from now on."""
    found = special_periods.area_of(session, area)
    path = found.path if found is not None else step.unit_path
    return Found({"unit_path": path}, unit_path=path)
