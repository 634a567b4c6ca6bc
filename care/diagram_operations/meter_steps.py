"""Operations of meters: `meters.*` (P20). No reading is handed to a diagram."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import elders, meters, notices, organisation
from care.meters import Meter, MeterAnomaly
from engine import clock
from engine.operations import Step, operation

_AWAY, _LEAK = "away", "leak"


def _said(session: Session, row: MeterAnomaly, **more: Any) -> dict[str, Any]:
    meter = session.get_one(Meter, row.meter_id)
    elder = elders.get(session, row.elder_id)
    return {
        "anomaly_id": row.id,
        "kind": meter.kind,
        "rule": row.rule,
        "gate": row.gate,
        "phone_due_at": meters.phone_due_at(elder, row.raised_at).isoformat(),
        "cause": row.cause,
        **more,
    }


@operation("meters.gate")
def gate(session: Session, step: Step, elder_id: int, anomaly_id: int) -> dict[str, Any]:
    """{"anomaly_id", "kind", "rule", "gate", "phone_due_at", "cause"}: consent, absence and outage come first."""
    row = meters.get(session, anomaly_id)
    row.instance_id = step.instance_id
    meters.gate(session, row)
    return _said(session, row)


@operation("meters.tell_outage")
def tell_outage(session: Session, step: Step, elder_id: int, anomaly_id: int) -> None:
    """One task for the district in place of an alarm for each elder; once a day, place and kind."""
    row = meters.get(session, anomaly_id)
    meter = session.get_one(Meter, row.meter_id)
    village = (organisation.prefix(row.unit_path, "village") or row.unit_path).rstrip("/")
    notices.area_desk(session, village + "/", "meter_outage", f"meters:{village}:{meter.kind}:{clock.today()}")


@operation("meters.tell_family")
def tell_family(session: Session, step: Step, elder_id: int, anomaly_id: int) -> dict[str, Any]:
    """{"told": bool}: the first contact by text, without figures. Source: issued plan 五(三)."""
    key = f"meter:{anomaly_id}"
    return {"told": notices.family(session, elders.get(session, elder_id), "meter_check", key)}


@operation("meters.checked")
def checked(session: Session, step: Step, anomaly_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"reached"}: a telephone call, the family, or somebody at the door."""
    row, answers = meters.get(session, anomaly_id), step.answers(element)
    reached, cause = str(answers.get("reached") or "no"), str(answers.get("cause") or "")
    meters.checked(session, row, element == "door_check", cause)
    return _said(session, row, reached=reached, hurt=reached == "hurt")


@operation("meters.finish")
def finish(session: Session, step: Step, anomaly_id: int, outcome: str) -> None:
    """normal, away, leak or emergency: the cause tunes the rules."""
    meters.finish(session, meters.get(session, anomaly_id), outcome)
