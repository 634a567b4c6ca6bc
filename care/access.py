"""Who may see which elder and do what: scope by unit path, by responsibility, by open task, by logged reason.

It fails closed: no person, no post or an unknown action means no. `reading(person)` opens a session behind the wall:
every ORM question to a personal table is narrowed to what the person may see, whatever the page forgot to ask. Core
selects and `text()` are not narrowed by it (with_loader_criteria does not reach them): pages do not use them for
personal tables. In a session without the wall, `visible_elders` gives the same condition by hand.

Something that may not be seen raises NotFound (404: it is not said whether it exists); something seen that may not be
done raises NotAllowed (403).

Public: visible_elders, visible, parts, reading, guard, may, require, elder, search, figures_scope, opens_files,
give_reason. Files with masked fields and their log: care/files.py.
Source: people-forms-indicators 5.2; durability §7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import ColumnElement, ForeignKey, Select, String, and_, event, false, literal, or_, select
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

from care import elders as elder_files
from care import roles
from care.elders import Elder
from care.errors import NotAllowed, NotFound, RuleBroken
from care.organisation import city, is_within, within
from care.people import Person
from care.personal import OfElder
from care.roles import Part, Scope
from care.visitors import Responsibility, holds_today
from engine import clock, db
from engine.db import Base, Instant
from engine.tasks import task as task_table
from engine.vault import blind_index

REASON_HOLDS_FOR = timedelta(hours=2)
_SCOPE = "visitflow_scope"
_PARTS_OF_KIND = {kind: roles.ROLES[kind].parts for kind in ("visitor", "visitor_b", "service_person", "family_doctor")}


class AccessReason(Base):
    """A city role said why it opens a single file; holds for two hours, is always in the log."""

    __tablename__ = "access_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    elder_id: Mapped[int] = mapped_column(ForeignKey("elder.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    until_at: Mapped[datetime] = mapped_column(Instant)


@runtime_checkable
class TaskLike(Protocol):
    """What of a user task decides whose it is (engine.tasks.TaskRow)."""

    @property
    def role(self) -> str: ...
    @property
    def unit_path(self) -> str: ...
    @property
    def assignee_id(self) -> int | None: ...
    @property
    def subject_id(self) -> int | None: ...


_emergencies: list[Callable[[], Select[tuple[int | None]]]] = []


def opens_files(source: Callable[[], Select[tuple[int | None]]]) -> Callable[[], Select[tuple[int | None]]]:
    """Register a Core select of the ids of elders with an open emergency (care/cases.py does)."""
    _emergencies.append(source)
    return source


def visible_elders(person: Person | None) -> ColumnElement[bool]:
    """Condition on Elder: what this person may see of it; nothing for nobody."""
    return visible(person, Elder.id, Elder.unit_path)


def visible(person: Person | None, elder_id: Any, unit_path: Any) -> ColumnElement[bool]:
    """The same condition on any table that has an elder id and a unit path (columns)."""
    if person is None:
        return false()
    grants: list[ColumnElement[bool]] = []
    for post in person.posts:
        role = roles.role(post.role)
        if role.scope is Scope.UNIT:
            grants.append(within(unit_path, post.unit_path))
        elif role.in_case and _emergencies:
            open_now = or_(*(elder_id.in_(source()) for source in _emergencies))
            grants.append(and_(within(unit_path, post.unit_path), open_now))
    if person.posts:
        grants.append(elder_id.in_(_own(person)))
        grants.append(elder_id.in_(_by_task(person)))
        grants.append(elder_id.in_(_by_reason(person)))
    return or_(*grants) if grants else false()


def _own(person: Person) -> Select[tuple[int]]:
    asked = select(Responsibility.__table__.c.elder_id)
    return asked.where(Responsibility.__table__.c.staff_id == person.id, holds_today())


def _by_task(person: Person) -> Select[tuple[int | None]]:
    """Elders about whom an open task is theirs, in person or by a post."""
    columns = task_table.c
    mine = [columns.assignee_id == person.id]
    for role, path in sorted(person.worklist_posts):
        mine.append(and_(columns.assignee_id.is_(None), columns.role == role, columns.unit_path == path))
    return select(columns.subject_id).where(columns.state == "open", columns.subject_id.is_not(None), or_(*mine))


def _by_reason(person: Person) -> Select[tuple[int]]:
    columns = AccessReason.__table__.c
    return select(columns.elder_id).where(columns.staff_id == person.id, columns.until_at > clock.now())


def parts(session: Session, person: Person, elder: Elder) -> frozenset[Part]:
    """Which parts of this elder's file the person works with now; empty: may not see the elder at all."""
    seen: set[Part] = set()
    in_case = has_open_emergency(session, elder.id)
    for post in person.posts:
        role = roles.role(post.role)
        if is_within(elder.unit_path, post.unit_path):
            if role.scope is Scope.UNIT:
                seen |= role.parts
            if in_case:
                seen |= role.in_case
    if not person.posts:
        return frozenset()
    kinds = select(Responsibility.kind).where(
        Responsibility.elder_id == elder.id, Responsibility.staff_id == person.id, holds_today()
    )
    for kind in session.scalars(kinds):
        seen |= _PARTS_OF_KIND[kind]
    seen |= _parts_by_task(session, person, elder.id)
    if session.execute(_by_reason(person).where(AccessReason.__table__.c.elder_id == elder.id)).first():
        seen |= roles.FULL
    return frozenset(seen)


def _parts_by_task(session: Session, person: Person, elder_id: int) -> set[Part]:
    asked = _by_task(person).with_only_columns(task_table.c.role).where(task_table.c.subject_id == elder_id)
    seen: set[Part] = set()
    for code in session.scalars(asked.distinct()):
        if roles.is_known(code):
            seen |= roles.role(code).parts | roles.role(code).in_case
    return seen


def has_open_emergency(session: Session, elder_id: int) -> bool:
    """Whether an emergency case about the elder is open."""
    asked = [literal(elder_id).in_(source()) for source in _emergencies]
    return bool(asked) and bool(session.scalar(select(or_(*asked))))


@contextmanager
def reading(person: Person | None) -> Iterator[Session]:
    """A read-only session behind the wall; with nobody it shows nothing personal."""
    with db.reading() as session:
        guard(session, person)
        yield session


def guard(session: Session, person: Person | None) -> None:
    """Put this session behind the wall, for good; use a fresh session, loaded objects are not hidden again."""
    session.info[_SCOPE] = person


@event.listens_for(Session, "do_orm_execute")
def _wall(state: ORMExecuteState) -> None:
    """Narrow every question of a guarded session to what its person may see."""
    if _SCOPE not in state.session.info or state.is_column_load or state.is_relationship_load:
        return
    person: Person | None = state.session.info[_SCOPE]
    options = [with_loader_criteria(Elder, visible_elders(person), include_aliases=True)]
    for table in OfElder.__subclasses__():
        criterion = visible(person, table.elder_id, table.unit_path)
        options.append(with_loader_criteria(table, criterion, include_aliases=True))
    state.statement = state.statement.options(*options)


def elder(session: Session, person: Person | None, elder_id: int) -> Elder:
    """The elder, if this person may see it; raises NotFound otherwise."""
    found = session.scalar(select(Elder).where(Elder.id == elder_id, visible_elders(person)))
    if found is None:
        raise NotFound(f"elder {elder_id}")
    return found


def search(session: Session, person: Person, text: str, limit: int = 20) -> list[Elder]:
    """Elders that the person may see by number, name, initials, whole telephone or whole id number."""
    wanted = text.strip()
    if len(wanted) < 2:
        return []
    by = [
        Elder.number == wanted.upper(),
        Elder.name.contains(wanted, autoescape=True),
        Elder.initials.startswith(wanted.lower(), autoescape=True),
        Elder.phone_index == blind_index("phone", wanted),
        Elder.id_index == blind_index("id_number", wanted),
    ]
    asked = select(Elder).where(or_(*by), visible_elders(person)).order_by(Elder.id).limit(limit)
    return list(session.scalars(asked))


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
    return any(
        action in roles.role(post.role).rights
        and (roles.role(post.role).scope is Scope.OWN or is_within(elder.unit_path, post.unit_path))
        for post in person.posts
    )


def _may_task(session: Session, person: Person, action: str, task: TaskLike) -> bool:
    if task.assignee_id is not None:
        mine = task.assignee_id == person.id
    else:
        mine = (task.role, task.unit_path) in person.worklist_posts
    if mine or action != "see":
        return mine and action in ("see", "claim", "complete")
    return any(is_within(task.unit_path, path) for path in figures_scope(person)) or person.has_right("see_incidents")


def _has_right(person: Person, action: str, path: str | None) -> bool:
    return any(
        action in roles.role(post.role).rights and (path is None or is_within(path, post.unit_path))
        for post in person.posts
    )


def give_reason(session: Session, person: Person, number: str, reason: str) -> Elder:
    """A city role opens one file with a reason, for two hours; the caller logs it (care/files.py).

    Raises RuleBroken for a reason under four characters, NotAllowed for other roles, NotFound.
    """
    if not any(roles.role(post.role).with_reason for post in person.posts):
        raise NotAllowed("give_reason")
    if len(reason.strip()) < 4:
        raise RuleBroken("请写明调阅理由（不少于4个字）", "give a reason of at least four characters")
    found = elder_files.by_number(session, number)
    if found is None or not is_within(found.unit_path, city(session).path):
        raise NotFound(f"elder {number}")
    session.add(
        AccessReason(
            staff_id=person.id,
            elder_id=found.id,
            reason=reason.strip()[:200],
            until_at=clock.now() + REASON_HOLDS_FOR,
        )
    )
    session.flush()
    return found
