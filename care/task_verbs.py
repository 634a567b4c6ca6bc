"""Who may use which verb on a task, whom it may be given to, and how people hear of it.

A task is passed on only to somebody who holds its role, or one above it in the ladder, near the task: at the units it
lies in, or below the same township. Asked to sign, told or mentioned is anybody with a working post there. Whoever is
absent is not among them. Notices carry ids and codes only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from care import access, leaves, people, roles
from care.errors import NotFound, RuleBroken
from care.organisation import LEVELS, prefix
from care.people import Person, Post, Staff
from engine import clock, history, outgoing, submissions, tasks, work
from engine.operations import answers_question
from engine.tasks import TaskRow, signers
from engine.verbs.policy import DOER, HOLDER, VERBS

PASSED_ON = frozenset(("transfer", "delegate"))
NO_WORKERS = frozenset(("family", "elder", "self_test", "designer", "admin", "auditor"))
MOST = 300


@dataclass(frozen=True)
class Colleague:
    """Somebody whom a task may be given to; `roles` are codes, `unit_path` is where the first of the posts is."""

    id: int
    name: str
    roles: tuple[str, ...]
    unit_path: str = ""


def require(session: Session, person: Person, verb: str, row: TaskRow) -> None:
    """Raises NotFound for a task that the person may not even see, NotAllowed for a verb that is not theirs."""
    who = VERBS.get(verb)
    if who is None:
        raise NotFound(verb)
    if who == DOER:
        if not _has_done(session, person, row):
            raise NotFound(str(row.id))
    elif who == HOLDER:
        access.require(session, person, "claim" if verb == "claim" else "complete", row)
    else:
        access.require(session, person, "see", row)


def _has_done(session: Session, person: Person, row: TaskRow) -> bool:
    """Whether the person finished the task, handed it in to co-signers, or was the last to change who has it."""
    if row.done_by == person.id or history.last_of(session, person.id, row.id) is not None:
        return True
    waiting = submissions.newest(session, row.id, submissions.SIGNING)
    return waiting is not None and waiting.who == person.id


def colleagues(session: Session, row: TaskRow, verb: str, without: Collection[int] = ()) -> list[Colleague]:
    """Whom this verb may give the task to: first who holds the role itself, then those above it, by name."""
    wanted = _ladder(row.role) if verb in PASSED_ON else None
    found: dict[int, Colleague] = {}
    asked = (
        select(Staff.id, Staff.name, Post.role, Post.unit_path)
        .join(Staff, Staff.id == Post.staff_id)
        .where(_near(row.unit_path), people.held_today(), ~people.absent(Post.staff_id))
        .where(or_(Staff.until_on.is_(None), Staff.until_on > clock.today()), Staff.id.not_in(list(without)))
        .where(Post.role.in_(wanted) if wanted is not None else Post.role.not_in(NO_WORKERS))
        .order_by(Staff.name, Staff.id)
        .limit(MOST)
    )
    for staff_id, name, role, unit_path in session.execute(asked):
        known = found.get(staff_id) or Colleague(staff_id, name, (), unit_path)
        found[staff_id] = replace(known, roles=tuple(dict.fromkeys((*known.roles, role))))
    return sorted(found.values(), key=lambda each: (row.role not in each.roles, each.name, each.id))


def require_colleagues(session: Session, row: TaskRow, verb: str, chosen: Collection[int]) -> None:
    """Raises RuleBroken when one of these people is not among `colleagues`."""
    if not set(chosen) <= {each.id for each in colleagues(session, row, verb)}:
        raise RuleBroken("只能选列出来的同事", "choose among the colleagues listed")


def require_holders(session: Session, row: TaskRow) -> None:
    """Raises RuleBroken when a task that is given back would be nobody's."""
    if not people.holders(session, row.role, row.unit_path):
        raise RuleBroken(
            "这个岗位没有别人能接，请转办给某个人", "nobody else holds this post: transfer it to somebody instead"
        )


def leave(
    session: Session,
    person: Person,
    stand_in: int,
    until_at: datetime | None,
    reason: str = "",
    from_at: datetime | None = None,
) -> int | None:
    """From then on (default now) every open task of the person is the stand-in's, and new ones go there; how many went
    over now, None when it begins later. The handing over of P36 follows.

    Raises RuleBroken when the stand-in is none of `stand_ins`, or away meanwhile.
    """
    if stand_in not in {each.id for each in stand_ins(session, person)}:
        raise RuleBroken("只能选列出来的同事", "choose among the colleagues listed")
    if until_at is not None and until_at <= clock.now():
        raise RuleBroken("回岗时间要在以后", "the day of return lies in the future")
    return leaves.take(session, person.id, stand_in, from_at, until_at, reason)


def stand_ins(session: Session, person: Person) -> list[Colleague]:
    """Who may stand in for a worker: who holds one of the same roles, or one above it, near one of the posts."""
    found: dict[int, Colleague] = {}
    for post in person.posts:
        if post.stands_in_for is None:
            row = _at(post.role, post.unit_path)
            found |= {each.id: each for each in colleagues(session, row, "transfer", [person.id])}
    return sorted(found.values(), key=lambda each: (each.name, each.id))


def _at(role: str, unit_path: str) -> TaskRow:
    """A task that a post could have, to ask who else could."""
    return TaskRow(
        UUID(int=0), None, None, "", "", None, None, role, unit_path, None, None, "", None, None, None, None, None,
        clock.now(),
    )  # fmt: skip


def _ladder(role: str) -> set[str]:
    """A role with those above it."""
    found: set[str] = set()
    while role not in found and roles.is_known(role):
        found.add(role)
        role = roles.next_level(role)
    return found


def _near(path: str) -> ColumnElement[bool]:
    """Posts at the units that a place lies in, or below its township."""
    above = [found for level in LEVELS if (found := prefix(path, level)) is not None]
    around = prefix(path, "township") or path
    return or_(Post.unit_path.in_([*above, path]), tasks.below(Post.unit_path, around))


@answers_question("back_to")
def back_to(session: Session, person_id: int) -> int | None:
    """The person, the stand-in while they are away, None when the account is closed or nobody stands in."""
    found = people.person(session, person_id)
    if found is None or not found.is_active:
        return None
    return people.stand_in(session, person_id) if people.is_absent(session, person_id) else person_id


@answers_question("verb_tells")
def verb_tells(session: Session, what: str, row: TaskRow, to: Collection[int], by: int) -> None:
    """A notice on the screens of these people."""
    for person_id in to:
        _notice(session, what, row, f"{person_id}:{clock.now().isoformat()}", by, person=person_id)


@answers_question("verb_urges")
def verb_urges(session: Session, row: TaskRow, by: int, word: UUID) -> None:
    """A notice to whoever has the task: its holder, those who have yet to sign it, or everybody of its role."""
    waiting = signers.outstanding(signers.of(session, row.id))
    holders = [each.assignee_id for each in waiting if each.state == tasks.OPEN] if waiting else [row.assignee_id]
    people_there = [each for each in holders if each is not None]
    for person_id in people_there:
        _notice(session, "urged", row, f"{person_id}:{word}", by, person=person_id)
    if not people_there:
        _notice(session, "urged", row, f"{row.role}:{word}", by, role=row.role, unit_path=row.unit_path)


def _notice(session: Session, what: str, row: TaskRow, occasion: str, by: int, **whom: object) -> None:
    lane = work.ALARM if row.priority == "urgent" else work.NORMAL
    key = f"task:{row.id}:{what}:{occasion}"[:200]
    outgoing.record(session, "screen", key, lane=lane, template=what, task=str(row.id), by=by, **whom)
