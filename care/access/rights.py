"""What a person may do: with an elder, with a task, in a unit."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import roles
from care.access.scope import is_own, visible_elders
from care.elders import Elder
from care.errors import NotAllowed, NotFound
from care.organisation import is_within
from care.people import Person
from care.roles import Scope
from engine import instances, tasks


@runtime_checkable
class TaskLike(Protocol):
    """What of a user task decides whose it is (engine.tasks.TaskRow)."""

    @property
    def id(self) -> UUID: ...
    @property
    def instance_id(self) -> UUID | None: ...
    @property
    def role(self) -> str: ...
    @property
    def unit_path(self) -> str: ...
    @property
    def assignee_id(self) -> int | None: ...
    @property
    def subject_id(self) -> int | None: ...
    @property
    def also_role(self) -> str | None: ...
    @property
    def also_unit_path(self) -> str | None: ...
    @property
    def also_person_id(self) -> int | None: ...
    @property
    def delegated_by(self) -> int | None: ...


def figures_scope(person: Person | None) -> list[str]:
    """Unit paths whose figures the person may see; those inside another are left out."""
    if person is None:
        return []
    paths = sorted({post.unit_path for post in person.posts if roles.role(post.role).figures})
    return [path for path in paths if not any(path != other and is_within(path, other) for other in paths)]


def may(session: Session, person: Person | None, action: str, thing: Any = None) -> bool:
    """Whether the person may do it.

    `thing` is an Elder, a task, a unit path or None. Actions on tasks: `see`, `claim`, `complete`; on elders: `see`
    and the rights of care/roles.py; on unit paths: `see_figures` and rights; without a thing: rights anywhere.
    """
    if person is None:
        return False
    if isinstance(thing, Elder):
        return _may_elder(session, person, action, thing)
    if isinstance(thing, TaskLike):
        return _may_task(session, person, action, thing)
    if action == "see_figures":
        return any(is_within(str(thing or path), path) for path in figures_scope(person))
    return _has_right(person, action, thing if isinstance(thing, str) else None)


def require(session: Session, person: Person | None, action: str, thing: Any = None) -> None:
    """Raises NotFound for what the person may not even see, NotAllowed for what may not be done."""
    if may(session, person, action, thing):
        return
    if action == "see" or (isinstance(thing, Elder | TaskLike) and not may(session, person, "see", thing)):
        raise NotFound(action)
    raise NotAllowed(action)


def _may_elder(session: Session, person: Person, action: str, elder: Elder) -> bool:
    seen = session.scalar(select(Elder.id).where(Elder.id == elder.id, visible_elders(person))) is not None
    if action == "see" or not seen:
        return seen
    holding = [post for post in person.posts if action in roles.role(post.role).rights]
    if any(roles.role(post.role).scope is Scope.OWN for post in holding) and is_own(session, person, elder):
        return True
    return any(
        is_within(elder.unit_path, post.unit_path) for post in holding if roles.role(post.role).scope is not Scope.OWN
    )


def _may_task(session: Session, person: Person, action: str, task: TaskLike) -> bool:
    mine = holds(person, task) or has_as_well(person, task)
    if mine or action != "see":
        return mine and action in ("see", "claim", "complete")
    in_scope = any(is_within(task.unit_path, path) for path in figures_scope(person))
    return in_scope or _has_right(person, "see_incidents", task.unit_path) or _was_told(session, person, task)


def _was_told(session: Session, person: Person, task: TaskLike) -> bool:
    """Whether the task will come back to the person, was copied to them or mentions them, belongs to what they began,
    or is signed by them."""
    if task.delegated_by == person.id or tasks.words.knows_of(session, task.id, person.id):
        return True
    if person.id in {each.assignee_id for each in tasks.signers.of(session, task.id)}:
        return True
    return task.instance_id is not None and instances.get(session, task.instance_id).started_by == person.id


def holds(person: Person, task: TaskLike) -> bool:
    """Whether the task is the person's own, in person or by a post."""
    if task.assignee_id is not None:
        return task.assignee_id == person.id
    return (task.role, task.unit_path) in person.worklist_posts


def has_as_well(person: Person, task: TaskLike) -> bool:
    """Whether a late task came up the ladder to the person."""
    if task.also_person_id is not None:
        return task.also_person_id == person.id
    return (task.also_role, task.also_unit_path) in person.worklist_posts


def _has_right(person: Person, action: str, path: str | None) -> bool:
    return any(
        action in roles.role(post.role).rights and (path is None or is_within(path, post.unit_path))
        for post in person.posts
    )
