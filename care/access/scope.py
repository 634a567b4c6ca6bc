"""Which elders and cases a person may see, as conditions, and which parts of a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, exists, false, or_, select, union
from sqlalchemy.orm import Session

from care import contacts, finding, roles
from care.access.reasons import AccessReason, opened_by_reason
from care.cases.tables import Case
from care.duties.tables import DutyCase, DutyMember
from care.elders import Elder
from care.errors import NotFound
from care.finding import ElderWord
from care.organisation import is_within, within
from care.people import Person
from care.roles import Part, Scope
from care.visitors import Responsibility, holds_today
from engine.tasks import IS_OPEN
from engine.tasks import task as task_table
from engine.vault import blind_index

_PARTS_OF_KIND = {kind: roles.ROLES[kind].parts for kind in ("visitor", "visitor_b", "service_person", "family_doctor")}


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
        elif role.in_case:
            grants.append(and_(within(unit_path, post.unit_path), elder_id.in_(_in_emergency())))
    if person.posts:
        grants.append(elder_id.in_(_own(person)))
        grants.append(_has_my_task(person, task_table.c.subject_id == elder_id))
        grants.append(elder_id.in_(opened_by_reason(person)))
    return or_(*grants) if grants else false()


def _own(person: Person) -> Select[tuple[int]]:
    asked = select(Responsibility.__table__.c.elder_id)
    return asked.where(Responsibility.__table__.c.staff_id == person.id, holds_today())


def _has_my_task(person: Person, about: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an open task about it is theirs: in person, by a post, or come up the ladder to them as well."""
    mine = exists().where(IS_OPEN, about, or_(_held(person), _also(person)))
    return mine.correlate_except(task_table)  # a statement that has tasks itself means others


def _open_tasks(column: Column[Any], whose: ColumnElement[bool]) -> Select[tuple[Any]]:
    return select(column).where(IS_OPEN, column.is_not(None), whose)


def _held(person: Person) -> ColumnElement[bool]:
    columns = task_table.c
    mine = [columns.assignee_id == person.id]
    for role, path in sorted(person.worklist_posts):
        mine.append(and_(columns.assignee_id.is_(None), columns.role == role, columns.unit_path == path))
    return or_(*mine)


def _also(person: Person) -> ColumnElement[bool]:
    columns = task_table.c
    theirs = [columns.also_person_id == person.id]
    for role, path in sorted(person.worklist_posts):
        theirs.append(and_(columns.also_person_id.is_(None), columns.also_role == role, columns.also_unit_path == path))
    return or_(*theirs)


def _in_emergency() -> Select[tuple[int | None]]:
    """Elders with an open emergency case."""
    columns = Case.__table__.c
    return select(columns.elder_id).where(columns.state == "open", columns.elder_id.is_not(None))


def visible_cases(person: Person | None) -> ColumnElement[bool]:
    """Condition on Case. A restricted case is for its team (open tasks) and for desks that lead duty cases."""
    if person is None:
        return false()
    grants: list[ColumnElement[bool]] = []
    for post in person.posts:
        role = roles.role(post.role)
        here = within(Case.unit_path, post.unit_path)
        if role.scope is Scope.UNIT and Part.CASES in role.parts:
            grants.append(here if Part.DUTY in role.parts else and_(here, ~Case.restricted))
        elif role.in_case:
            grants.append(and_(here, Case.state == "open", ~Case.restricted))
    if person.posts:
        theirs = or_(Case.elder_id.in_(_own(person)), Case.elder_id.in_(opened_by_reason(person)))
        grants.append(and_(theirs, ~Case.restricted))
        grants.append(_has_my_task(person, task_table.c.instance_id == Case.instance_id))
        grants.append(and_(_has_my_task(person, task_table.c.subject_id == Case.elder_id), ~Case.restricted))
    return or_(*grants) if grants else false()


def visible_duties(person: Person | None) -> ColumnElement[bool]:
    """Condition on DutyCase: only who is named in the file, or has a task of it, reads it. Source: processes P19."""
    if person is None:
        return false()
    members = DutyMember.__table__.c
    named = select(members.duty_id).where(members.staff_id == person.id)
    return or_(DutyCase.id.in_(named), _has_my_task(person, task_table.c.instance_id == DutyCase.instance_id))


def closed_instances(session: Session, person: Person | None, elder_id: int | None = None) -> set[UUID]:
    """Instances of closed files (of one elder, or of all) that this person may not know of."""
    asked = select(DutyCase.instance_id).where(DutyCase.instance_id.is_not(None), ~visible_duties(person))
    if elder_id is not None:
        asked = asked.where(DutyCase.elder_id == elder_id)
    return {each for each in session.scalars(asked) if each is not None}


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
    seen |= _parts_by_task(session, person, elder.id, in_case)
    if session.execute(opened_by_reason(person).where(AccessReason.elder_id == elder.id)).first():
        seen |= roles.FULL
    return frozenset(seen)


def is_own(session: Session, person: Person, elder: Elder) -> bool:
    """Whether the person is responsible for the elder today (A, B, doctor, service person)."""
    return session.execute(_own(person).where(Responsibility.elder_id == elder.id).limit(1)).first() is not None


def _parts_by_task(session: Session, person: Person, elder_id: int, in_case: bool) -> set[Part]:
    """What the roles of the person's open tasks work with; a role without files of its own sees its card."""
    about = task_table.c.subject_id == elder_id
    held = _open_tasks(task_table.c.role, _held(person)).where(about)
    also = _open_tasks(task_table.c.also_role, _also(person)).where(about)
    seen: set[Part] = set()
    for code in session.scalars(held.union(also)):
        if roles.is_known(code):
            role = roles.role(code)
            seen |= (role.parts | role.in_case) if in_case else (role.parts or role.in_case)
    return seen


def has_open_emergency(session: Session, elder_id: int) -> bool:
    """Whether an emergency case about the elder is open."""
    return session.execute(_in_emergency().where(Case.elder_id == elder_id).limit(1)).first() is not None


def elder(session: Session, person: Person | None, elder_id: int) -> Elder:
    """The elder, if this person may see it; raises NotFound otherwise."""
    found = session.scalar(select(Elder).where(Elder.id == elder_id, visible_elders(person)))
    if found is None:
        raise NotFound(f"elder {elder_id}")
    return found


def case(session: Session, person: Person | None, case_id: int) -> Case:
    """The case, if this person may see it; raises NotFound otherwise."""
    found = session.scalar(select(Case).where(Case.id == case_id, visible_cases(person)))
    if found is None:
        raise NotFound(f"case {case_id}")
    return found


def search(session: Session, person: Person, text: str, limit: int = 20) -> list[Elder]:
    """Elders the person may see, by number, name, initials, the end of the address, whole telephone (a relative's too)
    or whole id number. A single sign of Chinese is a family name; a single letter finds nobody."""
    wanted = text.strip()
    if len(wanted) == 1 and "\u4e00" <= wanted <= "\u9fff":
        asked = select(Elder).where(Elder.name.startswith(wanted), visible_elders(person))
        return list(session.scalars(asked.order_by(Elder.name, Elder.id).limit(limit)))
    if len(wanted) < 2:
        return []
    by = union(
        select(Elder.id).where(Elder.number == wanted.upper()),
        select(Elder.id).where(Elder.phone_index == blind_index("phone", wanted)),
        select(Elder.id).where(Elder.id_index == blind_index("id_number", wanted)),
        select(Elder.id).where(Elder.id.in_(contacts.callers(session, wanted))),
        select(ElderWord.elder_id).where(finding.has_word(wanted)),
    )
    asked = select(Elder).where(Elder.id.in_(by), visible_elders(person)).order_by(Elder.id).limit(limit)
    return list(session.scalars(asked))
