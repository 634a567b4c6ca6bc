"""What the board and the case page say of a case: its stage and clock, who has it now, who gets it next.

Which cases a person may see: what `care.access` opens to them, those of units whose board or figures are theirs, and
those they did a task of; restricted cases (disputes, abuse) only the desks that lead them and whoever has a task in it.
Lists mask the names for whoever watches a unit without working with its files. Source: people-forms-indicators 5.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from care import access, cases, masking, organisation, people, policy_calendar, roles
from care.cases import Case
from care.people import Person
from care.roles import Part, Scope
from engine import clock, tasks
from engine.tasks import TaskRow
from web import briefs
from web.briefs import Brief
from web.language import gettext, language
from web.words import moment


@dataclass(frozen=True)
class Shown:
    """A case as a row of the board. `at` is the stage one is in, 1 to 5, 6 when closed; `due_at` of what comes next.

    `name` is as this person may read it, empty when nobody knows who it is.
    """

    case: Case
    elder: Brief | None
    name: str
    place: str
    at: int
    due_at: datetime | None
    urgent: bool
    ringing: bool
    holder: str
    doing: str
    next_words: str
    tasks: tuple[TaskRow, ...]
    names: dict[int, str]

    @property
    def kind(self) -> str:
        return spoken(cases.KINDS.get(self.case.kind, (self.case.kind, self.case.kind)))

    @property
    def level(self) -> str:
        return spoken(cases.LEVELS[self.case.level])

    @property
    def is_late(self) -> bool:
        return self.due_at is not None and self.due_at < clock.now()


def spoken(words: tuple[str, str]) -> str:
    """The side of a (Chinese, English) pair in the reader's language."""
    return words[1] if language() == "en" else words[0]


def board_paths(person: Person) -> list[str]:
    """Units whose emergencies the person watches."""
    watched = {post.unit_path for post in person.posts if "see_board" in roles.role(post.role).rights}
    paths = sorted(watched | set(access.figures_scope(person)))
    return [path for path in paths if not any(path != other and path.startswith(other) for other in paths)]


def visible(person: Person) -> ColumnElement[bool]:
    """Condition on Case: what this person may see of it; nothing for nobody."""
    c = tasks.task.c
    took_part = select(c.instance_id).where(c.instance_id.is_not(None), c.done_by == person.id)
    grants = [access.visible_cases(person), Case.instance_id.in_(took_part)]
    for post in person.posts:
        role = roles.role(post.role)
        if "see_board" in role.rights or role.figures:
            grants.append(organisation.within(Case.unit_path, post.unit_path) & Case.restricted.is_(False))
    return or_(*grants)


def works_with(person: Person, unit_path: str, part: Part = Part.NAME) -> bool:
    """Whether the person works with that part of the files of that unit, and so reads it on lists too."""
    return any(
        roles.role(post.role).scope is Scope.UNIT
        and part in roles.role(post.role).parts
        and organisation.is_within(unit_path, post.unit_path)
        for post in person.posts
    )


def _is_known_to(person: Person, elder: Brief, opened: Sequence[TaskRow], inside: bool, case: Case) -> bool:
    """Whether the name stands in full: own elder, own unit, a task of theirs, or (`inside`) an open emergency."""
    if elder.own or works_with(person, elder.unit_path):
        return True
    if any(is_theirs(person, task) for task in opened):
        return True
    return (
        inside
        and case.state == "open"
        and any(
            Part.NAME in roles.role(post.role).in_case and organisation.is_within(elder.unit_path, post.unit_path)
            for post in person.posts
        )
    )


def rows(session: Session, person: Person, wanted: Sequence[Case], inside: bool = False) -> list[Shown]:
    """Rows for these cases, in four questions however many there are; `inside`: for the page of one case."""
    opened = tasks.open_of(session, {case.instance_id for case in wanted if case.instance_id is not None})
    elders = briefs.of_elders(session, person, {case.elder_id for case in wanted if case.elder_id is not None})
    places = briefs.unit_names(session, {case.unit_path for case in wanted})
    holders = {task.claimed_by or task.assignee_id for each in opened.values() for task in each}
    names = people.names(session, {each for each in holders if each is not None})
    shown = []
    for case in wanted:
        open_tasks = tuple(opened.get(case.instance_id, ())) if case.instance_id is not None else ()
        elder = elders.get(case.elder_id) if case.elder_id is not None else None
        known = elder is not None and _is_known_to(person, elder, open_tasks, inside, case)
        shown.append(_shown(case, elder, known, places.get(case.unit_path, ""), open_tasks, names))
    return shown


def _shown(
    case: Case, elder: Brief | None, known: bool, place: str, opened: tuple[TaskRow, ...], names: dict[int, str]
) -> Shown:
    opened = tuple(sorted(opened, key=_pressing))
    first = opened[0] if opened else None
    urgent = case.handled_at is None and case.level != "general"
    taken = [task for task in opened if task.claimed_by is not None]
    lead = taken[0] if taken else first
    return Shown(
        case=case,
        elder=elder,
        name="" if elder is None else elder.name if known else masking.name(elder.name),
        place=elder.address if elder and elder.address and urgent and known else place,
        at=stage_at(case),
        due_at=due_at(case, first),
        urgent=urgent,
        ringing=urgent and bool(opened) and not taken and not case.locked,
        holder=holder_of(lead, names) if lead else "",
        doing=lead.name if lead else "",
        next_words=next_words(min((task for task in opened if task.next_at), key=_handed_on, default=None)),
        tasks=opened,
        names=names,
    )


def _pressing(task: TaskRow) -> float:
    return task.due_at.timestamp() if task.due_at else 9e12


def _handed_on(task: TaskRow) -> float:
    return task.next_at.timestamp() if task.next_at else 9e12


def is_theirs(person: Person, task: TaskRow) -> bool:
    """Whether the task is in the person's worklist."""
    return access.holds(person, task) or access.has_as_well(person, task)


def holder_of(task: TaskRow, names: dict[int, str]) -> str:
    """«监测席 赵丽»: who took the task, else whom it is for."""
    name = names.get(task.claimed_by or task.assignee_id or 0, "")
    return f"{role_title(task.role)} {name}".strip()


def role_title(code: str) -> str:
    """The title of a role in the reader's language; an unknown one as it is."""
    return roles.title(code, language()) if roles.is_known(code) else code


def next_words(task: TaskRow | None) -> str:
    """«09:16 社区»: who gets the task next and at what minute; empty when nobody follows."""
    if task is None or task.next_at is None or task.next_role is None:
        return ""
    return gettext(
        "%(time)s %(who)s", time=moment(task.next_at, clock.now(), language()), who=role_title(task.next_role)
    )


def stage_at(case: Case) -> int:
    """Number of the stage the case is in: 1 发现, 2 上报, 3 处置, 4 反馈, 5 复核; 6 when it is closed."""
    if case.state != "open":
        return 6
    if case.fed_back_at is not None:
        return 5
    if case.handled_at is not None:
        return 4
    return 3 if case.reported_at is not None else 2


def due_at(case: Case, first: TaskRow | None) -> datetime | None:
    """What the clock on the row counts: the pressing task, else the feedback, else the review."""
    if case.state != "open":
        return None
    stage = stage_at(case)
    if stage == 4:
        return cases.feedback_due_at(case)
    if stage == 5:
        return case.review_due_at or (policy_calendar.working_days_after(case.fed_back_at or clock.now(), 3)[0])
    return first.due_at if first is not None else cases.feedback_due_at(case)
