"""An elder's file as a person may read it: parts by role, numbers masked, every reading written down.

`open_file` logs the reading; `reveal` shows one masked value and logs it. Both write, so they need a session of
`jobs.transaction()`. `peek` builds the same view without a log, for cards inside a task or a case that is logged
itself. The log is only added to.

Public: File, AccessLog, open_file, peek, reveal, open_with_reason, log_of, record.
Source: people-forms-indicators 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import access, contacts, elders, masking, organisation, people, visitors, visits
from care.elders import Elder
from care.errors import NotAllowed, NotFound
from care.people import Person
from care.personal import OfElder
from care.roles import Part
from engine import clock
from engine.db import Base, Instant

REVEALED = {"id_number": Part.ID_NUMBER, "phone": Part.PHONE, "contact": Part.CONTACTS, "neighbour": Part.CONTACTS}
EMERGENCY_KEYS = ("illnesses", "drugs", "allergies", "mobility", "aids", "hospital", "blood_type")


class AccessLog(OfElder, Base):
    """Who read what of whom, when, why and from where; rows are never changed."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    what: Mapped[str] = mapped_column(String(40))  # file, card, reveal:phone, reason
    reason: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(60), default="")


@dataclass(frozen=True)
class Known:
    """A contact, neighbour or supporter; `kind` and `id` name it for `reveal`."""

    kind: str
    id: int
    name: str
    relation: str
    phone: str
    note: str = ""
    reachable: bool = True


@dataclass(frozen=True)
class Responsible:
    kind: str
    staff_id: int
    name: str
    phone: str
    away: bool


@dataclass(frozen=True)
class File:
    """What the person may read of one elder; a part that is not theirs is empty, `parts` says which are theirs."""

    id: int
    number: str
    parts: frozenset[Part]
    name: str
    unit_path: str
    unit: str
    status: str
    tier: str
    categories: tuple[str, ...]
    flags: tuple[str, ...]
    sex: str = ""
    age: int | None = None
    born_on: date | None = None
    language: str = ""
    hearing: str = ""
    address: str = ""
    way: str = ""
    phone: str = ""
    phone_kind: str = ""
    id_number: str = ""
    reached_by: str = ""
    best_time: str = ""
    do_not_call: str = ""
    door_note: str = ""
    by_two: bool = False
    heating: str = ""
    living: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    emergency_health: dict[str, Any] = field(default_factory=dict)
    health: dict[str, Any] = field(default_factory=dict)
    contacts: tuple[Known, ...] = ()
    neighbours: tuple[Known, ...] = ()
    visitors: tuple[Responsible, ...] = ()
    do_not_tell_family: bool = False

    def shows(self, part: str) -> bool:
        return Part(part) in self.parts

    @property
    def is_full(self) -> bool:
        return Part.HEALTH in self.parts or Part.LIVING in self.parts


def open_file(session: Session, person: Person, elder_id: int, *, address: str = "", reason: str = "") -> File:
    """The elder's file; the reading is logged as `file` or, for short views, as `card`. Raises NotFound."""
    elder = access.elder(session, person, elder_id)
    found = _view(session, person, elder)
    record(session, person, elder, "file" if found.is_full else "card", reason=reason, address=address)
    return found


def peek(session: Session, person: Person, elder_id: int) -> File:
    """The same view without a row in the log: for a card within a task or case. Raises NotFound."""
    return _view(session, person, access.elder(session, person, elder_id))


def open_with_reason(session: Session, person: Person, number: str, reason: str, address: str = "") -> File:
    """A city role opens a single file: the reason is logged and holds two hours."""
    elder = access.give_reason(session, person, number, reason)
    record(session, person, elder, "reason", reason=reason, address=address)
    return open_file(session, person, elder.id, address=address, reason=reason)


def reveal(session: Session, person: Person, elder_id: int, what: str, address: str = "") -> str:
    """A masked value in full: `phone`, `id_number`, `contact:<id>`, `neighbour:<id>`; logged.

    Raises NotFound, and NotAllowed where the role does not work with that part.
    """
    elder = access.elder(session, person, elder_id)
    kind, _, row = what.partition(":")
    if kind not in REVEALED or REVEALED[kind] not in access.parts(session, person, elder):
        raise NotAllowed("reveal")
    value = _value(session, elder, kind, int(row) if row.isdigit() else 0)
    record(session, person, elder, f"reveal:{what}"[:40], address=address)
    return value


def _value(session: Session, elder: Elder, kind: str, row_id: int) -> str:
    if kind in ("phone", "id_number"):
        return getattr(elder, kind) or ""
    row: contacts.Contact | contacts.Neighbour | None
    if kind == "contact":
        row = session.get(contacts.Contact, row_id)
    else:
        row = session.get(contacts.Neighbour, row_id)
    if row is None or row.elder_id != elder.id:
        raise NotFound(f"{kind} {row_id}")
    return row.phone or ""


def record(
    session: Session, person: Person, elder: Elder, what: str, *, reason: str = "", address: str = ""
) -> AccessLog:
    """Write down one reading."""
    row = AccessLog(
        at=clock.now(),
        staff_id=person.id,
        elder_id=elder.id,
        unit_path=elder.unit_path,
        what=what,
        reason=reason[:200],
        address=address[:60],
    )
    session.add(row)
    session.flush()
    return row


def record_export(session: Session, person: Person, elders: Mapping[int, str], what: str, reason: str) -> None:
    """Write down that lines of these elders (id → unit path) left the house; one statement for all."""
    at = clock.now()
    rows = [
        {"at": at, "staff_id": person.id, "elder_id": each, "unit_path": path, "what": what, "reason": reason[:200]}
        for each, path in elders.items()
    ]
    if rows:
        session.execute(insert(AccessLog), rows)


def log_of(session: Session, person: Person, elder_id: int, limit: int = 200) -> list[AccessLog]:
    """Who read this elder's file, newest first; for roles that may see the log."""
    elder = access.elder(session, person, elder_id)
    access.require(session, person, "see_log", elder)
    asked = select(AccessLog).where(AccessLog.elder_id == elder_id)
    return list(session.scalars(asked.order_by(AccessLog.at.desc(), AccessLog.id.desc()).limit(limit)))


def _view(session: Session, person: Person, elder: Elder) -> File:
    parts = access.parts(session, person, elder)
    facts: dict[str, Any] = {}
    for part, fill in _FILLS.items():
        if part in parts:
            facts |= fill(session, elder)
    return File(
        id=elder.id,
        number=elder.number,
        parts=parts,
        name=elder.name if Part.NAME in parts else masking.name(elder.name),
        unit_path=elder.unit_path,
        unit=organisation.title(session, elder.unit_path),
        status=elder.status,
        tier=elder.tier if Part.TIER in parts else "",
        categories=tuple(elder.categories or ()) if Part.TIER in parts else (),
        flags=tuple(elder.flags or ()) if Part.TIER in parts else (),
        **facts,
    )


def _person_facts(session: Session, elder: Elder) -> dict[str, Any]:
    return {
        "sex": elder.sex,
        "age": elders.age(elder),
        "born_on": elder.born_on,
        "language": elder.language,
        "hearing": elder.hearing,
    }


def _address(session: Session, elder: Elder) -> dict[str, Any]:
    return {"address": elder.address, "way": elder.way or ""}


def _phone(session: Session, elder: Elder) -> dict[str, Any]:
    return {"phone": masking.phone(elder.phone), "phone_kind": elder.phone_kind, "do_not_call": elder.do_not_call}


def _door(session: Session, elder: Elder) -> dict[str, Any]:
    return {
        "best_time": elder.best_time,
        "door_note": elder.door_note or "",
        "by_two": visits.two_needed(session, elder),
        "reached_by": elder.reached_by,
        "heating": elder.heating,
    }


def _living(session: Session, elder: Elder) -> dict[str, Any]:
    return {"living": dict(elder.living or {}), "facts": dict(elder.facts or {})}


def _emergency_health(session: Session, elder: Elder) -> dict[str, Any]:
    health = elder.health or {}
    return {"emergency_health": {key: health[key] for key in EMERGENCY_KEYS if health.get(key)}}


def _contacts(session: Session, elder: Elder) -> dict[str, Any]:
    people_to_call = tuple(
        Known("contact", each.id, each.name, each.relation, masking.phone(each.phone), reachable=each.reachable)
        for each in contacts.ordered(session, elder.id)
    )
    near = tuple(
        Known("neighbour", each.id, each.name, "neighbour", masking.phone(each.phone), each.key_note or "")
        for each in contacts.neighbours_of(session, elder.id)
    )
    return {"contacts": people_to_call, "neighbours": near, "do_not_tell_family": elder.protective_hold}


def _visitors(session: Session, elder: Elder) -> dict[str, Any]:
    found = []
    for each in visitors.of_elder(session, elder.id):
        staff = people.find_staff(session, each.staff_id)
        found.append(
            Responsible(each.kind, staff.id, staff.name, staff.phone or "", people.is_absent(session, staff.id))
        )
    order = {kind: position for position, kind in enumerate(visitors.KINDS)}
    return {"visitors": tuple(sorted(found, key=lambda each: order[each.kind]))}


_FILLS = {
    Part.AGE: _person_facts,
    Part.ADDRESS: _address,
    Part.PHONE: _phone,
    Part.ID_NUMBER: lambda session, elder: {"id_number": masking.id_number(elder.id_number)},
    Part.DOOR: _door,
    Part.LIVING: _living,
    Part.EMERGENCY_HEALTH: _emergency_health,
    Part.HEALTH: lambda session, elder: {"health": dict(elder.health or {})},
    Part.CONTACTS: _contacts,
    Part.VISITORS: _visitors,
}
