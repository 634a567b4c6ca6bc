"""Supporters (who owe care by law), the ordered contact persons (whom to call), and neighbours with a key.

Telephones are encrypted. Whoever is an alleged abuser is left out of `ordered` and `notifiable` and is never shown
why; while an elder is under protective hold, no family contact is called at all and community steps in.

Public: Supporter, Contact, Neighbour, RELATIONS, add_supporter, set_order, ordered, notifiable, may_hear, in_turn,
first, supporters_of, neighbours_of, callers, record_check, decision_input.
Source: policy 3.6; processes P06; R-USR-05.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, delete, false, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.errors import RuleBroken
from care.personal import OfElder
from engine import clock
from engine.db import Base, Document, Instant
from engine.vault import Encrypted, blind_index

MOST_CONTACTS = 5
RELATIONS = {
    "child": ("子女", "Child"),
    "spouse": ("配偶", "Spouse"),
    "parent": ("父母", "Parent"),
    "sibling": ("兄弟姐妹", "Sibling"),
    "grandparent": ("祖父母", "Grandparent"),
    "grandchild": ("孙子女", "Grandchild"),
    "other": ("其他亲友", "Other"),
    "neighbour": ("邻居", "Neighbour"),
    "community": ("嘎查村（社区）", "Village duty desk"),
}
NEAR_RELATIVES = ("spouse", "parent", "sibling", "grandparent", "grandchild")


class Supporter(OfElder, Base):
    """One who owes support, or a near relative; `distance` 0 is the same home, then same area, city, elsewhere.

    `duties`: money, care and comfort, each yes, partly, no or unknown. `wished`: the elder wrote down to call this one
    first. `declined`: asked to be the contact and would not. `listed`: on the family's list as it stands; who has died
    or was left off it is kept for the record.
    """

    __tablename__ = "supporter"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    relation: Mapped[str] = mapped_column(String(16))
    phone: Mapped[str | None] = mapped_column(Encrypted)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    place: Mapped[str] = mapped_column(String(80), default="")
    distance: Mapped[int] = mapped_column(default=0)
    adult: Mapped[bool] = mapped_column(default=True)
    capable: Mapped[bool] = mapped_column(default=True)
    alleged_abuser: Mapped[bool] = mapped_column(default=False)
    reachable: Mapped[bool] = mapped_column(default=True)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    duties: Mapped[Any] = mapped_column(Document, default=dict, server_default="{}")
    wished: Mapped[bool] = mapped_column(default=False, server_default=false())
    wish_reason: Mapped[str | None] = mapped_column(Encrypted)
    declined: Mapped[bool] = mapped_column(default=False, server_default=false())
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())


class Contact(OfElder, Base):
    """A contact person: `position` 1 is called first. A village desk is a post with its duty telephone, no person."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column()
    supporter_id: Mapped[int | None] = mapped_column(ForeignKey("supporter.id"), index=True)
    relation: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(Encrypted)
    phone_index: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    outside_home: Mapped[bool] = mapped_column(default=True)
    accepts_alarms: Mapped[bool] = mapped_column(default=True)
    excluded: Mapped[bool] = mapped_column(default=False)  # alleged abuser: never notified, never told why
    reachable: Mapped[bool] = mapped_column(default=True)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_days: Mapped[int] = mapped_column(default=0)  # different days with a call in vain; 3 make unreachable


class Neighbour(OfElder, Base):
    """A neighbour or key holder (结对邻居); `key_note`: where a key is and who was told."""

    __tablename__ = "neighbour"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(Encrypted)
    has_key: Mapped[bool] = mapped_column(default=False)
    key_note: Mapped[str | None] = mapped_column(Encrypted)
    has_vehicle: Mapped[bool] = mapped_column(default=False)


def add_supporter(
    session: Session, elder: Elder, name: str, relation: str, phone: str | None = None, **facts: Any
) -> Supporter:
    """A relative of the elder; `relation` is a key of RELATIONS."""
    if relation not in RELATIONS:
        raise ValueError(f"no such relation: {relation!r}")
    row = Supporter(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        name=name,
        relation=relation,
        phone=phone,
        phone_index=blind_index("phone", phone) if phone else None,
        **facts,
    )
    session.add(row)
    session.flush()
    return row


def new_contact(elder: Elder, position: int, name: str, relation: str, phone: str, **facts: Any) -> Contact:
    """A row that is not yet in the session."""
    return Contact(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        position=position,
        name=name,
        relation=relation,
        phone=phone,
        phone_index=blind_index("phone", phone),
        **facts,
    )


def set_order(session: Session, elder: Elder, wanted: Sequence[Contact]) -> list[Contact]:
    """Make these the elder's contacts, in this order; the ones before are replaced.

    Raises RuleBroken above five, and when one of them is excluded as an alleged abuser.
    """
    if len(wanted) > MOST_CONTACTS:
        raise RuleBroken("联系人最多5位", "an elder has at most five contacts")
    if any(each.excluded for each in wanted):
        raise RuleBroken("该联系人不能列入", "this contact may not be listed")
    kept = [each.id for each in wanted if each.id is not None]
    session.execute(delete(Contact).where(Contact.elder_id == elder.id, ~Contact.excluded, Contact.id.not_in(kept)))
    for position, each in enumerate(wanted, start=1):
        each.elder_id, each.unit_path, each.position = elder.id, elder.unit_path, position
        session.add(each)
    session.flush()
    return list(wanted)


def ordered(session: Session, elder_id: int) -> list[Contact]:
    """Contact persons in the order they are called; none of them an alleged abuser."""
    asked = select(Contact).where(Contact.elder_id == elder_id, ~Contact.excluded)
    return list(session.scalars(asked.order_by(Contact.position, Contact.id)))


def notifiable(session: Session, elder_id: int) -> list[Contact]:
    """Whom a notice may go to now: agreed to alarms, no protective hold, the elder not dead (P34)."""
    found = [each for each in ordered(session, elder_id) if each.accepts_alarms]
    return [each for each in found if may_hear(session, each)]


def may_hear(session: Session, contact: Contact) -> bool:
    """Whether anything may be written to this person now: not excluded, notices neither stopped nor held."""
    elder = session.get(Elder, contact.elder_id)
    if elder is None or contact.excluded or elder.status == "exited" or (elder.plan or {}).get("notices_stopped"):
        return False
    return contact.relation == "community" or not elder.protective_hold


def first(session: Session, elder_id: int) -> Contact | None:
    """The first contact that may be notified, reachable ones before others."""
    found = notifiable(session, elder_id)
    return next((each for each in found if each.reachable), found[0] if found else None)


def in_turn(session: Session, elder_id: int, attempt: int) -> Contact | None:
    """The contact whose turn it is; `attempt` counts from 1. None past the end."""
    found = notifiable(session, elder_id)
    return found[attempt - 1] if 0 < attempt <= len(found) else None


def supporters_of(session: Session, elder_id: int) -> list[Supporter]:
    asked = select(Supporter).where(Supporter.elder_id == elder_id)
    return list(session.scalars(asked.order_by(Supporter.wished.desc(), Supporter.distance, Supporter.id)))


def neighbours_of(session: Session, elder_id: int) -> list[Neighbour]:
    asked = select(Neighbour).where(Neighbour.elder_id == elder_id)
    return list(session.scalars(asked.order_by(Neighbour.has_key.desc(), Neighbour.id)))


def callers(session: Session, phone: str) -> list[int]:
    """Ids of the elders whose contact or supporter calls from this number (hotline pop-up); never by one alleged of
    abuse (R-USR-05)."""
    wanted = blind_index("phone", phone)
    by_contact = select(Contact.elder_id).where(Contact.phone_index == wanted, ~Contact.excluded)
    by_supporter = select(Supporter.elder_id).where(Supporter.phone_index == wanted, ~Supporter.alleged_abuser)
    return sorted(set(session.scalars(by_contact)) | set(session.scalars(by_supporter)))


def record_check(session: Session, contact: Contact, answered: bool) -> None:
    """A call to check reachability: three failed calls on different days make the contact unreachable."""
    moment = clock.now()
    if answered:
        contact.failed_days, contact.reachable = 0, True
    elif contact.checked_at is None or clock.local(contact.checked_at).date() != clock.today():
        contact.failed_days += 1
        contact.reachable = contact.failed_days < 3
    contact.checked_at = moment
    session.flush()


def decision_input(session: Session, elder_id: int) -> dict[str, list[dict[str, Any]]]:
    """Children and near relatives in the order of preference, as the decision `contact_person` takes them.

    The elder's written wish first, then the nearest; who declined to be the contact, or is off the list, is left out.
    """
    return _input([each for each in supporters_of(session, elder_id) if each.listed and not each.declined])


def decision_inputs(session: Session, elder_ids: Collection[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """`decision_input` of many elders in one question."""
    asked = select(Supporter).where(Supporter.elder_id.in_(elder_ids), Supporter.listed, ~Supporter.declined)
    families: dict[int, list[Supporter]] = {each: [] for each in elder_ids}
    for row in session.scalars(asked.order_by(Supporter.wished.desc(), Supporter.distance, Supporter.id)):
        families[row.elder_id].append(row)
    return {elder_id: _input(family) for elder_id, family in families.items()}


def _input(found: list[Supporter]) -> dict[str, list[dict[str, Any]]]:
    return {
        "children": [_asked(each) for each in found if each.relation == "child"],
        "near_relatives": [
            {**_asked(each), "relation": each.relation} for each in found if each.relation in NEAR_RELATIVES
        ],
    }


def _asked(supporter: Supporter) -> dict[str, Any]:
    keys = ("id", "adult", "reachable", "capable", "alleged_abuser")
    return {key: getattr(supporter, key) for key in keys}
