"""What is open about an elder who has left, has moved, or has a new visitor.

Of one who has left it ends with the approval, work that began on older diagrams included: registration, consent,
assignment, contacts, ordered visits, absences, meters, reviews of the tier and what the village was told (P01, P04,
P05, P06, P08, P20, P33, P35, 4.0) are ended here, and the notes to desks about the elder are taken back; needs,
applications, errands, hazards, assessments, major changes, checks of devices and running visit periods hear of it by
`elder.exited` or `elder.suspended` and end in their own diagrams; of a period that is over, nobody asks any more why it
was missed. Whoever has left for good, or the family, is not asked any more whether they were content (P23). An
emergency goes on until people close it.

Of one who has moved inside the city it follows: whoever holds each role at the new place has it, the old place nothing.
What the village did for want of a visitor, or a former visitor still has, goes to the new one. Public: end, follow.
Source: processes P34, 4.8.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import elders, notices, surveys, visitors, visits
from care.elders import Elder
from engine import clock, instances, jobs, operations, run, tasks, work
from engine.operations import Assignment, Subject
from engine.tasks import TaskRow
from engine.work import Item

KIND, FOLLOWS = "end_open_work", "work_follows_elder"
ENDED = (
    "elder_registration", "onboarding_assessment", "consent", "assign_visitor", "contact_determination",
    "visit_ordered", "temporary_absence", "meter_anomaly", "reassessment", "village_note",
)  # fmt: skip
REASON = "elder.exited"


def end(session: Session, elder: Elder) -> None:
    """Once the step that approved it is committed."""
    key = f"{KIND}:{elder.id}:{clock.now().isoformat()}"
    work.add(session, KIND, detail={"elder": elder.id, "unit": elder.unit_path}, key=key, unit_path=elder.unit_path)


@jobs.does(KIND)
def end_open_work(session: Session, item: Item) -> None:
    """Cancel the elder's live instances of these processes, with their tasks and waits, and the notes to desks."""
    elder_id = int(item.detail["elder"])
    ended: tuple[str, ...] = ENDED
    if elders.get(session, elder_id).status == "exited":
        surveys.elder_left(session, elder_id)
        ended = (*ENDED, "satisfaction")
    for state in (instances.LIVE, instances.SUSPENDED):
        found = instances.find(session, process_ids=ended, state=state, subject_id=elder_id)
        for each in found:
            run.cancel(session, each.id, REASON)
        for each in instances.find(session, process_ids=("visit_cycle",), state=state, subject_id=elder_id):
            if visits.is_over(session, each.id):
                run.cancel(session, each.id, REASON)
    tasks.follow(session, [], [(task_id, tasks.CANCELLED, None) for task_id in notices.notes_about(session, elder_id)])


def follow(session: Session, elder: Elder) -> None:
    """Once the step that moved the elder, or named a visitor, is committed."""
    key = f"{FOLLOWS}:{elder.id}:{clock.now().isoformat()}"
    work.add(session, FOLLOWS, detail={"elder": elder.id}, key=key, unit_path=elder.unit_path)


@jobs.does(FOLLOWS)
def work_follows(session: Session, item: Item) -> None:
    """Give the elder's open tasks to whoever holds them now, with the level above where a late one went up to it."""
    elder = elders.get(session, int(item.detail["elder"]))
    instances.relocate(session, elder.id, elder.unit_path)
    here = Subject(elder.id, elder.unit_path, elder.policy)
    responsible = {each.staff_id for each in visitors.of_elder(session, elder.id)}
    for row in tasks.find(session, filters=tasks.Filters(subject_id=elder.id), limit=1000).rows:
        if row.parent_id is not None:
            continue  # who was asked by name to sign still signs
        to = _holder(session, "visitor" if row.why == "acting_visitor" else row.role, here)
        if (to.role, to.unit_path) == (row.role, row.unit_path) and not _is_of_former(row, responsible):
            continue
        above = None if row.also_role is None else _holder(session, row.also_role, here)
        tasks.hand_over(session, row.id, to.person_id, to.role, to.unit_path, to.why, **_also(above))


def _holder(session: Session, role: str, here: Subject) -> Assignment:
    return operations.role_of(session, role, here, {"unit_path": here.unit_path})


def _also(above: Assignment | None) -> dict[str, Any]:
    """The columns of the level that has a late task as well; whoever delegated the task has it back no more."""
    if above is None:
        return {"delegated_by": None}
    return {
        "delegated_by": None,
        "also_role": above.role,
        "also_unit_path": above.unit_path,
        "also_person_id": above.person_id,
    }


def _is_of_former(row: TaskRow, responsible: set[int]) -> bool:
    """Whether it is a visitor's who is no longer the elder's; what was given to a colleague by hand stays there."""
    return row.why in ("your_elder", "your_elder_b") and row.assignee_id not in responsible
