"""The ladder of lateness: who gets a task when it is not done in time, and the notices on the way.

visitor → visitor B → village → township → district → city desk, as the policy set's `ladder.json` lists them; other
roles join it where care/roles.py says. A level
whose only people hold the task already, or may not do it, is passed over, and so is one where nobody is there.

Public: the registered answers ladder_of and ladder_tells. Source: processes 4.0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import people, policies, roles, visitors
from care.organisation import prefix
from care.people import Post, Staff
from engine import clock, outgoing, work
from engine.operations import Assignment, Undone, answers_question

TOP = "city_desk"
_PERSONAL = "visitor_b"
Place = tuple[str, str]


@answers_question("ladder_of")
def ladder_of(session: Session, undone: Undone) -> Assignment | None:
    """The level above whoever has the task now, in the elder's unit; None above the city desk."""
    last = undone.also or undone.holder
    if undone.also is not None and last.role == TOP:
        return None
    levels = list(_above(last.role, undone))
    there = _there(session, [*levels, (undone.holder.role, undone.holder.unit_path)])
    holder = undone.holder.person_id
    avoid = undone.avoid | ({holder} if holder is not None else there[undone.holder.role, undone.holder.unit_path])
    if undone.also is not None and undone.also.person_id is not None:
        avoid |= {undone.also.person_id}
    for role, path in levels:
        if role == _PERSONAL:
            second = None if undone.subject.id is None else visitors.visitor_b(session, undone.subject.id)
            if second is not None and second not in avoid and not people.is_absent(session, second):
                return Assignment(role, path, second, "handed_up")
        elif there[role, path] - avoid:
            return Assignment(role, path, None, "handed_up")
    return None


def _above(role: str, undone: Undone) -> Iterator[Place]:
    """(role, unit path) of the levels above a role, up to the city desk; those that the place does not reach left out.

    A role that care does not know has the city desk above it.
    """
    path = undone.subject.unit_path
    seen = {role}
    policy = undone.subject.policy
    levels = policies.ladder(policy if policy in policies.policy_sets() else policies.DEFAULT_POLICY)
    code = _next(role, levels) if roles.is_known(role) else TOP
    while code not in seen:
        seen.add(code)
        unit_path = path if code == _PERSONAL else prefix(path, roles.role(code).level)
        if unit_path is not None:
            yield code, unit_path
        if code == TOP:
            return
        code = _next(code, levels)


def _next(role: str, levels: tuple[str, ...]) -> str:
    return levels[levels.index(role) + 1] if role in levels[:-1] else roles.next_level(role)


def _there(session: Session, levels: list[Place]) -> defaultdict[Place, frozenset[int]]:
    """Who holds these posts and is there now, in one question."""
    asked = (
        select(Post.role, Post.unit_path, Post.staff_id)
        .join(Staff, Staff.id == Post.staff_id)
        .where(
            or_(*((Post.role == role) & (Post.unit_path == path) for role, path in levels)),
            people.held_today(),
            ~people.absent(Post.staff_id),
            or_(Staff.until_on.is_(None), Staff.until_on > clock.today()),
        )
    )
    found: defaultdict[Place, frozenset[int]] = defaultdict(frozenset)
    for role, path, staff_id in session.execute(asked):
        found[role, path] |= {staff_id}
    return found


@answers_question("ladder_tells")
def ladder_tells(session: Session, what: str, undone: Undone, to: Assignment) -> None:
    """A notice on the screen of whoever it is for, once per task, occasion and level; ids and codes only."""
    whom = {"person": to.person_id} if to.person_id is not None else {"role": to.role, "unit_path": to.unit_path}
    outgoing.record(
        session,
        "screen",
        f"task:{undone.task_id}:{what}:{to.role}",
        lane=work.ALARM if undone.urgent else work.NORMAL,
        template=what,
        task=str(undone.task_id),
        **whom,
    )
