"""Complaints (监督投诉): against whom, who looks into it, what was found, when it was answered.

One level above the unit complained about looks into it, never the person complained about; who may not be named stays
anonymous: the answer's gist is published under its number, and names nobody.

Public: Complaint, FINDINGS, AGAINST, open_complaint, get, register, find, answered, published, published_of, satisfied,
reviewed, above, close. Source: issued plan 四(六); draft 七(五); processes P22 (rulings); R-EVAL-02; K14.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import organisation, people, roles
from care.deadlines import deadline
from care.elders import Elder
from care.numbers import number_at
from care.objections import Objections, objects
from care.organisation import prefix
from care.people import Staff
from care.personal import PathColumn
from engine import clock
from engine.db import Base, Id, Instant
from engine.tasks import TaskRow
from engine.vault import Encrypted

FINDINGS = {
    "founded": ("属实", "Founded"),
    "partly": ("部分属实", "Partly founded"),
    "unfounded": ("不属实", "Unfounded"),
    "withdrawn": ("撤回", "Withdrawn"),
}
AGAINST = {
    "worker": "township_desk",
    "village": "township_desk",
    "township": "district_desk",
    "district": "city_desk",
    "hotline": "city_desk",
    "provider": "township_desk",
    "city": "city_manager",
}
"""Who looks into it: one level above."""
SERIOUS = frozenset(("abuse", "money"))
Answers = Mapping[str, Any]


class Complaint(Base):
    """One complaint; the moments are the facts of K14. `handler` is the role that looks into it."""

    __tablename__ = "complaint"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("hotline_ticket.id"))
    channel: Mapped[str] = mapped_column(String(12), default="hotline")  # hotline, web, letter, visit, family
    anonymous: Mapped[bool] = mapped_column(default=False)
    against: Mapped[str] = mapped_column(String(12), default="village")
    against_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    about: Mapped[str] = mapped_column(String(16), default="")
    facts: Mapped[str | None] = mapped_column(Encrypted)
    handler: Mapped[str] = mapped_column(String(60), default="")
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
    registered_at: Mapped[datetime | None] = mapped_column(Instant)
    investigated_at: Mapped[datetime | None] = mapped_column(Instant)
    answer_due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    published: Mapped[str | None] = mapped_column(String(600))  # for everybody: an anonymous complaint's answer
    published_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    finding: Mapped[str] = mapped_column(String(12), default="")
    satisfied: Mapped[bool | None] = mapped_column()
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def open_complaint(
    session: Session,
    unit_path: str,
    *,
    elder_id: int | None = None,
    ticket_id: int | None = None,
    channel: str = "hotline",
    instance_id: UUID | None = None,
) -> Complaint:
    """A complaint has come; its clock of 15 working days runs from now."""
    now = clock.now()
    row = Complaint(
        number=number_at("C", now),
        elder_id=elder_id,
        unit_path=unit_path,
        ticket_id=ticket_id,
        channel=channel,
        made_at=now,
        answer_due_at=deadline("complaint_answered_15wd", now).due,
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, complaint_id: int) -> Complaint:
    return session.get_one(Complaint, complaint_id)


def register(session: Session, row: Complaint, answers: Answers) -> None:
    """Against whom, and who looks into it: one level above, and never somebody who is complained about."""
    row.registered_at = clock.now()
    row.against, row.about = str(answers["against"]), str(answers.get("about") or "")
    row.anonymous = answers.get("anonymous") is True
    row.channel = str(answers.get("channel") or row.channel)
    row.facts = str(answers.get("facts") or "") or None
    unit = _unit(session, answers.get("unit"))
    if unit is not None and row.elder_id is None:
        row.unit_path = unit
    row.against_id = _worker(session, row.unit_path, answers.get("worker"))
    row.handler = above(session, row, AGAINST[row.against])
    session.flush()


def _unit(session: Session, said: Any) -> str | None:
    """The unit of that name; None without one, or with several."""
    name = str(said or "").strip()
    city = organisation.city(session)
    levels = ("village", "township", "district")
    found = [
        each.path for level in levels for each in organisation.below(session, city.path, level) if each.name == name
    ]
    return found[0] if len(found) == 1 else None


def _worker(session: Session, unit_path: str, said: Any) -> int | None:
    name = str(said or "").strip()
    found = session.scalars(select(Staff.id).where((Staff.user_name == name) | (Staff.name == name)).limit(2)).all()
    return found[0] if name and len(found) == 1 else None


def above(session: Session, row: Complaint, role: str) -> str:
    """The role, or the first one above it whose people are not the one complained about."""
    for _ in roles.ROLES:
        level = prefix(row.unit_path, roles.role(role).level) or organisation.city(session).path
        there = set(people.holders(session, role, level))
        if row.against_id is None or not there or there - {row.against_id} == there:
            return role
        role = roles.next_level(role)
    return role


def find(session: Session, row: Complaint, finding: str) -> None:
    """What the investigation found; a complaint that was taken back is closed."""
    row.finding, row.investigated_at = finding, clock.now()
    if finding == "withdrawn":
        row.closed_at = clock.now()
    session.flush()


def answered(session: Session, row: Complaint, public: str = "") -> None:
    """The answer is given; `public` is what everybody may read of it, by the complaint's number."""
    row.answered_at = row.answered_at or clock.now()
    if public:
        row.published, row.published_at = public, clock.now()
    session.flush()


def published(session: Session, before: int | None = None, limit: int = 20) -> list[Complaint]:
    """Answers that everybody may read, the newest first; `before` goes on behind that one."""
    asked = select(Complaint).where(Complaint.published_at.is_not(None))
    if before is not None:
        asked = asked.where(Complaint.id < before)
    return list(session.scalars(asked.order_by(Complaint.id.desc()).limit(limit)))


def published_of(session: Session, number: str) -> Complaint | None:
    """The published answer of that number; None where there is none, or it was not published."""
    asked = select(Complaint).where(Complaint.number == number.strip().upper(), Complaint.published_at.is_not(None))
    return session.scalar(asked)


_NUMBERS = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|1\d{10}|0\d{2,3}-?\d{7,8})(?!\d)")
_NO_WAY_BACK = {
    "zh": "匿名投诉没有联系方式：选“匿名，公示要点”，投诉人凭编号查看",
    "en": "An anonymous complainant cannot be reached: choose «Anonymous: published»; it is read by the number",
}
_PERSONAL = {
    "zh": "公示要点人人能看：去掉电话、身份证号和人名",
    "en": "Everybody reads what is published: leave out telephones, id numbers and names",
}


@objects("complaint_answer")
def objections(session: Session, task: TaskRow, answers: Answers) -> Objections:
    """An anonymous complaint is answered in public, and nothing public names a person. Source: processes P22."""
    row = session.scalar(select(Complaint).where(Complaint.instance_id == task.instance_id))
    if row is None:
        return {}
    if row.anonymous and answers.get("way") != "public":
        return {"way": _NO_WAY_BACK}
    words = str(answers.get("published") or "")
    return {"published": _PERSONAL} if words and _is_personal(session, row, words) else {}


def _is_personal(session: Session, row: Complaint, words: str) -> bool:
    elder = session.get(Elder, row.elder_id) if row.elder_id else None
    worker = session.get(Staff, row.against_id) if row.against_id else None
    names = [each.name for each in (elder, worker) if each is not None and each.name]
    return bool(_NUMBERS.search(words)) or any(name in words for name in names)


def satisfied(session: Session, row: Complaint, yes: bool) -> None:
    row.satisfied = yes
    session.flush()


def reviewed(session: Session, row: Complaint, finding: str) -> None:
    """The next level looked at it once more; what it found stands."""
    row.finding, row.reviewed_at = finding, clock.now()
    session.flush()


def close(session: Session, row: Complaint) -> None:
    row.closed_at = row.closed_at or clock.now()
    session.flush()
