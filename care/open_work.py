"""What is open about an elder who has left: it ends with the approval, work that began on older diagrams included.

Registration, consent, assignment, contacts, ordered visits, absences, meters and what the village was told (P01, P04,
P05, P06, P08, P20, P35, 4.0) are ended here, and the notes to desks about the elder are taken back; needs,
applications, errands, hazards, checks of devices and running visit periods hear of it by `elder.exited` and end in
their own diagrams; of a period that is over, nobody asks any more why it was missed. An emergency goes on until people
close it. Public: end.
Source: processes P34, 4.8.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from care import notices, visits
from care.elders import Elder
from engine import clock, instances, jobs, run, tasks, work
from engine.work import Item

KIND = "end_open_work"
ENDED = (
    "elder_registration", "onboarding_assessment", "consent", "assign_visitor", "contact_determination",
    "visit_ordered", "temporary_absence", "meter_anomaly", "village_note",
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
    for state in (instances.LIVE, instances.SUSPENDED):
        found = instances.find(session, process_ids=ENDED, state=state, subject_id=elder_id)
        for each in found:
            run.cancel(session, each.id, REASON)
        for each in instances.find(session, process_ids=("visit_cycle",), state=state, subject_id=elder_id):
            if visits.is_over(session, each.id):
                run.cancel(session, each.id, REASON)
    tasks.follow(session, [], [(task_id, tasks.CANCELLED, None) for task_id in notices.notes_about(session, elder_id)])
