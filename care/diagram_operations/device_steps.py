"""Operations of device checks: `device_checks.*` (P28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import device_checks, devices, elders, matters
from care.device_checks import DeviceCheck
from care.devices import Device
from engine import history, incoming
from engine.operations import Found, Step, operation

_KINDS_OF = {"smoke_alarm": ("smoke",), "call_device": ("pendant", "sos_button", "bracelet")}


def _said(session: Session, row: DeviceCheck, **more: Any) -> dict[str, Any]:
    return {**device_checks.facts(row, elders.get(session, row.elder_id).tier), **more}


def _named(session: Session, elder_id: int, said: Iterable[str]) -> list[str]:
    """Numbers of the devices that are meant; what a visit only calls by its use is looked up in the home."""
    found = []
    for each in said:
        kinds = _KINDS_OF.get(each, ())
        there = [device.number for device, _ in devices.of_elder(session, elder_id) if device.kind in kinds]
        found.append(there[0] if there else each)
    return list(dict.fromkeys(found))


@operation("device_checks.take")
def take(
    session: Session,
    step: Step,
    elder_id: int | None,
    device: str | None = None,
    kind: str | None = None,
    items: Sequence[str] | None = None,
) -> dict[str, Any]:
    """{"way"}: check, collect (the elder no longer has it), split or unknown. Source: P28."""
    if elder_id is None:
        return {"way": "unknown"}
    reason = kind if kind in device_checks.REASONS else "trouble"
    numbers = _named(session, elder_id, [*(items or ()), *([device] if device else ())]) or ["device"]
    name = "device.unbound" if reason == "unbound" else "device.offline"
    key = f"{elder_id}:{numbers[0]}" + (":unbound" if reason == "unbound" else "")
    if len(numbers) == 1 and step.key == key:
        return {"way": "collect" if reason == "unbound" else "check"}
    for number in numbers:
        one = f"{elder_id}:{number}" + (":unbound" if reason == "unbound" else "")
        incoming.message(session, name, one, {"elder_id": elder_id, "device": number, "kind": reason})
    return {"way": "split"}


@operation("device_checks.open")
def open_one(
    session: Session, step: Step, elder_id: int, device: str | None = None, kind: str | None = None
) -> dict[str, Any]:
    """{"check_id", "reason", "high", "due_at", "collect_due_at"}: 24 hours for the high tier, else three days."""
    found: Device | None = devices.find(session, device) if device else None
    elder = elders.get(session, elder_id)
    row = device_checks.open_check(session, elder, found, kind or "trouble", step.instance_id)
    return Found({"elder_id": elder_id, "device": device}, **_said(session, row))


@operation("device_checks.more")
def more(session: Session, step: Step, check_id: int) -> None:
    """One more sign of the same device while it is under way."""
    matters.mentioned(session, device_checks.get(session, check_id))


@operation("device_checks.postpone")
def postpone(session: Session, step: Step, check_id: int) -> dict[str, Any]:
    """The same fields: an elder who is away is waited for. Source: P28, P35."""
    row = device_checks.get(session, check_id)
    device_checks.postpone(session, row)
    return _said(session, row)


@operation("device_checks.found")
def found(session: Session, step: Step, check_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"result"}: works, fixed, replace or remove; one to remove is the elder's no longer."""
    row, result = device_checks.get(session, check_id), str(step.answers(element).get("result") or "works")
    device_checks.found(session, row, result == "remove")
    if result == "remove" and row.device_id is not None:
        devices.take_away(session, devices.get(session, row.device_id), custody="suspended")
    return _said(session, row, result=result)


@operation("device_checks.replaced")
def replaced(session: Session, step: Step, check_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"problem"}: the new device is the elder's; unknown or in use elsewhere is asked again."""
    row, number = device_checks.get(session, check_id), str(step.answers(element).get("number") or "")
    new = devices.find(session, number)
    if new is None or devices.owner(session, new) is not None:
        return _said(session, row, problem="not_in_stock")
    elder = elders.get(session, row.elder_id)
    if row.device_id is not None:
        devices.take_away(session, devices.get(session, row.device_id), custody="suspended")
    devices.place(session, new, elder, room=str(step.answers(element).get("room") or ""))
    return _said(session, row, problem=None)


@operation("device_checks.collected")
def collected(session: Session, step: Step, check_id: int, element: str) -> None:
    """Fetched, or not found any more. Source: P28 (10 working days)."""
    row = device_checks.get(session, check_id)
    there = step.answers(element).get("result") != "lost"
    device_checks.collected(session, row)
    if row.device_id is not None and there:
        devices.set_custody(session, devices.get(session, row.device_id), "returned")
    _close(session, step, row, "collected" if there else "lost")


@operation("device_checks.close")
def close(session: Session, step: Step, check_id: int, outcome: str) -> None:
    """The end: works, fixed, replaced, or exited with the elder."""
    _close(session, step, device_checks.get(session, check_id), outcome)


def _close(session: Session, step: Step, row: DeviceCheck, outcome: str) -> None:
    device_checks.close(session, row, outcome)
    history.write(session, step.instance_id, step.by, f"device.{outcome}", step.element_id, row.elder_id, row.unit_path)
