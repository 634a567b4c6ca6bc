"""The check of an elder's contacts: who was listed and called, who declined, and the order that follows.

A supporter who is an alleged abuser stands on no list that these functions read from or write to a form, and nothing
a form says changes that row. Until the one who is to be first has declined, that contact does receive alarms: an
unanswered question must not leave an alarm without anybody.

Public: list_kin, keep_list, to_call, keep_calls, unreached_child, has_second, keep_order, keep_agreement, due_again.
Source: processes P06; policy 3.6; R-FAM-01, R-FAM-06.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from care import contacts
from care.contacts import MOST_CONTACTS, NEAR_RELATIVES, RELATIONS, Contact, Supporter
from care.elders import Elder
from engine import clock
from engine.expressions import Duration
from engine.vault import blind_index

DISTANCES = ("home", "area", "city", "far")
DUTIES = ("money", "care", "comfort")
CHECK_EVERY = Duration(-6)
Answers = Mapping[str, Any]


def list_kin(session: Session, elder: Elder) -> None:
    """Children and near relatives who are contacts only by a list that was brought in stand on the family's list too.

    So the village sees them in the form, and whoever it takes off there is no contact any more.
    """
    family = contacts.supporters_of(session, elder.id)
    for each in contacts.ordered(session, elder.id):
        if each.supporter_id is None and each.relation in ("child", *NEAR_RELATIVES):
            known = next((one for one in family if (one.name, one.relation) == (each.name, each.relation)), None)
            if known is None:
                known = contacts.add_supporter(session, elder, each.name, each.relation, each.phone)
                family.append(known)
            each.supporter_id = known.id
    session.flush()


def keep_list(session: Session, elder: Elder, answers: Answers) -> None:
    """The list as it was written down; whoever is no longer on it is called no more, and is kept for the record."""
    known = {(each.name, each.relation): each for each in _open_ones(session, elder.id)}
    wish = str(answers.get("wish") or "").strip()
    listed = [] if answers.get("none") else list(answers.get("supporters") or [])
    for said in listed:
        name, relation = str(said["name"]).strip(), str(said["relation"])
        row = known.pop((name, relation), None) or contacts.add_supporter(
            session, elder, name, relation if relation in RELATIONS else "other"
        )
        _write(row, said)
        row.wished = bool(wish) and name == wish
        row.wish_reason = answers.get("wish_reason") if row.wished else None
    for left in known.values():
        left.capable, left.wished, left.listed = False, False, False
    session.flush()


def _open_ones(session: Session, elder_id: int) -> list[Supporter]:
    return [each for each in contacts.supporters_of(session, elder_id) if not each.alleged_abuser]


def _write(row: Supporter, said: Answers) -> None:
    phone = said.get("phone")
    if phone != row.phone:
        row.phone, row.phone_index = phone, blind_index("phone", phone) if phone else None
    row.place = str(said.get("place") or "")
    row.distance = DISTANCES.index(said["distance"]) if said.get("distance") in DISTANCES else len(DISTANCES)
    row.adult, row.capable = said.get("adult") is True, said.get("capable") is True
    row.duties = {duty: said[duty] for duty in DUTIES if said.get(duty)}
    row.declined, row.listed = False, True


def to_call(session: Session, elder_id: int) -> list[Supporter]:
    """Those who could become a contact and have a telephone, in the order they are called."""
    return [
        each
        for each in _open_ones(session, elder_id)
        if each.adult and each.capable and each.phone and each.relation in ("child", *NEAR_RELATIVES)
    ]


def keep_calls(session: Session, elder_id: int, calls: Sequence[Answers]) -> int:
    """Reachable is who answered in this check; how many that were. Contacts count their failed days beside it."""
    by_name = {str(each.get("name")).strip(): each for each in calls}
    rows = {each.supporter_id: each for each in contacts.ordered(session, elder_id) if each.supporter_id}
    answered = 0
    for supporter in to_call(session, elder_id):
        said = by_name.get(supporter.name)
        supporter.reachable = said is not None and said.get("answered") is True
        supporter.checked_at = clock.now()
        answered += supporter.reachable
        if said is not None and supporter.id in rows:
            contacts.record_check(session, rows[supporter.id], supporter.reachable)
    session.flush()
    return answered


def unreached_child(session: Session, elder_id: int) -> int | None:
    """The first child who could care and does not answer: whose duty of support is to be looked into (P19)."""
    for each in _open_ones(session, elder_id):
        if each.relation == "child" and each.adult and each.capable and not each.reachable and not each.declined:
            return each.id
    return None


def has_second(session: Session, elder_id: int) -> bool:
    """Whether somebody outside the home, who is no village desk, is among the contacts and still counts."""
    answering = {each.id for each in to_call(session, elder_id) if each.reachable and not each.declined}
    return any(
        each.outside_home and each.relation not in ("spouse", "community")
        for each in contacts.ordered(session, elder_id)
        if (each.reachable if each.supporter_id is None else each.supporter_id in answering)
    )


def keep_order(session: Session, elder: Elder, first: int | None, second: Answers, duty: Answers) -> list[Contact]:
    """First the one decided, then the others who answered, the second contact, who was there before, the village.

    The village's duty telephone is never pushed out by the limit of five.
    """
    people = [each for each in to_call(session, elder.id) if each.reachable and not each.declined]
    people.sort(key=lambda each: each.id != first)
    before = contacts.ordered(session, elder.id)
    placed = [_contact_of(elder, each, before) for each in people]
    if second:
        placed.append(_extra(elder, second, before))
    mine = {id(each) for each in placed}
    others = [each for each in before if id(each) not in mine and each.supporter_id is None]
    desk = _desk(elder, duty, others)
    placed += [each for each in others if each.relation != "community"]
    kept = placed[: MOST_CONTACTS - 1] if desk else placed[:MOST_CONTACTS]
    order = [*kept, desk] if desk else kept
    for each in order:
        each.checked_at = clock.now()
    return contacts.set_order(session, elder, order)


def _contact_of(elder: Elder, supporter: Supporter, before: Sequence[Contact]) -> Contact:
    known = next((each for each in before if each.supporter_id == supporter.id), None)
    phone = str(supporter.phone)
    if known is None:
        known = contacts.new_contact(elder, 0, supporter.name, supporter.relation, phone, supporter_id=supporter.id)
    elif known.phone != phone:
        known.phone, known.phone_index = phone, blind_index("phone", phone)
    known.name, known.outside_home = supporter.name, supporter.distance != 0
    known.reachable, known.failed_days, known.accepts_alarms = True, 0, True
    return known


def _extra(elder: Elder, said: Answers, before: Sequence[Contact]) -> Contact:
    phone = str(said["phone"])
    known = next((each for each in before if each.phone == phone), None)
    return known or contacts.new_contact(elder, 0, str(said["name"]), str(said["relation"]), phone)


def _desk(elder: Elder, duty: Answers, before: Sequence[Contact]) -> Contact | None:
    """The village's post: named in this check, or known from before."""
    known = next((each for each in before if each.relation == "community"), None)
    if not duty:
        return known
    phone = str(duty["phone"])
    if known is None:
        return contacts.new_contact(elder, 0, str(duty["cadre"]), "community", phone)
    known.name, known.phone, known.phone_index = str(duty["cadre"]), phone, blind_index("phone", phone)
    known.reachable, known.failed_days, known.accepts_alarms = True, 0, True
    return known


def keep_agreement(session: Session, contact: Contact | None, agrees: bool) -> None:
    """Whether the contact takes alarms; a supporter who declined is not proposed again until listed anew."""
    if contact is None:
        return
    contact.accepts_alarms = agrees
    supporter = session.get(Supporter, contact.supporter_id) if contact.supporter_id else None
    if supporter is not None:
        supporter.declined = not agrees
    session.flush()


def due_again(session: Session, day: date, limit: int) -> list[int]:
    """Elders none of whose contacts were checked in the six months before `day`."""
    since = CHECK_EVERY.after(datetime.combine(day, time(0, 0), tzinfo=clock.zone()))
    checked = exists().where(Contact.elder_id == Elder.id, Contact.checked_at > since)
    asked = select(Elder.id).where(Elder.registered_on <= since.date(), ~checked)
    return list(session.scalars(asked.order_by(Elder.id).limit(limit)))
