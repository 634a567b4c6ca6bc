"""An alarm never depends on the engine: no diagram takes it, or the diagram fails, and the desk still calls the elder.

`answers_question("fallback")`: one plain task «call this person now» for the monitoring desk of the elder's district,
opened once per occasion; the incident of the engine stands beside it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import desk_tasks
from care.alarms.tables import Alarm
from engine import operations
from engine.operations import answers_question

NAME = "立即电话联系此人 Call this person now"
ELEMENT = "call_this_person"
ALARMS = frozenset({"alarm.raised", "emergency.offline"})
_ABOUT = frozenset(
    {"aid", "assessment", "case", "complaint", "consent", "contact", "device", "duty", "elder", "emergency", "errand"}
    | {"facts", "hazard", "major_change", "need", "person", "referral", "rescue", "special_period", "survey", "tier"}
    | {"transfer", "visit", "visitor", "worker"}
)
"""What the messages of processes 4.8 are about."""


class Trouble(Protocol):
    """What the engine tells (engine.run.faults.Trouble)."""

    reason: str
    name: str
    key: str
    data: dict[str, Any]
    instance: Any


@answers_question("fallback")
def call_this_person(session: Session, trouble: Trouble) -> None:
    """See that a person hears of an alarm that no diagram handles.

    News that a process of an emergency sends on, and that nobody awaits, is no alarm: `case.archived`, `elder.absent`.
    """
    if trouble.name.startswith("self_test."):
        return  # a test alarm that fails is told by whoever raised it
    if trouble.reason == "nobody_takes_it" and _is_news(trouble.name):
        return
    data = dict(trouble.data)
    if "elder_id" not in data and "alarm_id" not in data:
        data["elder_id"] = _elder_of(session, data)
    if trouble.instance is not None:
        data.setdefault("elder_id", trouble.instance.subject_id)
    open_call(session, data, f"fallback:{trouble.name}:{trouble.key}", trouble.name, trouble.reason)


def _is_news(name: str) -> bool:
    """A message of the catalogue other than an alarm; whatever nobody foresaw counts as an alarm."""
    return name not in ALARMS and name.partition(".")[0] in _ABOUT


def open_call(session: Session, data: dict[str, Any], key: str, about: str, reason: str) -> None:
    """The plain task for the desk of the elder whom `data` names, once per key."""
    subject = operations.subject_of(session, data)
    desk_tasks.open_one(
        session,
        "monitor_desk",
        subject,
        name=NAME,
        form_key="alarm_call",
        form_version=1,
        due_in=timedelta(minutes=2),
        key=key[:200],
        detail={"message": about, "reason": reason[:200], "data": _shown(data)},
        element_id=ELEMENT,
        why="engine_fallback",
    )


def _elder_of(session: Session, data: dict[str, Any]) -> int | None:
    """The elder of a device event that was not yet translated."""
    if "device" not in data or "id" not in data:
        return None
    return session.scalar(select(Alarm.elder_id).where(Alarm.event_key == f"{data['device']}:{data['id']}"))


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("device", "kind", "type", "case_id", "time") if name in data}
