"""Calls that ring at the hotline: who calls about whom, recognised by the telephone, before anybody has answered.

The telephone system says that a call has come (`arrived`); the process `hotline_intake` makes its ticket and the
operator's task. What an operator sees of it is the short card's part: whose number it is, when the elder was last
visited, and what is under way, without the closed files. Somebody alleged of abuse is a caller like any other, and is
not told to be one.
Public: RIGHT, Call, arrived, waiting. Source: processes P21; 5.2 (hotline); persona 4; R-NET-06.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import access, contacts, elders, organisation, visits
from care.cases import Case
from care.elders import Elder
from care.hotline import Ticket
from care.people import Person
from care.visits import Visit
from engine import incoming
from engine.tasks import IS_OPEN
from engine.tasks import task as tasks

RIGHT = "answer_calls"
ELEMENT = "answer"
"""The operator's first task in `hotline_intake`."""
MOST = 20
SHOWN_TASKS = 5


@dataclass(frozen=True)
class Call:
    """One call: `task_id` is its ticket's form; `elder` is None where the number is nobody's, or several elders'."""

    ticket: Ticket
    task_id: UUID | None
    elder: Elder | None = None
    others: Sequence[Elder] = ()
    last_visit: Visit | None = None
    under_way: Sequence[tuple[str, datetime | None]] = field(default=())


def arrived(session: Session, call_id: str, phone: str, recording: str | None = None) -> bool:
    """A call has come; False when the telephone system said so before. The number goes no further than its ticket."""
    about = {"phone": phone, "channel": "phone", "recording": recording}
    sent = incoming.message(session, "call.arrived", f"call:{call_id}", about, event_id=f"call:{call_id}")
    return sent is not None


def waiting(session: Session, person: Person) -> list[Call]:
    """Calls whose kind nobody has written down, the newest first, in a constant number of questions."""
    paths = sorted({post.unit_path for post in person.posts})
    here = or_(*(organisation.within(Ticket.unit_path, path) for path in paths))
    asked = select(Ticket).where(Ticket.kind == "", Ticket.closed_at.is_(None), Ticket.channel == "phone", here)
    tickets = list(session.scalars(asked.order_by(Ticket.arrived_at.desc(), Ticket.id.desc()).limit(MOST)))
    forms = _forms(session, [row.instance_id for row in tickets if row.instance_id])
    known = {row.elder_id for row in tickets if row.elder_id}
    found = {row.id: row for row in session.scalars(select(Elder).where(Elder.id.in_(known)))}
    last = visits.last_of_each(session, known)
    under_way = _under_way(session, person, known)
    return [
        Call(
            row,
            forms.get(row.instance_id) if row.instance_id else None,
            found.get(row.elder_id or 0),
            [] if row.elder_id else _others(session, row.caller_phone),
            last.get(row.elder_id or 0),
            under_way.get(row.elder_id or 0, [])[:SHOWN_TASKS],
        )
        for row in tickets
    ]


def _forms(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, UUID]:
    c = tasks.c
    asked = select(c.instance_id, c.id).where(IS_OPEN, c.element_id == ELEMENT, c.instance_id.in_(instance_ids))
    return {row.instance_id: row.id for row in session.execute(asked)}


def _others(session: Session, phone: str | None) -> list[Elder]:
    """The elders whose number it is, or who have that contact, where these are several: a rare case, one question."""
    if not phone:
        return []
    named = {each.id for each in elders.by_phone(session, phone)} | set(contacts.callers(session, phone))
    return list(session.scalars(select(Elder).where(Elder.id.in_(named)).order_by(Elder.id).limit(MOST)))


def _under_way(
    session: Session, person: Person, elder_ids: Collection[int]
) -> dict[int, list[tuple[str, datetime | None]]]:
    """Names and due times of open tasks by elder; nothing of closed files and restricted cases."""
    restricted = select(Case.instance_id).where(Case.restricted, Case.elder_id.in_(elder_ids))
    closed = access.closed_instances(session, person) | {each for each in session.scalars(restricted) if each}
    c = tasks.c
    asked = select(c.subject_id, c.instance_id, c.name, c.due_at).where(
        IS_OPEN, c.subject_id.in_(elder_ids), c.element_id != ELEMENT
    )
    found: dict[int, list[tuple[str, datetime | None]]] = defaultdict(list)
    for row in session.execute(asked.order_by(c.due_at, c.id)):
        if row.instance_id not in closed:
            found[row.subject_id].append((row.name, row.due_at))
    return found
