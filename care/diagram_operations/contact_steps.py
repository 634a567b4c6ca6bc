"""Operations of contacts: `contacts.*` (P06)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import contact_checks, contacts, elders, notices, policies
from care.contacts import Contact
from care.deadlines import deadline
from engine import history
from engine.operations import Step, operation


@operation("contacts.begin_check")
def begin_check(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"due_at"}: by when the contacts are settled, whatever the number of steps. Source: processes 4.9."""
    contact_checks.list_kin(session, elders.get(session, elder_id))
    return {"due_at": deadline("contact_check_5wd", step.now, step.policy).due.isoformat()}


@operation("contacts.keep_supporters")
def keep_supporters(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"supporters", "callable"}: how many are on the list, and how many of them can be called."""
    elder = elders.get(session, elder_id)
    contact_checks.keep_list(session, elder, step.answers(element))
    return {
        "supporters": len(contacts.supporters_of(session, elder_id)),
        "callable": len(contact_checks.to_call(session, elder_id)),
    }


@operation("contacts.keep_calls")
def keep_calls(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"answered": n} of the calls to check."""
    return {"answered": contact_checks.keep_calls(session, elder_id, step.answers(element).get("calls") or [])}


@operation("contacts.decide")
def decide(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"type", "supporter_id", "community", "second_needed", "duty_review", "duty_of", "flags"} by the policy's table.

    Decided again after somebody declined; the duty of support is questioned once. Source: policy 3.6.
    """
    family = contacts.decision_input(session, elder_id)
    found = policies.decide_contact_person(family, step.policy or policies.DEFAULT_POLICY)
    flags = list(found["flags"])
    questioned = step.data.get("contact", {}).get("duty_of")
    unreached = contact_checks.unreached_child(session, elder_id)
    kind = str(found["first_contact_type"])
    history.write(session, step.instance_id, step.by, f"contact.{kind}", step.element_id, elder_id, step.unit_path)
    return {
        "type": kind,
        "supporter_id": found["person"] if kind != "community" else None,
        "community": kind == "community",
        "second_needed": "SECOND_CONTACT_NEEDED" in flags and not contact_checks.has_second(session, elder_id),
        "duty_review": "SUPPORTER_DUTY_REVIEW" in flags and questioned is None and unreached is not None,
        "duty_of": questioned or unreached,
        "flags": flags,
    }


@operation("contacts.keep_order")
def keep_order(session: Session, step: Step, elder_id: int) -> dict[str, Any]:
    """{"contact_id", "count", "asks"}: at most five contacts in their order; `asks`: the first is asked to agree."""
    elder = elders.get(session, elder_id)
    first = step.data.get("contact", {}).get("supporter_id")
    second = step.answers("add_second")
    duty = step.answers("name_duty_contact")
    placed = contact_checks.keep_order(session, elder, first, second, duty)
    head = placed[0] if placed else None
    return {
        "contact_id": head.id if head else None,
        "count": len(placed),
        "asks": head is not None and head.relation != "community",
    }


@operation("contacts.ask")
def ask(session: Session, step: Step, elder_id: int, contact_id: int) -> dict[str, Any]:
    """{"asked": bool}: the first contact is asked by text whether they take the alarms; never one who is excluded."""
    contact = session.get(Contact, contact_id)
    if contact is None or contact.excluded:
        return {"asked": False}
    return {"asked": notices.ask_contact(session, contact, f"agree:{step.instance_id}:{contact.id}")}


@operation("contacts.keep_agreement")
def keep_agreement(session: Session, step: Step, elder_id: int, contact_id: int, element: str) -> dict[str, Any]:
    """{"agrees": bool}: who declines gets no alarms and is not proposed again."""
    agrees = step.answers(element).get("agrees") is True
    contact_checks.keep_agreement(session, session.get(Contact, contact_id), agrees)
    return {"agrees": agrees}
