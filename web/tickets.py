"""A form's ticket: proof that this task's form was once given to this person.

It opens nothing. It only lets what was written be kept as a supplement when the task has been taken away meanwhile, so
a phone that comes back after days loses no visit. Signed with the key of the sessions.
"""

from __future__ import annotations

from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from engine.tasks import TaskRow


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="form-ticket")


def ticket(person_id: int, task: TaskRow) -> str:
    """The ticket of this form; stands hidden in it. It names the task, and the matter that the task belongs to."""
    return str(_signer().dumps([person_id, task.id.hex, task.instance_id.hex if task.instance_id else ""]))


def names(text: str, person_id: int, task_id: UUID) -> bool:
    """Whether the ticket was given to this person for this task."""
    return _read(text)[:2] == [person_id, task_id.hex]


def proves(text: str, person_id: int, task: TaskRow) -> bool:
    """Whether the ticket was given to this person for this task, or for another one of the same matter."""
    holder, task_id, matter = [*_read(text), None, None, None][:3]
    same = task_id == task.id.hex or (task.instance_id is not None and matter == task.instance_id.hex)
    return holder == person_id and same


def _read(text: str) -> list[object]:
    try:
        found = _signer().loads(text)
    except BadSignature:
        return []
    return found if isinstance(found, list) else []
