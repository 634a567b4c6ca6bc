"""Proposing who becomes responsible for an elder: candidates with their load, and what speaks against a proposal.

Rules: A is not B; both have an account; no relative of the elder and nobody alleged of abuse may be either (the
sentence never says which of the two); above SUGGESTED elders a reason is needed, and where neither speaks the elder's
language though somebody of the village does.
Public: Proposal, SUGGESTED, candidates, check, assign. Source: processes P05 (rulings); R-PRJ-12; R-USR-02.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from care import contacts, people, visitors
from care.contacts import Neighbour
from care.elders import Elder
from care.organisation import prefix, within
from care.people import Post, Staff
from care.visitors import Responsibility, holds_today
from engine import clock

SUGGESTED = 30
EVERYBODYS = "汉语"
"""The language that every worker is taken to speak."""
VISITING_ROLES = ("visitor", "grid_worker", "village_desk")
Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One who could become visitor: `load` is the weight of the elders there already, high 4, key 2, general 1;
    `team`: care/people/kinds.py."""

    staff_id: int
    name: str
    load: int
    speaks_it: bool
    team: str = ""


@dataclass(frozen=True)
class Proposal:
    """A proposal as far as it could be understood; `problem` is the sentence that sends it back, "" when none does."""

    visitor_id: int | None
    visitor_b_id: int | None
    problem: str


def candidates(session: Session, elder: Elder, limit: int = 8) -> list[Candidate]:
    """Visitors of the elder's village who are there: first who speaks the elder's language, then the main force before
    volunteers, then the least load. Source: P05; issued plan 五(一); R-USR-02, R-PRJ-11."""
    village = prefix(elder.unit_path, "village") or elder.unit_path
    asked = (
        select(Staff)
        .join(Post, Post.staff_id == Staff.id)
        .where(Post.role == "visitor", within(Post.unit_path, village), people.held_today(), _open_account())
        .distinct()
    )
    found = [
        Candidate(each.id, each.name, visitors.load(session, each.id), elder.language in each.speaks, each.team)
        for each in session.scalars(asked).all()
        if not people.is_absent(session, each.id)
    ]
    return sorted(found, key=lambda each: (not each.speaks_it, each.team == "volunteers", each.load, each.staff_id))[
        :limit
    ]


def _open_account() -> Any:
    return or_(Staff.until_on.is_(None), Staff.until_on > clock.today())


def check(session: Session, elder: Elder, answers: Answers) -> Proposal:
    """Who was meant, and what speaks against it; names are looked for among the workers of the elder's township."""
    a, b = _worker(session, elder, answers.get("visitor")), _worker(session, elder, answers.get("visitor_b"))
    return Proposal(a, b, _problem(session, elder, a, b, answers))


def _worker(session: Session, elder: Elder, said: Any) -> int | None:
    """The worker of that user name or name; None when there is none, or more than one."""
    text = str(said or "").strip()
    township = prefix(elder.unit_path, "township") or elder.unit_path
    asked = (
        select(Staff.id)
        .join(Post, Post.staff_id == Staff.id)
        .where(
            or_(Staff.user_name == text, Staff.name == text),
            Post.role.in_(VISITING_ROLES),
            within(Post.unit_path, township),
            people.held_today(),
            _open_account(),
        )
        .distinct()
    )
    found = session.scalars(asked.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _problem(session: Session, elder: Elder, a: int | None, b: int | None, answers: Answers) -> str:
    if a is None or b is None:
        return f"{'A' if a is None else 'B'}角不在本乡镇（街道）的探访人员里，或有重名，请写账号"
    if a == b:
        return "A角与B角不能是同一人"
    relatives = {each.name for each in contacts.supporters_of(session, elder.id)}
    names = people.names(session, (a, b))
    if relatives & set(names.values()):
        return "该人员不能任这位老人的责任人"
    if _served(session, a) >= SUGGESTED and not answers.get("overload_reason"):
        return f"A角已负责{_served(session, a)}位老人，请换人或写明理由"
    if not answers.get("language_reason") and _is_not_understood(session, elder, (a, b)):
        return f"A角、B角都不会{elder.language}，请换会的人，或写明怎么听懂老人的话"
    return ""


def _is_not_understood(session: Session, elder: Elder, proposed: tuple[int, int]) -> bool:
    """Neither speaks the elder's language, and somebody who could be asked does. Source: R-USR-02."""
    if elder.language == EVERYBODYS:
        return False
    spoken = session.scalars(select(Staff.speaks).where(Staff.id.in_(proposed)))
    return not any(elder.language in each for each in spoken) and any(
        each.speaks_it for each in candidates(session, elder)
    )


def _served(session: Session, staff_id: int) -> int:
    asked = select(func.count(Responsibility.id)).where(
        Responsibility.staff_id == staff_id, Responsibility.kind == "visitor", holds_today()
    )
    return session.scalar(asked) or 0


def assign(session: Session, elder: Elder, visitor_id: int, visitor_b_id: int, answers: Answers) -> None:
    """Make them responsible from the agreed day, not before today; service people without an account are neighbours."""
    start = max(date.fromisoformat(str(answers.get("from_on") or clock.today())), clock.today())
    if visitors.visitor(session, elder.id) == visitor_b_id or visitors.visitor_b(session, elder.id) == visitor_id:
        start = clock.today()  # A and B change places: on no day may one be both
    for kind in ("visitor", "visitor_b"):
        visitors.end(session, elder.id, kind, start)
    visitors.name(session, elder, "visitor", visitor_id, start).note = str(answers.get("pairing_body") or "")
    visitors.name(session, elder, "visitor_b", visitor_b_id, start)
    for said in answers.get("service_people") or []:
        worker = _worker(session, elder, said.get("name"))
        if worker is not None:
            visitors.name(session, elder, "service_person", worker, start).note = str(said.get("role") or "")
        else:
            _neighbour(session, elder, said)
    elder.plan = {
        **(elder.plan or {}),
        "boundary": answers.get("boundary"),
        "emergency_duty": answers.get("emergency_duty"),
    }
    session.flush()


def _neighbour(session: Session, elder: Elder, said: Answers) -> None:
    known = {each.name for each in contacts.neighbours_of(session, elder.id)}
    if said["name"] not in known:
        session.add(Neighbour(elder_id=elder.id, unit_path=elder.unit_path, name=said["name"], phone=said.get("phone")))
