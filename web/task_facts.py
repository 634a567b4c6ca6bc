"""What a task's page knows before anybody types: prefilled facts, the last record, what a plain task is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import cases
from care.cases import KINDS
from care.elders import Elder
from care.people import Person
from care.visits import Visit
from engine import clock, submissions, tasks
from engine.tasks import TaskRow
from web.language import N_, gettext, language
from web.words import moment

DETAIL = {
    "number": N_("个案"),
    "kind": N_("警情"),
    "device": N_("设备"),
    "since": N_("从何时起"),
    "reason": N_("原因"),
}
REASONS = {
    "unknown device": N_("设备不在册"),
    "nobody has this device": N_("设备没有登记给老人"),
    "no consent for this purpose": N_("老人没有同意这项用途"),
    "the device's time lies in the future": N_("设备时间比现在晚"),
    "too old for its type": N_("来得太晚"),
}
_WATCHED = frozenset(("ALONE", "DISABLED", "FP_SPECIAL"))


def known(session: Session, person: Person, task: TaskRow) -> dict[str, Any]:
    """Values for fields with `prefill`, by path: `elder.…`, `visit.…`, `person.…`, `now`."""
    return {
        "now": clock.now(),
        "person": {"name": person.name, "id": person.id},
        "elder": _elder(session, task.subject_id),
        "visit": _visit(session, task),
    }


def _elder(session: Session, elder_id: int | None) -> dict[str, Any]:
    elder = session.get(Elder, elder_id) if elder_id is not None else None
    if elder is None:
        return {}
    return {
        "number": elder.number,
        "name": elder.name,
        "mood_watch": bool(_WATCHED & set(elder.categories or ())),  # 五了解 A3: change since last is asked
    }


def _visit(session: Session, task: TaskRow) -> dict[str, Any]:
    """The visit that the task's process is about: kind, day, way and moment of checking in."""
    if task.instance_id is None:
        return {}
    asked = select(Visit).where(Visit.instance_id == task.instance_id).order_by(Visit.id.desc()).limit(1)
    visit = session.scalar(asked)
    if visit is None:
        return {}
    arrived = submissions.of(session, task.instance_id, "check_in")
    return {
        "kind": visit.kind,
        "mode": visit.mode or arrived.get("mode") or "home",
        "planned_on": clock.local(visit.due_at).date(),
        "started_at": visit.arrived_at or clock.now(),
        "checkin": arrived["by"] if arrived.get("by") in ("qr", "position", "photo") else "none",
    }


def last_answers(session: Session, task: TaskRow) -> Mapping[str, Any]:
    """The record of the elder's last visit, for 与上次相同; {} when there is none or the form is another."""
    if task.form_key != "visit" or task.subject_id is None:
        return {}
    asked = select(Visit.instance_id).where(
        Visit.elder_id == task.subject_id,
        Visit.instance_id.is_not(None),
        Visit.instance_id != task.instance_id,
        Visit.state.in_(("recorded", "done")),
    )
    before = session.scalar(asked.order_by(Visit.arrived_at.desc(), Visit.id.desc()).limit(1))
    kept = submissions.of_instance(session, before) if before is not None else []
    same = [each for each in kept if each.form_key == "visit" and each.state == submissions.ACCEPTED]
    return same[-1].body if same else {}


def detail(session: Session, task: TaskRow) -> list[tuple[str, str]]:
    """What a task is about, as (name, words): the emergency of a process, or what a plain task was opened with."""
    if task.instance_id is not None:
        return _case(session, task.instance_id)
    found = tasks.detail(session, task.id)
    said = {**found, **(found["data"] if isinstance(found.get("data"), dict) else {})}
    return [(gettext(title), _words(name, said[name])) for name, title in DETAIL.items() if said.get(name)]


def _case(session: Session, instance_id: UUID) -> list[tuple[str, str]]:
    """The emergency that the task belongs to: kind and the moment it began."""
    case = cases.of_instance(session, instance_id)
    if case is None:
        return []
    kind = KINDS[case.kind][language() == "en"] if case.kind in KINDS else case.kind
    return [(gettext("警情"), f"{kind} · {moment(case.opened_at, clock.now(), language())}")]


def _words(name: str, value: Any) -> str:
    if name == "kind" and value in KINDS:
        return KINDS[value][language() == "en"]
    if name == "reason":
        return gettext(REASONS[value]) if value in REASONS else str(value)
    if name == "since":
        return moment(datetime.fromisoformat(str(value)), clock.now(), language())
    return str(value)
