"""What the board and the case page say of a case: its stage and clock, who has it now, who gets it next.

Which cases a person may see: those of units whose board or figures are theirs, of their own elders, and those a task of
theirs belongs to; restricted cases (disputes, abuse) only to the desks that lead them and to whoever has a task in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from care import access, cases, people, policy_calendar, roles
from care.cases import Case
from care.people import Person
from engine import clock, tasks
from engine.tasks import TaskRow
from web import briefs
from web.briefs import Brief
from web.language import gettext, language

TEAM = frozenset(
    ("village_desk", "township_desk", "township_lead", "district_desk", "district_lead", "district_emergency")
)


@dataclass(frozen=True)
class Shown:
    """A case as a row of the board. `at` is the stage one is in, 1 to 5, 6 when closed; `due_at` of what comes next."""

    case: Case
    elder: Brief | None
    place: str
    at: int
    due_at: datetime | None
    urgent: bool
    ringing: bool
    holder: str
    doing: str
    next_words: str
    tasks: tuple[TaskRow, ...]

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
    mine = _by_task(person)
    grants: list[ColumnElement[bool]] = [Case.instance_id.in_(mine)]
    for post in person.posts:
        role = roles.role(post.role)
        if "see_board" not in role.rights and not role.figures:
            continue
        below = (Case.unit_path >= post.unit_path) & (Case.unit_path < post.unit_path[:-1] + "0")
        grants.append(below if post.role in TEAM else below & Case.restricted.is_(False))
    grants.append(access.visible(person, Case.elder_id, Case.unit_path) & Case.restricted.is_(False))
    return or_(*grants)


def _by_task(person: Person) -> Select[tuple[UUID | None]]:
    c = tasks.task.c
    held = [(c.role == role) & (c.unit_path == path) for role, path in sorted(person.worklist_posts)]
    done = c.done_by == person.id
    return select(c.instance_id).where(c.instance_id.is_not(None), or_(c.assignee_id == person.id, done, *held))


def rows(session: Session, person: Person, wanted: Sequence[Case]) -> list[Shown]:
    """Rows for these cases, in four questions however many there are."""
    opened = tasks.open_of(session, {case.instance_id for case in wanted if case.instance_id is not None})
    elders = briefs.of_elders(session, person, {case.elder_id for case in wanted if case.elder_id is not None})
    places = briefs.unit_names(session, {case.unit_path for case in wanted})
    holders = {task.claimed_by or task.assignee_id for each in opened.values() for task in each}
    names = people.names(session, {each for each in holders if each is not None})
    return [
        _shown(
            case,
            elders.get(case.elder_id) if case.elder_id is not None else None,
            places.get(case.unit_path, ""),
            tuple(opened.get(case.instance_id, ())) if case.instance_id is not None else (),
            names,
        )
        for case in wanted
    ]


def _shown(case: Case, elder: Brief | None, place: str, opened: tuple[TaskRow, ...], names: dict[int, str]) -> Shown:
    first = opened[0] if opened else None
    urgent = case.handled_at is None and case.level != "general"
    taken = [task for task in opened if task.claimed_by is not None]
    holder = names.get(_holder(taken[0]), "") if taken else (_who(first, names) if first else "")
    return Shown(
        case=case,
        elder=elder,
        place=elder.address if elder and elder.address and urgent else place,
        at=stage_at(case),
        due_at=due_at(case, first),
        urgent=urgent,
        ringing=urgent and bool(opened) and not taken and not case.locked,
        holder=holder,
        doing=(taken or list(opened))[0].name if opened else "",
        next_words=next_words(first),
        tasks=opened,
    )


def _holder(task: TaskRow) -> int:
    return task.claimed_by or task.assignee_id or 0


def _who(task: TaskRow, names: dict[int, str]) -> str:
    title = roles.title(task.role, language()) if roles.is_known(task.role) else task.role
    name = names.get(task.assignee_id or 0, "")
    return f"{title} {name}".strip()


def next_words(task: TaskRow | None) -> str:
    """«09:16 社区»: who gets the task next and at what minute; empty when nobody follows."""
    if task is None or task.next_at is None or task.next_role is None:
        return ""
    title = roles.title(task.next_role, language()) if roles.is_known(task.next_role) else task.next_role
    return gettext("%(time)s %(who)s", time=f"{clock.local(task.next_at):%H:%M}", who=title)


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
