"""Tickets of the hotline 96111: who called, about whom, what it became, and when the caller had an answer.

A caller is recognised by the telephone, never one who is alleged of abuse. The words of a call and the number are
encrypted; of a recording only its reference is kept, for 180 days (rulings 9.22).
Public: Ticket, KINDS, open_ticket, get, keep, praise, accepted, told, close. Source: processes P21; R-NET-06; K21.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import contacts, elders, notices, organisation
from care.deadlines import deadline
from care.elders import Elder
from care.numbers import number_at
from care.people import Staff
from care.personal import PathColumn
from engine import clock
from engine.db import Base, Id, Instant
from engine.vault import Encrypted, blind_index

KINDS = {
    "consult": ("咨询", "Question"),
    "urgent": ("紧急求助", "Urgent help"),
    "need": ("求助", "Help"),
    "order": ("派单", "Service order"),
    "errand": ("代办", "Errand"),
    "aid": ("补贴政策", "Benefit"),
    "visit": ("请求上门看看", "Please look in"),
    "duty": ("赡养问题", "Duty of support"),
    "complaint": ("投诉", "Complaint"),
    "praise": ("表扬", "Praise"),
    "withdrawal": ("撤回同意", "Withdrawal of consent"),
    "unknown": ("老人未建档", "Elder not on file"),
}
FOLLOWED = frozenset(("need", "order", "errand", "aid", "visit"))
"""Kinds that somebody else carries out: the ticket closes when that is over and the caller was told."""
Answers = Mapping[str, Any]


class Ticket(Base):
    """One call, or one text of the web page; the moments are the facts of K21.

    `kind_at`: when its kind was known; `dispatched_at`, `accepted_at`: by the village of the elder; `told_at`: when the
    caller had the answer, owed by `answer_due_at`.
    """

    __tablename__ = "hotline_ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    channel: Mapped[str] = mapped_column(String(12), default="phone")  # phone, web, mini_program
    kind: Mapped[str] = mapped_column(String(12), default="", index=True)
    caller_phone: Mapped[str | None] = mapped_column(Encrypted)
    caller_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    caller: Mapped[str] = mapped_column(String(16), default="")  # elder, family, neighbour, worker, other
    words: Mapped[str | None] = mapped_column(Encrypted)
    recording: Mapped[str | None] = mapped_column(String(80))
    promised: Mapped[bool] = mapped_column(default=False)
    arrived_at: Mapped[datetime] = mapped_column(Instant, index=True)
    kind_at: Mapped[datetime | None] = mapped_column(Instant)
    dispatched_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    answer_due_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    praised_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def open_ticket(
    session: Session,
    *,
    phone: str | None = None,
    elder_id: int | None = None,
    channel: str = "phone",
    recording: str | None = None,
    words: str | None = None,
    instance_id: UUID | None = None,
) -> Ticket:
    """A call has come; the elder is found by the telephone when it belongs to exactly one."""
    now = clock.now()
    elder = elders.get(session, elder_id) if elder_id else _by_phone(session, phone)
    row = Ticket(
        number=number_at("T", now),
        elder_id=elder.id if elder else None,
        unit_path=elder.unit_path if elder else organisation.city(session).path,
        channel=channel,
        caller_phone=phone,
        caller_index=blind_index("phone", phone) if phone else None,
        recording=recording,
        words=words,
        arrived_at=now,
        answer_due_at=deadline("hotline_answer_5wd", now).due,
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def _by_phone(session: Session, phone: str | None) -> Elder | None:
    """The elder who calls, or for whom a contact or supporter calls; None where it is not one elder alone."""
    if not phone:
        return None
    found = {each.id for each in elders.by_phone(session, phone)} | set(contacts.callers(session, phone))
    return elders.get(session, found.pop()) if len(found) == 1 else None


def get(session: Session, ticket_id: int) -> Ticket:
    return session.get_one(Ticket, ticket_id)


def keep(session: Session, row: Ticket, answers: Answers, who: int | None) -> None:
    """What the operator wrote while on the telephone."""
    row.kind, row.kind_at, row.taken_by = str(answers["kind"]), clock.now(), who
    row.caller = str(answers.get("caller") or "")
    row.words = str(answers.get("words") or row.words or "") or None
    row.promised = answers.get("promised") is True
    named = elders.by_number(session, str(answers["elder"])) if answers.get("elder") else None
    if named is not None:
        row.elder_id, row.unit_path = named.id, named.unit_path
    if row.kind in FOLLOWED:
        row.dispatched_at = row.kind_at
    session.flush()


def praise(session: Session, row: Ticket, worker: str) -> None:
    """A worker was praised; whoever it is hears of it. Without one of that name only the ticket keeps it."""
    name = worker.strip()
    named = (Staff.user_name == name) | (Staff.name == name)
    found = session.scalars(select(Staff.id).where(named).limit(2)).all()
    row.praised_id = found[0] if name and len(found) == 1 else None
    session.flush()
    notices.person(session, row.praised_id, "praised", f"ticket:{row.id}:praise")


def accepted(session: Session, row: Ticket) -> None:
    """The village took the order on (K21: within 30 minutes)."""
    row.accepted_at = row.accepted_at or clock.now()
    session.flush()


def told(session: Session, row: Ticket) -> None:
    """The caller has an answer."""
    row.told_at = row.told_at or clock.now()
    session.flush()


def close(session: Session, row: Ticket) -> None:
    """Nothing is left to do; a question that was answered on the telephone is told by that."""
    row.closed_at = clock.now()
    row.told_at = row.told_at or row.closed_at
    session.flush()
