"""Who was contacted in an emergency and what came of it; who may review what they did not handle.

Answers stand in process data under the element of each contact task (form alarm_call: reached, level, kinds).
Source: processes P15 T1-T4, P18 T2; rulings 9.29.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import contacts, organisation, people
from care.cases import Case, ContactAttempt
from engine import clock, incoming, tasks
from engine.operations import Step

WHOM = {
    "contact_elder": "elder",
    "call_elder": "elder",
    "contact_family": "family",
    "call_family": "family",
    "contact_visitor": "visitor",
    "ask_visitor": "visitor",
    "grid_worker_check": "grid_worker",
    "village_backup": "village",
    "district_backup": "district",
    "call_110": "police",
}
CALLS = tuple(WHOM)
CHAIN = tuple(element for element, whom in WHOM.items() if whom != "police")
_DESK_CALLS = {"contact_elder", "call_elder", "contact_family", "call_family"}
HANDLING = (
    "grid_worker_check", "village_backup", "district_backup", "contact_visitor", "ask_visitor", "simple_help",
    "family_first", "community_help", "family_comes", "report_community", "onsite_first_aid", "escort",
    "search_team", "property", "family_community", "safe_place",
)  # fmt: skip
HELP = ("simple_help", "family_first", "community_help")
_GRAVEST = ("urgent", "general", "false")


def settled(data: Mapping[str, Any]) -> dict[str, Any]:
    """The level that the contacts agree on, the gravest first: {level, kinds, state, nobody_reached, danger}."""
    said = [answer for answer in (data.get(element) for element in WHOM) if isinstance(answer, Mapping)]
    levels = {answer.get("level") for answer in said}
    level = next((each for each in _GRAVEST if each in levels), "unknown")
    kinds = sorted({kind for answer in said if answer.get("level") == level for kind in answer.get("kinds") or ()})
    reached = any(answer.get("reached") == "yes" for answer in said)
    return risk(level, kinds, reached)


def risk(level: str, kinds: list[str], reached: bool) -> dict[str, Any]:
    """What the tables ask of a case whose level is known."""
    return {
        "level": level,
        "kinds": kinds,
        "state": "hurt" if {"illness", "fall", "vital"} & set(kinds) else "unknown",
        "nobody_reached": not reached,
        "danger": level == "urgent",
    }


def attempts(session: Session, case: Case, step: Step) -> Iterator[ContactAttempt]:
    """A row for each contact task of this round that was answered and has none yet."""
    asked = select(ContactAttempt.element).where(ContactAttempt.case_id == case.id, ContactAttempt.round == case.round)
    known = set(session.scalars(asked))
    done = {row.element_id: row.done_at for row in tasks.of_instance(session, step.instance_id)}
    for element, whom in WHOM.items():
        said = step.data.get(element)
        if isinstance(said, Mapping) and element not in known:
            answers = step.answers(element)
            yield ContactAttempt(
                case_id=case.id,
                round=case.round,
                element=element,
                whom=whom,
                way=str(answers.get("way") or ("phone" if element in _DESK_CALLS else "door")),
                at=done.get(element) or clock.now(),
                answered=said.get("reached") == "yes" or whom == "police",
                level=str(said.get("level") or "unknown"),
            )


def check_contact(session: Session, case: Case, answered: bool) -> None:
    """A call to the first contact counts as a check; the third day in vain calls for another contact (P06).

    Source: policy 3.6.
    """
    contact = contacts.first(session, case.elder_id) if case.elder_id else None
    if contact is None or contact.relation == "community":
        return
    was_reachable = contact.reachable
    contacts.record_check(session, contact, answered)
    if was_reachable and not contact.reachable:
        about = {"elder_id": case.elder_id, "contact_id": contact.id, "case_id": case.id}
        incoming.message(session, "contact.unreachable", str(case.elder_id), about)


def has_acted(session: Session, instance_id: UUID, elements: Collection[str], data: Mapping[str, Any]) -> bool:
    """Whether somebody took or did one of these tasks.

    Asked about the whole chain, it counts who answered, and of visitor, grid worker and helpers also who is on the way;
    that the desk dials elder and family is not yet an answer. Source: processes P15 (30 minutes).
    """
    of_chain = set(elements) == set(CHAIN)
    for row in tasks.of_instance(session, instance_id):
        if row.element_id not in elements:
            continue
        taken = row.state == tasks.OPEN and row.claimed_by is not None
        if of_chain:
            reached = (data.get(row.element_id) or {}).get("reached") == "yes"
            if reached or (taken and row.element_id not in _DESK_CALLS):
                return True
        elif taken or row.state == tasks.DONE:
            return True
    return False


def reviewing_role(session: Session, case: Case, instance_id: UUID) -> str:
    """The nearest desk with somebody who had no hand in it: village, else township, else district.

    Source: rulings 9.29.
    """
    handlers = tasks.doers(session, instance_id, HANDLING)
    for level in ("village", "township"):
        unit = organisation.ancestor(session, case.unit_path, level)
        if unit is not None and set(people.holders(session, f"{level}_desk", unit.path)) - handlers:
            return f"{level}_desk"
    return "district_desk"
