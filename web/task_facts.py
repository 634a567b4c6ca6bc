"""What a task's page knows before anybody types: prefilled facts, the last record, what a plain task is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from care.elders import Elder
from care.people import Person
from engine import clock, tasks
from engine.tasks import TaskRow

_WATCHED = frozenset(("ALONE", "DISABLED", "FP_SPECIAL"))


def known(session: Session, person: Person, task: TaskRow) -> dict[str, Any]:
    """Values for fields with `prefill`, by path: `elder.…`, `visit.…`, `person.…`, `now`."""
    return {
        "now": clock.now(),
        "person": {"name": person.name, "id": person.id},
        "elder": _elder(session, task.subject_id),
        "visit": {},
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


def last_answers(session: Session, task: TaskRow) -> Mapping[str, Any]:
    """The elder's previous record of the same form, {} when there is none."""
    return {}


def detail(session: Session, task: TaskRow) -> list[tuple[str, str]]:
    """What a plain task is about, as (name, words); empty for tasks of processes."""
    if task.instance_id is not None:
        return []
    found = tasks.detail(session, task.id)
    return [(str(name), str(value)) for name, value in found.items() if isinstance(value, str | int) and value != ""]
