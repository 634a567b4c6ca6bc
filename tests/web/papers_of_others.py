"""Things of another township that cards, papers, links, posters and faults are about: nobody reads across."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from care import handovers, liaison_cards, oversight, people, report_codes, task_links
from care.screen_notices import Notice
from engine import bulk, clock, incidents
from tests.town import Town
from tests.web.test_pictures import a_photo
from web import attachments


def ids(session: Session, town: Town) -> dict[str, Any]:
    """By the argument of their addresses."""
    return {
        "batch_id": some_cards(session, town),
        "staff_id": a_visitor_with_photo(session, town),
        "order_id": an_order(session, town),
        "link_id": a_link(session, town),
        "handover_id": handovers.begin(session, town.staff["visitor"], "absent", None).id,
        "code_id": report_codes.make(session, town.city.village, "5号楼门厅", town.staff["village_desk"]).id,
        "incident_id": a_fault(session, town),
        "run_id": a_run(session, town),
        "notice_id": a_notice(session, town),
    }


def some_cards(session: Session, town: Town) -> UUID:
    """The elder's liaison card, printed by the village's desk."""
    batch = uuid4()
    found = liaison_cards.cards(session, [town.elder.id])
    liaison_cards.printed(session, found, town.staff["village_desk"], batch)
    return batch


def a_visitor_with_photo(session: Session, town: Town) -> int:
    """The elder's visitor, whose photo stands on the card."""
    visitor = people.find_staff(session, town.staff["visitor"])
    visitor.photo = str(attachments.store(session, a_photo(), visitor.id))
    return visitor.id


def an_order(session: Session, town: Town) -> int:
    """What the dispatch of the first township decided."""
    report = oversight.open_report(session, "dispatch", date(2026, 7, 1), town.city.township.path, None)
    return oversight.give_duty(session, report, "第一区", "补访", date(2026, 8, 20)).id


def a_link(session: Session, town: Town) -> int:
    """A link by which the elder's family answers the task of the alarm."""
    row = task_links.make_for_contact(session, town.open()["call_family"], None)
    assert row is not None
    return row.id


def a_notice(session: Session, town: Town) -> int:
    """What the elder's visitor was told on the screen."""
    about = {"template": "visit_due_today", "about": "elder", "about_id": str(town.elder.id)}
    row = Notice(reader_id=town.staff["visitor"], key="x", at=clock.now(), **about)
    session.add(row)
    session.flush()
    return row.id


def a_fault(session: Session, town: Town) -> UUID:
    """What could not go on in the elder's emergency."""
    found, _ = incidents.open_or_update(
        session, kind="stuck", error="x", instance_id=town.open()["call_family"].instance_id, attempts=3,
        process_id="emergency_online", element="judge_severity", unit_path=town.city.village.path,
    )  # fmt: skip
    return found


def a_run(session: Session, town: Town) -> UUID:
    """One operation on the processes of the first township, begun by somebody of the city."""
    instance = town.open()["call_family"].instance_id
    assert instance is not None
    return bulk.begin(session, "cancel", [instance], ["/"], "演练", town.staff["admin"])
